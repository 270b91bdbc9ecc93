# herd.awk -- picks what the chart of a herd draws: who is connected when, for each way to come back.
#
#   awk -v experiment=reconnect_herd -v known="fork poll" -v work=DIR -f herd.awk rows/herd.csv timelines/herd.csv
#
# Writes DIR/now-N.dat and DIR/jitter-N.dat, N being the number of a model: "s connected", repeats
# apart by an empty line; and gives models drawn, the largest number of connections, when the server was
# ready again, the backoff, and where the chart ends: some time after the longest pause; the table
# tells of those who take longer.

BEGIN {
    FS = ","
    model_count = split(known, models, " ")
    for (i = 1; i <= model_count; i++) number_of[models[i]] = i
}
FNR == 1 {
    delete column
    for (i = 1; i <= NF; i++) column[$i] = i
    file++
    next
}
$column["experiment"] != experiment || !($column["model"] in number_of) { next }
file == 1 {
    drawn[number_of[$column["model"]]] = 1
    if ($column["connections"] + 0 > highest) highest = $column["connections"] + 0
    if ($column["outage_s"] + 0 > outage) outage = $column["outage_s"] + 0
    if ($column["cap_ms"] != "") { base = $column["base_ms"] / 1000; cap = $column["cap_ms"] / 1000 }
    next
}
{
    out = work "/" $column["variant"] "-" number_of[$column["model"]] ".dat"
    if (out SUBSEP $column["repeat"] != series) begin_series()
    held = $column["connected"]
    print $column["s"], held > out
}

function begin_series() {
    if (series != "") end_series()
    series = out SUBSEP $column["repeat"]
    files[out] = 1
    print 0, $column["connected"] + $column["lost"] - $column["back"] > out
}

# Who is connected stays so, to the end of the chart.
function end_series(    part) {
    split(series, part, SUBSEP)
    print outage + cap + 1, held "\n" > part[1]
}

END {
    if (series != "") end_series()
    for (m = 1; m <= model_count; m++) {
        if (!drawn[m]) continue
        names = names models[m] " "
        numbers = numbers m " "
        for (i = 1; i <= 2; i++) {
            out = work "/" (i == 1 ? "now" : "jitter") "-" m ".dat"
            if (!(out in files)) print "NaN NaN" > out
        }
    }
    if (!highest) highest = 1
    give("models", names)
    give("numbers", numbers)
    give("highest", sprintf("%d", highest))
    give("outage_s", sprintf("%g", outage))
    give("base_s", sprintf("%g", base))
    give("cap_s", sprintf("%g", cap))
    give("last_s", sprintf("%g", outage + cap + 1))
}
