#!/usr/bin/env -S bash -p
# run.sh -- lets fuzzers look for bytes that break a reader: clang's libFuzzer with the address and
# undefined-behaviour sanitizers over tests/fuzz/fuzz_*.c, and damaged tables over the awk scripts.
#
# usage: tests/fuzz/run.sh [SECONDS [TARGET...]]      seconds for each target [5]; three side by side
#        make fuzz                                    ten minutes in all
#
# Speaks TAP.  What was learnt stays in build/fuzz/corpus, and the next call goes on from there; an
# input that broke something stays in build/fuzz/found:   build/fuzz/fuzz_NAME build/fuzz/found/FILE
# shows it again.  Exit status 1 if anything was found.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../harness/run/enter.sh"
export LC_ALL=C
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/fuzz/run.sh}"
source tests/processes.bash

readonly seconds=${1:-5}
[[ $seconds =~ ^[1-9][0-9]{0,5}$ ]] || { echo "fuzz/run.sh: SECONDS is a whole number, not \"$seconds\"" >&2; exit 2; }
targets=("${@:2}")
if ((${#targets[@]} == 0)); then
    for file in tests/fuzz/fuzz_*.c; do file=${file##*/fuzz_}; targets+=("${file%.c}"); done
    targets+=(csv)
    targets=(control "${targets[@]}") # Ends as soon as it found something.
fi
readonly found=build/fuzz/found
readonly AT_ONCE=3

# Our own experiments and tables are the best examples of what readers read.
examples_of() { # examples_of TARGET -> folders
    [[ ! -d tests/fuzz/corpus/$1 ]] || echo "tests/fuzz/corpus/$1"
    [[ $1 != conf ]] || echo harness/experiments
    [[ $1 != columns ]] || echo tests/fixtures
}

readonly CONTROL_S=60 # It ends when it has found something, after a second; later on a busy machine.

# Runs until the time is over or something is found.
fuzz() { # fuzz SECONDS PROGRAM TARGET LOG
    local time_s=$1 folders
    shift
    folders=$(examples_of "$2")
    read -r -d '' -a folders <<<"$folders" || true # The end of its text is no failure.
    mkdir -p "build/fuzz/corpus/$2"
    "build/fuzz/$1" -max_total_time="$time_s" -max_len=4096 -timeout=10 -rss_limit_mb=1024 -use_value_profile=1 \
        -print_final_stats=1 -artifact_prefix="$found/$1-" "build/fuzz/corpus/$2" "${folders[@]}" >"$3" 2>&1
}

try_target() { # try_target TARGET -> one TAP line
    local log=build/fuzz/$1.log program=fuzz_$1
    if [[ $1 == csv ]]; then tests/fuzz/csv.sh "$seconds"; return; fi
    if [[ $1 == control ]]; then
        # A machine that finds nothing in a broken reader finds nothing anywhere.
        if ! fuzz "$CONTROL_S" control_costs costs "$log" && grep -q '^FOUND: ' "$log"; then
            echo 'ok - control: a reader that is broken on purpose is found'
        else
            echo 'not ok - control: a reader that is broken on purpose is not found'
            return 1
        fi
    elif fuzz "$seconds" "$program" "$1" "$log"; then
        echo "ok - $1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s, no finding"
    else
        echo "not ok - $1: $(grep -m 1 -E '^FOUND|ERROR|runtime error|exited' "$log" || tail -n 1 "$log")"
        echo "#   $(sed -n 's/.*Test unit written to \(.*\)/build\/fuzz\/'"$program"' \1/p' "$log")"
        return 1
    fi
}

# shellcheck disable=SC2317  # called by a trap
# Jobs of a script are deaf to Ctrl-C, and so is whatever they start: so we end them, by pid.
stop_targets() { # stop_targets STATUS
    local pid
    trap '' INT TERM
    for pid in $(descendants_of $$); do kill -TERM "$pid" 2>/dev/null || true; done
    wait
    exit "$1"
}

main() {
    local target status=0 running=0
    make --silent --jobs=2 SAN=fuzz ECHO=: fuzzers >/dev/null || { echo 'not ok - the fuzzers could not be built'; exit 1; }
    mkdir -p "$found"
    for target in "${targets[@]}"; do
        if ((running == AT_ONCE)); then wait -n || status=1; running=$((running - 1)); fi
        try_target "$target" &
        running=$((running + 1))
    done
    while ((running > 0)); do wait -n || status=1; running=$((running - 1)); done
    exit "$status"
}

trap 'stop_targets 130' INT
trap 'stop_targets 143' TERM
main
