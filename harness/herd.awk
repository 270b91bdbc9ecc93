# herd.awk -- the table of a herd, for people: a row for each model and way to come back.
#
#   awk -f harness/spread.awk -f harness/herd.awk results/RUN/herd.csv
#
# Writes lines of cells as tables.awk does:  T title name / H heading... / R cell...
# A cell holds the median of the repeats; "12.3 (11-14)" adds the lowest and the highest.  A repeat
# after which somebody was still missing has no time until all were back, but all the rest.

BEGIN {
    FS = ","
    layout = "half back s|back_s_p50|1;99 % back s|back_s_p99|1;all back s|back_s|1;" \
        "accept queue|accept_queue_max|1;drops while it died|drops_dying|1;drops after|drops_back|1;" \
        "SYN sent again|syn_retransmits|1;attempts|attempts|1;refused|connections_refused|1;" \
        "p99 ms of those back|latency_ns_p99|1e6;send lag p99 ms|send_lag_ns_p99|1e6"
    heading_count = split(layout, headings, ";")
}
NR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}
{
    key = $column["experiment"] SUBSEP $column["model"] SUBSEP $column["policy"]
    if (!(key in repeats)) keys[++key_count] = key
    row[key, ++repeats[key]] = $0
    asked[key] = $column["connections_asked"]
    if ($column["status"] == "ok") { good[key]++; next }
    status[key] = $column["status"]
    reason[key] = $column["reason"]
}

function short(number) { return number == int(number) || number >= 100 ? sprintf("%.0f", number) : sprintf("%.3g", number) }

# "median (low-high)" of what the repeats have of a column, "-" if none has it.
function spread(key, name, divide,    i, count, cells, value, sorted) {
    for (i = 1; i <= repeats[key]; i++) {
        split(row[key, i], cells, ",")
        value = cells[column[name]]
        if (value == "") continue
        count = spread_add(sorted, count, value)
    }
    if (!count) return "-"
    value = short(spread_median(sorted, count) / divide)
    if (short(sorted[1] / divide) == short(sorted[count] / divide)) return value
    return value " (" short(sorted[1] / divide) "-" short(sorted[count] / divide) ")"
}

function write_head(experiment,    i, part, text) {
    print "T\t" experiment "\t" experiment
    text = "H\tmodel\tcomes back\tconnections\tstatus"
    for (i = 1; i <= heading_count; i++) {
        split(headings[i], part, "|")
        text = text "\t" part[1]
    }
    print text "\truns\treason"
}

END {
    for (k = 1; k <= key_count; k++) {
        key = keys[k]
        split(key, name, SUBSEP)
        if (name[1] != before) write_head(name[1])
        before = name[1]
        text = "R\t" name[2] "\t" name[3] "\t" asked[key] "\t" (key in status ? status[key] : "ok")
        for (i = 1; i <= heading_count; i++) {
            split(headings[i], part, "|")
            text = text "\t" spread(key, part[2], part[3])
        }
        print text "\t" good[key] + 0 " of " repeats[key] "\t" reason[key]
    }
}
