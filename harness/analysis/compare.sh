#!/usr/bin/env -S bash -p
# compare.sh -- two runs, point by point: what is shown to differ, and what else differed.
#
# usage: harness/analysis/compare.sh [--from FOLDER] RUN_A RUN_B [--out DIR]    relative to FOLDER
#
# Reads both runs and leaves them as they are.  Writes compare.csv, compare.md and figures/ into DIR
# [results/compare_<A>_<B>], which may hold an earlier comparison but nothing else.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../report/plot.sh
source harness/report/plot.sh
# shellcheck source-path=SCRIPTDIR source=take_run.sh
source harness/analysis/take_run.sh
# shellcheck source-path=SCRIPTDIR source=database.sh
source harness/analysis/database.sh
# shellcheck source-path=SCRIPTDIR source=../run/folder.sh
source harness/run/folder.sh

readonly caption_width=140 usage='usage: ./run_all.sh compare RUN_A RUN_B [--out DIR]'
# The runs as they were named, and the copies that are read.
run_a='' run_b='' a='' b='' out='' work='' known=''

read_options() {
    local from=$caller_folder runs=()
    if [[ ${1:-} == --from ]]; then from=$2; shift 2; fi
    while (($# > 0)); do
        case $1 in
        --out)
            (($# > 1)) || die "--out needs a value; $usage"
            out=$2
            [[ $out == /* ]] || out=$from/$out
            shift ;;
        -*) die "compare has no option $1; $usage" ;;
        *) runs+=("$1") ;;
        esac
        shift
    done
    ((${#runs[@]} == 2)) || die "$usage"
    run_a=$(measured_run "$from" "${runs[0]}")
    run_b=$(measured_run "$from" "${runs[1]}")
    [[ $run_a != "$run_b" ]] || die "both are $run_a: a run does not differ from itself; name two"
    : "${out:=$PWD/results/compare_$(basename "$run_a")_$(basename "$run_b")}"
}

# Only a comparison of ours is written over, and no other user may put a link in its way.
need_folder() {
    [[ ! -L $out ]] || die "$out is a link; --out wants a folder"
    [[ ! -e $out || -d $out ]] || die "$out is a file; --out wants a folder"
    [[ ! -d $out || -z $(ls -A "$out") || -e $out/compare.csv ]] ||
        die "$out is not empty and holds no comparison; choose another --out"
    make_path "$out" --out
    need_safe_path "$out" --out
    [[ -w $out && -x $out ]] || die "cannot write to $out; choose another --out"
}

# Both runs beside each other; ends where they have no point in common.
compare_runs() {
    local common
    make_database "$a" "$work/a"
    make_database "$b" "$work/b"
    compare_databases "$work"
    common=$(sql "$work/compare.db" 'SELECT count(*) FROM both WHERE a AND b')
    ((common > 0)) || die "$run_a and $run_b have no point in common: no model was measured in both with the same experiment and number of connections"
    sql "$work/compare.db" 'SELECT text FROM compare_line ORDER BY id, pair' >"$work/compare.csv"
}

write_caption() {
    {
        echo 'Shows: the ratio of the medians (point), and how far it may reach: lowest run of one by highest of the other.' \
            'Grey: within 5 %, never called a difference.'
        echo "A: $(basename "$run_a"): $(sed -n 's/^machine: //p' "$a/machine.txt" 2>/dev/null || true)"
        echo "B: $(basename "$run_b"): $(sed -n 's/^machine: //p' "$b/machine.txt" 2>/dev/null || true)"
    } | sed 's/: $//' | fold --spaces --width="$caption_width" >"$work/caption.txt"
    : >"$work/remarks.txt"
}

draw_charts() {
    local experiment chart format
    write_caption
    said "$work/compare.db" 'SELECT experiment, chart FROM chart WHERE drawn ORDER BY section' >"$work/charts.tsv"
    while IFS=$'\t' read -r experiment chart; do
        said "$work/compare.db" "SELECT told.name, counts, metric.name, ratio, ratio_low, ratio_high, verdict
            FROM told JOIN grouped USING (pair, experiment) JOIN metric USING (kind, metric)
            WHERE experiment = '$experiment' AND chart = '$chart' ORDER BY pair" >"$work/chart.tsv"
        for format in svg png; do
            plot harness/report/plots/compare.gp format="$format" output="$work/figures/$experiment-$chart.$format" data="$work/chart.tsv" experiment="$experiment" \
                chart="$chart"
        done
    done <"$work/charts.tsv"
}

write_report() {
    {
        echo "# A: $(basename "$run_a"), B: $(basename "$run_b")" | markdown_text
        echo
        compare_words "$work/compare.db"
        printf '\nA is %s, B is %s. How to read this: docs/comparing.md.\n' "$run_a" "$run_b" | markdown_text
    } >"$work/compare.md"
}

# The words before the tables, for the terminal.
show_report() { awk '/^## .*: / { exit } NR > 2' "$out/compare.md" | sed 's/\*\*//g'; }

main() {
    read_options "$@"
    need_tools gnuplot sqlite3
    work=$(mktemp -d) || fail 'no room for a temporary folder'
    trap 'rm -rf "$work"; remove_made_folders' EXIT
    end_on_signals
    need_folder
    mkdir "$work/figures" "$work/a" "$work/b"
    a=$work/a/$(basename "$run_a")
    b=$work/b/$(basename "$run_b")
    take_run "$run_a" "$a"
    take_run "$run_b" "$b"
    compare_runs
    known=$(known_models "$work/compare.csv")
    draw_charts
    write_report
    { rm -rf "$out/figures" &&
        mv "$work/figures" "$work/compare.csv" "$work/compare.md" "$out/"; } 2>/dev/null || die "cannot write to $out; choose another --out"
    show_report
    echo "comparison: $out/compare.md, compare.csv and figures/"
}

main "$@"
