# counters_table.awk -- the tables of kind counters, as tables.awk writes its own.
#
#   awk -f harness/analysis/numbers.awk -f harness/analysis/counters_table.awk results/RUN/counters_summary.csv

BEGIN {
    FS = ","
    # heading|pass|counter|method|divided by
    column_count = split("CPU us|plain|cpu_ns||1000;switches|plain|context_switches||1;" \
        "switches with counters|events|context_switches|perf|1;switches while traced|calls|context_switches||1;" \
        "migrations|events|cpu_migrations|perf|1;page faults|events|page_faults|perf|1;" \
        "cycles|events|cycles|perf|1;instructions|events|instructions|perf|1;" \
        "cache misses|events|cache_misses|perf|1;dTLB load misses|events|dtlb_load_misses|perf|1", columns, ";")
}
NR == 1 {
    for (i = 1; i <= NF; i++) c[$i] = i
    next
}
{
    experiment = $c["experiment"]
    point = $c["model"] "\t" $c["connections_asked"]
    if (!(experiment in points)) experiments[++experiment_count] = experiment
    if (!((experiment, point) in seen)) point_of[experiment, ++points[experiment]] = point
    seen[experiment, point] = 1
    key = experiment SUBSEP point SUBSEP $c["pass"] SUBSEP $c["counter"]
    remember(key)
    remember(key SUBSEP $c["method"])
    if ($c["status"] !~ /^(ok|not_available)$/ || $c["counter"] == "") broken[experiment, point, $c["pass"]] = $c["status"] ($c["reason"] == "" ? "" : ": " $c["reason"])
    if ($c["status"] == "not_available" && $c["pass"] != "calls" && !((experiment, point, $c["reason"]) in noted)) {
        noted[experiment, point, $c["reason"]] = 1
        missing[experiment, point] = joined(missing[experiment, point], "not available: " $c["reason"])
    }
    if ($c["method"] == "ptrace") note_call(experiment, $c["counter"], $c["per_message_median"] + 0)
}

function remember(key) {
    median[key] = $c["per_message_median"]
    failed[key] = $c["failed_per_message_median"]
    status[key] = $c["status"]
}

function note_call(experiment, name, per_message) {
    if (!((experiment, name) in most)) calls[experiment, ++call_count[experiment]] = name
    if (per_message > most[experiment, name]) most[experiment, name] = per_message
}

# The calls that somebody makes most stand first.
function sort_calls(experiment,    i, j, held) {
    for (i = 2; i <= call_count[experiment]; i++) {
        held = calls[experiment, i]
        for (j = i - 1; j > 0 && most[experiment, calls[experiment, j]] < most[experiment, held]; j--)
            calls[experiment, j + 1] = calls[experiment, j]
        calls[experiment, j + 1] = held
    }
}

function cell(key, divide) {
    if (!(key in status)) return "-"
    gsub(/_/, " ", status[key])
    if (median[key] == "") return status[key]
    return short(median[key] / divide) (failed[key] > 0.0005 ? " (" short(failed[key]) " failed)" : "") \
           (status[key] == "ok" ? "" : " [" status[key] "]")
}

function write_calls(experiment,    i, n, text, all, point, key) {
    text = "H\tmodel\tconnections\tall calls"
    for (i = 1; i <= call_count[experiment]; i++) text = text "\t" calls[experiment, i]
    print "T\t" experiment ": system calls per message, with those that failed\t" experiment
    print text "\treason"
    for (n = 1; n <= points[experiment]; n++) {
        point = point_of[experiment, n]
        all = 0
        text = ""
        for (i = 1; i <= call_count[experiment]; i++) {
            key = experiment SUBSEP point SUBSEP "calls" SUBSEP calls[experiment, i]
            all += median[key]
            text = text "\t" cell(key, 1)
        }
        print "R\t" point "\t" (all > 0 ? short(all) : "-") text "\t" broken[experiment, point, "calls"]
    }
}

# Why a point has gaps, each reason once.
function reasons(experiment, point,    text) {
    text = broken[experiment, point, "plain"]
    if (broken[experiment, point, "events"] != text) text = joined(text, broken[experiment, point, "events"])
    return joined(text, missing[experiment, point])
}

function joined(text, more) {
    return text (text != "" && more != "" ? "; " : "") more
}

function write_events(experiment,    i, n, text, part, point, key) {
    print "T\t" experiment ": what the kernel and the CPU counted per message\t" experiment
    text = "H\tmodel\tconnections"
    for (i = 1; i <= column_count; i++) {
        split(columns[i], part, "|")
        text = text "\t" part[1]
    }
    print text "\treason"
    for (n = 1; n <= points[experiment]; n++) {
        point = point_of[experiment, n]
        text = "R\t" point
        for (i = 1; i <= column_count; i++) {
            split(columns[i], part, "|")
            key = experiment SUBSEP point SUBSEP part[2] SUBSEP part[3] (part[4] == "" ? "" : SUBSEP part[4])
            text = text "\t" cell(key, part[5])
        }
        print text "\t" reasons(experiment, point)
    }
}

END {
    for (n = 1; n <= experiment_count; n++) {
        sort_calls(experiments[n])
        write_calls(experiments[n])
        write_events(experiments[n])
    }
}
