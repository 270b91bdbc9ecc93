#!/usr/bin/env -S bash -p
# show.sh -- the main charts of a run in the terminal, drawn by gnuplot in letters, and what was found.
#
# usage: harness/report/show.sh [--from FOLDER] [RESULTS_DIR]        [results/latest]
#
# Reads the rows of a run, and its summary.md as it is; writes nothing.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C.UTF-8
# shellcheck source-path=SCRIPTDIR source=../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=plot.sh
source harness/report/plot.sh
# shellcheck source-path=SCRIPTDIR source=../analysis/take_run.sh
source harness/analysis/take_run.sh
# shellcheck source-path=SCRIPTDIR source=../analysis/database.sh
source harness/analysis/database.sh

readonly figures=(latency_p99 messages_per_s switches_per_message memory_parts)
target='' run='' work='' known='' robust='' columns=80 rows=24

measure_terminal() {
    [[ -t 1 ]] || return 0
    columns=$(tput cols 2>/dev/null || echo 80)
    rows=$(tput lines 2>/dev/null || echo 24)
    ((columns <= 130)) || columns=130
    ((rows <= 32)) || rows=32
    ((columns >= 60 && rows >= 16)) || die "the terminal is $columns x $rows: charts in letters need 60 x 16"
}

# The two sentences that the report has, folded.
found() { # found EXPERIMENT
    awk -v heading="## $1" '
        $0 == heading || index($0, heading ":") == 1 { here = 1; next }
        here && /^(#|\|)/ { exit }
        here && NF { print }' "$run/summary.md" | fold --spaces --width="$columns"
}

draw_text() { # draw_text EXPERIMENT KIND FIGURE
    plot "$3" format=text columns="$columns" rows="$((rows - 1))" run="$run" kind="$2" experiment="$1" | sed '/^[[:space:]]*$/d'
}

main() {
    local from=$caller_folder experiment kind name file
    if [[ ${1:-} == --from ]]; then from=$2; shift 2; fi
    (($# <= 1)) || die 'usage: ./run_all.sh show [RESULTS_DIR]'
    [[ ${1:-} != -* ]] || die "show has no option $1; usage: ./run_all.sh show [RESULTS_DIR]"
    if (($# == 0)); then from=$PWD; fi
    target=$(measured_run "$from" "${1:-results/latest}")
    [[ -s $target/summary.md ]] || die "$target was not drawn yet: ./run_all.sh draw $target"
    need_tools gnuplot sqlite3
    measure_terminal
    work=$(mktemp -d) || fail 'no room for a temporary folder'
    trap 'rm -rf "$work"' EXIT
    end_on_signals
    mkdir "$work/of"
    run=$work/of/$(basename "$target")
    take_run "$target" "$run"
    known=$(known_models "$run"/rows/*.csv)
    robust=$(robust_metrics)
    make_database "$run" "$work"
    write_summaries "$work/run.db" "$run/summary"
    said "$work/run.db" 'SELECT experiment, kind FROM section ORDER BY section' >"$work/experiments.tsv"
    while IFS=$'\t' read -r experiment kind; do
        echo "== $experiment"
        found "$experiment"
        for name in "${figures[@]}"; do
            file=$(figure_file "$name")
            ! grep -qE "^# Kinds: (.* )?$kind( |$)" "$file" || draw_text "$experiment" "$kind" "$file"
        done
    done <"$work/experiments.tsv"
    echo "all charts: $target/index.html"
}

main "$@"
