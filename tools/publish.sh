#!/usr/bin/env -S bash -p
# publish.sh -- keeps a run for the docs, and writes what it measured into them.
#
# usage: tools/publish.sh RESULTS_DIR                 keep the run as results/reference, then write the docs
#        tools/publish.sh --lesson PAGE RESULTS_DIR   keep it as results/lessons/PAGE, the run of the command of docs/PAGE.md,
#                                                       and write that page (tools/lessons.sh does all of them)
#        tools/publish.sh                             write the docs again from what is kept
#
# In every *.md file, what stands between two marks is written anew:
#   <!-- BEGIN run SECTION --> ... <!-- END -->     what the lesson's command printed: answer and table
#   <!-- BEGIN figure NAME --> ... <!-- END -->     the chart figures/NAME.svg, and where it is from: of the
#                                                   lesson's own run if that has it, else of the reference
#   <!-- BEGIN models --> ... <!-- END -->          the table of models: idea, lines, measured cost
#   <!-- BEGIN picture MODEL --> ... <!-- END -->   the comment at the head of its file
#   <!-- BEGIN code ANCHOR --> ... <!-- END -->     the lines between //DOC: ANCHOR and //DOC-END: ANCHOR
#   <!-- BEGIN costs MODEL --> ... <!-- END -->     what the reference run measured of it
# A paragraph between the marks that starts with "Reading: " is ours and stays.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../harness/run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../harness/analysis/take_run.sh
source harness/analysis/take_run.sh
# shellcheck source-path=SCRIPTDIR source=../harness/analysis/database.sh
source harness/analysis/database.sh

readonly reference=results/reference lessons=results/lessons
# The numbers of the reference run, in a folder for scraps.
scraps='' numbers=''

finished() { # finished RUN
    { [[ -s $1/command.txt && -s $1/summary.md ]] && has_measurements "$1"; } ||
        die "$1 is no finished run: it has no measurements, or no command.txt or summary.md"
    ! grep -q '^revision:.*dirty' "$1/machine.txt" ||
        die "$1 was measured with changes that are not committed: commit, build and measure again"
}

# Everything but the PNGs and index.html, which `./run_all.sh draw` makes again.
keep_run() { # keep_run RUN FOLDER
    local run=$1 folder=$2 item
    rm -rf "$folder"
    mkdir -p "$folder/figures"
    for item in "$run"/*.csv "$run"/*.txt "$run"/{rows,timelines,summary,gate,cold_start,histograms} "$run/summary.md"; do
        [[ ! -e $item ]] || cp -r "$item" "$folder/"
    done
    cp "$run"/figures/*.svg "$folder/figures/"
    sed -i 's/\.png)/.svg)/' "$folder/summary.md"
    basename "$(realpath "$run")" >"$folder/run.txt"
}

keep_reference() { # keep_reference RUN
    [[ ! $1 -ef $reference ]] || die "$1 is the reference already: tools/publish.sh without a folder writes the docs again"
    finished "$1"
    grep -q '^profile standard\|^profile full' "$1/command.txt" ||
        die "$1 is not of profile standard or full: a reference has a spread"
    keep_run "$1" "$reference"
}

# A page quotes what its own command printed, and nothing else.
keep_lesson() { # keep_lesson PAGE RUN
    local command
    [[ $1 =~ ^[a-z0-9-]+$ && -f docs/$1.md ]] || die "there is no lesson docs/$1.md"
    command=$(lesson_command "docs/$1.md")
    finished "$2"
    [[ $(head -n 1 "$2/command.txt") == "$command" ]] ||
        die "$2 is a run of $(head -n 1 "$2/command.txt"), but the command of docs/$1.md is $command"
    keep_run "$2" "$lessons/$1"
}

# The path from a page to the top of the tree.
path_up() { # path_up PAGE
    local depth=${1//[^\/]/}
    echo "${depth//\//../}"
}

lesson_run() { # lesson_run PAGE
    echo "$lessons/$(basename "$1" .md)"
}

source_comment() { # source_comment FOLDER
    printf '<!-- From the run %s: %s -->\n' "$(<"$1/run.txt")" "$(head -n 1 "$1/command.txt")"
}

write_figure() { # write_figure PAGE NAME
    local shows folder
    folder=$(lesson_run "$1")
    [[ -f $folder/figures/$2.svg ]] || folder=$reference
    [[ -f $folder/figures/$2.svg ]] || die "$1 wants figure $2, which neither its own run nor the reference run has"
    shows=$(sed -n 's/^# Shows: //p' "$(figure_file "${2##*-}")")
    source_comment "$folder"
    echo "![$shows]($(path_up "$1")$folder/figures/$2.svg)"
}

# Of a wide table, a column that says the same in every row says it in vain.
write_run() { # write_run PAGE SECTION
    local folder
    folder=$(lesson_run "$1")
    [[ -s $folder/summary.md ]] || die "$1 quotes its own run, which $folder does not hold: tools/lessons.sh $(basename "$1" .md)"
    source_comment "$folder"
    echo
    awk -v section="$2" -f tools/quote.awk "$folder/summary.md" || die "$folder/summary.md has no section $2"
}

largest_count() { # largest_count EXPERIMENT
    sql "$numbers" "SELECT format('%d', max(connections)) FROM point WHERE experiment = '$1'"
}

# The model's page where it has one, else its file.
model_link() { # model_link PAGE MODEL
    if [[ -f docs/models/$2.md ]]; then
        echo "[$2]($(path_up "$1")docs/models/$2.md)"
    else
        echo "[$2]($(path_up "$1")servers/$2.c)"
    fi
}

write_models() { # write_models PAGE
    local model idle busy models
    lines_into models all_models
    idle=$(largest_count memory)
    busy=$(largest_count capacity)
    source_comment "$reference"
    echo "| model | idea | lines | each of $idle idle clients costs | a message of $busy clients costs |"
    echo '| --- | --- | --- | --- | --- |'
    for model in "${models[@]}"; do
        echo "| $(model_link "$1" "$model") | $(sed -n 's/^    \.summary = "\(.*\)",$/\1/p' "servers/$model.c") |" \
            "[$(wc -l <"servers/$model.c")]($(path_up "$1")servers/$model.c) | $(median_of "$numbers" memory "$model" "$idle" machine_lost_kib "$idle" '%.1f KiB') |" \
            "$(median_of "$numbers" capacity "$model" "$busy" server_cpu_us_per_message 1 '%.1f us of CPU') |"
    done
}

# What the dictionaries say of the metrics of one part.
write_metrics() { # write_metrics PART
    echo '| column | unit | better | meaning and method | empty |'
    echo '| --- | --- | --- | --- | --- |'
    awk -F'\t' -v part="$1" 'FNR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        function told(name) { return $c[name] == "-" || $c[name] == "name" || $c[name] == "text" ? "" : $c[name] " " }
        $c["part"] == part { print "| " $1 " | " told("unit") "| " told("better") "| " $c["meaning"] " | " told("empty") "|" }' \
        harness/analysis/metrics.tsv harness/kinds/*/metrics.tsv
}

write_picture() { # write_picture MODEL
    [[ -f servers/$1.c ]] || die "there is no model $1 to picture"
    echo '```'
    sed -n '1,/\*\//p' "servers/$1.c" | sed -E 's|^/\* [a-z_]+\.c -- ||; s|^ \* ?||; s| ?\*/$||'
    echo '```'
}

write_code() { # write_code PAGE ANCHOR
    local file
    file=$(git grep --untracked -lE "^//DOC: $2\$" -- '*.c' '*.h') || die "$1 wants the lines $2, which no file has"
    echo "From [$file]($(path_up "$1")$file):"
    printf '\n%s\n%s\n%s\n' '```c' "$(sed -n "\\|^//DOC: $2\$|,\\|^//DOC-END: $2\$|p" "$file" | grep -v '^//DOC')" '```'
}

write_wall() { # write_wall MODEL
    sql "$numbers" "SELECT format('| first wall, under this machine''s own limits | %s at %d connection%s |', words, median, iif(median = 1, '', 's'))
        FROM number JOIN label USING (point)
        WHERE model = '$1' AND variant = 'machine' AND metric = 'connections_established' AND name = 'wall'"
}

write_costs() { # write_costs MODEL
    local idle busy most
    idle=$(largest_count memory) busy=$(largest_count capacity) most=$(largest_count ramp)
    source_comment "$reference"
    echo '| measured | |'
    echo '| --- | --- |'
    echo "| memory that each of $idle idle clients takes from the machine | $(median_of "$numbers" memory "$1" "$idle" machine_lost_kib "$idle" '%.1f KiB') |"
    echo "| of that, the server's own (PSS) | $(median_of "$numbers" memory "$1" "$idle" pss_kib "$idle" '%.2f KiB') |"
    echo "| CPU for a message, $busy clients, closed loop | $(median_of "$numbers" capacity "$1" "$busy" server_cpu_us_per_message 1 '%.1f us') |"
    echo "| messages per second, the same | $(median_of "$numbers" capacity "$1" "$busy" achieved_per_s 1 '%.0f') |"
    echo "| p99 latency, $most clients, open loop | $(median_of "$numbers" ramp "$1" "$most" latency_ns_p99 1e6 '%.2f ms') |"
    echo "| context switches for a message, the same | $(median_of "$numbers" ramp "$1" "$most" switches_per_message 1 '%.3g') |"
    write_wall "$1"
}

# Prints the page with every marked part written anew.
write_page() { # write_page PAGE
    local lines line inside='' word kind name
    mapfile -t lines <"$1"
    for line in "${lines[@]}"; do
        if [[ $line =~ ^'<!-- BEGIN '([a-z]+)' '?([A-Za-z0-9_-]*)' '?'-->'$ ]]; then
            kind=${BASH_REMATCH[1]} name=${BASH_REMATCH[2]} inside=$line
            echo "$line"
            case $kind in
            figure) write_figure "$1" "$name" ;;
            models) write_models "$1" ;;
            run) write_run "$1" "$name" ;;
            picture) write_picture "$name" ;;
            code) write_code "$1" "$name" ;;
            costs) write_costs "$name" ;;
            metrics) write_metrics "$name" ;;
            *) die "$1: there is nothing called \"$kind\" to write" ;;
            esac
            continue
        fi
        if [[ $line == '<!-- END -->' ]]; then inside=''; fi
        word=${line%% *}
        if [[ -z $inside ]]; then
            echo "$line"
        elif [[ $word == Reading: ]]; then
            printf '\n%s\n' "$line"
        fi
    done
    [[ -z $inside ]] || die "$1: \"$inside\" has no <!-- END -->"
}

main() {
    local page work marked pages=('*.md')
    case $#:${1:-} in
    0:) ;;
    3:--lesson) keep_lesson "$2" "$(from_caller "$3")"; pages=("docs/$2.md") ;;
    1:[!-]*) keep_reference "$(from_caller "$1")" ;;
    *) die 'usage: tools/publish.sh [[--lesson PAGE] RESULTS_DIR]' ;;
    esac
    has_measurements "$reference" || die "there is no reference run yet; name one: tools/publish.sh RESULTS_DIR"
    scraps=$(mktemp -d)
    trap 'rm -rf "$scraps"' EXIT
    work=$scraps/page numbers=$scraps/run.db
    number_database "$reference" "$scraps"
    marked=$(git grep --untracked -l '^<!-- BEGIN ' -- "${pages[@]}") || die "no page of ${pages[*]} has a mark <!-- BEGIN ... -->"
    while read -r page; do
        write_page "$page" >"$work"
        cmp --silent "$work" "$page" || { cat "$work" >"$page"; say "wrote $page"; }
    done <<<"$marked"
}

main "$@"
