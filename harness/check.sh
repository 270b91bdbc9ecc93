#!/usr/bin/env bash
# check.sh -- sends models through the conformance gate: a row per trap, with the evidence.
#
# usage: harness/check.sh [--from FOLDER] [--no-install] [--cached DIR] [MODEL...]      [all models]
#   --cached DIR   for run.sh: report only what fails, try only models that changed since they were
#                  last tried, and copy the reports to DIR/MODEL.tsv
#
# Keeps build/release/gate-MODEL.tsv.  Exit status: 0 all passed, 1 some did not, 2 wrong usage.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

work=

# Writes the report whole or not at all: an interrupted gate is no report.
try_model() { # try_model MODEL LOG
    local status=0
    run_child "$bin/gate" --name "$1" --tsv "$work/$1.tsv" -- "$bin/server-$1" 0 >"$2" 2>&1 || status=$?
    ((what_stopped == 0)) || exit "$what_stopped"
    ((status < 2)) || { cat "$2" >&2; fail "the gate could not try $1"; }
    mv "$work/$1.tsv" "$bin/gate-$1.tsv"
    return "$status"
}

# A model that the build left out is told like one that failed.
report_missing() { printf 'build\tFAIL\tnot built: its library is not installed\n'; }

is_current() {
    [[ -s $bin/gate-$1.tsv && $bin/gate-$1.tsv -nt $bin/server-$1 && $bin/gate-$1.tsv -nt $bin/gate ]]
}

check_cached() { # check_cached DIR MODEL...
    local reports=$1 model n=0 stale=()
    shift
    for model in "$@"; do
        if [[ -x $bin/server-$model ]] && ! is_current "$model"; then stale+=("$model"); fi
    done
    for model in "${stale[@]}"; do
        say "gate: does $model keep the protocol? ($((++n)) of ${#stale[@]}; asked once per build)"
        try_model "$model" "$work/log" || true
    done
    for model in "$@"; do
        if [[ ! -x $bin/server-$model ]]; then report_missing >"$reports/$model.tsv"
        else cp "$bin/gate-$model.tsv" "$reports/$model.tsv"; fi
    done
}

check_aloud() {
    local model status verdict=0
    for model in "$@"; do
        echo "== $model"
        if [[ ! -x $bin/server-$model ]]; then
            echo "FAIL  build  not built: its library is not installed"
            verdict=1
            continue
        fi
        status=0
        try_model "$model" /dev/stdout || status=1
        ((status == 0)) || verdict=1
    done
    return "$verdict"
}

main() {
    local models=() reports='' install=()
    while (($# > 0)); do
        case $1 in
        --from) shift ;;
        --cached) reports=$2; shift ;;
        --no-install) install=(--no-install) ;;
        -*) die "unknown option $1; usage: ./run_all.sh check [--no-install] [MODEL...]" ;;
        *) models+=("$1") ;;
        esac
        shift
    done
    need_models "${models[@]}"
    ((${#models[@]} > 0)) || mapfile -t models < <(all_models)
    handle_signals
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    if [[ -n $reports ]]; then
        check_cached "$reports" "${models[@]}"
    else
        harness/setup.sh "${install[@]}"
        build_programs "$work/build.log"
        check_aloud "${models[@]}"
    fi
}

main "$@"
