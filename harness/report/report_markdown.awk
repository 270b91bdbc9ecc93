# report_markdown.awk -- the answers, rankings and tables of a run, section by section, as summary.md has them.
#
#   awk -F'\t' -f harness/report/markup.awk -f harness/report/report_markdown.awk answers.tsv beside.tsv ranks.tsv tables.tsv

function end_section() { if (said[section] != "") printf "\n%s", said[section] }
FILENAME ~ /answers/ { found[$1] = markdown($2); next }
FILENAME ~ /beside/ { beside[$1] = markdown($2); next }
FILENAME ~ /ranks/ { said[$1] = said[$1] "- " markdown($2) "\n"; next }
$1 == "T" {
    end_section()
    section = $3
    print "\n## " $2 "\n"
    if (section in found) print found[section] "\n"
    if (section in beside) print beside[section] "\n"
    delete beside[section]
    delete found[section] # Several tables of one section: once.
    next
}
{
    line = "|"
    rule = "|"
    for (i = 2; i <= NF; i++) { line = line " " markdown($i) " |"; rule = rule " --- |" }
    print line
    if ($1 == "H") print rule
}
END { end_section() }
