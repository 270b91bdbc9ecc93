# compare.awk -- picks what one chart of a comparison draws: a row per model and point.
#
#   awk -F'\t' -v chart=memory -v known="fork poll" -v work=DIR -f harness/report/plots/values.awk -f harness/report/plots/compare.awk chart.tsv
#
# Of several metrics `chart` is the title.  A line of chart.tsv: model, connections, metric, ratio, its lowest, its highest, verdict.  Writes DIR/compare.dat, "y ratio low
# high N shown" with y counted from the bottom and N the number of the model; DIR/compare_words.dat, "y word" of rows that were
# not compared; gives rows, names, range.

BEGIN {
    FS = "\t"
    model_count = split(known, models, " ")
    for (i = 1; i <= model_count; i++) number_of[models[i]] = i
    lowest = 0.8
    highest = 1.25
}
{
    model[NR] = $1
    counts[NR] = $2
    metric[NR] = $3
    metrics += !seen[$3]++
    verdict[NR] = $7
    ratio[NR] = $4
    if ($4 == "") next
    low[NR] = within($5)
    high[NR] = within($6)
    if (low[NR] < lowest) lowest = low[NR]
    if (high[NR] > highest) highest = high[NR]
}

# Beyond a hundred times the exact figure is of no interest, and would press all others together.
function within(number) { return number > 100 ? 100 : number < 0.01 ? 0.01 : number }

# A row of a variant has the colour of its model.
function model_of(name) {
    sub(/ [(].*/, "", name)
    return name
}

# The points of a model stand together, under each other.
function place_rows(    m, r, y) {
    y = NR
    for (m = 1; m <= model_count; m++)
        for (r = 1; r <= NR; r++) if (model_of(model[r]) == models[m]) place[r] = y--
}

END {
    dots = work "/compare.dat"
    words = work "/compare_words.dat"
    print "NaN NaN NaN NaN 1 0" > dots
    print "NaN \"\"" > words
    place_rows()
    for (r = 1; r <= NR; r++) {
        give_tic("y", place[r], model[r] "  " (metrics > 1 ? metric[r] : counts[r]))
        if (ratio[r] == "") print place[r], "\"not compared\"" > words
        else print place[r], within(ratio[r]), low[r], high[r], number_of[model_of(model[r])], verdict[r] ~ /^(more|less)$/ > dots
    }
    give("rows", NR)
    give("x_from", sprintf("%g", lowest / 1.04))
    give("x_to", sprintf("%g", highest * 1.04))
    name = metrics > 1 ? chart : metric[1]
    give("title", toupper(substr(name, 1, 1)) substr(name, 2) ", B compared with A")
    give_ratio_tics()
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
