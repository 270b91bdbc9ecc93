# calls.awk -- picks what the chart of system calls per message draws.
#
#   awk -v experiment=why -v known="fork poll" -v work=DIR -f calls.awk summary/counters.csv
#
# Writes DIR/bars.dat, one line per model: "place number all  call call ..." (per message), in the
# order of `calls`; and gives calls, names, number of bars, the largest sum, the connections.
# Of several connection counts the largest is drawn.  Calls beyond the CALLS_MAX most frequent ones
# become "others".

BEGIN {
    FS = ","
    CALLS_MAX = 7
    model_count = split(known, models, " ")
    for (i = 1; i <= model_count; i++) number_of[models[i]] = i
}
NR == 1 {
    for (i = 1; i <= NF; i++) c[$i] = i
    next
}
$c["experiment"] == experiment && $c["model"] in number_of && $c["pass"] == "calls" {
    m = number_of[$c["model"]]
    if ($c["connections"] + 0 < at[m] + 0) next
    if ($c["connections"] + 0 > at[m] + 0) forget(m)
    at[m] = $c["connections"]
    if (at[m] + 0 > connections + 0) connections = at[m]
    drawn[m] = 1
    if ($c["status"] != "ok") word[m] = $c["status"]
    if ($c["method"] != "ptrace") next
    if (!($c["counter"] in most)) names[++name_count] = $c["counter"]
    per_message[m, $c["counter"]] = $c["per_message_median"]
    if ($c["per_message_median"] + 0 > most[$c["counter"]] + 0) most[$c["counter"]] = $c["per_message_median"]
}

function forget(m,    i) {
    for (i = 1; i <= name_count; i++) delete per_message[m, names[i]]
    delete word[m]
}

function sort_names(    i, j, held) {
    for (i = 2; i <= name_count; i++) {
        held = names[i]
        for (j = i - 1; j > 0 && most[names[j]] + 0 < most[held] + 0; j--) names[j + 1] = names[j]
        names[j + 1] = held
    }
}

function write_bar(m,    i, all, others, text) {
    for (i = 1; i <= name_count; i++) {
        all += per_message[m, names[i]]
        if (i > shown) others += per_message[m, names[i]]
        else text = text " " per_message[m, names[i]] + 0
    }
    print ++place, m, (all > 0 ? all : "NaN"), text, (others + 0) > (work "/bars.dat")
    if (all + 0 > highest + 0) highest = all
}

END {
    sort_names()
    shown = name_count <= CALLS_MAX + 1 ? name_count : CALLS_MAX # One other has a name, too.
    for (i = 1; i <= name_count && i <= shown; i++) calls = calls names[i] " "
    if (name_count > shown) calls = calls "others"
    printf "" > (work "/bars.dat")
    for (m = 1; m <= model_count; m++) {
        if (!drawn[m]) continue
        write_bar(m)
        gsub(/_/, " ", word[m])
        give_tic("x", place, models[m] (word[m] == "" ? "" : "|" word[m]))
    }
    if (!highest) highest = 1
    give("bar_count", place + 0)
    give("highest", sprintf("%.10g", highest))
    give("calls", calls)
    give("connections", connections + 0)
}
