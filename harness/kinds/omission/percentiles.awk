# percentiles.awk -- curves of latency against percentile, from the histograms of several windows.
#
#   awk -v experiment=omission -v known="fork poll" -v work=DIR -f percentiles.awk histograms/*.hgrm
#
# The files are named EXPERIMENT-MODEL-CONNECTIONS-ARRIVAL-REPEAT.hgrm.  Repeats are merged by adding
# their counts, never by averaging percentiles; of several connection counts the largest is drawn.
# Writes for gnuplot, N being the number of a model:
#   DIR/closed-N.dat, DIR/open-N.dat    "1/(1-p) ms", the corners of a staircase up to the maximum
# and gives ranges, models drawn, and the p99 of each curve.

BEGIN {
    model_count = split(known, models, " ")
    for (i = 1; i <= model_count; i++) number_of[models[i]] = i
    low = high = ""
}
FNR == 1 {
    read_name()
    seen = 0
    used = model in number_of
    if (used && connections > largest[model] + 0) {
        forget(model)
        largest[model] = connections
    }
    used = used && connections == largest[model]
}
# A line of data: value in us, percentile, count up to here.
used && $1 ~ /^[0-9.]+$/ {
    curve = number_of[model] SUBSEP loop
    if (!((curve, $1) in count)) values[curve, ++value_count[curve]] = $1
    count[curve, $1] += $3 - seen
    total[curve] += $3 - seen
    seen = $3
}

# The two ends are known, so that what is between them is the model, whatever it is called.
function read_name(    name, part) {
    name = FILENAME
    sub(/.*\//, "", name)
    match(name, /-[0-9]+-[a-z]+-[0-9]+\.hgrm$/)
    model = substr(name, length(experiment) + 2, RSTART - length(experiment) - 2)
    split(substr(name, RSTART), part, "-")
    connections = part[2] + 0
    loop = part[3] == "closed" ? "closed" : "open"
}

function forget(model,    loops, i, k, curve) {
    split("closed open", loops, " ")
    for (i = 1; i <= 2; i++) {
        curve = number_of[model] SUBSEP loops[i]
        for (k = 1; k <= value_count[curve]; k++) delete count[curve, values[curve, k]]
        value_count[curve] = total[curve] = 0
    }
}

# A heap would be faster; a histogram has some thousand values, and each file brings them in order.
function sort_values(curve,    i, j, held) {
    for (i = 2; i <= value_count[curve]; i++) {
        held = values[curve, i]
        for (j = i - 1; j > 0 && values[curve, j] + 0 > held + 0; j--)
            values[curve, j + 1] = values[curve, j]
        values[curve, j + 1] = held
    }
}

# From the median on: a value is that of all percentiles from the share below it to its own.
function write_curve(m, loop,    curve, file, i, sum, before, x, ms) {
    curve = m SUBSEP loop
    file = work "/" loop "-" m ".dat"
    print "NaN NaN" > file
    sort_values(curve)
    for (i = 1; i <= value_count[curve]; i++) {
        ms = values[curve, i] / 1000
        sum += count[curve, values[curve, i]]
        x = sum < total[curve] ? total[curve] / (total[curve] - sum) : total[curve]
        if (x < 2) continue
        if (before < 2) before = 2
        if (x >= 100 && before < 100) give("p99_" loop "_" m, sprintf("%.10g", ms))
        printf "%.10g %.10g\n%.10g %.10g\n", before, ms, x, ms > file
        before = x
        if (low == "" || ms < low) low = ms
        if (ms > high + 0) high = ms
        if (x > x_last + 0) x_last = x
    }
    close(file)
}

function power_below(number,    power) {
    power = 1e-6
    while (power * 10 <= number) power *= 10
    return power
}

END {
    for (m = 1; m <= model_count; m++) {
        if (total[m, "closed"] + total[m, "open"] == 0) continue
        drawn = drawn models[m] " "
        numbers = numbers m " "
        write_curve(m, "closed")
        write_curve(m, "open")
    }
    if (drawn == "") { low = high = 1; x_last = 10 }
    give("models", drawn)
    give("numbers", numbers)
    give("x_to", sprintf("%.10g", x_last * 1.5))
    give("y_from", sprintf("%.10g", power_below(low / 1.5)))
    give("y_to", sprintf("%.10g", 10 * power_below(high)))
}
