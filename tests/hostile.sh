#!/usr/bin/env -S bash -p
# hostile.sh -- hostile clients against every server of the suite, built with sanitizers: no finding, and a
# well-behaved client is served throughout.
#
# usage: tests/hostile.sh [SECONDS [SEED [BUILD...]]]   [60, random, address thread]
#   SECONDS are for each server; BUILD is a folder in build/, which make SAN=BUILD servers fills.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/enter.sh"
export LC_ALL=C
export ASAN_OPTIONS=halt_on_error=1:detect_leaks=1 TSAN_OPTIONS=halt_on_error=1:atexit_sleep_ms=50 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/hostile.sh}"

seconds=${1:-60} seed=${2:-$((RANDOM * 32768 + RANDOM))} builds=(address thread)
[[ $# -lt 3 ]] || builds=("${@:3}")
scraps=$(mktemp -d)
server=''

# shellcheck disable=SC2317  # called by the trap
clean_up() {
    [[ -z $server ]] || kill -KILL "$server" 2>/dev/null || true
    rm -rf "$scraps"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Starts a server and waits for its port, for 20 s at most.
start() { # start PROGRAM [OPTION...]
    local try
    : >"$scraps/ready"
    "$1" 0 "${@:2}" >"$scraps/ready" 2>"$scraps/said" &
    server=$!
    for ((try = 0; try < 1000; try++)); do
        if [[ -s $scraps/ready ]] || ! kill -0 "$server" 2>/dev/null; then break; fi
        sleep 0.02
    done
    port=$(sed -n 's/^ready port=//p' "$scraps/ready")
}

# One server among hostile clients.  A server that cannot run on this machine is skipped.
try() { # try PROGRAM MODE [OPTION...]
    local program=$1 mode=$2 status=0 done_
    start "$program" "${@:3}"
    if grep -q 'not on this machine' "$scraps/said"; then server='' && echo "skip  $program" && return; fi
    done_=$(build/release/hostile "$port" "$seconds" "$seed" "$mode" 2>&1) || status=$?
    kill -TERM "$server" 2>/dev/null || status=1
    wait "$server" || { status=$?; done_+="; the server ended with $status"; }
    server=''
    if ((status == 0)) && ! grep -qE 'ERROR: |WARNING: ThreadSanitizer|runtime error' "$scraps/said"; then
        echo "ok    $program: $done_"
        return
    fi
    echo "FAIL  $program, seed $seed: $done_"
    cat "$scraps/said"
    return 1
}

for build in "${builds[@]}"; do
    [[ -x build/$build/chat-room ]] || { echo "hostile.sh: build/$build has no servers; build them with: make SAN=$build servers" >&2; exit 2; }
done

failed=0
for build in "${builds[@]}"; do
    for program in "build/$build"/server-*; do
        [[ -x $program && $program != *.* ]] || continue
        mode="echo"
        [[ $program != *-sequential ]] || mode=short
        try "$program" "$mode" --costs || failed=1
    done
    # With room for a good member that has to wait for its CPU.
    try "build/$build/chat-room" chat --queue-kib 65536 || failed=1
done
exit "$failed"
