# compare.awk -- two runs, point by point: what may be said of B against A.
#
#   awk -v blocked=FILE -v OFS=, -f numbers.awk -f headline.awk -f decide.awk -f compare.awk
#       side=a A.csv [A/cold_start.csv] side=b B.csv [B/cold_start.csv] > compare.csv
#
# A.csv and B.csv are what summarise.awk makes with runs=1.  `blocked` names experiments that were
# not the same in both: "experiment<TAB>reason".  Exit status 3: the runs have no point in common.
# Columns: results/README.md.

BEGIN {
    FS = ","
    while ((getline text < blocked) > 0) {
        split(text, part, "\t")
        why_blocked[part[1]] = part[2]
    }
}

FNR == 1 {
    delete column
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}
{ read_point(value("experiment"), "kind" in column ? value("kind") : "cold_start") }

function value(name) { return name in column ? $column[name] : "" }

# cold_start.csv holds one metric, and counts its runs as repeats.
function runs_of(metric) { return metric == "time_s" ? value("repeats") : value(metric "_runs") }

function read_point(experiment, kind,    key, count, list, i) {
    key = experiment SUBSEP value("model") SUBSEP value("connections_asked") SUBSEP \
          value("connections_active") SUBSEP value("arrival")
    if (!(key in kind_of)) keys[++key_count] = key
    kind_of[key] = kind
    status[key, side] = value("status")
    reason[key, side] = value("reason")
    count = split(headline_of[kind], list, " ")
    for (i = 1; i <= count; i++) {
        median[key, list[i], side] = value(list[i] "_median")
        low[key, list[i], side] = value(list[i] "_min")
        high[key, list[i], side] = value(list[i] "_max")
        runs[key, list[i], side] = runs_of(list[i]) + 0
    }
}

function print_row(key, metric, ratio, verdict, why,    part) {
    split(key, part, SUBSEP)
    gsub(/,/, ";", why)
    print part[1], kind_of[key], part[2], part[3], part[4], metric,
          runs[key, metric, "a"], median[key, metric, "a"], low[key, metric, "a"], high[key, metric, "a"],
          runs[key, metric, "b"], median[key, metric, "b"], low[key, metric, "b"], high[key, metric, "b"],
          ratio, verdict, why
}

# Why a metric of a point cannot be compared, or "".
function obstacle(key, metric,    i, side, part) {
    split(key, part, SUBSEP)
    if (part[1] in why_blocked) return why_blocked[part[1]]
    for (i = 1; i <= 2; i++) {
        side = i == 1 ? "a" : "b"
        if (!is_result(status[key, side], metric)) {
            part[1] = status[key, side]
            gsub(/_/, " ", part[1])
            return part[1] " in " toupper(side) (reason[key, side] == "" ? "" : ": " reason[key, side])
        }
    }
    return ""
}

function compare_metric(key, metric,    why, verdict, ratio, floor) {
    why = obstacle(key, metric)
    if (why != "") {
        print_row(key, metric, OFS OFS, "not_compared", why)
        return
    }
    # Nobody has it: such a metric is no row.
    if (median[key, metric, "a"] == "" && median[key, metric, "b"] == "") return
    if (median[key, metric, "a"] == "" || median[key, metric, "b"] == "") {
        print_row(key, metric, OFS OFS, "not_compared",
                  "not measured in " (median[key, metric, "a"] == "" ? "A" : "B"))
        return
    }
    verdict = decide(metric, runs[key, metric, "a"], low[key, metric, "a"], high[key, metric, "a"],
                     runs[key, metric, "b"], low[key, metric, "b"], high[key, metric, "b"])
    floor = decide_floor(metric)
    ratio = decide_least(median[key, metric, "b"], floor) / decide_least(median[key, metric, "a"], floor)
    print_row(key, metric, sprintf("%.6g,%.6g,%.6g", ratio, decide_low, decide_high),
              verdict == "" ? "not_shown" : verdict, decide_why)
}

function compare_point(key,    count, list, i, only) {
    only = !((key, "b") in status) ? "only_a" : !((key, "a") in status) ? "only_b" : ""
    if (only != "") {
        print_row(key, "", OFS OFS, only, "")
        return
    }
    count = split(headline_of[kind_of[key]], list, " ")
    for (i = 1; i <= count; i++) compare_metric(key, list[i])
    if (!count) print_row(key, "", OFS OFS, "not_compared", "it shows no cost of a server")
}

END {
    for (k = 1; k <= key_count; k++) if ((keys[k], "a") in status && (keys[k], "b") in status) common++
    if (!common) exit 3
    print "experiment,kind,model,connections_asked,connections_active,metric,runs_a,median_a,min_a,max_a," \
          "runs_b,median_b,min_b,max_b,ratio,ratio_low,ratio_high,verdict,reason"
    for (k = 1; k <= key_count; k++) compare_point(keys[k])
}
