#!/usr/bin/env -S bash -p
# run.sh -- one run: set-up, build, gate, measure in shuffled blocks, summarise, draw.
#
# usage: harness/run/run.sh [--profile P] [--models "M..."] [--repeats N] [--rate R] [--seed N]
#                       [--out DIR] [--baseline RUN] [--plan] [--no-install] [--command NAME='...']
#                       [--user U] [--anonymous] [EXPERIMENT...]
#        harness/run/run.sh --resume RUN [--plan] [--no-install] [--command NAME='...'] [--user U]
#   called by run_all.sh, whose --help explains the options; DIR and RUN are absolute.
#
# Each repeat of an experiment runs every model once, in an order of its own.  Capacity comes
# first: it tells which rate all models can be offered.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../fleet/servers.sh
source harness/fleet/servers.sh
# shellcheck source-path=SCRIPTDIR source=folder.sh
source harness/run/folder.sh
# shellcheck source-path=SCRIPTDIR source=../analysis/take_run.sh
source harness/analysis/take_run.sh
# shellcheck source-path=SCRIPTDIR source=../analysis/database.sh
source harness/analysis/database.sh
# shellcheck source-path=SCRIPTDIR source=plan.sh
source harness/run/plan.sh
# shellcheck source-path=SCRIPTDIR source=steps.sh
source harness/run/steps.sh
# shellcheck source-path=SCRIPTDIR source=resume.sh
source harness/run/resume.sh
# shellcheck source-path=SCRIPTDIR source=records.sh
source harness/run/records.sh

# What is asked for; chosen is the number of models that the user named, and 0 where the experiments say.
profile=standard repeats='' rate='' seed='' out='' baseline='' install=() models=() experiments=() named=true chosen=0 plan_only=false anonymous=false
# A run that goes on, and the options that it does not take.
resume='' begun_with=()
# Where it goes, and whether that is ours to write.
work='' claimed=false
# What is planned, and how far it is: plan.sh and steps.sh.
steps=0 planned_s=0 step=0 done_s=0 measure_begin=0 rate_now=''
# 1 where a model was excluded or something of ours broke: the exit status.
broken=0
# Whether the user knows of a run beside this one, whose processes have another C10K_RUN.
other_run_told=false
export C10K_RUN=$$
readonly command_line=${C10K_COMMAND:-harness/run/run.sh $*}

parse_options() {
    while (($# > 0)); do
        is_one_of "$1" --resume --command --user --plan --no-install --out || begun_with+=("$1")
        case $1 in
        --profile | --models | --repeats | --rate | --seed | --baseline) begun_with+=("$2") ;;&
        --profile) profile=$2; shift ;;
        --models) read -r -a models <<<"${2//,/ }"; ((${#models[@]} > 0)) || die '--models names no model'; shift ;;
        --repeats) whole_number "$1" "$2" 1000; repeats=$2; shift ;;
        --command) add_command "$2"; shift ;;
        --rate) whole_number "$1" "$2" 10000000; rate=$2; shift ;;
        --seed) whole_number "$1" "$2" 999999999; seed=$2; shift ;;
        --out) out=$2; shift ;;
        --baseline) baseline=$(measured_run / "$2"); shift ;;
        --user) export C10K_USER=$2; as_user=(--user "$2"); shift ;;
        --resume) resume=$2; shift ;;
        --anonymous) anonymous=true ;;
        --plan) plan_only=true ;;
        --no-install) install=(--no-install) ;;
        -*) die "unknown option $1; see ./run_all.sh --help" ;;
        *) need_experiment "$1"; experiments+=("$1") ;;
        esac
        shift
    done
}

need_experiment() { # need_experiment NAME
    local known
    lines_into known all_experiments
    is_one_of "$1" "${known[@]}" || die "there is no experiment \"$1\"; there are: ${known[*]}; see --help"
}

read_options() {
    parse_options "$@"
    if [[ -n $resume ]]; then
        [[ ${#begun_with[@]} == 0 && -z $out ]] ||
            die '--resume goes on as the run began: nothing else can be given but --command, --user, --plan and --no-install'
        take_up_run "$resume"
    fi
    chosen=${#models[@]}
    lines_into models sorted_models "${models[@]}" "${!commands[@]}"
    need_models "${models[@]}"
    if ((${#experiments[@]} == 0)); then
        named=false
        lines_into experiments default_experiments
    fi
    if [[ -z $seed ]]; then
        seed=$((SRANDOM % 999999 + 1))
        begun_with+=(--seed "$seed")
    fi
}

# Nothing that was measured before is touched: a run has a folder of its own, which two runs at once cannot share.
begin_folder() {
    local folder
    [[ $out$PWD != *[\'\"\`\\]* ]] || die "${out:-$PWD} has a quote in its name; choose another --out"
    if [[ -n $out ]]; then
        new_folder "$out" --out
    else
        new_folder_named "$PWD/results" "$(date +%Y-%m-%d_%H%M%S)$([[ $anonymous == true ]] || echo "_$(uname -n)")" --out
        out=$folder
    fi
    (set -o noclobber; : >"$out/progress.tsv") 2>/dev/null || die "another run has begun in $out; choose another --out"
    claimed=true
    lock_run
}

# A run that never began leaves no empty folder; one that did opens its folder to readers.
# shellcheck disable=SC2317  # called by the trap
end_folder() {
    [[ -z $work ]] || rm -rf "$work"
    [[ $claimed == true ]] || return 0
    if [[ -s $out/command.txt ]]; then
        chmod '=rwx' "$out"
    else
        rm -f "$out/progress.tsv"
    fi
    remove_made_folders
}

# Where it is written to, before anything is done.
prepare_folders() {
    local why
    trap end_folder EXIT
    if [[ -n $resume ]]; then
        claimed=true
        chmod 700 "$out"
    else
        begin_folder
    fi
    work=$(mktemp -d 2>&1) || { why=$work work=''; fail "no temporary folder: ${why##*: }; TMPDIR can name another place"; }
    need_room "$out" 64 'where the results go'
    need_room "$work" 16 'the temporary folder (TMPDIR)'
    [[ -z $baseline || -w $(dirname "$out") ]] || die "cannot write to $(dirname "$out"), where the comparison goes; choose another --out"
}

# What set-up has to look for beside what every run needs.
ask_for_kinds() {
    local name
    for name in "${experiments[@]}"; do install+=(--for-kind "$(conf_text "$name" kind)"); done
}

# With one CPU, server and client wait for each other, and no latency can be told.  An experiment that the user has named is
# refused; others are left out with a word.
need_cpus() {
    local name others=() needy=()
    (($(cpu_count) == 1)) || return 0
    for name in "${experiments[@]}"; do
        if (($(kind_says "$(conf_text "$name" kind)" cpus 1) > 1)); then needy+=("$name"); else others+=("$name"); fi
    done
    ((${#needy[@]} > 0)) || return 0
    [[ $named == false ]] || die "${needy[*]}: latencies cannot be measured with one CPU; name experiments of another kind"
    say "left out, because latencies cannot be measured with one CPU: ${needy[*]}"
    experiments=("${others[@]}")
}

record_run() {
    local name
    harness/machine/machine_info.sh | if [[ $anonymous == true ]]; then sed 's/^host: .*/host: not told/'; else cat; fi >"$out/machine.txt"
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
    } | without_secrets | without_names >"$out/command.txt"
}

# Only models that keep the protocol are timed.
gate() {
    local model before passed=() options
    ((${#models[@]} > 0)) || return 0
    before=$(recorded models)
    if [[ -n $before ]]; then
        read -r -a models <<<"$before"
        ! grep -qiE $'^[^\t]*\tFAIL\t' "$out"/gate/*.tsv || broken=1
        return
    fi
    rm -rf "$out/gate"
    mkdir "$out/gate"
    lines_into options command_options
    run_child harness/gate/check.sh --cached "$out/gate" "${options[@]}" "${models[@]}" || {
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
    record_models
    ((${#models[@]} > 0)) || fail 'no model is left to measure: ./run_all.sh check tells more'
}

# Beside the new run, in which nothing changes any more.
compare_with_baseline() {
    say "comparing with $baseline"
    "${with_us[@]}" harness/analysis/compare.sh "$baseline" "$out" --out "$(dirname "$out")/compare_$(basename "$baseline")_$(basename "$out")" || {
        ((what_stopped == 0)) || exit "$what_stopped"
        fail "what was measured is kept in $out, but it was not compared"
    }
}

# By a rename: another run may do the same.
link_latest() {
    ln --symbolic "$(basename "$out")" "$out/latest"
    mv --no-target-directory "$out/latest" results/latest
}

finish() {
    if ((what_stopped != 0)); then say 'interrupted; everything that was started has ended'; fi
    if ! has_measurements "$out"; then
        say "nothing was measured; see $out"
        exit "$((what_stopped != 0 ? what_stopped : 1))"
    fi
    append "$out/machine.txt" $'\n'"load average after the run: $(cat /proc/loadavg)" || end_without_room
    [[ $anonymous == false ]] || remove_names
    [[ ! $out =~ ^"$PWD/results/"[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{6} ]] || link_latest # A name of ours, see begin_folder.
    say 'drawing'
    "${with_us[@]}" harness/report/draw.sh "$out" || { ((what_stopped == 0)) || exit "$what_stopped"; fail "what was measured is kept in $out; draw it with ./run_all.sh draw $out"; }
    if [[ -n $baseline ]] && ((what_stopped == 0)); then compare_with_baseline; fi
    exit "$((what_stopped != 0 ? what_stopped : broken))"
}

main() {
    read_options "$@"
    check_experiments
    need_cpus
    prepare_folders
    handle_signals
    ask_for_kinds
    run_child harness/run/setup.sh "${install[@]}" || exit
    build_programs "$work/build.log"
    "$bin/start" "${as_user[@]}" --print-user >/dev/null || exit 2
    order_experiments
    choose_models
    if [[ $plan_only == true ]]; then plan; exit; fi
    build_guests "${models[@]}"
    if [[ -n $resume ]]; then
        need_same_run
        cut_unfinished_step
    else
        record_run
        record_begin "${begun_with[@]}"
    fi
    gate
    ((what_stopped != 0)) || measure_machine_costs
    if ((what_stopped == 0)); then
        plan
        ((${#steps_finished[@]} == 0)) || say "${#steps_finished[@]} of them are finished: the run goes on"
        measure_all
    fi
    finish
}

main "$@"
