# summarise.awk -- raw.csv to summary.csv: one row per experiment, model, connections held and active,
# and arrival.
#
#   awk -f harness/analysis/spread.awk -f harness/analysis/summarise.awk results/RUN/raw.csv > results/RUN/summary.csv
#   awk -v runs=1 -f harness/analysis/spread.awk -f harness/analysis/summarise.awk results/RUN/raw.csv      adds X_runs, for those who decide
#
# Every numeric column X becomes X_median, X_min and X_max over the good repeats, whose status is
# `ok` or `overloaded`.  A point without a good one is described by the repeats that it has, and its
# status says what they are, so nobody takes it for a result.  Of several tries of one repeat only
# the last counts.  X_runs is how many repeats have a value of X behind the median.
#
# The status: a repeat that failed or was corrupt makes the point so, for that is the server's doing.
# What the machine or the client did to a repeat spoils that repeat; where it spoiled at least half
# of them, the point.  Memory and numbers of processes do not care whether the client was late or
# the host busy: they count every repeat that did not fail.
#
# A switch_cost.csv beside raw.csv tells what one switch costs; from that follows the column
# server_switching_percent, which raw.csv cannot have.

BEGIN {
    # COLUMNS_SCHEMA of harness/measure/columns.h, and the oldest whose columns still mean the same: schema
    # 1 kept only the last try.
    SCHEMA = 3
    OLDEST = 1
    FS = OFS = ","
    CONVFMT = "%.10g"
    split("ok overloaded drifting noisy client_limited failed corrupt", words, " ")
    for (i in words) badness[words[i]] = i + 0
    DISTURBED = badness["drifting"]
    WORST = badness["corrupt"]
    FAILED = badness["failed"]
    split("schema experiment kind profile model repeat try superseded seed connections_asked connections_active" \
          " message_b arrival warmup connect_error switches_method status reason", words, " ")
    for (i in words) not_a_metric[words[i]] = 1
    # Words that the summary keeps; runs from before there were walls have none.
    label_count = split("limits wall wall_limit wall_advice wall_evidence", labels, " ")
    for (i in labels) not_a_metric[labels[i]] = 1
}

function stop(text) {
    print "summarise.awk: " FILENAME ": " text > "/dev/stderr"
    stopped = 2
    exit stopped
}

function read_header(    i) {
    for (i = 1; i <= NF; i++) {
        column[$i] = i
        if (!($i in not_a_metric)) metrics[++metric_count] = $i
    }
    split("schema experiment kind model connections_asked connections_active arrival status reason", words, " ")
    for (i in words) if (!(words[i] in column)) stop("no column `" words[i] "`")
    header_size = NF
}

# Other versions gave columns other meanings: numbers of both must not stand in one table.
function need_schema() {
    if (value("schema") >= OLDEST && value("schema") <= SCHEMA) return
    stop("this run has schema " value("schema") ", this version reads schema " OLDEST " to " SCHEMA \
         "; draw it with the revision that its machine.txt names")
}

function value(name) { return name in column ? $column[name] : "" }

# Fills switch_ns["thread"] and switch_ns["process"]: the cost of a switch without a working set.
function read_switch_cost(    path, text, cells, names, i, c) {
    path = FILENAME
    sub(/[^\/]*$/, "switch_cost.csv", path)
    while ((getline text < path) > 0) {
        if (!(1 in names)) {
            split(text, names, ",")
            for (i in names) c[names[i]] = i
            continue
        }
        split(text, cells, ",")
        if (cells[c["working_set_kib"]] == 0) switch_ns[cells[c["between"]]] = cells[c["switch_ns_median"]]
    }
    close(path)
}

# In percent of the CPU time that a message costs.
function switching_percent(    cost_ns) {
    cost_ns = switch_ns[value("processes") > 1 ? "process" : "thread"]
    if (value("switches_per_message") == "" || value("server_cpu_us_per_message") + 0 <= 0) return ""
    return 100 * value("switches_per_message") * cost_ns / (1000 * value("server_cpu_us_per_message"))
}

# The sum of both kinds of switches has to be taken per run: medians do not add up.
function metric_value(name) {
    if (name == "server_switching_percent") return switching_percent()
    if (name != "switches_per_s") return value(name)
    if (value("switches_voluntary_per_s") == "") return ""
    return value("switches_voluntary_per_s") + value("switches_involuntary_per_s")
}

NR == 1 {
    read_header()
    if ("switches_voluntary_per_s" in column) metrics[++metric_count] = "switches_per_s"
    read_switch_cost()
    if ("thread" in switch_ns && "process" in switch_ns) metrics[++metric_count] = "server_switching_percent"
    next
}
torn { stop("line " torn " has " torn_cells " cells, the header has " header_size) }
NF == 0 { next }
NF < header_size { torn = NR; torn_cells = NF; next } # The last line was not written to its end: END tells.
NF != header_size { stop("line " NR " has " NF " cells, the header has " header_size) }
{ need_schema() }
value("superseded") == 1 { next } # The same window was tried again.
{
    key = value("experiment") SUBSEP value("model") SUBSEP value("connections_asked") \
          SUBSEP value("connections_active") SUBSEP value("arrival") SUBSEP value("limits")
    if (!(key in repeats)) keys[++key_count] = key
    if (!(value("experiment") in experiment_rank))
        experiment_rank[value("experiment")] = ++experiment_count
    if (!(value("limits") in limits_rank)) limits_rank[value("limits")] = ++limits_count
    repeats[key]++
    kind[key] = value("kind")
    rank = value("status") in badness ? badness[value("status")] : WORST
    class = rank >= FAILED ? "failed" : rank >= DISTURBED ? "disturbed" : "good"
    remember_worst(key, class, rank)
    row = ++rows[key, class]
    for (m = 1; m <= metric_count; m++) cell[key, class, row, m] = metric_value(metrics[m])
    for (m = 1; m <= label_count; m++) note_label(key, m, value(labels[m]))
}

# Repeats that met different walls: all are told.
function note_label(key, m, text) {
    if (text == "" || (key, m, text) in noted) return
    noted[key, m, text] = 1
    label[key, m] = label[key, m] (label[key, m] == "" ? "" : " or ") text
}

function remember_worst(key, class, rank) {
    if (rank <= worst[key, class] + 0) return
    worst[key, class] = rank
    status[key, class] = value("status")
    reason[key, class] = value("reason")
}

# Which class of repeats gives the point its status.
function decisive(key) {
    if (rows[key, "failed"]) return "failed"
    return 2 * rows[key, "disturbed"] >= repeats[key] ? "disturbed" : "good"
}

# Which classes of repeats a metric is taken from.
function sources(key, metric) {
    if (metric ~ /^(processes|threads|.*_kib)$/ && rows[key, "good"] + rows[key, "disturbed"])
        return "good disturbed"
    if (rows[key, "good"]) return "good"
    return rows[key, "disturbed"] ? "disturbed" : "failed"
}

function precedes(a, b,    x, y) {
    split(a, x, SUBSEP)
    split(b, y, SUBSEP)
    if (x[1] != y[1]) return experiment_rank[x[1]] < experiment_rank[y[1]]
    if (x[2] != y[2]) return x[2] "" < y[2] ""
    if (x[6] != y[6]) return limits_rank[x[6]] < limits_rank[y[6]]
    if (x[3] != y[3]) return x[3] + 0 < y[3] + 0
    if (x[4] != y[4]) return x[4] + 0 < y[4] + 0
    return x[5] "" < y[5] ""
}

# Insertion sort: a run has some hundred points.
function sort_keys(    i, j, held) {
    for (i = 2; i <= key_count; i++) {
        held = keys[i]
        for (j = i - 1; j > 0 && precedes(held, keys[j]); j--) keys[j + 1] = keys[j]
        keys[j + 1] = held
    }
}

# Too large a number would become "inf".
function is_number(text) {
    return text ~ /^-?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$/ && text + 0 < 1e300 && text + 0 > -1e300
}

# Returns "median,min,max" of what was measured, or ",," if nothing was; with `runs`, and how often.
function spread(key, m,    classes, n, k, i, count, text, sorted) {
    n = split(sources(key, metrics[m]), classes, " ")
    for (k = 1; k <= n; k++)
        for (i = 1; i <= rows[key, classes[k]]; i++) {
            text = cell[key, classes[k], i, m]
            if (!is_number(text)) continue
            count = spread_add(sorted, count, text)
        }
    if (!count) return ",," (runs ? ",0" : "")
    return plain(spread_median(sorted, count)) OFS plain(sorted[1]) OFS plain(sorted[count]) (runs ? OFS count : "")
}

# Whole numbers without an exponent, others with ten digits.
function plain(number) { return number == int(number) ? sprintf("%.0f", number) : number "" }

END {
    if (stopped) exit stopped
    if (NR == 0) stop("it is empty")
    if (torn) print "summarise.awk: " FILENAME ": line " torn " was not written to its end, and is left out" >"/dev/stderr"
    line = "experiment,kind,model,connections_asked,connections_active,arrival,repeats_ok,repeats"
    for (m = 1; m <= metric_count; m++)
        line = line OFS metrics[m] "_median" OFS metrics[m] "_min" OFS metrics[m] "_max" \
               (runs ? OFS metrics[m] "_runs" : "")
    for (m = 1; m <= label_count; m++) if (labels[m] in column) line = line OFS labels[m]
    print line OFS "status" OFS "reason"
    sort_keys()
    for (k = 1; k <= key_count; k++) {
        key = keys[k]
        split(key, part, SUBSEP)
        class = decisive(key)
        line = part[1] OFS kind[key] OFS part[2] OFS part[3] OFS part[4] OFS part[5]
        line = line OFS rows[key, "good"] + 0 OFS repeats[key]
        for (m = 1; m <= metric_count; m++) line = line OFS spread(key, m)
        for (m = 1; m <= label_count; m++) if (labels[m] in column) line = line OFS label[key, m]
        print line OFS status[key, class] OFS reason[key, class]
    }
}
