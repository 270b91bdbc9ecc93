# points.awk -- picks what one line chart draws out of summary/KIND.csv, and places its words.
#
#   awk -v experiment=ramp -v metric=latency_ns_p99 -v divide=1e6 -v log_y=1 -v known="fork poll"
#       -v work=DIR -f points.awk summary/latency.csv
#
# Writes for gnuplot, N being the number of a model:
#   DIR/line-N.dat   "x y low high second" of the points on the line; a blank line where it breaks
#   DIR/marks-N.dat  the same of the points that are marked only
#   DIR/words.dat    "x y word"           DIR/failed.dat  "x y N": points without a value
# and gives ranges, tics, models drawn.
# `second` is another metric drawn thin beside the first.  Only points that are results are on the
# line, which breaks at the others.

BEGIN {
    FS = ","
    model_count = split(known, models, " ")
    for (i = 1; i <= model_count; i++) number_of[models[i]] = i
    low = high = x_first = x_last = ""
}
NR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}
$column["experiment"] == experiment && $column["model"] in number_of {
    m = number_of[$column["model"]]
    n = ++points[m]
    asked[m, n] = $column["connections"] + 0
    active[m, n] = $column["active"] + 0
    if (("deaf_clients_median" in column) && $column["deaf_clients_median"] > 0) some_deaf = 1
    y[m, n] = cell(metric "_median")
    y_low[m, n] = cell(metric "_min")
    y_high[m, n] = cell(metric "_max")
    y_second[m, n] = second == "" ? "" : cell(second "_median")
    status[m, n] = $column["status"]
    widen(y_low[m, n])
    widen(y_high[m, n])
    widen(y_second[m, n])
}

# What lies along the axis: the connections; the idle ones, where some are; the active ones, where
# only they differ.
function choose_x(    point, key, asked_count, active_count, some_idle, only_asked, only_active) {
    for (point in asked) {
        if (!asked_seen[asked[point]]++) asked_count++
        if (!active_seen[active[point]]++) active_count++
        if (active[point] > 0 && active[point] < asked[point]) some_idle = 1
        only_asked = asked[point]
        only_active = active[point]
    }
    x_of = asked_count == 1 && active_count > 1 ? "active" : some_idle ? "idle" : "asked"
    x_label = x_of == "active" ? "active connections, of " with_commas(only_asked) : \
              x_of != "idle" ? "connections" : \
              (some_deaf ? "clients that never read" : "idle connections") (active_count == 1 ? ", beside " with_commas(only_active) (some_deaf ? " that do" : " active ones") : "")
}

function x_value(point) {
    return x_of == "active" ? active[point] : x_of == "idle" ? asked[point] - active[point] : asked[point]
}

# A logarithmic axis has no 0: it stands, as such, left of the others.
function set_x(    point, least) {
    choose_x()
    for (point in asked) if (x_value(point) > 0 && (least == "" || x_value(point) < least)) least = x_value(point)
    for (point in asked) {
        x[point] = x_value(point) > 0 ? x_value(point) : least / 10 ^ 0.5
        counts[x[point]] = x_value(point)
        if (x_first == "" || x[point] < x_first) x_first = x[point]
        if (x_last == "" || x[point] > x_last) x_last = x[point]
    }
}

function cell(name) {
    if (!(name in column) || $column[name] == "") return ""
    return $column[name] / divide
}

function widen(number) {
    if (number == "" || (log_y && number <= 0)) return
    if (low == "" || number < low) low = number
    if (high == "" || number > high) high = number
}

function log10(number) { return log(number) / log(10) }

# The largest 1, 2 or 5 times a power of ten that is not above `number`; the next one with `up`.
function round_number(number, up,    power) {
    power = 10 ^ floor(log10(number) + 1e-9)
    if (!up) return (number >= 5 * power ? 5 : number >= 2 * power ? 2 : 1) * power
    return (number <= power * 1.0001 ? 1 : number <= 2 * power ? 2 : number <= 5 * power ? 5 : 10) * power
}

function floor(number) { return number < 0 && number != int(number) ? int(number) - 1 : int(number) }

# The share of the height, at the top, that the crosses of failed points take: no number reaches into it.
function room_for_crosses(    m, n, at, most) {
    for (m = 1; m <= model_count; m++)
        for (n = 1; n <= points[m]; n++)
            if (is_missing(m, n) && ++at[x[m, n]] > most) most = at[x[m, n]]
    return most > 4 ? 0.3 : most ? 0.06 * (most + 1) : 0
}

function set_range(    free) {
    if (high == "") low = high = 1
    free = 1 - room_for_crosses()
    if (log_y) {
        y_from = round_number(low * 0.85)
        y_to = round_number(high * 1.3, 1)
        if (y_to / y_from < 10) y_from = round_number(y_to / 10.5)
        if (height(high) > free) y_to = y_from * (high / y_from) ^ (1 / free)
    } else {
        y_from = 0
        y_to = high * 1.15
        if (height(high) > free) y_to = high / free
    }
    x_from = x_first / 1.6
    x_to = x_last * (x_last / x_first) ^ 0.16 # Room for the words at the last points.
    if (x_first == x_last) { x_from = x_first / 5; x_to = x_last * 5 }
}

function height(number) {
    if (log_y) return number <= 0 ? 0 : log10(number / y_from) / log10(y_to / y_from)
    return number / y_to
}

function at_height(share) {
    return log_y ? y_from * (y_to / y_from) ^ share : y_to * share
}

# The height of a word that one at `share` would lie on, "" if there is none.
function in_the_way(at, share,    i) {
    for (i = 1; i <= words_at[at]; i++)
        if (share - taken[at, i] < 0.05 && taken[at, i] - share < 0.05) return taken[at, i]
    return ""
}

# Words may not lie on each other: at one x each goes to the next free height above it, or below where none is left.
function place_word(at, wanted,    share, step, other) {
    share = wanted = wanted > 0.97 ? 0.97 : wanted
    step = 0.0501
    while ((other = in_the_way(at, share)) != "") {
        share = other + step
        if (share <= 0.97) continue
        step = -step
        share = wanted
    }
    taken[at, ++words_at[at]] = share
    return at_height(share)
}

# A word stands at the first of several equal marks: that is where it broke.  Right of the last mark it is level with
# it, elsewhere above the line.
function say_word(m, n, y_shown,    word) {
    if (n > 1 && status[m, n - 1] == status[m, n] && y[m, n - 1] != "") return
    word = status[m, n]
    gsub(/_/, " ", word)
    printf "%g %.10g \"%s\"\n", x[m, n], place_word(x[m, n], height(y_shown) + (x[m, n] == x_last ? 0 : 0.045)), word > words
}

function is_good(m, n) { return is_result(status[m, n], metric) }
function is_missing(m, n) { return y[m, n] == "" && !is_good(m, n) }

function point(m, n) {
    return sprintf("%g %.10g %.10g %.10g %s", x[m, n], y[m, n], y_low[m, n], y_high[m, n],
                   y_second[m, n] == "" ? "NaN" : y_second[m, n])
}

# A file for each, for gnuplot would take two breaks in a row for the end of a block.
function write_model(m,    n, line, marks, nothing) {
    line = work "/line-" m ".dat"
    marks = work "/marks-" m ".dat"
    nothing = "NaN NaN NaN NaN NaN" # gnuplot refuses an empty file; this draws nothing.
    print nothing "\n" > line
    print nothing > marks
    for (n = 1; n <= points[m]; n++) {
        print (is_good(m, n) && y[m, n] != "") ? point(m, n) : "" > line
        if (y[m, n] != "" && !is_good(m, n)) print point(m, n) > marks
        if (!is_good(m, n) || status[m, n] == "overloaded") tell(m, n)
    }
    close(line)
    close(marks)
}

function tell(m, n,    share, at) {
    if (y[m, n] != "") { say_word(m, n, y[m, n]); return }
    if (!is_missing(m, n)) return
    # Nothing was measured: a cross at the upper edge, each model below the one before.
    at = x[m, n]
    share = 0.96 - 0.06 * crosses[at]++
    taken[at, ++words_at[at]] = share
    printf "%g %.10g %d\n", at, at_height(share), m > failed
    if (n == 1 || status[m, n - 1] != status[m, n])
        printf "%g %.10g \"%s\"\n", at, at_height(share), status[m, n] > words
}

function give_axes(    name, drawn, numbers, m, value, many, power) {
    for (name in counts) many++
    for (name in counts) {
        if (many > 7 && log10(name) != int(log10(name) + 1e-9) && name != x_last && counts[name] > 0) continue
        give_tic("x", name, with_commas(counts[name]))
    }
    give("x_from", sprintf("%g", x_from))
    give("x_to", sprintf("%g", x_to))
    give("y_from", sprintf("%.10g", y_from))
    give("y_to", sprintf("%.10g", y_to))
    if (log_y) {
        for (power = floor(log10(y_from)); power <= log10(y_to) + 1e-9; power++)
            for (m = 1; m <= 5; m += m == 2 ? 3 : 1) {
                value = m * 10 ^ power
                if (value < y_from * 0.999 || value > y_to * 1.001) continue
                if (m > 1 && y_to / y_from > 999 && value > y_from * 1.001) continue # The lowest is no 0, and says so.
                give_tic("y", value, value < 1 ? sprintf("%g", value) : with_commas(value))
            }
    }
    for (m = 1; m <= model_count; m++)
        if (points[m]) {
            drawn = drawn models[m] " "
            numbers = numbers m " "
        }
    give("models", drawn)
    give("numbers", numbers)
    give("x_label", x_label)
}

END {
    words = work "/words.dat"
    failed = work "/failed.dat"
    print "NaN NaN \"\"" > words
    print "NaN NaN 1" > failed
    set_x()
    set_range()
    for (m = 1; m <= model_count; m++) if (points[m]) write_model(m)
    give_axes()
}
