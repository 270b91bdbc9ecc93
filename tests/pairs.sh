#!/usr/bin/env -S bash -p
# pairs.sh -- is one build of the load client slower than another?  Closed loops of 0.2 s, in alternating pairs.
#
# usage: tests/pairs.sh BEFORE AFTER [PAIRS [CONNECTIONS...]] | --help
#   BEFORE, AFTER   two builds of build/release/load
#   PAIRS           how many, from 6 to 999 [400]
#   CONNECTIONS     how many connections; each number is measured for itself [50 10000]
#
# By hand; needs build/release/server-epoll.  The order within a pair changes with each pair, so that a drift of the machine meets
# both builds alike.  For each number of connections prints:
#   ratio     AFTER / BEFORE in messages per second, of each pair
#   median    of the ratios, with the 95 % interval that their order statistics give
#   calls     system calls per message of both builds, as strace(1) counts them
# Exit status 1 if an interval does not exclude a loss of 2 %, or a measurement failed; 2 for wrong usage.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/enter.sh"
export LC_ALL=C
self=$(realpath "${BASH_SOURCE[0]}")
root=${self%/tests/pairs.sh}

readonly SERVER=$root/build/release/server-epoll
readonly LOSS_MAX=0.02
readonly CALLS=sendto,recvfrom,epoll_pwait2
readonly LOOP=(--closed --duration 0.2 --output json)
mapfile -t CPUS < <(taskset --cpu-list --pid $$ | sed 's/.*: //' | tr ',' '\n' | awk -F- '{ for (c = $1; c <= $NF; c++) print c }')
readonly CPUS # The server runs on the first, load on the last: no scheduler moves them between two measurements.
readonly TRACED_TIMEOUT_MS=60000 # Under strace a message may take seconds.

die() { echo "pairs.sh: $1" >&2; exit "${2:-1}"; }

help() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$self"; }

# Starts the server; sets `server` to its pid and `port`.
start_server() {
    local line
    exec {said}< <(exec taskset --cpu-list "${CPUS[0]}" "$SERVER" 0)
    server=$!
    trap 'kill "$server" 2>/dev/null || true' EXIT
    read -r -t 10 -u "$said" line || die "server-epoll did not start"
    port=${line##*port=}
    port=${port%% *}
}

value() { sed -n 's/.*"'"$1"'":\([0-9.]*\).*/\1/p'; } # value KEY <JSON

# Prints the messages per second of one closed loop.
speed_of() { # speed_of LOAD CONNECTIONS
    local answer speed
    answer=$(taskset --cpu-list "${CPUS[-1]}" "$1" --port "$port" --connections "$2" "${LOOP[@]}") || die "$1 failed with $2 connections"
    speed=$(value achieved_per_s <<<"$answer")
    [[ -n $speed ]] || die "$1 told no messages per second"
    echo "$speed"
}

# Measures the pairs, one ratio a line.
ratios() { # ratios BEFORE AFTER PAIRS CONNECTIONS
    local pair before after
    for ((pair = 1; pair <= $3; pair++)); do
        if ((pair % 2)); then
            before=$(speed_of "$1" "$4")
            after=$(speed_of "$2" "$4")
        else
            after=$(speed_of "$2" "$4")
            before=$(speed_of "$1" "$4")
        fi
        awk -v pair="$pair" -v before="$before" -v after="$after" \
            'BEGIN { printf "pair %d: before %.0f/s, after %.0f/s, ratio %.4f\n", pair, before, after, after / before }'
    done
}

# Prints the median of the ratios and its interval: ranks k and n + 1 - k, with the largest k for which the median lies below
# rank k with a probability of at most 2.5 %.  Fails if the interval does not exclude the loss.
judge() { # judge CONNECTIONS <RATIOS
    sed 's/.*ratio //' | sort -g | awk -v connections="$1" -v loss="$LOSS_MAX" '
        { ratio[NR] = $1 }
        END {
            chance = 0.5 ^ NR
            for (k = 0; below + chance <= 0.025; k++) {
                below += chance
                chance *= (NR - k) / (k + 1)
            }
            median = (ratio[int((NR + 1) / 2)] + ratio[int(NR / 2) + 1]) / 2
            excluded = ratio[k] > 1 - loss
            printf "%d connections: median %.4f, 95 %% interval %.4f to %.4f: a loss of %g %% is %sexcluded\n", connections,
                median, ratio[k], ratio[NR + 1 - k], loss * 100, excluded ? "" : "not "
            exit !excluded
        }'
}

# Prints the system calls per message of a build.  The first message of each connection is one, too.
calls_of() { # calls_of LOAD CONNECTIONS
    local answer counts received
    counts=$(mktemp)
    answer=$(strace -f -c -e "trace=$CALLS" -o "$counts" "$1" --port "$port" --connections "$2" --warm 0 \
        --timeout-ms "$TRACED_TIMEOUT_MS" --patience-ms "$TRACED_TIMEOUT_MS" "${LOOP[@]}") ||
        die "$1 failed under strace with $2 connections"
    received=$(value received <<<"$answer")
    awk -v messages=$((received + $2)) '$NF ~ /^(sendto|recvfrom|epoll_pwait2)$/ { printf " %s %.3f", $NF, $4 / messages }
        END { printf " of %d messages\n", messages }' "$counts"
    rm -f "$counts"
}

print_calls() { # print_calls BEFORE AFTER CONNECTIONS
    local before after
    if ! strace -c -o /dev/null true 2>/dev/null; then
        echo "$3 connections: calls skipped: strace is missing, or may not trace here"
        return
    fi
    before=$(calls_of "$1" "$3")
    after=$(calls_of "$2" "$3")
    echo "$3 connections: calls per message, before:$before"
    echo "$3 connections: calls per message, after: $after"
}

main() {
    local status=0 pairs=${3:-400} connections measured many=(50 10000)
    [[ ${1:-} != --help ]] || { help; exit; }
    (($# >= 2)) || die "takes two builds of load; see --help" 2
    [[ -x $1 && -x $2 ]] || die "\"$1\" and \"$2\" must be programs" 2
    [[ $pairs =~ ^([6-9]|[1-9][0-9]{1,2})$ ]] || die "PAIRS is a whole number from 6 to 999, not \"$pairs\"" 2
    (($# <= 3)) || many=("${@:4}")
    for connections in "${many[@]}"; do
        [[ $connections =~ ^[1-9][0-9]{0,5}$ ]] || die "CONNECTIONS is a whole number from 1 to 999999, not \"$connections\"" 2
    done
    [[ -x $SERVER ]] || die "build/release/server-epoll is missing: make servers"
    ulimit -S -n "$(ulimit -H -n)"
    start_server
    for connections in "${many[@]}"; do
        measured=$(ratios "$1" "$2" "$pairs" "$connections")
        echo "$measured"
        judge "$connections" <<<"$measured" || status=1
        print_calls "$1" "$2" "$connections"
    done
    exit "$status"
}

main "$@"
