#!/usr/bin/env -S bash -p
# busy.sh -- does `make test` pass on a busy machine?  Runs it beside programs that use half of every CPU.
#
# usage: tests/busy.sh [RUNS [PART|FILE...]] | --help
#   RUNS   how often, each time with another seed [5]
#   PART   as tests/run.sh takes them [all]
#
# By hand: five runs take most of an hour.  What each run said is kept in build/busy/RUN.log.  Prints for each the time,
# the counts and how many tests were skipped for the weather, in all and in the parts that no weather may touch.
# Exit status 1 if a run failed, took more than 600 s, skipped more than 15 tests for the weather, or one of those parts'.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/enter.sh"
export LC_ALL=C
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/busy.sh}"

readonly BURN_MS=50 PERIOD_MS=100
readonly TIME_S_MAX=600 SKIPPED_MAX=15
readonly FIRM_PARTS='units gate models suite'
readonly out=build/busy

help() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' tests/busy.sh; }

# How many tests of these parts were skipped for the weather.
skipped_in() { # skipped_in PARTS
    local took job part count=0
    for took in build/test/*.took; do
        read -r job part _ <"$took"
        [[ " $1 " == *" $part "* ]] || continue
        count=$((count + $(grep -ci '^ok .*# skip weather:' "build/test/$job.tap" || true)))
    done
    echo "$count"
}

run_once() { # run_once RUN PART...
    local begin=$SECONDS status=0 took_s skipped firm weather
    build/release/weather $BURN_MS $PERIOD_MS 3600 "$(nproc)" "$1" &
    weather=$!
    # shellcheck disable=SC2064  # this one
    trap "kill $weather 2>/dev/null || true" EXIT
    tests/run.sh --no-install "${@:2}" >"$out/$1.log" 2>&1 || status=1
    kill "$weather" || { echo "run $1: the other programs ended before it"; return 1; }
    wait "$weather" || true
    trap - EXIT
    took_s=$((SECONDS - begin))
    skipped=$(sed -n 's/.*, \([0-9]*\) skipped for the weather$/\1/p' "$out/$1.log")
    firm=$(skipped_in "$FIRM_PARTS")
    echo "run $1: $took_s s, $(tail -n 1 "$out/$1.log"); for the weather ${skipped:-?}, of them $firm in $FIRM_PARTS"
    grep -h '^not ok' "$out/$1.log" || true
    ((status == 0 && took_s <= TIME_S_MAX && ${skipped:-1000} <= SKIPPED_MAX && firm == 0))
}

main() {
    local runs=${1:-5} run status=0
    [[ $runs != --help ]] || { help; exit; }
    [[ $runs =~ ^[1-9][0-9]?$ ]] || { echo "busy.sh: RUNS is a whole number from 1 to 99, not \"$runs\"" >&2; exit 2; }
    mkdir -p "$out"
    make --silent --jobs=2 ECHO=: programs tools >"$out/build.log" 2>&1 || { cat "$out/build.log"; exit 1; }
    for ((run = 1; run <= runs; run++)); do run_once "$run" "${@:2}" || status=1; done
    exit "$status"
}

main "$@"
