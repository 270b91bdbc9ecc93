# handshakes.awk -- picks what the chart of handshakes draws.
#
#   awk -v experiment=handshakes -v known="epoll" -v work=DIR -f harness/kinds/handshakes/handshakes.awk summary/handshakes.csv
#
# Writes DIR/bars.dat, a line for each variant that was measured:
#   place  all min max  proxy         (us of the server's side per connection; medians)
# and gives for each line of words below the bars those words, the number of bars, the largest value, and the model behind
# the proxy with its place in `known`.

BEGIN { FS = "," }
NR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    printf "" > (work "/bars.dat")
    next
}
$column["experiment"] == experiment {
    model = $column["model"]
    good = $column["status"] == "ok"
    all = good ? number("server_cpu_us_per_connection_median") : "NaN"
    low = good ? number("server_cpu_us_per_connection_min") : "NaN"
    high = good ? number("server_cpu_us_per_connection_max") : "NaN"
    proxy = $column["variant"] == "direct" ? 0 : good ? number("proxy_cpu_us_per_connection_median") : "NaN"
    print ++place, all, low, high, proxy > (work "/bars.dat")
    if (high != "NaN" && high + 0 > highest) highest = high
    give_words()
}

function number(name) { return $column[name] == "" ? "NaN" : $column[name] }

# A variant is PATH, or PATH:TLS:KEY:full or resumed.
function give_words(    part, line, i) {
    split($column["variant"], part, ":")
    line[1] = part[2] == "" ? "TCP" : "TLS " part[2]
    line[2] = part[1] == "direct" ? "direct" : part[2] == "" ? "HAProxy" : part[3] == "p256" ? "P-256" : "RSA-2048"
    line[3] = part[4]
    line[4] = whole("round_trips_median")
    line[5] = whole("connections_per_s_median")
    for (i = 1; i <= 5; i++) give("words_" i "_" place, line[i] == "" ? " " : line[i])
}

function whole(name) { return good && $column[name] != "" ? sprintf("%.0f", $column[name]) : $column["status"] }

function place_of(model,    models, count, i) {
    count = split(known, models, " ")
    for (i = 1; i <= count; i++) if (models[i] == model) return i
}

END {
    give("bar_count", place + 0)
    give("highest", sprintf("%.10g", highest ? highest : 1))
    give("model", model)
    give("model_place", place_of(model))
}
