#!/usr/bin/env -S bash -p
# check.sh -- sends models through the conformance gate: a row per trap, with the evidence.
#
# usage: harness/gate/check.sh [--from FOLDER] [--no-install] [--user U] [--cached DIR] [--command NAME='...']
#                         [MODEL...]                 [all models in C; with --command, that alone]
#   --command      a server of the user's, to be started in FOLDER; may be given more than once
#   --user U       the user that servers run as, for root [one without rights of its own]
#   --cached DIR   for run.sh: report only what fails, try only models that changed since they passed,
#                  and copy the reports to DIR/MODEL.tsv
#
# Keeps build/release/gate-MODEL.tsv.  Exit status: 0 all passed, 1 some did not, 2 wrong usage.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../fleet/servers.sh
source harness/fleet/servers.sh

work=

# Writes the report whole or not at all: an interrupted gate is no report.
try_model() { # try_model MODEL
    local status=0
    run_child "$bin/gate" "${as_user[@]}" --name "$1" --tsv "$work/$1.tsv" -- "$(command_of "$1")" || status=$?
    ((what_stopped == 0)) || exit "$what_stopped"
    ((status >= 2)) || keep_report "$1"
    return "$status"
}

# By a rename, because another check may do the same.  A user with read-only access to the checkout keeps no report.
keep_report() { # keep_report MODEL
    local new=$bin/gate-$1.tsv.$$
    [[ -w $bin ]] || return 0
    { cp "$work/$1.tsv" "$new" && mv "$new" "$bin/gate-$1.tsv"; } || { rm -f "$new"; fail "cannot write $bin/gate-$1.tsv"; }
}

# The report of this call, or that of an earlier one.
report_of() { if [[ -s $work/$1.tsv ]]; then echo "$work/$1.tsv"; else echo "$bin/gate-$1.tsv"; fi; } # report_of MODEL

# What a report depends on.  A command may be anything: it is tried each time.
sources_of() { # sources_of NAME -> a file a line
    echo "$bin/gate"
    if ! is_guest "$1"; then echo "$bin/server-$(plain_model "$1")"
    elif [[ -x $bin/guest-$1 ]]; then echo "$bin/guest-$1"
    else guest_file "$1"; fi
}

# A pass holds until something is built anew.  What failed is asked again: it may have been the host's doing.
is_current() { # is_current MODEL
    local file sources
    [[ -z ${commands[$1]:-} && -s $bin/gate-$1.tsv ]] || return 1
    ! grep -qiE $'^[^\t]*\tFAIL\t' "$bin/gate-$1.tsv" || return 1
    sources=$(sources_of "$1") || return 1
    for file in $sources; do [[ $bin/gate-$1.tsv -nt $file ]] || return 1; done
}

once_each() { expand_models "$@" | awk '!seen[$0]++'; } # once_each WORD...: in the order of the words

check_cached() { # check_cached DIR MODEL...
    local reports=$1 model n=0 stale=()
    shift
    for model in "$@"; do
        if [[ -z $(why_missing "$model") ]] && ! is_current "$model"; then stale+=("$model"); fi
    done
    for model in "${stale[@]}"; do
        say "gate: does $model keep the protocol? ($((++n)) of ${#stale[@]}$([[ -n ${commands[$model]:-} ]] || echo '; a pass holds until the next build'))"
        try_model "$model" >"$work/log" 2>&1 || (($? < 2)) || { cat "$work/log" >&2; fail "the gate could not try $model"; }
    done
    for model in "$@"; do
        # What cannot be started at all is told like what failed.
        if [[ -n $(why_missing "$model") ]]; then
            printf 'start\tFAIL\t%s\n' "$(why_missing "$model")" >"$reports/$model.tsv"
        else
            cp "$(report_of "$model")" "$reports/$model.tsv"
        fi
    done
}

check_aloud() {
    local model status verdict=0
    for model in "$@"; do
        tell "== $model"
        if [[ -n $(why_missing "$model") ]]; then
            echo "FAIL  start  $(why_missing "$model")"
            verdict=1
            continue
        fi
        status=0
        try_model "$model" || status=$?
        ((status < 2)) || fail "the gate could not try $model"
        ((status == 0)) || verdict=1
    done
    return "$verdict"
}

main() {
    local models=() reports='' install=() from=''
    while (($# > 0)); do
        case $1 in
        --from) from=$2; shift ;;
        --command)
            (($# > 1)) || die "$1 needs a value; see ./run_all.sh --help"
            add_command "$(in_folder "$from" "$2")"; shift ;;
        --user)
            (($# > 1)) || die "$1 needs a value; see ./run_all.sh --help"
            export C10K_USER=$2
            as_user=(--user "$2"); shift ;;
        --cached) reports=$2; shift ;;
        --no-install) install=(--no-install) ;;
        -*) die "unknown option $1; usage: ./run_all.sh check [--no-install] [--user U] [--command NAME='...'] [MODEL...]" ;;
        *) models+=("$1") ;;
        esac
        shift
    done
    ((${#models[@]} + ${#commands[@]} > 0)) || models=(all)
    lines_into models once_each "${models[@]}" "${!commands[@]}"
    need_models "${models[@]}"
    handle_signals
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    if [[ -n $reports ]]; then
        check_cached "$reports" "${models[@]}"
    else
        run_child harness/run/setup.sh "${install[@]}" || exit
        build_programs "$work/build.log"
        build_guests "${models[@]}"
        check_aloud "${models[@]}"
    fi
}

main "$@"
