#!/usr/bin/env bash
# run.sh -- one run: set-up, build, gate, measure in shuffled blocks, summarise, draw.
#
# usage: harness/run.sh [--profile P] [--models "M..."] [--repeats N] [--rate R] [--seed N]
#                       [--out DIR] [--baseline RUN] [--plan] [--no-install] [--command NAME='...']
#                       [EXPERIMENT...]
#   called by run_all.sh, whose --help explains the options; DIR and RUN are absolute.
#
# Each repeat of an experiment runs every model once, in an order of its own.  Capacity comes
# first: it tells which rate all models can be offered.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=guests.sh
source harness/guests.sh

profile=standard repeats='' rate='' seed='' out='' baseline='' install=() models=() experiments=()
chosen=0 plan_only=false work='' step=0 steps=0 planned_s=0 done_s=0 measure_begin=0
readonly command_line=${C10K_COMMAND:-harness/run.sh $*}

whole_number() { # whole_number OPTION TEXT MAX
    if [[ $2 =~ ^[1-9][0-9]{0,8}$ ]] && (($2 <= $3)); then return; fi
    die "$1 needs a whole number from 1 to $3, not \"$2\""
}

read_options() {
    while (($# > 0)); do
        case $1 in
        --profile) profile=$2; shift ;;
        --models) read -r -a models <<<"${2//,/ }"; ((${#models[@]} > 0)) || die '--models names no model'; shift ;;
        --repeats) whole_number "$1" "$2" 1000; repeats=$2; shift ;;
        --command) add_command "$2"; shift ;;
        --rate) whole_number "$1" "$2" 10000000; rate=$2; shift ;;
        --seed) whole_number "$1" "$2" 999999999; seed=$2; shift ;;
        --out) out=$2; shift ;;
        --baseline) baseline=$(measured_run / "$2"); shift ;;
        --plan) plan_only=true ;;
        --no-install) install=(--no-install) ;;
        -*) die "unknown option $1; see ./run_all.sh --help" ;;
        *) experiments+=("$1") ;;
        esac
        shift
    done
    chosen=${#models[@]}
    mapfile -t models < <(expand_models "${models[@]}" "${!commands[@]}" | sort -u)
    need_models "${models[@]}"
    ((${#experiments[@]} > 0)) || mapfile -t experiments < <(default_experiments)
    : "${seed:=$((SRANDOM % 999999 + 1))}"
}

# Nothing that was measured before is touched: a run has a folder of its own.
make_folder() {
    local default=false
    if [[ -z $out ]]; then
        default=true
        out=$PWD/results/$(date +%Y-%m-%d_%H%M%S)_$(uname -n)
    fi
    [[ ! -e $out || -d $out ]] || die "$out is a file; --out wants a folder"
    [[ ! -d $out || -z $(ls -A "$out") ]] || die "$out is not empty; earlier results are never touched: choose another --out"
    { mkdir -p "$out" && [[ -w $out ]]; } 2>/dev/null || die "cannot write to $out; choose another --out"
    # The path stands in gnuplot's strings and shell commands.
    [[ $out != *[\'\"\`\\]* ]] || { rmdir "$out"; die "$out has a quote in its name; choose another --out"; }
    work=$(mktemp -d)
    # A run that never began leaves no empty folder.
    trap 'rm -rf "$work"; rmdir "$out" 2>/dev/null || true' EXIT
    [[ $default == false ]] || ln --symbolic --force --no-dereference "$(basename "$out")" "$work/latest"
}

# Before anything is built: what the experiments say of themselves is read as text.
needs_tls() {
    local name
    for name in "${experiments[@]}"; do
        ! grep -qE '^kind[[:space:]]*=[[:space:]]*handshakes' "harness/experiments/$name.conf" || return 0
    done
    return 1
}

# Unless models were chosen: those that an experiment names; where it takes all, the core cast, and
# the whole family in profile full.
default_models_of() { # default_models_of EXPERIMENT
    local wanted
    [[ $(conf "$1" kind) != chat ]] || return 0 # The room is no model.
    read -r -a wanted < <(conf "$1" models)
    if [[ $(conf "$1" kind) == handshakes ]]; then printf '%s\n' "${wanted[@]}"
    elif [[ ${wanted[*]} != all ]]; then printf '%s\n' "${wanted[@]}" "${!commands[@]}"
    elif [[ $profile == full ]]; then expand_models all "${!commands[@]}"
    else expand_models "${core_models[@]}" "${!commands[@]}"
    fi
}

choose_models() {
    local name
    ((chosen == 0)) || return 0
    mapfile -t models < <(for name in "${experiments[@]}"; do default_models_of "$name"; done | sort -u)
    need_models "${models[@]}"
}

# Capacity, then what depends on it, then the rest.
order_experiments() {
    local name kind
    for name in "${experiments[@]}"; do
        "$bin/measure" "harness/experiments/$name.conf" --profile "$profile" --check || exit 2
    done
    mapfile -t experiments < <(for name in "${experiments[@]}"; do
        kind=$(conf "$name" kind)
        case $kind in capacity) echo "1 $name" ;; latency) echo "2 $name" ;; memory) echo "3 $name" ;; *) echo "4 $name" ;; esac
    done | sort -u | cut -d' ' -f2)
}

record_run() {
    local name
    harness/machine_info.sh >"$out/machine.txt"
    {
        echo "$command_line"
        echo
        echo "profile $profile, seed $seed, models ${models[*]:-none}, experiments ${experiments[*]}"
        for name in "${models[@]}"; do
            if [[ -n ${commands[$name]:-} ]]; then echo "$name is started with: $(command_of "$name")"; fi
            if is_guest "$name"; then echo "$name is started with: $(command_of "$name") ($(runtime_version "$name"))"; fi
        done
        for name in "${experiments[@]}"; do
            printf '\n== harness/experiments/%s.conf\n' "$name"
            cat "harness/experiments/$name.conf"
        done
    } >"$out/command.txt"
}

# Only models that keep the protocol are timed.
gate() {
    local model passed=() options
    ((${#models[@]} > 0)) || return 0
    mkdir "$out/gate"
    mapfile -t options < <(command_options)
    run_child harness/check.sh --cached "$out/gate" "${options[@]}" "${models[@]}" || {
        ((what_stopped == 0)) || return 0
        fail 'the gate could not be run'
    }
    for model in "${models[@]}"; do
        if grep -qiE $'^[^\t]*\tFAIL\t' "$out/gate/$model.tsv"; then
            broken=1
            say "excluded: $model: $(awk -F'\t' 'toupper($2) == "FAIL" { print $1 ": " $3; exit }' "$out/gate/$model.tsv")"
        else
            passed+=("$model")
        fi
    done
    models=("${passed[@]}")
    ((${#models[@]} > 0)) || fail 'no model is left to measure: ./run_all.sh check tells more'
}

models_of() { # models_of EXPERIMENT: those that its conf wants, of those that are left.
    local wanted model
    if [[ $(conf "$1" kind) == chat ]]; then echo room; return; fi
    wanted=$(conf "$1" models)
    if ((chosen == 0)); then
        wanted=$(default_models_of "$1" | one_line)
    elif [[ $(conf "$1" kind) != handshakes ]]; then
        wanted+=" ${!commands[*]}" # Who brings a server wants it measured.
        [[ $wanted != all\ * ]] || wanted=all
    fi
    for model in "${models[@]}"; do
        if [[ $wanted == all || " $wanted " == *" $model "* ]] && pays_if_asked "$1" "$model"; then echo "$model"; fi
    done
}

# Where lines cost, a server that does not pay would only seem to be fast.
pays_if_asked() { # pays_if_asked EXPERIMENT MODEL
    [[ $(conf "$1" cost) == none || $plan_only == true ]] || grep -q $'^costs-paid\tpass' "$out/gate/$2.tsv"
}

repeats_of() { echo "${repeats:-$(conf "$1" repeats)}"; }

estimate_of() { # seconds for one step of an experiment
    conf "$1" estimate_s | awk '{ printf "%d", $1 + 0.999 }'
}

plan() {
    local name model count asked
    for name in "${experiments[@]}"; do
        for model in "${models[@]}"; do
            pays_if_asked "$name" "$model" || say "$name: without $model, which does not know --costs"
        done
        mapfile -t asked < <(models_of "$name")
        count=${#asked[@]}
        ((count > 0)) || say "$name: left out: it is about $(conf "$name" models)"
        for model in "${models[@]}"; do
            ((chosen == 0 || count == 0)) || is_one_of "$model" "${asked[@]}" || ! pays_if_asked "$name" "$model" ||
                [[ ${asked[*]} == room ]] || say "$name: without $model: it is about $(conf "$name" models)"
        done
        [[ $plan_only == false || $count == 0 ]] || say "$name: $(repeats_of "$name") x $(models_of "$name" | one_line), about $(estimate_of "$name") s each"
        [[ $(conf "$name" kind) == cold_start ]] || count=$((count * $(repeats_of "$name")))
        steps=$((steps + count))
        planned_s=$((planned_s + count * $(estimate_of "$name")))
    done
    say "$steps steps: ${models[*]:-the room} in ${experiments[*]}; about $((planned_s / 60 + 1)) min; seed $seed"
    ((steps > 0)) || fail 'there is nothing to measure: the experiments want other models'
    (($(nproc) > 1)) || say 'ONE CPU ONLY: server and client share it; latency cannot be measured here'
}

# What is left of the plan, corrected by how the plan did until now.
time_left() {
    local left=$((planned_s - done_s))
    ((done_s < 5)) || left=$((left * (SECONDS - measure_begin) / done_s))
    if ((left >= 90)); then echo "$(((left + 30) / 60)) min"; else echo "$left s"; fi
}

begin_step() { # begin_step WHAT
    step=$((step + 1))
    say "step $step of $steps, about $(time_left) left: $1"
}

# One line per point in a log; on a terminal they follow each other in one line.
show_points() {
    local line
    while IFS= read -r line; do
        if [[ -t 1 ]]; then printf '\r\033[K        %s' "${line#point }"; else echo "        ${line#point }"; fi
    done
    [[ ! -t 1 ]] || printf '\r\033[K'
}

shuffled() { # shuffled NUMBER: shuffles lines; the order follows from the seed and the number.
    local words i j held
    mapfile -t words
    ((${#words[@]} > 0)) || return 0 # Else printf would make a line of nothing.
    RANDOM=$(((seed * 31 + $1) % 32768))
    for ((i = ${#words[@]} - 1; i > 0; i--)); do
        j=$((RANDOM % (i + 1)))
        held=${words[i]} words[i]=${words[j]} words[j]=$held
    done
    printf '%s\n' "${words[@]}"
}

# What was offered in an experiment of the baseline: at another rate latencies say nothing.
baseline_rate() { # baseline_rate EXPERIMENT
    [[ -n $baseline && -s $baseline/raw.csv ]] || return 0
    awk -F, -v experiment="$1" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["experiment"] == experiment && $c["offered_per_s"] > 0 { printf "%d", $c["offered_per_s"]; exit }' "$baseline/raw.csv"
}

# All models are offered the same: at most half of what the slowest can do at the largest count.
set_rate() { # set_rate EXPERIMENT
    local wanted half
    wanted=$(conf "$1" rate_per_s)
    if [[ -n $rate ]]; then rate_now=$rate; return; fi
    rate_now=$(baseline_rate "$1")
    if [[ -n $rate_now ]]; then say "$1: $rate_now messages/s for all, as in the baseline"; return; fi
    rate_now=$wanted
    [[ -s $out/raw.csv ]] || return 0
    half=$(awk -f harness/spread.awk -f harness/summarise.awk "$out/raw.csv" | awk -F, '
        NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["kind"] == "capacity" && $c["repeats_ok"] > 0 {
            if ($c["connections_asked"] + 0 < count + 0) next
            if ($c["connections_asked"] + 0 > count + 0) slowest = ""
            count = $c["connections_asked"]
            if (slowest == "" || $c["achieved_per_s_median"] < slowest) slowest = $c["achieved_per_s_median"] + 0
        }
        END { if (slowest == "") exit
              unit = 1
              while (slowest / 2 / unit >= 100) unit *= 10
              printf "%d", int(slowest / 2 / unit) * unit }')
    if [[ -n $half ]] && ((half > 0)) && awk "BEGIN { exit !($half < $wanted) }"; then
        say "$1: $half messages/s for all, half of what the slowest model can do (its conf asks for $wanted)"
        rate_now=$half
    elif [[ -z $half ]]; then
        say "$1: $wanted messages/s for all, as its conf says: no undisturbed capacity is known to check it against"
    fi
}

# On the last CPU alone, while nothing else of ours runs.
measure_switch_cost() {
    say 'measuring what one context switch costs'
    if run_child "$bin/switch_cost" >"$work/switch_cost.csv"; then
        mv "$work/switch_cost.csv" "$out/"
    elif ((what_stopped == 0)); then
        say 'it could not be measured: no share of CPU spent switching will be told'
    fi
}

measure_one() { # measure_one EXPERIMENT MODEL REPEAT
    local options=() status=0 table=raw.csv
    [[ $(conf "$1" kind) != counters ]] || table=counters.csv
    [[ -z $rate_now ]] || options=(--rate "$rate_now")
    [[ -x $bin/server-$2 ]] || options+=(--command "exec $(command_of "$2")")
    begin_step "$1, $2, repeat $3 of $(repeats_of "$1")"
    run_child "$bin/measure" "harness/experiments/$1.conf" --model "$2" --repeat "$3" --profile "$profile" \
        --seed "$((seed + $3))" --bin-dir "$bin" --out "$out/$table" "${options[@]}" > >(show_points) || status=$?
    done_s=$((done_s + $(estimate_of "$1")))
    ((what_stopped == 0)) || return 1
    ((status == 0)) || { broken=1; say "measure itself broke at $1, $2 (status $status): this point is missing"; }
}

measure_blocks() { # measure_blocks EXPERIMENT NUMBER
    local repeat model order
    for ((repeat = 1; repeat <= $(repeats_of "$1"); repeat++)); do
        mapfile -t order < <(models_of "$1" | shuffled "$(($2 * 1000 + repeat))")
        for model in "${order[@]}"; do
            measure_one "$1" "$model" "$repeat" || return 1
        done
    done
}

# A script that measures broke, unless it was interrupted: the run goes on, and ends with 1.
script_failed() { # script_failed EXPERIMENT STATUS
    ((what_stopped == 0)) || return 0
    broken=1
    say "$1 could not be measured: its script ended with status $2; points are missing"
}

time_commands() { # time_commands EXPERIMENT NUMBER
    local model order options
    mapfile -t options < <(command_options)
    mapfile -t order < <(models_of "$1" | shuffled "$(($2 * 1000))")
    for model in "${order[@]}"; do
        begin_step "$1, $model, $(repeats_of "$1") runs with hyperfine"
        run_child harness/cold_start.sh --experiment "$1" --out "$out" --runs "$(repeats_of "$1")" \
            --requests "$(conf "$1" requests)" "${options[@]}" "$model" > >(show_points) || script_failed "$1" "$?"
        done_s=$((done_s + $(estimate_of "$1")))
        ((what_stopped == 0)) || return 1
    done
}

shake_hands() { # shake_hands EXPERIMENT NUMBER
    local repeat order
    [[ -n $(models_of "$1") ]] || return 0
    for ((repeat = 1; repeat <= $(repeats_of "$1"); repeat++)); do
        mapfile -t order < <(harness/handshakes.sh --list | shuffled "$(($2 * 1000 + repeat))")
        begin_step "$1, repeat $repeat of $(repeats_of "$1")"
        run_child harness/handshakes.sh --experiment "$1" --profile "$profile" --repeat "$repeat" --out "$out" \
            --requests "$(conf "$1" requests)" --connections "$(conf "$1" connections)" \
            --message-b "$(conf "$1" message_b)" --time-cap-s "$(conf "$1" time_cap_s)" \
            --model "$(models_of "$1" | head -n 1)" "${order[@]}" > >(show_points) || script_failed "$1" "$?"
        done_s=$((done_s + $(estimate_of "$1")))
        ((what_stopped == 0)) || return 1
    done
}

# The chat's server is always the room: it has a gate of its own, tests/chat.bats.
measure_chat() { # measure_chat EXPERIMENT
    local repeat
    for ((repeat = 1; repeat <= $(repeats_of "$1"); repeat++)); do
        begin_step "$1, repeat $repeat of $(repeats_of "$1")"
        run_child harness/chat.sh --experiment "$1" --out "$out" --profile "$profile" --repeat "$repeat" \
            --seed "$((seed + repeat))" > >(show_points) || script_failed "$1" "$?"
        done_s=$((done_s + $(estimate_of "$1")))
        ((what_stopped == 0)) || return 1
    done
}

measure_all() {
    local name kind number=0
    measure_begin=$SECONDS
    for name in "${experiments[@]}"; do
        number=$((number + 1))
        kind=$(conf "$name" kind)
        rate_now=''
        case $kind in
        cold_start) time_commands "$name" "$number" || return 0 ;;
        handshakes) shake_hands "$name" "$number" || return 0 ;;
        chat) measure_chat "$name" || return 0 ;;
        *)
            [[ $kind != latency ]] || set_rate "$name"
            measure_blocks "$name" "$number" || return 0 ;;
        esac
    done
}

# Beside the new run, in which nothing changes any more.
compare_with_baseline() {
    say "comparing with $baseline"
    harness/compare.sh "$baseline" "$out" --out "$(dirname "$out")/compare_$(basename "$baseline")_$(basename "$out")" || {
        ((what_stopped == 0)) || exit "$what_stopped"
        fail "what was measured is kept in $out, but it was not compared"
    }
}

finish() {
    local run_name
    if ((what_stopped != 0)); then say 'interrupted; everything that was started has ended'; fi
    if ! has_measurements "$out"; then
        say "nothing was measured; see $out"
        exit "$((what_stopped != 0 ? what_stopped : 1))"
    fi
    printf '\nload average after the run: %s\n' "$(cat /proc/loadavg)" >>"$out/machine.txt"
    if [[ -L $work/latest ]]; then
        run_name=$(readlink "$work/latest")
        ln --symbolic --force --no-dereference "$run_name" results/latest
    fi
    say 'drawing'
    harness/draw.sh "$out" || { ((what_stopped == 0)) || exit "$what_stopped"; fail "what was measured is kept in $out; draw it with ./run_all.sh draw $out"; }
    if [[ -n $baseline ]] && ((what_stopped == 0)); then compare_with_baseline; fi
    exit "$((what_stopped != 0 ? what_stopped : broken))"
}

main() {
    broken=0
    read_options "$@"
    make_folder
    handle_signals
    ! needs_tls || install+=(--for-handshakes)
    run_child harness/setup.sh "${install[@]}" || exit
    build_programs "$work/build.log"
    order_experiments
    choose_models
    if [[ $plan_only == true ]]; then plan; exit; fi
    build_guests "${models[@]}"
    record_run
    gate
    ((what_stopped != 0)) || measure_switch_cost
    if ((what_stopped == 0)); then plan; measure_all; fi
    finish
}

main "$@"
