# compare_report.awk -- compare.csv in words and tables, as Markdown.
#
#   awk -v figures=FILE -v blocked=FILE -v left_out=FILE
#       -f markup.awk -f numbers.awk -f headline.awk -f decide.awk -f compare_report.awk setup.tsv compare.csv > compare.md
#
# `figures` holds "experiment<TAB>group<TAB>file" of each chart; `blocked` is that of
# compare.awk, `left_out` has the same form.  A group is a metric, or all of them for kind memory.

BEGIN {
    while ((getline text < figures) > 0) { split(text, part, "\t"); figure[part[1], part[2]] = part[3] }
    while ((getline text < blocked) > 0) { split(text, part, "\t"); stopped = stopped "- " markdown(part[1] ": " part[2]) "\n" }
    while ((getline text < left_out) > 0) { split(text, part, "\t"); missing = missing "- " markdown(part[1] ": " part[2]) "\n" }
}

FILENAME ~ /\.tsv$/ {
    split($0, part, "\t")
    setup = setup "| " markdown(part[1]) " | " markdown(part[2]) " | " markdown(part[3]) " |\n"
    next
}
FNR == 1 {
    FS = ","
    $0 = $0
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}
{ read_row() }

function cell(name) { return name == "reason" ? markdown($column[name]) : $column[name] }

function read_row(    verdict, where, group) {
    verdict = cell("verdict")
    where = cell("model") headline_at(cell("connections_asked"), cell("connections_active")) " (" cell("experiment") ")"
    if (verdict ~ /^only_/) {
        only[verdict] = only[verdict] "- " where "\n"
        return
    }
    if (verdict == "not_compared") {
        if (cell("metric") == "") where = cell("experiment") # All of it.
        if (!((where, cell("reason")) in told)) missing = missing "- " where ": " cell("reason") "\n"
        told[where, cell("reason")] = 1
    } else {
        rows++
        chance += decide_false_alarm(decide_runs(cell("metric"), cell("runs_a"), cell("runs_b")))
        if (verdict != "not_shown") { shown++; claims = claims "- " sentence() " (" cell("experiment") ")\n" }
    }
    if (cell("metric") == "") return
    group = cell("kind") == "memory" ? "memory" : cell("metric")
    if (!((cell("experiment"), group) in lines)) {
        groups[++group_count] = cell("experiment") SUBSEP group
        kind_of[cell("experiment"), group] = cell("kind")
    }
    lines[cell("experiment"), group] = lines[cell("experiment"), group] table_row()
}

function percent(ratio) { return sprintf("%.0f", 100 * (ratio > 1 ? ratio - 1 : 1 - ratio)) }

# "12 % (8-17 %) more", "2.3 times (2-2.6 times) as much".
function amount(metric, ratio, low, high) {
    if (ratio < 1) return percent(ratio) " % (" percent(high) "-" percent(low) " %) " headline_less[metric]
    if (ratio < 2) return percent(ratio) " % (" percent(low) "-" percent(high) " %) " headline_more[metric]
    return short(ratio) " times (" short(low) "-" short(high) " times) " headline_as[metric]
}

function sentence(    metric, who, after) {
    metric = cell("metric")
    who = cell("model") headline_at(cell("connections_asked"), cell("connections_active"))
    if (cell("verdict") == "not_compared") return who ": not compared: " cell("reason")
    if (cell("verdict") == "not_shown")
        return who ": no difference shown in " headline_name[metric] ": " cell("reason")
    after = headline_after[metric]
    return who " " headline_before[metric] " " amount(metric, cell("ratio"), cell("ratio_low"), cell("ratio_high")) \
        (after == "" ? "" : " " after) " in B"
}

function measured(side, metric,    d) {
    if (cell("median_" side) == "") return "-"
    d = headline_divide[metric]
    return short(cell("median_" side) / d) " (" short(cell("min_" side) / d) "-" \
        short(cell("max_" side) / d) "), " cell("runs_" side) " run" (cell("runs_" side) == 1 ? "" : "s")
}

function table_row(    metric, unit, ratio) {
    metric = cell("metric")
    unit = headline_unit[metric]
    ratio = cell("ratio") == "" ? "-" : sprintf("%.2f (%.2f-%.2f)", cell("ratio"), cell("ratio_low"), cell("ratio_high"))
    return "| " cell("model") " | " (cell("connections_asked") == "" ? "-" : headline_count(cell("connections_asked"), cell("connections_active"))) " | " \
        headline_name[metric] (unit == "" ? "" : " " unit) " | " measured("a", metric) " | " measured("b", metric) " | " ratio \
        " | " (cell("verdict") ~ /^(more|less)$/ ? "**" sentence() "**" : sentence()) " |\n"
}

function section(title, text) { if (text != "") printf "\n## %s\n\n%s", title, text }

END {
    print shown ? "**A difference is shown in " shown " of " rows " rows.**" : \
        rows ? "**No difference shown** in " rows " rows." : "**Nothing could be compared.**"
    if (rows) printf "Between equal servers, chance alone would claim about %.2g of %d.\n", chance, rows
    section("Differences shown", claims)
    section("Another load, so not compared", stopped)
    section("What else differs", setup == "" ? "Nothing that the runs recorded.\n" : \
            "| what | A | B |\n| --- | --- | --- |\n" setup)
    section("Not compared", missing)
    section("Only in A", only["only_a"])
    section("Only in B", only["only_b"])
    for (i = 1; i <= group_count; i++) {
        split(groups[i], part, SUBSEP)
        printf "\n## %s: %s\n\n", part[1], kind_of[part[1], part[2]] == "memory" ? "memory" : headline_name[part[2]]
        if ((part[1], part[2]) in figure) printf "![%s](figures/%s.svg)\n\n", figure[part[1], part[2]], figure[part[1], part[2]]
        print "| model | connections | metric | A | B | ratio B/A | in words |\n| --- | --- | --- | --- | --- | --- | --- |"
        printf "%s", lines[part[1], part[2]]
    }
}
