# headline.awk -- the metrics by which models and runs are compared, and how people speak of them.
#
# For rank.awk, answer.awk, compare.awk, compare_report.awk and plots/compare.awk: each of them is given after it.

BEGIN {
    headline_of["capacity"] = "server_cpu_us_per_message achieved_per_s"
    headline_of["latency"] = "latency_ns_p50 latency_ns_p99 switches_per_message"
    headline_of["memory"] = "machine_lost_kib pss_kib page_tables_kib kernel_stack_kib task_frag_kib sockets_kib slab_kib"
    headline_of["handshakes"] = "server_cpu_us_per_connection connections_per_s round_trips"
    headline_of["chat"] = "delivery_ns_p99 server_cpu_us_per_delivery"
    headline_of["cold_start"] = "time_s"
    # metric|name|unit|divided by|verb and what stands before the number|what stands behind it|
    # words for more, less and as much
    headline_add("server_cpu_us_per_message|CPU per message|us|1|costs|CPU per message|more|less|as much")
    headline_add("achieved_per_s|messages per second||1|echoes|messages per second|more|fewer|as many")
    headline_add("latency_ns_p50|p50 latency|ms|1e6|has a p50 latency that is||higher|lower|as high")
    headline_add("latency_ns_p99|p99 latency|ms|1e6|has a p99 latency that is||higher|lower|as high")
    headline_add("switches_per_message|switches per message||1|makes|context switches per message|more|fewer|as many")
    headline_add("machine_lost_kib|memory really lost|MiB|1024|takes|memory from the machine|more|less|as much")
    headline_add("pss_kib|PSS|MiB|1024|holds|memory of its own (PSS)|more|less|as much")
    headline_add("page_tables_kib|page tables|MiB|1024|holds|in page tables|more|less|as much")
    headline_add("kernel_stack_kib|kernel stacks|MiB|1024|holds|in kernel stacks|more|less|as much")
    headline_add("task_frag_kib|send blocks|MiB|1024|holds|in send blocks|more|less|as much")
    headline_add("sockets_kib|sockets|MiB|1024|holds|in sockets|more|less|as much")
    headline_add("slab_kib|other slab|MiB|1024|holds|in other slab|more|less|as much")
    headline_add("server_cpu_us_per_connection|CPU per connection|us|1|costs|CPU per connection|more|less|as much")
    headline_add("connections_per_s|connections per second||1|opens|connections per second|more|fewer|as many")
    headline_add("round_trips|round trips||1|takes|round trips before the first byte|more|fewer|as many")
    headline_add("delivery_ns_p99|p99 of a delivery|ms|1e6|has a p99 of a delivery that is||higher|lower|as high")
    headline_add("server_cpu_us_per_delivery|CPU per delivery|us|1|costs|CPU per delivery|more|less|as much")
    headline_add("time_s|time|s|1|takes|time for short visits|more|less|as much")
}

function headline_add(text,    part) {
    split(text, part, "|")
    headline_name[part[1]] = part[2]
    headline_unit[part[1]] = part[3]
    headline_divide[part[1]] = part[4]
    headline_before[part[1]] = part[5]
    headline_after[part[1]] = part[6]
    headline_more[part[1]] = part[7]
    headline_less[part[1]] = part[8]
    headline_as[part[1]] = part[9]
}

# "10,000", or "100 of 10,000" where most are silent.
function headline_count(connections, active) {
    return (active + 0 > 0 && active + 0 < connections + 0 ? with_commas(active) " of " : "") \
        with_commas(connections)
}

function headline_at(connections, active) {
    return connections == "" ? "" : " at " headline_count(connections, active) " connection" (connections == 1 ? "" : "s")
}
