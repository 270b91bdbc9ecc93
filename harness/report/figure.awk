# figure.awk -- a chart of a report in HTML: the picture itself, so that its text can be searched and copied, and how to read it.
#
#   awk -v name=EXPERIMENT-FIGURE -v id=ID -f harness/report/html.awk -f harness/report/figure.awk harness/report/plots/FIGURE.gp RUN/figures/NAME.svg
#
# A screen reader says what the chart shows, and then the table.  gnuplot gives the same ids in every file: each gets the id of
# its figure.
FILENAME ~ /[.]gp$/ {
    if (sub(/^# Shows: /, "")) shows = $0
    if (sub(/^# Read: /, "")) how_to_read = $0
    next
}
FNR == 1 { print "<figure id=\"" id "\"><div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"chart " name "\">" }
/^<\?xml|^<!DOCTYPE|^ *"http:.*dtd">/ || /^<title>/ || /^<desc>/ { next }
$1 == "<svg" {
    print "<svg role=\"img\" aria-label=\"" html_attribute(name ": " shows " The numbers are in the table below.") "\""
    next
}
{
    gsub(/(id=["\47]|href=["\47]#|url\(["\47]?#)/, "&" id "-")
    print
}
END {
    print "</div><figcaption><b>" name "</b> shows " html(shows) "<br><b>How to read it:</b> " html(how_to_read)
    print "<br>As a file: <a href=\"figures/" name ".svg\">SVG</a>, <a href=\"figures/" name ".png\">PNG</a></figcaption></figure>"
}
