# rows_table.awk -- the table of a herd, for people: a row for each model and way to come back; or of
# handshakes: a row for each variant.
#
#   awk -f harness/analysis/numbers.awk -f harness/analysis/spread.awk -f harness/analysis/variants.awk -f harness/analysis/rows_table.awk results/RUN/herd.csv
#   awk ... results/RUN/handshakes.csv
#
# Writes lines of cells as tables.awk does:  T title name / H heading... / R cell...
# A cell holds the median of the repeats; "12.3 (11-14)" adds the lowest and the highest.  A repeat of a
# herd after which somebody was still missing has no time until all were back, but all the rest.  A
# handshake that failed or was disturbed has no numbers; the variant is noisy if half of its repeats were.

BEGIN {
    FS = ","
    # heading|column, or two whose product it is|divided by
    herd_layout = "half back s|back_s_p50|1;99 % back s|back_s_p99|1;all back s|back_s|1;" \
        "accept queue|accept_queue_max|1;drops while it died|drops_dying|1;drops after|drops_back|1;" \
        "SYN sent again|syn_retransmits|1;attempts|attempts|1;refused|connections_refused|1;" \
        "p99 ms of those back|latency_ns_p99|1e6;send lag p99 ms|send_lag_ns_p99|1e6"
    handshakes_layout = "round trips|round_trips|1;server CPU us|server_cpu_us_per_connection|1;" \
        "of it HAProxy|proxy_cpu_us_per_connection|1;client CPU us|client_cpu_us_per_connection|1;" \
        "connections/s|connections_per_s|1;server busy %|server_cpu_us_per_connection*connections_per_s|1e4;" \
        "client busy %|client_cpu_us_per_connection*connections_per_s|1e4;" \
        "handshake p50 ms|handshake_ns_p50|1e6;p99 ms|handshake_ns_p99|1e6;" \
        "TLS bytes sent|handshake_sent_b|1;received|handshake_received_b|1;resumed|resumed|1"
}
NR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    shakes = "path" in column
    heading_count = split(shakes ? handshakes_layout : herd_layout, headings, ";")
    next
}
{
    if (shakes) {
        what = variant_name($column["path"], $column["tls"], $column["key"], $column["resumed_asked"])
        place = variant_place($column["path"], $column["tls"], $column["key"], $column["resumed_asked"])
    } else {
        what = $column["model"] "\t" $column["policy"]
        place = what in place_of ? place_of[what] : ++places
        place_of[what] = place
    }
    if (!($column["experiment"] in number_of)) number_of[$column["experiment"]] = ++experiments
    place += 1000 * number_of[$column["experiment"]]
    key = $column["experiment"] SUBSEP what
    if (place > last_place) last_place = place
    key_at[place] = key
    repeats[key]++
    asked[key] = shakes ? $column["connections"] : $column["connections_asked"]
    if (!shakes || $column["status"] == "ok") row[key, ++rows[key]] = $0
    if ($column["status"] == "ok") { good[key]++; next }
    if ($column["status"] == "noisy") { noisy[key]++; why_noisy[key] = $column["reason"]; next }
    status[key] = $column["status"]
    reason[key] = $column["reason"]
}

# One that failed makes the point so; a neighbour, if he spoiled at least half of the repeats.
function judge(key) {
    if (key in status || 2 * noisy[key] < repeats[key]) return
    status[key] = "noisy"
    reason[key] = why_noisy[key]
}

# "median (low-high)" of what the repeats have of a column, "-" if none has it.
function spread(key, name, divide,    i, count, cells, value, sorted, factor) {
    split(name, factor, "*")
    for (i = 1; i <= rows[key]; i++) {
        split(row[key, i], cells, ",")
        value = cells[column[factor[1]]]
        if (value == "") continue
        if (factor[2] != "") value *= cells[column[factor[2]]]
        count = spread_add(sorted, count, value)
    }
    if (!count) return "-"
    value = short(spread_median(sorted, count) / divide)
    if (short(sorted[1] / divide) == short(sorted[count] / divide)) return value
    return value " (" short(sorted[1] / divide) "-" short(sorted[count] / divide) ")"
}

function write_head(experiment,    i, part, text) {
    print "T\t" experiment "\t" experiment
    text = "H\t" (shakes ? "connection" : "model\tcomes back") "\tconnections\tstatus"
    for (i = 1; i <= heading_count; i++) {
        split(headings[i], part, "|")
        text = text "\t" part[1]
    }
    print text "\truns\treason"
}

END {
    for (place = 1; place <= last_place; place++) {
        if (!(place in key_at)) continue
        key = key_at[place]
        split(key, name, SUBSEP)
        if (name[1] != before) write_head(name[1])
        before = name[1]
        judge(key)
        text = "R\t" name[2] "\t" asked[key] "\t" (key in status ? status[key] : "ok")
        for (i = 1; i <= heading_count; i++) {
            split(headings[i], part, "|")
            text = text "\t" spread(key, part[2], part[3])
        }
        print text "\t" good[key] + 0 " of " repeats[key] "\t" reason[key]
    }
}
