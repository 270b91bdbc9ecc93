# compare_report.awk -- the lines of compare_report.sql as Markdown.
#
#   awk -F'\t' -f harness/report/markup.awk -f harness/analysis/compare_report.awk LINES >compare.md

function cells(    i, text) {
    for (i = 2; i <= NF; i++) text = text " " ($1 == "B" && i == NF ? "**" markdown($i) "**" : markdown($i)) " |"
    return "|" text
}

$1 == "P" { print $2; next }
$1 == "S" { print "\n## " markdown($2) "\n"; next }
$1 == "L" { print "- " markdown($2); next }
$1 == "F" { print "![" $2 "](figures/" $2 ".svg)\n"; next }
{ print cells() }
$1 == "H" { gsub(/[^\t]+/, "---"); sub(/^---\t/, ""); gsub(/\t/, " | "); print "| " $0 " |" }
