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

summarise() { # summarise RUN SIDE: the arguments that compare.awk reads of it, one a line
    local name
    echo "side=$2"
    if [[ -s $1/raw.csv ]]; then
        awk -v runs=1 -f harness/analysis/spread.awk -f harness/analysis/summarise.awk "$1/raw.csv" >"$work/$2.csv" || exit
        echo "$work/$2.csv"
    fi
    for name in handshakes chat; do
        [[ -s $1/$name.csv ]] || continue
        awk -f harness/analysis/variants.awk -f "harness/analysis/$name.awk" "$1/$name.csv" >"$work/$2-$name-rows.csv" || exit
        awk -v runs=1 -f harness/analysis/spread.awk -f harness/analysis/summarise.awk "$work/$2-$name-rows.csv" >"$work/$2-$name.csv" || exit
        echo "$work/$2-$name.csv"
    done
    if [[ -s $1/cold_start.csv ]]; then echo "$1/cold_start.csv"; fi
}

recorded() { # recorded RUN SIDE: the same for compare_setup.awk
    local name
    echo "side=$2"
    for name in machine.txt command.txt {raw,cold_start,handshakes,chat}.csv; do [[ ! -s $1/$name ]] || echo "$1/$name"; done
}

# "experiment<TAB>why" for each whose table is in a form that compare.awk does not read.
left_out() {
    local name run
    for name in counters herd; do
        for run in "$a" "$b"; do
            [[ ! -s $run/$name.csv ]] || awk -F, -v name="$name" '
                NR == 1 { for (i = 1; i <= NF; i++) if ($i == "experiment") c = i; next }
                !seen[$c]++ { print $c "\t" name ".csv is not compared: the reports hold its tables" }' "$run/$name.csv"
        done
    done | awk '!seen[$0]++'
}

compare_rows() {
    local inputs status=0 others
    recorded "$a" a >"$work/recorded"
    recorded "$b" b >>"$work/recorded"
    mapfile -t inputs <"$work/recorded"
    awk -v blocked="$work/blocked.tsv" -f harness/analysis/compare_setup.awk "${inputs[@]}" </dev/null >"$work/setup.tsv" # A run of other tables alone gives no input at all.
    summarise "$a" a >"$work/summaries"
    summarise "$b" b >>"$work/summaries"
    mapfile -t inputs <"$work/summaries"
    left_out >"$work/left_out.tsv"
    awk -v blocked="$work/blocked.tsv" -v OFS=, -f harness/analysis/numbers.awk -f harness/analysis/headline.awk \
        -f harness/analysis/decide.awk -f harness/analysis/compare.awk "${inputs[@]}" </dev/null >"$work/compare.csv" || status=$?
    others=$(cut -f 1 "$work/left_out.tsv" | one_line)
    ((status != 3)) || die "$run_a and $run_b have no point in common: no model was measured in both with the same experiment and number of connections${others:+; not compared are counters and herds: $others}"
    ((status == 0)) || exit "$status"
}

# "experiment group" for each chart: where at least one row has a ratio.
charts() {
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["ratio"] == "" { next }
        { group = $c["kind"] == "memory" ? "memory" : $c["metric"] }
        !seen[$c["experiment"], group]++ { print $c["experiment"], group }' "$work/compare.csv"
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
    local experiment group name format
    write_caption
    charts >"$work/charts.txt"
    while read -r experiment group; do
        name=$experiment-$group
        for format in svg png; do
            plot harness/report/plots/compare.gp format="$format" output="$work/figures/$name.$format" data="$work/compare.csv" \
                experiment="$experiment" group="$group"
        done
        printf '%s\t%s\t%s\n' "$experiment" "$group" "$name" >>"$work/figures.tsv"
    done <"$work/charts.txt"
}

write_report() {
    {
        echo "# A: $(basename "$run_a"), B: $(basename "$run_b")" | markdown_text
        echo
        awk -v figures="$work/figures.tsv" -v blocked="$work/blocked.tsv" -v left_out="$work/left_out.tsv" \
            -f harness/report/markup.awk -f harness/analysis/numbers.awk -f harness/analysis/headline.awk -f harness/analysis/decide.awk -f harness/analysis/compare_report.awk \
            "$work/setup.tsv" "$work/compare.csv"
        printf '\nA is %s, B is %s. How to read this: docs/comparing.md.\n' "$run_a" "$run_b" | markdown_text
    } >"$work/compare.md"
}

# The words before the tables, for the terminal.
show_report() { awk '/^## .*: / { exit } NR > 2' "$out/compare.md" | sed 's/\*\*//g'; }

main() {
    read_options "$@"
    command -v gnuplot >/dev/null || die 'gnuplot is missing: harness/run/setup.sh installs it'
    work=$(mktemp -d) || fail 'no room for a temporary folder'
    trap 'rm -rf "$work"; remove_made_folders' EXIT
    end_on_signals
    need_folder
    mkdir "$work/figures" "$work/a" "$work/b"
    a=$work/a/$(basename "$run_a")
    b=$work/b/$(basename "$run_b")
    take_run "$run_a" "$a"
    take_run "$run_b" "$b"
    touch "$work/figures.tsv"
    compare_rows
    known=$(known_models "$work/compare.csv")
    draw_charts
    write_report
    { rm -rf "$out/figures" &&
        mv "$work/figures" "$work/compare.csv" "$work/compare.md" "$out/"; } 2>/dev/null || die "cannot write to $out; choose another --out"
    show_report
    echo "comparison: $out/compare.md, compare.csv and figures/"
}

main "$@"
