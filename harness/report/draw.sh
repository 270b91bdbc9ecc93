#!/usr/bin/env -S bash -p
# draw.sh -- raw.csv to summary.csv, figures, index.html and summary.md; measures nothing.
#
# usage: harness/report/draw.sh [--from FOLDER] RESULTS_DIR        RESULTS_DIR is relative to FOLDER
#
# Reads raw.csv, cold_start.csv, counters.csv, herd.csv, handshakes.csv and chat.csv (one of them is enough) and, if they are
# there, switch_cost.csv, ready_cost.csv, gate/*.tsv, command.txt and machine.txt.  Writes summary.csv, counters_summary.csv, chat_summary.csv, figures/*.svg, figures/*.png, index.html and
# summary.md beside them.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=plot.sh
source harness/report/plot.sh
# shellcheck source-path=SCRIPTDIR source=../analysis/take_run.sh
source harness/analysis/take_run.sh
# shellcheck source-path=SCRIPTDIR source=../run/folder.sh
source harness/run/folder.sh

readonly caption_width=140
# What drawing makes, of which nothing old may stay beside new measurements.
readonly drawn=(summary.csv counters_summary.csv chat_summary.csv figures index.html summary.md)
# The folder of the run, and the copy of it that is read.
target='' run='' work='' known='' machine=''

# "experiment kind file" for each experiment that was measured, in the order of the tables.
measured_experiments() {
    local name
    for name in summary cold_start counters_summary herd handshakes chat_summary; do
        [[ ! -s $run/$name.csv ]] || awk -F, -v name="$name" -v kind="${name%_summary}" '
            NR > 1 && !seen[$1]++ { print $1, kind == "summary" ? $2 : kind, name ".csv" }' "$run/$name.csv"
    done
}

# What was measured how, computed from the rows themselves.
facts() { # facts EXPERIMENT METRIC
    if [[ ! -s $run/raw.csv ]]; then return; fi
    awk -F, -v experiment="$1" -v metric="$2" '
        function note(name, text) {
            if (text == "" || (name, text) in seen) return
            seen[name, text] = 1
            list[name] = list[name] (list[name] == "" ? "" : " or ") text
        }
        function note_rate(rate) {
            if (rate == "") return
            if (rate_high == "" || rate + 0 > rate_high) rate_high = rate + 0
            if (rate_low == "" || rate + 0 < rate_low) rate_low = rate + 0
        }
        function rates() { return sprintf(rate_low == rate_high ? "%.0f" : "%.0f to %.0f", rate_low, rate_high) }
        function note_warmup(word, seconds) {
            warmed[word] = 1
            if (warm_high == "" || seconds > warm_high) warm_high = seconds
            if (warm_low == "" || seconds < warm_low) warm_low = seconds
        }
        function warmup() {
            return ("fixed" in warmed ? "for a fixed " : "until steady: ") \
                (warm_low == warm_high ? "" : warm_low " to ") warm_high " s" \
                ("unsteady" in warmed ? ", which some did not get" : "")
        }
        NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["experiment"] == experiment {
            note("profile", $c["profile"]); note("rate", $c["offered_per_s"] == "" ? "" : $c["offered_per_s"] + 0)
            note_rate($c["offered_per_s"])
            if ("kind" in c) kinds[$c["kind"]] = 1
            note("size", $c["message_b"]); note("arrival", $c["arrival"])
            note("method", $c["switches_method"]); note("window", $c["window_s"] == "" ? "" : $c["window_s"] + 0)
            if ("warmup" in c && $c["warmup"] != "") note_warmup($c["warmup"], $c["warmup_s"] + 0)
            if ($c["repeat"] + 0 > repeats) repeats = $c["repeat"] + 0
        }
        END {
            if (!repeats) exit
            text = "Profile " list["profile"] ": " (repeats == 1 ? "one run, no spread" : repeats " runs, median" \
                   (metric == "" ? "; their spread is in the table" : "; bars from the lowest to the highest"))
            if ("omission" in kinds)
                text = text "; the open loop with " rates() " messages/s, as many as the closed one had before"
            else if (list["rate"] != "") text = text "; " list["rate"] " messages/s offered, " list["arrival"]
            else if (list["arrival"] == "closed") text = text "; closed loop"
            if (list["rate"] != "" || list["arrival"] == "closed") text = text ", " list["size"] " bytes each"
            if (list["window"] != "") text = text ", windows of " list["window"] " s"
            if (warm_high != "") text = text ", warmed up " warmup()
            if (metric ~ /^switches/ && list["method"] != "") text = text "; counted with " list["method"]
            print text "."
        }' "$run/raw.csv"
}

cold_start_facts() { # cold_start_facts EXPERIMENT
    awk -F, -v experiment="$1" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["experiment"] == experiment && $c["repeats"] + 0 > most { most = $c["repeats"] + 0; requests = $c["requests"] }
        END { if (most) printf "%d clients one after the other; %s.\n", requests,
                  most == 1 ? "one run, no spread" : most " runs per model" }' "$run/cold_start.csv"
}

counters_facts() { # counters_facts EXPERIMENT
    awk -F, -v experiment="$1" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["experiment"] == experiment {
            if ($c["offered_per_s"] + 0 > 0) rate = $c["offered_per_s"] + 0
            if ($c["repeat"] + 0 > repeats) repeats = $c["repeat"] + 0
        }
        END { printf "%.0f messages/s offered; counted with ptrace, which stops the server at every call; %s.\n", rate,
                  repeats == 1 ? "one run, no spread" : repeats " runs, median" }' "$run/counters.csv"
}

herd_facts() { # herd_facts EXPERIMENT
    awk -F, -v experiment="$1" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["experiment"] == experiment {
            profile = $c["profile"]
            options = $c["server_options"]
            if ($c["repeat"] + 0 > repeats) repeats = $c["repeat"] + 0
        }
        END { printf "Profile %s: %s%s.\n", profile, repeats == 1 ? "one run" : repeats " runs",
                  options == "" ? "" : "; servers started with " options }' "$run/herd.csv"
}

handshakes_facts() { # handshakes_facts EXPERIMENT
    awk -F, -v experiment="$1" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["experiment"] == experiment {
            profile = $c["profile"]
            text = $c["connections"] " connections, " $c["at_once"] " at a time, with " $c["model"] " behind HAProxy"
            if ($c["repeat"] + 0 > repeats) repeats = $c["repeat"] + 0
        }
        END { printf "Profile %s: %s; %s.\n", profile, text, repeats == 1 ? "one run, no spread" : repeats " runs, median" }' "$run/handshakes.csv"
}

chat_facts() { # chat_facts EXPERIMENT
    awk -F, -v experiment="$1" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["experiment"] == experiment {
            if ($c["repeat"] + 0 > repeats) repeats = $c["repeat"] + 0
            profile = $c["profile"]
            if ($c["offered_per_s"] == "") next
            text = sprintf("; %.0f deliveries/s offered at every point, as lines of %d bytes with random gaps; windows of %g s", \
                           $c["offered_per_s"] * $c["members"], $c["message_b"], $c["window_s"])
        }
        END { print "Profile " profile ": " (repeats == 1 ? "one run, no spread" : repeats " runs, median; bars from the lowest to the highest") \
                  text "." }' "$run/chat.csv"
}

write_caption() { # write_caption EXPERIMENT KIND METRIC SHOWS JOINED
    {
        echo "Shows: $4"
        [[ -z $not_shown ]] || echo "Does not show: $not_shown"
        case $2 in
        cold_start) cold_start_facts "$1" ;;
        counters) counters_facts "$1" ;;
        herd) herd_facts "$1" ;;
        handshakes) handshakes_facts "$1" ;;
        chat) chat_facts "$1" ;;
        *) facts "$1" "$3" ;;
        esac
        [[ $2 == cold_start || $5 != joined ]] || echo 'Hollow: not a result, for the reason said; only full points are joined.'
        [[ -z $machine ]] || echo "Measured on $machine"
    } | fold --spaces --width="$caption_width" >"$work/caption.txt"
}

# Models that the gate kept out, and per model where it broke first and why.
write_remarks() { # write_remarks EXPERIMENT FILE
    {
        sed 's/\t/: excluded: /' "$work/excluded.tsv"
        awk -F, -v experiment="$1" '
            NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
            $1 == experiment && $c["status"] !~ /^(ok|not_available)$/ {
                status = $c["status"]
                gsub(/_/, " ", status)
                m = (!("path" in c) ? $c["model"] : $c["tls"] == "none" ? $c["path"] " TCP" : "TLS " $c["tls"] " " $c["key"] \
                    ($c["resumed_asked"] ? " resumed" : " full")) ": " status
                if (!(m in counts)) { order[++many] = m; reason[m] = $c["reason"]; counts[m] = "" }
                if ("connections_asked" in c) {
                    at = $c["connections_asked"]
                    if ($c["connections_active"] + 0 > 0 && $c["connections_active"] + 0 < at + 0)
                        at = $c["connections_active"] " of " at
                    at = at ("policy" in c ? " (" $c["policy"] ")" : "") ($c["kind"] == "omission" ? " (" $c["arrival"] ")" : "")
                    if ((m, at) in told) next # Some tables have a row for each repeat.
                    told[m, at] = 1
                    counts[m] = counts[m] (counts[m] == "" ? " at " : ", ") at
                }
            }
            END {
                for (i = 1; i <= many; i++) {
                    m = order[i]
                    first = counts[m] ~ /,/ ? "first: " : ""
                    print m counts[m] (reason[m] == "" ? "" : " (" first reason[m] ")")
                }
            }' "$2"
    } | fold --spaces --width="$caption_width" >"$work/remarks.txt"
}

# The metrics of which an experiment has a median, one a line.
measured_metrics() { # measured_metrics EXPERIMENT FILE
    awk -F, -v experiment="$1" '
        NR == 1 { for (i = 1; i <= NF; i++) if (sub(/_median$/, "", $i)) metric[i] = $i; next }
        $1 == experiment { for (i in metric) if ($i != "" && !seen[i]++) print metric[i] }' "$2"
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
draw_figure() { # draw_figure EXPERIMENT FIGURE FILE
    local format name
    name=${2##*/} name=$1-${name%.gp}
    for format in svg png; do
        plot "$2" format="$format" output="$run/figures/$name.$format" data="$3" experiment="$1"
    done
    echo "$name" >>"$work/figures.txt"
}

draw_experiment() { # draw_experiment EXPERIMENT KIND FILE
    local metrics figures line figure metric needs joined shows not_shown
    write_remarks "$1" "$run/$3"
    lines_into metrics measured_metrics "$1" "$run/$3"
    lines_into figures figures_about "$1" "$2"
    not_shown=$(experiment_says "$run" "$1" 'Does not show')
    for line in "${figures[@]}"; do
        IFS='|' read -r figure metric needs joined shows <<<"$line"
        if [[ -n $metric ]] && ! is_one_of "$metric" "${metrics[@]}"; then
            printf '%s\t%s is not available on this machine\n' "$1" "$metric" >>"$work/not_available.tsv"
        elif [[ $needs == histograms ]] && ! compgen -G "$run/histograms/$1-*.hgrm" >/dev/null; then
            printf '%s\tthe folder histograms is not in this run\n' "$1" >>"$work/not_available.tsv"
        else
            write_caption "$1" "$2" "$metric" "$shows" "$joined"
            draw_figure "$1" "$figure" "$run/$3"
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

summarise() {
    if [[ -s $run/raw.csv ]]; then
        awk -f harness/analysis/spread.awk -f harness/analysis/summarise.awk "$run/raw.csv" >"$run/summary.csv"
    else
        echo experiment,kind,model,connections_asked,connections_active,arrival,repeats_ok,repeats,status,reason >"$run/summary.csv"
    fi
    [[ ! -s $run/counters.csv ]] ||
        awk -f harness/analysis/spread.awk -f harness/analysis/counters.awk "$run/counters.csv" >"$run/counters_summary.csv" || exit
    [[ -s $run/chat.csv ]] || return 0
    awk -f harness/analysis/chat.awk "$run/chat.csv" >"$work/chat.csv"
    awk -f harness/analysis/spread.awk -f harness/analysis/summarise.awk "$work/chat.csv" >"$run/chat_summary.csv"
}

main() {
    local from=$caller_folder experiment kind file
    if [[ ${1:-} == --from ]]; then from=$2; shift 2; fi
    (($# == 1)) || die 'usage: ./run_all.sh draw RESULTS_DIR'
    [[ $1 != -* ]] || die "draw has no option $1; usage: ./run_all.sh draw RESULTS_DIR"
    target=$(measured_run "$from" "$1")
    command -v gnuplot >/dev/null || die 'gnuplot is missing: harness/run/setup.sh installs it'
    work=$(mktemp -d) || fail 'no room for a temporary folder'
    trap 'rm -rf "$work"' EXIT
    end_on_signals
    mkdir "$work/of"
    run=$work/of/$(basename "$target")
    take_run "$target" "$run"
    [[ ! -f $run/machine.txt ]] || machine=$(sed -n 's/^machine: //p' "$run/machine.txt")
    remove_drawn
    summarise
    known=$(known_models "$run"/{summary,cold_start,counters_summary,herd,handshakes,chat_summary}.csv)
    list_excluded >"$work/excluded.tsv"
    touch "$work/figures.txt" "$work/not_available.tsv"
    mkdir "$run/figures"
    measured_experiments >"$work/experiments.txt"
    while read -r experiment kind file; do
        draw_experiment "$experiment" "$kind" "$file"
    done <"$work/experiments.txt"
    harness/report/report.sh "$run" "$work"
    keep_drawn
    cat "$work/overview.txt"
    sed 's/\t/: excluded: /' "$work/excluded.tsv"
    echo "charts: $target/index.html and $target/figures/"
}

main "$@"
