# rank.awk -- which models of one run are shown to differ, in sentences.
#
#   awk -f harness/analysis/numbers.awk -f harness/analysis/headline.awk -f harness/analysis/decide.awk -f harness/analysis/rank.awk SUMMARY.csv [cold_start.csv]
#
# SUMMARY.csv is what summarise.awk makes with runs=1.  Writes "experiment<TAB>sentence" for the metrics
# by which models are compared, at the largest number of connections of the experiment; metrics of
# which the same is to be said share a sentence.

BEGIN { FS = "," }

FNR == 1 {
    delete column
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}
{ read_row(value("experiment"), "kind" in column ? value("kind") : "cold_start", value("model")) }

function value(name) { return name in column ? $column[name] : "" }

function read_row(experiment, kind, model,    count, list, i, m) {
    if (!(experiment in kind_of)) experiments[++experiment_count] = experiment
    kind_of[experiment] = kind
    if (value("connections_asked") + 0 < asked[experiment] + 0) return
    if (value("connections_asked") + 0 == asked[experiment] + 0 &&
        value("connections_active") + 0 < active[experiment] + 0) return
    if (value("connections_asked") != asked[experiment] || value("connections_active") != active[experiment])
        model_count[experiment] = 0
    asked[experiment] = value("connections_asked")
    active[experiment] = value("connections_active")
    m = ++model_count[experiment]
    name[experiment, m] = model
    status[experiment, m] = value("status")
    count = split(headline_of[kind], list, " ")
    for (i = 1; i <= count; i++) {
        low[experiment, m, list[i]] = value(list[i] "_min")
        high[experiment, m, list[i]] = value(list[i] "_max")
        runs[experiment, m, list[i]] = kind == "cold_start" ? value("repeats") : value(list[i] "_runs")
    }
}

# "a, b and c" grown by one.
function join(text, word, last) { return text == "" ? word : text (last ? " and " : ", ") word }

# Model `m` against all others; counts in `pairs` and `too_few`.
function exceeded_by(experiment, metric, m,    o, found, count, text, i) {
    for (o = 1; o <= model_count[experiment]; o++) {
        if (o == m || !usable(experiment, metric, o)) continue
        pairs++
        if (decide(metric, runs[experiment, o, metric], low[experiment, o, metric], high[experiment, o, metric],
                   runs[experiment, m, metric], low[experiment, m, metric], high[experiment, m, metric]) == "more")
            found[++count] = name[experiment, o]
        if (decide_why ~ /^fewer/) too_few++
    }
    for (i = 1; i <= count; i++) text = join(text, found[i], i == count)
    return text
}

function usable(experiment, metric, m) {
    return low[experiment, m, metric] != "" && is_result(status[experiment, m], metric)
}

# What is to be said of a metric, or "" if there is nobody to compare.
function rank(experiment, metric,    m, text, below, without, count) {
    pairs = too_few = 0
    for (m = 1; m <= model_count[experiment]; m++) {
        if (!usable(experiment, metric, m)) {
            if (!is_result(status[experiment, m], metric)) without = join(without, name[experiment, m])
            continue
        }
        count++
        below = exceeded_by(experiment, metric, m)
        if (below != "") text = text (text == "" ? "" : "; ") name[experiment, m] " more than " below
    }
    if (count < 2) return ""
    if (text != "") text = text "; nothing else is shown to differ"
    else text = too_few == pairs ? "no ranking, for there are fewer than 3 good runs" : "no difference shown"
    return text (without == "" ? "" : " (no result: " without ")") "."
}

function rank_all(experiment,    metrics, count, said, member, size, texts, text_count, names, i, j) {
    count = split(headline_of[kind_of[experiment]], metrics, " ")
    for (i = 1; i <= count; i++) {
        said = rank(experiment, metrics[i])
        if (said == "") continue
        if (!(said in size)) texts[++text_count] = said
        member[said, ++size[said]] = headline_name[metrics[i]]
    }
    for (i = 1; i <= text_count; i++) {
        said = texts[i]
        names = ""
        for (j = 1; j <= size[said]; j++) names = join(names, member[said, j], j == size[said])
        print experiment "\t" names headline_at(asked[experiment], active[experiment]) ": " said
    }
}

END {
    for (e = 1; e <= experiment_count; e++) rank_all(experiments[e])
}
