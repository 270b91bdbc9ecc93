# compare.awk -- picks what one chart of a comparison draws: a row per model and point.
#
#   awk -v experiment=capacity -v group=achieved_per_s -v known="fork poll" -v work=DIR
#       -f harness/analysis/numbers.awk -f harness/analysis/headline.awk -f harness/report/plots/compare.awk compare.csv
#
# `group` is a metric, or "memory" for all of kind memory.  Writes DIR/compare.dat, "y ratio low high
# N shown" with y counted from the bottom and N the number of the model; DIR/compare_words.dat, "y
# word" of rows that were not compared; gives rows, names, range.

BEGIN {
    FS = ","
    model_count = split(known, models, " ")
    for (i = 1; i <= model_count; i++) number_of[models[i]] = i
    lowest = 0.8
    highest = 1.25
}
NR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}
$column["experiment"] == experiment && $column["metric"] != "" &&
    (group == "memory" || $column["metric"] == group) {
    rows++
    model[rows] = $column["model"]
    label[rows] = $column["connections_asked"] == "" ? "" : headline_count($column["connections_asked"], $column["connections_active"])
    if (group == "memory") label[rows] = headline_name[$column["metric"]]
    ratio[rows] = $column["ratio"]
    low[rows] = within($column["ratio_low"])
    high[rows] = within($column["ratio_high"])
    verdict[rows] = $column["verdict"]
    if (ratio[rows] == "") next
    if (low[rows] < lowest) lowest = low[rows]
    if (high[rows] > highest) highest = high[rows]
}

# Beyond a hundred times the exact figure is of no interest, and would press all others together.
function within(number) { return number > 100 ? 100 : number < 0.01 ? 0.01 : number }

# The points of a model stand together, under each other.
function place_rows(    m, r, y) {
    y = rows
    for (m = 1; m <= model_count; m++)
        for (r = 1; r <= rows; r++) if (model[r] == models[m]) place[r] = y--
}

END {
    dots = work "/compare.dat"
    words = work "/compare_words.dat"
    print "NaN NaN NaN NaN 1 0" > dots
    print "NaN \"\"" > words
    place_rows()
    for (r = 1; r <= rows; r++) {
        give_tic("y", place[r], model[r] "  " label[r])
        if (ratio[r] == "") print place[r], "\"not compared\"" > words
        else print place[r], within(ratio[r]), low[r], high[r], number_of[model[r]], verdict[r] ~ /^(more|less)$/ > dots
    }
    give("rows", rows + 0)
    give("x_from", sprintf("%g", lowest / 1.04))
    give("x_to", sprintf("%g", highest * 1.04))
    give("title", name_of() ", B compared with A")
    give_ratio_tics()
}

function name_of(    name) {
    name = group == "memory" ? "Memory of idle clients" : headline_name[group]
    return toupper(substr(name, 1, 1)) substr(name, 2)
}

function give_ratio_tics(    list, wanted, count, i) {
    wanted = highest / lowest < 3 ? "0.5 0.6 0.7 0.8 0.9 1 1.1 1.2 1.35 1.5 1.75 2" : \
        highest / lowest < 20 ? "0.1 0.15 0.2 0.35 0.5 0.7 1 1.4 2 3 5 7 10" : "0.01 0.03 0.1 0.3 1 3 10 30 100"
    count = split(wanted, list, " ")
    for (i = 1; i <= count; i++) {
        if (list[i] < lowest / 1.04 || list[i] > highest * 1.04) continue
        give_tic("x", list[i], list[i])
    }
}
