#!/usr/bin/env bash
# report.sh -- writes index.html (self-contained) and summary.md of a run, and overview.txt.
#
# usage: harness/report.sh RESULTS_DIR WORK        called by draw.sh
#   WORK holds figures.txt (names in order), excluded.tsv, not_available.txt
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly run=$1 work=$2

tables() {
    local cold='' switch_cost=''
    [[ ! -s $run/cold_start.csv ]] || cold=$run/cold_start.csv
    [[ ! -s $run/switch_cost.csv ]] || switch_cost=$run/switch_cost.csv
    awk -v cold="$cold" -v switch_cost="$switch_cost" -f harness/tables.awk "$run/summary.csv"
    [[ ! -s $run/herd.csv ]] || awk -f harness/herd.awk "$run/herd.csv"
    awk -v switch_cost="$switch_cost" -v machine="$run/machine.txt" -f harness/claims.awk "$run/summary.csv"
}

# "experiment<TAB>sentence": which models are shown to differ.
ranks() {
    local inputs=()
    if [[ -s $run/raw.csv ]]; then
        awk -v runs=1 -f harness/summarise.awk "$run/raw.csv" >"$work/runs.csv"
        inputs+=("$work/runs.csv")
    fi
    [[ ! -s $run/cold_start.csv ]] || inputs+=("$run/cold_start.csv")
    awk -f harness/headline.awk -f harness/decide.awk -f harness/rank.awk "${inputs[@]}"
}

escape() { sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'; }

# One table, chosen by its number (1: the overview) or by its experiment.
html_table() {
    awk -F'\t' -v wanted="$1" '
        $1 == "T" { n++; here = n == wanted || $3 == wanted; if (here) print "<div class=\"wide\"><table>"; else if (open) close_table(); open = here; next }
        function close_table() { print "</table></div>" }
        here {
            tag = $1 == "H" ? "th" : "td"
            printf "<tr>"
            for (i = 2; i <= NF; i++)
                printf "<%s%s>%s</%s>", tag, ($i ~ /^(failed|corrupt|noisy|client_limited|drifting|overloaded)$/ || $i ~ /\[/) ? " class=\"mark\"" : "", $i, tag
            print "</tr>"
        }
        END { if (open) close_table() }' <(escape <"$work/tables.tsv")
}

html_ranks() { # html_ranks EXPERIMENT
    awk -F'\t' -v experiment="$1" '$1 == experiment { print "<li>" $2 "</li>" }' <(escape <"$work/ranks.tsv") |
        sed '1s|^|<ul>|; $s|$|</ul>|'
}

# The figure itself, so that its text can be searched and read aloud.  gnuplot gives the same ids
# in every file: each gets the name of its figure.
inline_svg() {
    sed -E -e '/^<\?xml|^<!DOCTYPE|^ *"http:.*dtd">/d' \
        -e "s/(id=['\"]|href=['\"]#|url\\(['\"]?#)/&$1-/g" "$run/figures/$1.svg"
}

html_head() {
    cat <<'END'
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>C10K Bench</title>
<style>
body { font: 17px/1.5 "DejaVu Sans", Verdana, sans-serif; color: #222; max-width: 1280px; margin: 2em auto; padding: 0 1em; }
svg { width: 100%; height: auto; border: 1px solid #ddd; }
figure { margin: 1.5em 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 15px; }
th, td { padding: 0.25em 0.7em; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap; }
th:first-child, td:first-child, td:last-child, th:last-child { text-align: left; }
.mark { color: #a00000; font-weight: bold; }
pre { background: #f5f5f5; padding: 1em; overflow-x: auto; font-size: 14px; }
</style>
</head>
<body>
<h1>C10K Bench: what does one more connection cost?</h1>
END
}

links() { # The parts of the run that are there.
    local name
    for name in raw.csv summary.csv cold_start.csv herd.csv herd_back.csv switch_cost.csv machine.txt command.txt summary.md; do
        [[ ! -e $run/$name ]] || printf '<a href="%s">%s</a> ' "$name" "$name"
    done
}

question_of() { # question_of SECTION
    local conf=harness/experiments/$1.conf
    if [[ $1 == switch_cost ]]; then
        echo 'What does one context switch cost here? Often told: 1 to 10 us. Two tasks on one CPU pass a byte to and' \
            'fro; a working set is what each of them touches at every turn. Median, fastest and slowest of several rounds.'
    elif [[ -f $conf ]]; then
        sed -n 's/^# Question: //p' "$conf"
    fi
}

html() {
    local experiment name
    html_head
    echo "<p>Run: $(basename "$run" | escape). Data: $(links)</p>"
    if [[ -s $work/excluded.tsv ]]; then
        echo '<p class="mark">Excluded by the conformance gate, not measured:</p><ul>'
        escape <"$work/excluded.tsv" | sed 's|^\([^\t]*\)\t\(.*\)|<li><b>\1</b>: \2</li>|'
        echo '</ul>'
    fi
    echo '<h2>At the largest number of connections</h2>'
    html_table 1
    echo '<p>Medians; in brackets the lowest and the highest run. Models whose ranges overlap are not ranked; the
sentences below the tables say who is shown to differ. A word in square brackets is a verdict: that number is not a result.</p>'
    awk -F'\t' '$1 == "T" && $3 != "" { print $3 }' "$work/tables.tsv" | while read -r experiment; do
        echo "<h2 id=\"$experiment\">$experiment</h2>"
        question_of "$experiment" | escape | sed 's|.*|<p><i>&</i></p>|'
        while read -r name; do
            [[ $name == "$experiment"-* ]] || continue
            echo "<figure id=\"$name\">"
            inline_svg "$name"
            echo "<figcaption>$name: <a href=\"figures/$name.svg\">SVG</a>, <a href=\"figures/$name.png\">PNG</a></figcaption></figure>"
        done <"$work/figures.txt"
        grep "^$experiment: " "$work/not_available.txt" | escape | sed 's|.*|<p>No chart: &.</p>|' || true
        html_table "$experiment"
        html_ranks "$experiment"
    done
    if [[ -f $run/machine.txt ]]; then
        echo '<h2 id="machine">The machine</h2><pre>'
        escape <"$run/machine.txt"
        echo '</pre>'
    fi
    if [[ -f $run/command.txt ]]; then
        echo '<h2 id="command">The command and the experiments as they were</h2><pre>'
        escape <"$run/command.txt"
        echo '</pre>'
    fi
    echo '</body></html>'
}

markdown() {
    echo "# C10K Bench: $(basename "$run")"
    awk -F'\t' '{ print "\n" $1 " is excluded by the conformance gate: " $2 }' "$work/excluded.tsv"
    awk -F'\t' -v OFS=' | ' '
        function end_section() { if (said[section] != "") printf "\n%s", said[section] }
        FILENAME ~ /ranks/ { said[$1] = said[$1] "- " $2 "\n"; next }
        $1 == "T" { end_section(); section = $3; print "\n## " $2 "\n"; next }
        {
            line = "|"
            rule = "|"
            for (i = 2; i <= NF; i++) { line = line " " $i " |"; rule = rule " --- |" }
            print line
            if ($1 == "H") print rule
        }
        END { end_section() }' "$work/ranks.tsv" "$work/tables.tsv"
    echo
    while read -r experiment; do echo "![$experiment](figures/$experiment.png)"; done <"$work/figures.txt"
}

# The overview for the terminal: the first table that holds something.
overview() {
    awk -F'\t' '
        $1 == "T" { if (rows > 1) exit; rows = 0; delete width; next }
        { rows++; columns = NF
          for (i = 2; i <= NF; i++) { cell[rows, i] = $i; if (length($i) > width[i]) width[i] = length($i) } }
        END { for (r = 1; r <= rows; r++) {
                  line = ""
                  for (i = 2; i <= columns; i++) line = line sprintf(i == 2 ? "%-" width[i] "s" : "  %" width[i] "s", cell[r, i])
                  print line } }' "$work/tables.tsv"
}

tables >"$work/tables.tsv"
ranks >"$work/ranks.tsv"
html >"$work/index.html"
markdown >"$work/summary.md"
overview >"$work/overview.txt"
mv "$work/index.html" "$work/summary.md" "$run/"
cat "$work/overview.txt"
if [[ -s $work/excluded.tsv ]]; then sed 's/\t/: excluded: /' "$work/excluded.tsv"; fi
echo "charts: $run/index.html and $run/figures/"
