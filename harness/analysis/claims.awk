# claims.awk -- what the essay says, beside what a run measured: a part of its report.
#
#   awk -v switch_cost=RUN/switch_cost.csv -v ready_cost=RUN/ready_cost.csv -v handshakes=RUN/handshakes.csv -v machine=RUN/machine.txt \
#       -f harness/analysis/numbers.awk -f harness/analysis/spread.awk -f harness/analysis/decide.awk -f harness/analysis/claims.awk RUN/summary.csv
#
# Each of the files but the last may be missing.
# Writes lines of cells as tables.awk does:  T title name / H heading... / R cell...
# A claim whose experiment is not in the run is left out; one whose numbers are no result says why.  Each verdict
# follows from the numbers.

BEGIN {
    FS = ","
    mib = 1024
    gib = 1024 * 1024
}
NR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}
{
    key = $column["experiment"] SUBSEP $column["model"] SUBSEP $column["connections_asked"] + 0
    row[key] = $0
    if ($column["connections_asked"] + 0 > largest[$column["experiment"], $column["model"]] + 0)
        largest[$column["experiment"], $column["model"]] = $column["connections_asked"] + 0
}

function field(experiment, model, connections, name,    cells) {
    if (!((experiment, model, connections) in row) || !(name in column)) return ""
    split(row[experiment, model, connections], cells, ",")
    return cells[column[name]]
}

# A median, "" if it was not measured or is no result.
function get(experiment, model, connections, metric) {
    if (!is_result(field(experiment, model, connections, "status"), metric)) return ""
    return field(experiment, model, connections, metric "_median")
}

# What may be said of model B against model A: "more", "less" or "" (nothing).  By the rule for differences where there
# are runs enough for it; a quick run has one of each, and then a quarter must lie between the two.
function against(a, b, experiment, connections, metric,    runs_a, runs_b, factor) {
    runs_a = field(experiment, a, connections, "repeats_ok")
    runs_b = field(experiment, b, connections, "repeats_ok")
    if (decide_runs(metric, runs_a, runs_b) >= 3)
        return decide(metric, runs_a, field(experiment, a, connections, metric "_min"), field(experiment, a, connections, metric "_max"), \
                      runs_b, field(experiment, b, connections, metric "_min"), field(experiment, b, connections, metric "_max"))
    factor = get(experiment, b, connections, metric) / get(experiment, a, connections, metric)
    return factor >= 1.25 ? "more" : factor <= 1 / 1.25 ? "less" : ""
}

function claim(text, said, measured, verdict, why) {
    if (!count++) {
        print "T\tclaims: what the essay says, and what this run measured\tclaims"
        print "H\tclaim\tthe essay\there\tverdict\twhy"
    }
    print "R\t" text "\t" said "\t" measured "\t" verdict "\t" why
}

# Of points, each "model connections" and a semicolon: the first that gave no result, and why.  A run without them
# makes no such claim at all.
function no_result(text, said, experiment, points,    count, point, i, key, cells) {
    count = split(points, point, ";")
    for (i = 1; i < count; i++) {
        key = experiment SUBSEP point[i]
        sub(/ /, SUBSEP, key)
        if (!(key in row)) continue
        split(row[key], cells, ",")
        if (cells[column["status"]] ~ /^(ok|overloaded)$/) continue
        claim(text, said, "-", "no result", experiment ", " point[i] ": " cells[column["status"]] \
              (("reason" in column) && cells[column["reason"]] != "" ? ", " cells[column["reason"]] : ""))
        return
    }
}

function processes(    n, lost, rss, each) {
    n = largest["memory", "fork"]
    lost = get("memory", "fork", n, "machine_lost_kib")
    rss = get("memory", "fork", n, "rss_kib")
    if (lost == "") {
        no_result("a process takes memory just to exist", "2-8 MB", "memory", "fork " n ";")
        return
    }
    each = lost / n
    claim("a process takes memory just to exist", "2-8 MB", \
          short(each) " KiB really lost, " short(rss / n) " KiB if summed RSS is believed", \
          each / mib >= 2 ? "holds" : "held then, not now", \
          each / mib >= 2 ? "" : "children share their pages until one writes to them: what remains is page tables, stacks and the kernel's records")
    claim("10,000 processes need", "50 GB", short(lost * 10000 / n / gib) " GiB (from " n " clients)", \
          lost * 10000 / n / gib >= 25 ? "holds" : "held then, not now", "as above")
}

function buffers(    n, user, base, each) {
    n = largest["memory", "poll"]
    user = get("memory", "poll", n, "pss_kib")
    base = get("memory", "poll", n, "memory_baseline_pss_kib")
    if (user == "" || base == "") return
    each = (user - base) * 1024 / n
    claim("each connection needs buffers", "64 KB: 640 MB for 10,000", \
          short(each) " B of the program's memory for an idle client of poll", \
          each >= 32768 ? "holds" : "depends on the server", \
          each >= 32768 ? "" : "a server that holds a buffer only while something is in it pays for those who speak")
}

# The same server with a buffer for each client, and without.
function own_buffers(model,    n, without, with) {
    n = largest["buffers", model]
    with = get("buffers", model, n, "machine_lost_kib")
    without = get("buffers", "epoll", n, "machine_lost_kib")
    if (with == "" || without == "") {
        no_result("buffers of 64 KB for 10,000 clients", "640 MB", "buffers", model " " n ";epoll " n ";")
        return
    }
    claim("buffers of 64 KB for 10,000 clients", "640 MB", \
          short((with - without) * 10000 / n / mib) " MiB more than with one buffer for all (" \
          short(without * 10000 / n / mib) " MiB)", \
          (with - without) / n >= 48 ? "holds" : "not here", "of a server that gives each client one of its own (epoll)")
}

function ten_million(    n, lost) {
    n = largest["million", "epoll_workers"]
    lost = get("million", "epoll_workers", n, "both_ends_lost_kib")
    if (lost != "") {
        claim("10 million connections need", "10 KB each: 100 GB", \
              short(lost / n) " KiB each with both ends, " short(lost / n / 2 * 1e7 / gib) " GiB for 10 million server ends", \
              lost / n / 2 * 1e7 / gib >= 50 ? "holds" : "less, yet the point stands", "one machine still cannot do it at ease")
        return
    }
    n = largest["memory", "libuv"]
    lost = get("memory", "libuv", n, "machine_lost_kib")
    if (lost != "")
        claim("10 million connections need", "10 KB each: 100 GB", \
              short(lost / n) " KiB for each server end (libuv), " short(lost / n * 1e7 / gib) " GiB for 10 million", \
              lost / n * 1e7 / gib >= 50 ? "holds" : "less, yet the point stands", "from " n " idle clients")
}

function sleepers(    n, running, waiting, busy) {
    n = largest["ramp", "fork"]
    running = get("ramp", "fork", n, "server_cpu_percent")
    waiting = get("ramp", "fork", n, "server_run_queue_percent")
    if (n < 1000) return
    if (running == "" || waiting == "") {
        no_result("most workers sleep", "9,900 of 10,000", "ramp", "fork " n ";")
        return
    }
    busy = (running + waiting) / 100
    claim("most workers sleep", "9,900 of 10,000", \
          short(n - busy) " of " n " on average (" short(busy) " run or wait for a CPU)", \
          busy / n <= 0.01 ? "holds" : "depends on the load", "at the rate that this run offered")
}

function read_switch_cost(    text, cells, header, i, place) {
    while ((getline text < switch_cost) > 0) {
        split(text, cells, ",")
        if (!header++) { for (i in cells) place[cells[i]] = i; continue }
        if (cells[place["between"]] == "nobody")
            touch[cells[place["working_set_kib"]] + 0] = cells[place["touch_ns_median"]]
        else
            cost[cells[place["between"]], cells[place["working_set_kib"]] + 0] = cells[place["switch_ns_median"]]
    }
    close(switch_cost)
}

# What the repeats of a variant have as median, by path, version of TLS and whether a session was resumed; with a P-256
# key where there is one.
function read_handshakes(    text, cells, header, i, place, variant) {
    while ((getline text < handshakes) > 0) {
        split(text, cells, ",")
        if (!header++) { for (i in cells) place[cells[i]] = i; continue }
        if (cells[place["status"]] != "ok" || cells[place["key"]] == "rsa2048") continue
        variant = cells[place["path"]] SUBSEP cells[place["tls"]] SUBSEP cells[place["resumed_asked"]]
        if (cells[place["round_trips"]] == "" || cells[place["server_cpu_us_per_connection"]] == "") continue
        runs[variant]++
        of_run["trips", variant, runs[variant]] = cells[place["round_trips"]]
        of_run["us", variant, runs[variant]] = cells[place["server_cpu_us_per_connection"]]
    }
    close(handshakes)
    for (variant in runs) {
        round_trips[variant] = median_of_runs("trips", variant)
        handshake_us[variant] = median_of_runs("us", variant)
    }
}

function median_of_runs(what, variant,    i, sorted, values) {
    for (i = 1; i <= runs[variant]; i++) values = spread_add(sorted, values, of_run[what, variant, i])
    return spread_median(sorted, values)
}

function tls(    tcp, old, new, factor) {
    tcp = "proxy" SUBSEP "none" SUBSEP 0
    old = "proxy" SUBSEP "1.2" SUBSEP 0
    new = "proxy" SUBSEP "1.3" SUBSEP 0
    if (!(tcp in runs) || !(old in runs) || !(new in runs)) return
    claim("TLS takes further round trips", "1 or 2", \
          round_trips[new] - round_trips[tcp] " more with TLS 1.3, " round_trips[old] - round_trips[tcp] " more with TLS 1.2", \
          round_trips[new] > round_trips[tcp] && round_trips[old] - round_trips[tcp] <= 2 ? "holds" : "not here", \
          "counted by the client before its first byte, in full handshakes")
    factor = handshake_us[new] / handshake_us[tcp]
    claim("TLS burns CPU", "CPU for the crypto math", \
          sprintf("%s us of the server's CPU for a connection over TLS 1.3, %s without TLS through the same proxy", \
                  short(handshake_us[new]), short(handshake_us[tcp])), \
          factor >= 1.5 ? "holds" : "not here", "a full handshake with a P-256 key, and one message")
}

function one_of(between, set) { return (between, set) in cost ? cost[between, set] : "" }

function switches(    plain, large, set, parts, n, rate, busy, share) {
    plain = one_of("process", 0)
    if (plain == "") return
    for (set in cost) {
        split(set, parts, SUBSEP)
        if (parts[1] == "process" && cost[set] > large) large = cost[set]
    }
    claim("a context switch costs", "1-10 us", short(plain / 1000) " us plain, up to " short(large / 1000) " us with caches to refill", \
          plain >= 1000 && plain <= 10000 ? "holds" : plain < 1000 ? "cheaper here" : "dearer here", "between processes on one CPU")
    cold_caches(plain)
    n = largest["ramp", "fork"]
    rate = get("ramp", "fork", n, "switches_per_s")
    busy = get("ramp", "fork", n, "server_cpu_percent")
    if (rate == "" || busy + 0 == 0) {
        no_result("with " n " processes the CPU switches more than it works", "more than half", "ramp", "fork " n ";")
        return
    }
    share = rate * plain / 1e9 / (busy / 100)
    claim("with " n " processes the CPU switches more than it works", "more than half", \
          sprintf("%.0f %% of the CPU time that fork used", share * 100), share > 0.5 ? "holds" : "not here", \
          "an estimate: switches times the cost of a plain one")
}

# What a touch of a line costs right after a switch: what the switch costs more than one without a working set, over
# the lines of that set, and what a touch costs a task that is alone.
function cold_caches(plain,    set, factor, worst, at, least, most) {
    for (set in touch) {
        if (least == "" || set + 0 < least) least = set + 0
        if (set + 0 > most) most = set + 0
        if (one_of("process", set) == "") continue
        factor = 1 + (one_of("process", set) - plain) / (set * 1024 / 64) / touch[set]
        if (factor > worst) { worst = factor; at = set }
    }
    if (worst == "") return
    claim("a switch leaves the caches cold, and memory is slower", "100 times", \
          sprintf("%.0f times as long for a touch from memory as from the caches (%s ns, %s ns); right after a switch up to %.1f times as long", \
                  touch[most] / touch[least], short(touch[most]), short(touch[least]), worst), \
          worst >= 50 ? "holds" : touch[most] / touch[least] >= 50 ? "depends on the working set" : "not here", \
          "two tasks with " short(at) " KiB each: what one displaces, the next level of cache still has")
}

# With idle clients beside few that speak where the run has that, else with all speaking.
function readiness() {
    if (("crowd", "poll") in largest) compare_readiness("crowd", 100, "100 of them speak")
    else compare_readiness("ramp", ("ramp", "poll", 10) in row ? 10 : 1, "all speak: with silent ones it is worse; see crowd")
}

# The essay's own case: 10,000 watched, 5 ready.
function looks(    text, cells, header, i, place, most, us) {
    while ((getline text < ready_cost) > 0) {
        split(text, cells, ",")
        if (!header++) { for (i in cells) place[cells[i]] = i; continue }
        if (cells[place["watched"]] + 0 > most) most = cells[place["watched"]] + 0
        us[cells[place["interface"]], cells[place["watched"]] + 0] = cells[place["call_ns_median"]] / 1000
    }
    close(ready_cost)
    if (most < 1000) return
    claim("to find 5 ready of 10,000 takes", "20,000 looks with poll, 5 with epoll", \
          sprintf("a call that finds 5 of %s: %s us with poll, %s us with epoll: %.0f times", with_commas(most), \
                  short(us["poll", most]), short(us["epoll", most]), us["poll", most] / us["epoll", most]), \
          us["poll", most] > 10 * us["epoll", most] ? "holds" : "not shown here", "the call by itself; what a server pays follows")
}

function compare_readiness(experiment, from, load,    n, poll_few, poll_many, uv_few, uv_many) {
    n = largest[experiment, "poll"]
    poll_few = get(experiment, "poll", from, "server_cpu_us_per_message")
    poll_many = get(experiment, "poll", n, "server_cpu_us_per_message")
    uv_few = get(experiment, "libuv", from, "server_cpu_us_per_message")
    uv_many = get(experiment, "libuv", n, "server_cpu_us_per_message")
    if (n < 1000) return
    if (poll_few == "" || poll_many == "" || uv_few == "" || uv_many == "") {
        no_result("poll looks at all, epoll at those who are ready", "20,000 looks against 5", experiment, \
                  "poll " from ";poll " n ";libuv " from ";libuv " n ";")
        return
    }
    claim("poll looks at all, epoll at those who are ready", "20,000 looks against 5", \
          sprintf("from %d to %d connections at one rate: CPU per message x %.1f (poll), x %.1f (libuv on epoll)", \
                  from, n, poll_many / poll_few, uv_many / uv_few), \
          poll_many / poll_few > 1.5 * uv_many / uv_few ? "holds" : "not shown here", load)
}

function collapse(    n, low, high) {
    n = largest["ramp", "fork"]
    low = get("ramp", "fork", 100, "latency_ns_p99")
    high = get("ramp", "fork", n, "latency_ns_p99")
    if (n < 10000) return
    if (low == "" || high == "") {
        no_result("great for 100 users, collapsed at 10,000", "collapse", "ramp", "fork 100;fork " n ";")
        return
    }
    claim("great for 100 users, collapsed at 10,000", "collapse", \
          sprintf("p99 of fork: %s ms at 100, %s ms at %d", short(low / 1e6), short(high / 1e6), n), \
          high > 1e9 ? "holds" : "held then, not now", high > 1e9 ? "" : "at the rate that this run offered")
}

function more_threads(    n, thread, loop, said) {
    n = largest["capacity", "thread"]
    thread = get("capacity", "thread", n, "server_cpu_us_per_message")
    loop = get("capacity", "libuv", n, "server_cpu_us_per_message")
    if (thread == "" || loop == "") {
        no_result("more threads are not faster", "a beginner\047s mistake", "capacity", "thread " n ";libuv " n ";")
        return
    }
    said = against("libuv", "thread", "capacity", n, "server_cpu_us_per_message")
    claim("more threads are not faster", "a beginner\047s mistake", \
          sprintf("%s us of CPU per message with %d threads, %s with one loop (libuv)", short(thread), n, short(loop)), \
          said == "more" ? "holds" : said == "less" ? "not here" : "not shown here", "on the CPUs that the server has here")
}

function slow_code(    n, most, loop, thread) {
    most = largest["slow_handler", "poll"]
    for (n = most; n >= 1; n /= 10) {
        loop = get("slow_handler", "poll", n, "latency_ns_p99")
        thread = get("slow_handler", "thread", n, "latency_ns_p99")
        if (loop != "" && thread != "") break
    }
    if (loop == "" || thread == "") {
        no_result("async cannot fix slow code", "no event loop will save you", "slow_handler", "poll " most ";thread " most ";")
        return
    }
    claim("async cannot fix slow code", "no event loop will save you", \
          sprintf("1 %% of requests block 20 ms: p99 of the others is %s ms in one loop, %s ms with a thread each", \
                  short(loop / 1e6), short(thread / 1e6)), loop > 10 * thread ? "holds" : "not shown here", "at " n " connections")
}

function files(    line, part) {
    while ((getline line < machine) > 0)
        if (line ~ /^file_limit: /) {
            split(line, part, /[ ,]+/)
            claim("a process may open", "1024 files", part[3] " here (" part[5] " at most)", \
                  part[3] + 0 <= 1024 ? "holds" : "depends on the set-up", "each server here raises it to the most allowed")
        }
    close(machine)
}

END {
    if (switch_cost != "") read_switch_cost()
    if (handshakes != "") read_handshakes()
    processes()
    switches()
    sleepers()
    collapse()
    if (ready_cost != "") looks()
    readiness()
    slow_code()
    more_threads()
    if (count) files()
    buffers()
    own_buffers("epoll:buffer-kib=64")
    ten_million()
    tls()
}
