# tables.awk -- the tables of a run, for people: overview, then one per experiment.
#
#   awk -v cold_start=RUN/cold_start.csv -v switch_cost=RUN/switch_cost.csv -v ready_cost=RUN/ready_cost.csv \
#       -f harness/analysis/numbers.awk -f harness/report/tables.awk results/RUN/summary.csv
#
# Writes lines of cells, separated by tabs, that a renderer turns into HTML, Markdown or plain text:
#   T title experiment      H heading...      R cell...
# A cell holds a median; "12.3 (11-14)" adds the lowest and the highest run if there were several.

BEGIN {
    FS = ","
    # heading|metric|divided by, for each kind of experiment, or for one experiment by its name.  What stands in
    # brackets is left out where nobody has it: not every experiment asks for that.
    layout["latency"] = "offered/s|offered_per_s|1;achieved/s|achieved_per_s|1;[mean ms]|latency_ns_mean|1e6;" \
        "p50 ms|latency_ns_p50|1e6;p99 ms|latency_ns_p99|1e6;p99.9 ms|latency_ns_p999|1e6;max ms|latency_ns_max|1e6;" \
        "[slow messages p50 ms]|slow_ns_p50|1e6;[slow messages p99 ms]|slow_ns_p99|1e6;" \
        "send lag p99 ms|send_lag_ns_p99|1e6;server CPU us/message|server_cpu_us_per_message|1;" \
        "switches/s|switches_per_s|1;switches/message|switches_per_message|1;" \
        "switching % of CPU|server_switching_percent|1;PSS MiB|pss_kib|1024;RSS MiB|rss_kib|1024;" \
        "[unread of deaf clients MiB]|deaf_stuck_b|1048576"
    layout["million"] = "time to connect s|connect_s|1;p50 ms|latency_ns_p50|1e6;p99 ms|latency_ns_p99|1e6;" \
        "both ends lost MiB|both_ends_lost_kib|1024;slab MiB|both_ends_slab_kib|1024;" \
        "server PSS MiB|pss_kib|1024;client PSS MiB|client_pss_kib|1024;" \
        "page tables MiB|both_ends_page_tables_kib|1024;kernel stacks MiB|both_ends_kernel_stack_kib|1024"
    layout["capacity"] = "messages/s|achieved_per_s|1;server CPU us/message|server_cpu_us_per_message|1;" \
        "client CPU us/message|client_cpu_us_per_message|1;machine CPU us/message|machine_cpu_us_per_message|1;" \
        "switches/message|switches_per_message|1;switching % of CPU|server_switching_percent|1;" \
        "[emptiest worker %]|worker_share_percent_min|1;[fullest worker %]|worker_share_percent_max|1"
    layout["memory"] = "PSS MiB|pss_kib|1024;page tables MiB|page_tables_kib|1024;" \
        "kernel stacks MiB|kernel_stack_kib|1024;send blocks MiB|task_frag_kib|1024;" \
        "sockets MiB|sockets_kib|1024;other slab MiB|slab_kib|1024;" \
        "summed RSS MiB|rss_kib|1024;really lost MiB|machine_lost_kib|1024;processes|processes|1;threads|threads|1"
    layout["omission"] = "messages/s|achieved_per_s|1;p50 ms|latency_ns_p50|1e6;p99 ms|latency_ns_p99|1e6;" \
        "p99.9 ms|latency_ns_p999|1e6;max ms|latency_ns_max|1e6;send lag p99 ms|send_lag_ns_p99|1e6"
    layout["cold_start"] = "time s|time_s|1"
    layout["chat"] = "lines/s offered|offered_per_s|1;deliveries/s|deliveries_per_s|1;p50 ms|delivery_ns_p50|1e6;" \
        "p99 ms|delivery_ns_p99|1e6;p99.9 ms|delivery_ns_p999|1e6;max ms|delivery_ns_max|1e6;" \
        "send lag max ms|send_lag_ns_max|1e6;CPU us/delivery|server_cpu_us_per_delivery|1;" \
        "room CPU %|server_cpu_percent|1;client CPU %|client_cpu_percent|1"
    overview_count = split("latency|p99 ms|latency_ns_p99|1e6;latency|switches/message|switches_per_message|1;" \
        "capacity|messages/s|achieved_per_s|1;capacity|CPU us/message|server_cpu_us_per_message|1;" \
        "memory|PSS MiB|pss_kib|1024;memory|really lost MiB|machine_lost_kib|1024;" \
        "cold_start|cold start s|time_s|1;omission|p99 ms of a stalled server|latency_ns_p99|1e6;" \
        "walls|connections held|connections_established|1", overview, ";")
    if (cold_start != "") read_cold_start()
}

FNR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}
{
    remember($column["experiment"], $column["kind"], $column["model"])
    if ($column["connections_active"] + 0 > 0 && $column["connections_active"] + 0 < $column["connections_asked"] + 0)
        some_idle[$column["experiment"]] = 1
}

function remember(experiment, kind, model) {
    if (!(experiment in kind_of)) experiments[++experiment_count] = experiment
    kind_of[experiment] = kind
    if (!(model in place)) place[model] = ++model_count
    models[place[model]] = model
    points[experiment]++
    line[experiment, points[experiment]] = $0
}

# What the overview shows of an experiment: its largest count; rather one of which all send.
function size_of(experiment,    n, count, size) {
    if (kind_of[experiment] == "cold_start") return 0
    for (n = 1; n <= points[experiment]; n++) {
        count = cell_of(line[experiment, n], kind_of[experiment], "connections_asked") + 0
        if (count > size) size = count
    }
    return some_idle[experiment] ? -1 / (size + 1) : size
}

# Of each kind the overview shows one experiment, for numbers of two are not to be compared: the largest, or the
# first of those as large.
function choose_experiments(    i, kind) {
    for (i = 1; i <= experiment_count; i++) {
        kind = kind_of[experiments[i]]
        experiments_of[kind]++
        if (!(kind in chosen) || size_of(experiments[i]) > size_of(chosen[kind])) chosen[kind] = experiments[i]
    }
}

# The largest count that was asked of each model; of the walls, those under the machine's own limits.
function choose_rows(    kind, n, row, model, count) {
    for (kind in chosen)
        for (n = 1; n <= points[chosen[kind]]; n++) {
            row = line[chosen[kind], n]
            model = cell_of(row, kind, "model")
            count = kind == "walls" ? cell_of(row, kind, "limits") == "machine" : cell_of(row, kind, "connections_asked") + 0
            if ((kind, model) in largest && count < largest_count[kind, model]) continue
            largest[kind, model] = row
            largest_count[kind, model] = count
        }
}

# cold_start.csv has its own columns: they join those of the summary behind its last.
function read_cold_start(    text, cells, count, i, header) {
    while ((getline text < cold_start) > 0) {
        count = split(text, cells, ",")
        if (!header++) {
            for (i = 1; i <= count; i++) cold_column[cells[i]] = i
            continue
        }
        cold_rows[++cold_count] = text
    }
    close(cold_start)
}

function cell_of(row, kind, name,    cells, c) {
    split(row, cells, ",")
    if (kind == "cold_start") return name in cold_column ? cells[cold_column[name]] : ""
    return name in column ? cells[column[name]] : ""
}

function with_spread(row, kind, metric, divide,    median, low, high) {
    median = cell_of(row, kind, metric "_median")
    if (median == "") return "-"
    low = short(cell_of(row, kind, metric "_min") / divide)
    high = short(cell_of(row, kind, metric "_max") / divide)
    median = short(median / divide)
    return low == high ? median : median " (" low "-" high ")"
}

# The verdict behind a number, unless that is as good as any.
function mark(status, metric) {
    if (status != "overloaded" && is_result(status, metric)) return ""
    gsub(/_/, " ", status)
    return " [" status "]"
}

function write_overview(    i, m, part, text, row, kind, used) {
    if (!model_count || no_overview) return
    text = "H\tmodel"
    for (i = 1; i <= overview_count; i++) {
        split(overview[i], part, "|")
        for (m = 1; m <= model_count; m++) if ((part[1], models[m]) in largest) used[i] = 1
        if (used[i]) text = text "\t" part[2] (experiments_of[part[1]] > 1 ? " (" chosen[part[1]] ")" : "")
    }
    print "T\tAt the largest number of connections\t"
    print text
    for (m = 1; m <= model_count; m++) {
        text = "R\t" models[m]
        for (i = 1; i <= overview_count; i++) {
            if (!used[i]) continue
            split(overview[i], part, "|")
            kind = part[1]
            if (!((kind, models[m]) in largest)) { text = text "\t-"; continue }
            row = largest[kind, models[m]]
            text = text "\t" with_spread(row, kind, part[3], part[4]) mark(cell_of(row, kind, "status"), part[3])
        }
        print text
    }
}

function is_measured(experiment, metric,    n) {
    for (n = 1; n <= points[experiment]; n++)
        if (cell_of(line[experiment, n], kind_of[experiment], metric "_median") != "") return 1
    return 0
}

# Fills `columns` with those of the layout that the experiment has; returns how many.
function columns_of(experiment, columns,    all, count, kept, i, part) {
    count = split(layout[experiment in layout ? experiment : kind_of[experiment]], all, ";")
    for (i = 1; i <= count; i++) {
        split(all[i], part, "|")
        if (part[1] ~ /^\[/ && !is_measured(experiment, part[2])) continue
        gsub(/[][]/, "", all[i])
        columns[++kept] = all[i]
    }
    return kept
}

function write_experiment(experiment,    kind, count, columns, i, n, part, text, row) {
    kind = kind_of[experiment]
    count = columns_of(experiment, columns)
    print "T\t" experiment "\t" experiment
    text = kind == "cold_start" ? "H\tmodel\tstatus" : \
           "H\tmodel\tconnections" (some_idle[experiment] ? "\tactive" : "") "\testablished" \
           (kind == "omission" ? "\tarrival" : "") "\tstatus"
    for (i = 1; i <= count; i++) {
        split(columns[i], part, "|")
        text = text "\t" part[1]
    }
    print text "\truns\treason"
    for (n = 1; n <= points[experiment]; n++) {
        row = line[experiment, n]
        text = "R\t" cell_of(row, kind, "model")
        if (kind != "cold_start")
            text = text "\t" cell_of(row, kind, "connections_asked") \
                   (some_idle[experiment] ? "\t" cell_of(row, kind, "connections_active") : "") "\t" \
                   or_dash(cell_of(row, kind, "connections_established_min"))
        if (kind == "omission") text = text "\t" cell_of(row, kind, "arrival")
        text = text "\t" cell_of(row, kind, "status")
        for (i = 1; i <= count; i++) {
            split(columns[i], part, "|")
            text = text "\t" with_spread(row, kind, part[2], part[3])
        }
        text = text "\t" (kind == "cold_start" ? or_dash(cell_of(row, kind, "repeats")) : \
               cell_of(row, kind, "repeats_ok") " of " cell_of(row, kind, "repeats"))
        print text "\t" cell_of(row, kind, "reason")
    }
}

# Its rows are the file's: each is a median already.
function write_switch_cost(    text, cells, c, i, count) {
    print "T\tswitch_cost: what one context switch costs (often told: 1 to 10 us)\tswitch_cost"
    print "H\tbetween two\tworking set of each KiB\tswitch us\ttouch of a line ns"
    while ((getline text < switch_cost) > 0) {
        count = split(text, cells, ",")
        if (!("between" in c)) {
            for (i = 1; i <= count; i++) c[cells[i]] = i
            continue
        }
        text = cells[c["between"]]
        print "R\t" (text == "process" ? "processes" : text == "thread" ? "threads" : "(one task alone)") \
              "\t" cells[c["working_set_kib"]] "\t" median_and_range(cells, c, "switch_ns", 1000) "\t" median_and_range(cells, c, "touch_ns", 1)
    }
    close(switch_cost)
}

# A row for each number of sockets.
function write_ready_cost(    text, cells, c, i, count, rows, watched, order, said) {
    while ((getline text < ready_cost) > 0) {
        count = split(text, cells, ",")
        if (!("interface" in c)) {
            for (i = 1; i <= count; i++) c[cells[i]] = i
            continue
        }
        watched = cells[c["watched"]]
        if (!(watched in order)) { order[watched] = ++rows; order[rows, "watched"] = watched }
        said[cells[c["interface"]], watched] = median_and_range(cells, c, "call_ns", 1000)
        ready = cells[c["ready"]]
    }
    close(ready_cost)
    print "T\tready_cost: us of a call that finds " ready " ready sockets\tready_cost"
    print "H\tsockets watched\tselect\tpoll\tepoll"
    for (i = 1; i <= rows; i++) {
        watched = order[i, "watched"]
        print "R\t" watched "\t" or_dash(said["select", watched]) "\t" or_dash(said["poll", watched]) "\t" or_dash(said["epoll", watched])
    }
}

function median_and_range(cells, c, name, divide) {
    if (!((name "_median") in c) || cells[c[name "_median"]] == "") return "-"
    return short(cells[c[name "_median"]] / divide) " (" short(cells[c[name "_min"]] / divide) "-" short(cells[c[name "_max"]] / divide) ")"
}

# A row for each model and limit: what broke first, and what would move it.
function write_walls(experiment,    n, row, i, count, names) {
    count = split("limits wall wall_limit wall_advice wall_evidence", names, " ")
    print "T\t" experiment "\t" experiment
    print "H\tmodel\tlimits\tstatus\theld\tof\tp99 ms there\tfirst wall\tlimit\twhat would move it\tevidence\tprocesses\tthreads\treason"
    for (n = 1; n <= points[experiment]; n++) {
        row = line[experiment, n]
        text = "R\t" cell_of(row, "walls", "model") "\t" cell_of(row, "walls", "limits") "\t" cell_of(row, "walls", "status") \
               "\t" with_spread(row, "walls", "connections_established", 1) "\t" cell_of(row, "walls", "connections_asked") \
               "\t" with_spread(row, "walls", "latency_ns_p99", 1e6)
        for (i = 2; i <= count; i++) text = text "\t" or_dash(cell_of(row, "walls", names[i]))
        print text "\t" with_spread(row, "walls", "processes", 1) "\t" with_spread(row, "walls", "threads", 1) \
              "\t" cell_of(row, "walls", "reason")
    }
}

function or_dash(text) { return text == "" ? "-" : text }

END {
    for (i = 1; i <= cold_count; i++) {
        $0 = cold_rows[i]
        remember($cold_column["experiment"], "cold_start", $cold_column["model"])
    }
    choose_experiments()
    choose_rows()
    write_overview()
    for (i = 1; i <= experiment_count; i++)
        if (kind_of[experiments[i]] == "walls") write_walls(experiments[i])
        else write_experiment(experiments[i])
    if (switch_cost != "") write_switch_cost()
    if (ready_cost != "") write_ready_cost()
}
