#!/usr/bin/env -S bash -p
# report.sh -- writes index.html (self-contained) and summary.md of a run, and overview.txt.
#
# usage: harness/report/report.sh RUN WORK        called by draw.sh; RUN is the copy of a run that take_run.sh made
#   WORK holds figures.txt (names in order), excluded.tsv, not_available.tsv, and what draw.sh took of the analysis
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../analysis/take_run.sh
source harness/analysis/take_run.sh

readonly run=$1 work=$2

html_text() { awk -v filter=1 -f harness/report/html.awk; }

# The tables of an experiment; of none (""): the overview.
html_table() {
    awk -F'\t' -v wanted="$1" '
        function close_table() { if (open) print "</table></div>"; open = 0 }
        $1 == "T" {
            close_table()
            here = open = $3 == wanted
            label = $3 == "" ? "overview" : $3
            if (here) print "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"table " label "\"><table><caption>" $2 "</caption>"
            next
        }
        here {
            printf "<tr>"
            for (i = 2; i <= NF; i++) {
                tag = $1 == "H" || i == 2 ? "th" : "td"
                scope = tag == "td" ? "" : $1 == "H" ? " scope=\"col\"" : " scope=\"row\""
                mark = $i ~ /^(failed|corrupt|noisy|client_limited|drifting)$/ || ($i ~ /\[/ && $i !~ /\[overloaded\]/)
                printf "<%s%s%s>%s</%s>", tag, scope, mark ? " class=\"mark\"" : "", $i, tag
            }
            print "</tr>"
        }
        END { close_table() }' "$work/tables.html"
}

# What FILE.tsv says of an experiment, each sentence between BEFORE and AFTER.
sentences() { # sentences FILE EXPERIMENT BEFORE AFTER
    local experiment sentence
    while IFS=$'\t' read -r experiment sentence; do
        [[ $experiment != "$2" ]] || printf '%s\n' "$3$sentence$4"
    done <"$work/$1.html"
}

# A figure is EXPERIMENT-FILE, and no file has a hyphen in its name.  Ids are numbers: a name could be that of another part.
figure() { # figure NAME NUMBER
    local file
    file=$(figure_file "${1##*-}")
    awk -v name="$1" -v id="f$2" -f harness/report/html.awk -f harness/report/figure.awk "$file" "$run/figures/$1.svg"
}

links() { # The parts of the run that are there.
    local name measured=("$run"/{rows,timelines}/*.csv)
    # The rows of an older run are those that it was measured into.
    if [[ -n $(old_tables_of "$run") ]]; then lines_into measured old_tables_of "$run"; fi
    for name in "${measured[@]}" "$run"/summary/*.csv "$run"/{switch_cost,ready_cost}.csv "$run"/{machine.txt,command.txt,summary.md}; do
        [[ ! -e $name ]] || printf '<a href="%s">%s</a> ' "${name#"$run"/}" "${name#"$run"/}"
    done
}

question_of() { # question_of SECTION
    if [[ $1 == ready_cost ]]; then
        echo 'What does it cost to ask who is ready? Of many sockets five have something to read: select and poll look at all of' \
            'them, in the kernel and in the program; epoll has a list of those that are ready. Median, fastest and slowest of several rounds.'
    elif [[ $1 == switch_cost ]]; then
        echo 'What does one context switch cost here? Often told: 1 to 10 us. Two tasks on one CPU pass a byte to and' \
            'fro; a working set is what each of them touches at every turn, line by line. What a touch costs one task alone stands below. Median, fastest and slowest of several rounds.'
    else
        experiment_says "$run" "$1" Question
    fi
}

# The sections of the tables, in their order, without the overview.
sections() { awk -F'\t' '$1 == "T" && $3 != "" && !seen[$3]++ { print $3 }' "$work/tables.tsv"; }

html_section() { # html_section EXPERIMENT NUMBER
    local name text number=0
    echo "<section id=\"s$2\" aria-labelledby=\"s$2-head\"><h2 id=\"s$2-head\">$1</h2>"
    text=$(question_of "$1" | html_text)
    [[ -z $text ]] || echo "<p class=\"question\">$text</p>"
    sentences answers "$1" '<p class="answer"><b>Answer.</b> ' '</p>'
    sentences beside "$1" '<p class="mark">' '</p>'
    while read -r name; do
        number=$((number + 1))
        [[ ${name%-*} != "$1" ]] || figure "$name" "$number"
    done <"$work/figures.txt"
    sentences not_available "$1" "<p>No chart: $1: " '.</p>'
    text=$(experiment_says "$run" "$1" 'Does not show')
    [[ -z $text ]] || echo "<p><b>What this does not show:</b> $(html_text <<<"$text")</p>"
    text=$(sentences ranks "$1" '<li>' '</li>')
    [[ -z $text ]] || echo "<h3>What is shown to differ</h3><ul>$text</ul>"
    if [[ $1 == claims ]] || is_one_of "$1" "${machine_costs[@]}"; then
        html_table "$1"
    else
        echo "<details><summary>All points of $1 as a table</summary>"
        html_table "$1"
        echo '</details>'
    fi
    echo '</section>'
}

html_file() { # html_file FILE ID TITLE
    [[ -f $run/$1 ]] || return 0
    echo "<section id=\"$2\" aria-labelledby=\"$2-head\"><h2 id=\"$2-head\">$3</h2><pre>"
    html_text <"$run/$1"
    echo '</pre></section>'
}

html() {
    local sections name i
    lines_into sections sections
    cat harness/report/report_head.html
    echo '<h1>C10K Bench: what does one more connection cost?</h1>'
    echo "<p>Run: $(basename "$run" | html_text). Its data: $(links)</p>"
    echo '<nav aria-label="Parts of this report"><ul>'
    [[ -z ${sections[*]} ]] || printf '%s\n' "${sections[@]}" | awk '{ print "<li><a href=\"#s" NR "\">" $0 "</a></li>" }'
    for name in method machine command; do echo "<li><a href=\"#$name\">$name</a></li>"; done
    echo '</ul></nav><main>'
    if [[ -s $work/excluded.tsv ]]; then
        echo '<p class="mark">Excluded by the conformance gate, not measured:</p><ul>'
        html_text <"$work/excluded.tsv" | sed 's|^\([^\t]*\)\t\(.*\)|<li><b>\1</b>: \2</li>|'
        echo '</ul>'
    fi
    html_table ''
    echo '<p>Medians; in brackets the lowest and the highest run. A word in square brackets is a verdict: that number is no
result, unless the word is overloaded. <a href="#method">What the verdicts mean</a></p>'
    for i in "${!sections[@]}"; do html_section "${sections[i]}" "$((i + 1))"; done
    cat harness/report/report_method.html
    html_file machine.txt machine 'The machine'
    html_file command.txt command 'The command, and the experiments as they were'
    echo '</main></body></html>'
}

markdown_report() {
    printf '# C10K Bench: '
    basename "$run" | markdown_text
    awk -F'\t' '{ print "\n" $1 " is excluded by the conformance gate: " $2 }' "$work/excluded.tsv" | markdown_text
    awk -F'\t' -v OFS=' | ' -f harness/report/markup.awk -f harness/report/report_markdown.awk \
        "$work/answers.tsv" "$work/beside.tsv" "$work/ranks.tsv" "$work/tables.tsv"
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

for name in tables answers beside ranks not_available; do html_text <"$work/$name.tsv" >"$work/$name.html"; done
markdown_report >"$run/summary.md"
html >"$run/index.html"
overview >"$work/overview.txt"
