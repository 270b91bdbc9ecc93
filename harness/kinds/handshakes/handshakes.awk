# handshakes.awk -- picks what the chart of handshakes draws.
#
#   awk -v experiment=handshakes -v work=DIR -f harness/analysis/spread.awk -f harness/analysis/variants.awk \
#       -f harness/kinds/handshakes/handshakes.awk handshakes.csv
#
# Writes DIR/bars.dat, a line for each variant that was measured:
#   place  all min max  proxy         (us of the server's side per connection; medians of the repeats that are ok)
# and gives for each line of words below the bars those words, the number of bars, the largest value, and the model behind
# the proxy with its place in `known`.

BEGIN { FS = "," }
NR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}
$column["experiment"] == experiment {
    v = variant_place($column["path"], $column["tls"], $column["key"], $column["resumed_asked"])
    plain = $column["tls"] == "none"
    model = $column["model"]
    line[1, v] = plain ? "TCP" : "TLS " $column["tls"]
    line[2, v] = plain ? ($column["path"] == "direct" ? "direct" : "HAProxy") : variant_key($column["key"])
    line[3, v] = plain ? "" : $column["resumed_asked"] ? "resumed" : "full"
    repeats[v]++
    if ($column["status"] == "ok") row[v, ++rows[v]] = $0
    else status[v] = $column["status"]
}

# The median of the rows that are ok; low and high beside it.  NaN if there is none.
function spread(v, name,    i, cells, count, sorted) {
    for (i = 1; i <= rows[v]; i++) {
        split(row[v, i], cells, ",")
        if (cells[column[name]] != "") count = spread_add(sorted, count, cells[column[name]])
    }
    low = high = "NaN"
    if (!count) return "NaN"
    low = sorted[1]
    high = sorted[count]
    return spread_median(sorted, count)
}

function word_of(name, v,    value) {
    value = spread(v, name)
    return value == "NaN" ? status[v] : sprintf("%.0f", value)
}

function place_of(model,    models, count, i) {
    count = split(known, models, " ")
    for (i = 1; i <= count; i++) if (models[i] == model) return i
}

END {
    printf "" > (work "/bars.dat")
    for (v = 1; v <= 10; v++) {
        if (!(v in repeats)) continue
        proxy = v == variant_place("direct") ? 0 : spread(v, "proxy_cpu_us_per_connection")
        all = spread(v, "server_cpu_us_per_connection")
        if (high != "NaN" && high + 0 > highest) highest = high
        print ++place, all, low, high, proxy > (work "/bars.dat")
        line[4, v] = word_of("round_trips", v)
        line[5, v] = word_of("connections_per_s", v)
        for (i = 1; i <= 5; i++) give("words_" i "_" place, line[i, v] == "" ? " " : line[i, v])
    }
    give("bar_count", place + 0)
    give("highest", sprintf("%.10g", highest ? highest : 1))
    give("model", model)
    give("model_place", place_of(model))
}
