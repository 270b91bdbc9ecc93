# bars.awk -- picks what a chart with one bar per model draws.
#
#   awk -v experiment=memory -v kind=memory -v known="fork poll" -v work=DIR -f bars.awk summary/memory.csv
#   awk -v experiment=cold_start -v kind=cold_start ...                       -f bars.awk summary/cold_start.csv
#
# Writes DIR/bars.dat, one line per model:
#   memory      place number total rss lost  pss page_tables kernel_stacks send_blocks sockets slab
#               (KiB per client; medians)
#   cold_start  place number median min max                                               (s)
# and gives names, number of bars, the largest value, the count of connections.

BEGIN {
    FS = ","
    model_count = split(known, models, " ")
    for (i = 1; i <= model_count; i++) number_of[models[i]] = i
    part_count = split("pss_kib page_tables_kib kernel_stack_kib task_frag_kib sockets_kib slab_kib", parts, " ")
}
NR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}
$column["experiment"] == experiment && $column["model"] in number_of {
    m = number_of[$column["model"]]
    if (kind == "memory" && $column["connections"] + 0 < at[m] + 0) next
    drawn[m] = 1
    status[m] = $column["status"]
    if (kind == "memory") read_memory(m)
    else if ($column["time_s_median"] != "") {
        line[m] = $column["time_s_median"] " " $column["time_s_min"] " " $column["time_s_max"]
        if ($column["time_s_max"] > highest) highest = $column["time_s_max"]
    }
}

function share(name) {
    name = name "_median"
    return name in column && $column[name] != "" ? $column[name] / clients : "" # Runs of before have no task_frag_kib.
}
function or_nan(text) { return text == "" ? "NaN" : text }

function read_memory(m,    i, total, text) {
    at[m] = $column["connections"]
    clients = at[m]
    if (at[m] + 0 > connections + 0) connections = at[m]
    line[m] = ""
    if (share("pss_kib") == "") return
    for (i = 1; i <= part_count; i++) {
        total += share(parts[i])
        text = text " " share(parts[i]) + 0
    }
    line[m] = total " " or_nan(share("rss_kib")) " " or_nan(share("machine_lost_kib")) text
    if (total > highest) highest = total
    if (share("machine_lost_kib") + 0 > highest) highest = share("machine_lost_kib") + 0
}

END {
    nothing = kind == "memory" ? "NaN NaN NaN NaN NaN NaN NaN NaN NaN" : "NaN NaN NaN"
    printf "" > (work "/bars.dat")
    for (m = 1; m <= model_count; m++) {
        if (!drawn[m]) continue
        print ++place, m, line[m] == "" ? nothing : line[m] > (work "/bars.dat")
        name = models[m]
        word = status[m]
        gsub(/_/, " ", word)
        if (!is_result(status[m], kind == "memory" ? "machine_lost_kib" : "time_s")) name = name "|" word
        give_tic("x", place, name)
    }
    if (!highest) highest = 1
    give("bar_count", place + 0)
    give("highest", sprintf("%.10g", highest))
    give("connections_text", with_commas(connections + 0))
}

