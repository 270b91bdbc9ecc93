#!/usr/bin/env -S bash -p
# draw.sh -- from the rows of a run to its summary, figures, index.html and summary.md; measures nothing.
#
# usage: harness/report/draw.sh [--from FOLDER] RESULTS_DIR        RESULTS_DIR is relative to FOLDER
#
# Reads rows/KIND.csv (of older runs raw.csv and the tables beside it), and, where they are there, timelines/, histograms/,
# switch_cost.csv, ready_cost.csv, gate/*.tsv, command.txt and machine.txt.  Writes summary/KIND.csv, figures/*.svg,
# figures/*.png, index.html and summary.md beside them.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=plot.sh
source harness/report/plot.sh
# shellcheck source-path=SCRIPTDIR source=../analysis/take_run.sh
source harness/analysis/take_run.sh
# shellcheck source-path=SCRIPTDIR source=../analysis/database.sh
source harness/analysis/database.sh
# shellcheck source-path=SCRIPTDIR source=../run/folder.sh
source harness/run/folder.sh

readonly caption_width=140
# What drawing makes, of which nothing old may stay beside new measurements.
readonly drawn=(summary figures index.html summary.md summary.csv counters_summary.csv chat_summary.csv) # The last three: of older drawings.
# The folder of the run, and the copy of it that is read.
target='' run='' work='' known='' robust='' machine=''

# What of a table of the analysis is said of an experiment: its first column is left out.
said_of() { awk -F'\t' -v experiment="$2" '$1 == experiment { print $2 }' "$work/$1.tsv"; } # said_of NAME EXPERIMENT

write_caption() { # write_caption EXPERIMENT KIND SHOWS JOINED
    {
        echo "Shows: $3"
        [[ -z $not_shown ]] || echo "Does not show: $not_shown"
        said_of captions "$1"
        [[ $4 != joined ]] || echo 'Bars: lowest to highest run. Hollow: not a result, for the reason said; only full points are joined.'
        [[ -z $machine ]] || echo "Measured on $machine"
    } | fold --spaces --width="$caption_width" >"$work/caption.txt"
}

# Models that the gate kept out, and per model where it broke first and why.
write_remarks() { # write_remarks EXPERIMENT
    {
        sed 's/\t/: excluded: /' "$work/excluded.tsv"
        said_of remarks "$1"
    } | fold --spaces --width="$caption_width" >"$work/remarks.txt"
}

# "file|metric|histograms or nothing|joined or nothing|what it shows" of each figure that is about experiments of this kind.
figures_about() { # figures_about EXPERIMENT KIND
    awk -v experiment="$1" -v kind="$2" -v OFS='|' '
        function has(list, word) { return index(" " list " ", " " word " ") > 0 }
        function end_file() {
            if (has(kinds, kind) && (only == "" || has(only, experiment))) print file, metric, needs, joined, shows
            kinds = only = metric = needs = joined = shows = ""
        }
        FNR == 1 { end_file(); file = FILENAME }
        sub(/^# Kinds: /, "") { kinds = $0 }
        sub(/^# Experiments: /, "") { only = $0 }
        sub(/^# Needs: /, "") { needs = $0 }
        sub(/^# Shows: /, "") { shows = $0 }
        /^metric = ".*"$/ { metric = substr($0, 11, length($0) - 11) }
        /load "harness\/report\/plots\/lines.gp"/ { joined = "joined" }
        END { end_file() }' harness/kinds/*/*.gp harness/report/plots/*.gp
}

# gnuplot warns of models that have no full or no hollow points: of no interest unless it fails.
draw_figure() { # draw_figure EXPERIMENT KIND FIGURE
    local format name
    name=${3##*/} name=$1-${name%.gp}
    for format in svg png; do
        plot "$3" format="$format" output="$run/figures/$name.$format" run="$run" kind="$2" experiment="$1"
    done
    echo "$name" >>"$work/figures.txt"
}

draw_experiment() { # draw_experiment EXPERIMENT KIND
    local metrics figures line figure metric needs joined shows not_shown
    write_remarks "$1"
    lines_into metrics said_of metrics "$1"
    lines_into figures figures_about "$1" "$2"
    not_shown=$(experiment_says "$run" "$1" 'Does not show')
    for line in "${figures[@]}"; do
        IFS='|' read -r figure metric needs joined shows <<<"$line"
        if [[ -n $metric ]] && ! is_one_of "$metric" "${metrics[@]}"; then
            printf '%s\t%s is not available on this machine\n' "$1" "$metric" >>"$work/not_available.tsv"
        elif [[ $needs == histograms ]] && ! compgen -G "$run/histograms/$1-*.hgrm" >/dev/null; then
            printf '%s\tthe folder histograms is not in this run\n' "$1" >>"$work/not_available.tsv"
        else
            write_caption "$1" "$2" "$shows" "$joined"
            draw_figure "$1" "$2" "$figure"
        fi
    done
}

list_excluded() {
    local file model
    for file in "$run"/gate/*.tsv; do
        model=${file##*/}
        awk -F'\t' -v model="${model%.tsv}" '
            toupper($2) == "FAIL" { print model "\t" $1 ": " $3; exit }' "$file"
    done
}

# A drawing that fails leaves no charts and no report of earlier measurements.
remove_drawn() {
    need_safe_path "$target" RESULTS_DIR
    [[ -w $target ]] || die "cannot write to $target"
    (cd "$target" && rm -rf "${drawn[@]}") || die "cannot write to $target"
    (cd "$run" && rm -rf "${drawn[@]}")
}

keep_drawn() {
    local name
    for name in "${drawn[@]}"; do
        [[ ! -e $run/$name ]] || mv --no-target-directory "$run/$name" "$target/$name" || die "cannot write to $target"
    done
}

# What the analysis gives: summary/, and for the report a file of lines "experiment<TAB>text" for each of its parts.
analyse() {
    make_database "$run" "$work"
    write_summaries "$work/run.db" "$run/summary"
    said "$work/run.db" 'SELECT experiment, kind FROM section ORDER BY section' >"$work/experiments.tsv"
    said "$work/run.db" 'SELECT DISTINCT experiment, metric FROM number ORDER BY point' >"$work/metrics.tsv"
    said "$work/run.db" 'SELECT experiment, words FROM caption' >"$work/captions.tsv"
    said "$work/run.db" 'SELECT experiment, words FROM remark ORDER BY place' >"$work/remarks.tsv"
    said "$work/run.db" 'SELECT experiment, words FROM beside' >"$work/beside.tsv"
    said "$work/run.db" 'SELECT experiment, sentence FROM ranks ORDER BY rank' >"$work/ranks.tsv"
    said "$work/run.db" 'SELECT text FROM line ORDER BY section, place' >"$work/tables.tsv"
    said "$work/run.db" 'SELECT experiment, sentences FROM answers ORDER BY section' >"$work/answers.tsv"
}

main() {
    local from=$caller_folder experiment kind
    if [[ ${1:-} == --from ]]; then from=$2; shift 2; fi
    (($# == 1)) || die 'usage: ./run_all.sh draw RESULTS_DIR'
    [[ $1 != -* ]] || die "draw has no option $1; usage: ./run_all.sh draw RESULTS_DIR"
    target=$(measured_run "$from" "$1")
    need_tools gnuplot sqlite3
    work=$(mktemp -d) || fail 'no room for a temporary folder'
    trap 'rm -rf "$work"' EXIT
    end_on_signals
    mkdir "$work/of"
    run=$work/of/$(basename "$target")
    take_run "$target" "$run"
    [[ ! -f $run/machine.txt ]] || machine=$(sed -n 's/^machine: //p' "$run/machine.txt")
    remove_drawn
    analyse
    known=$(known_models "$run"/rows/*.csv)
    robust=$(robust_metrics)
    list_excluded >"$work/excluded.tsv"
    touch "$work/figures.txt" "$work/not_available.tsv"
    mkdir "$run/figures"
    while IFS=$'\t' read -r experiment kind; do
        draw_experiment "$experiment" "$kind"
    done <"$work/experiments.tsv"
    harness/report/report.sh "$run" "$work"
    keep_drawn
    cat "$work/overview.txt"
    sed 's/\t/: excluded: /' "$work/excluded.tsv"
    echo "charts: $target/index.html and $target/figures/"
}

main "$@"
