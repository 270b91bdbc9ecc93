# both_ends.awk -- picks what the chart of both ends' memory draws: a bar per model and count.
#
#   awk -v experiment=million -v work=DIR -f both_ends.awk summary/latency.csv
#
# Writes DIR/bars.dat, one line per bar, medians in KiB per connection:
#   place total lost  slab server_pss client_pss page_tables kernel_stacks
# and gives names, number of bars, the largest value.

BEGIN {
    FS = ","
    count = split("both_ends_slab_kib pss_kib client_pss_kib both_ends_page_tables_kib " \
                  "both_ends_kernel_stack_kib", parts, " ")
    printf "" > (work "/bars.dat")
}
NR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}
$column["experiment"] == experiment {
    name = $column["model"] "|" with_commas($column["connections"] + 0)
    give_tic("x", ++place, name)
    if (share("both_ends_lost_kib") == "") { print place, "NaN NaN NaN NaN NaN NaN NaN" > (work "/bars.dat"); next }
    total = 0
    text = ""
    for (i = 1; i <= count; i++) {
        total += share(parts[i])
        text = text " " share(parts[i]) + 0
    }
    print place, total, share("both_ends_lost_kib") text > (work "/bars.dat")
    if (total > highest) highest = total
    if (share("both_ends_lost_kib") > highest) highest = share("both_ends_lost_kib")
}

function share(name) { return $column[name "_median"] == "" ? "" : $column[name "_median"] / $column["connections"] }

END {
    give("bar_count", place + 0)
    give("highest", sprintf("%.10g", highest ? highest : 1))
}
