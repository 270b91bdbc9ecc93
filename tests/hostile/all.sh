#!/usr/bin/env -S bash -p
# all.sh -- every hostile server against every program that meets servers: measure, load, gate, cold_start and
# handshakes.  By hand; tests/hostile_servers.bats is its sample.
#
# usage: tests/hostile/all.sh [MODE]...      the modes of tests/hostile/server.py; all, if none is named
#
# Each must end within its time, take less than 2 GB, leave no process, and let no escape sequence through.  Ends with a line of
# counts; exit status 1 if there is a finding.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../harness/run/enter.sh"
export LC_ALL=C
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/hostile/all.sh}"

readonly ALL='mute forever garbage tls reset close late banner endless stubborn daemons stranger stderr stdout relisten threads'
readonly BIN=build/release
scraps=$(mktemp -d)
readonly SERVER=$scraps/server-$$.py
tried=0 findings=0
trap 'rm -rf "$scraps"' EXIT

finding() { # finding WORDS...
    echo "FINDING: $*"
    tail -n 3 "$scraps/log"
    findings=$((findings + 1))
}

left() { pgrep --full "$SERVER" || true; }

# Runs a program against a mode; what it says goes to SCRAPS/log.
against() { # against MODE SECONDS NAME COMMAND...
    local rc=0 begin=$SECONDS mode=$1 most=$2 name=$3
    shift 3
    (ulimit -v 2000000; exec timeout --kill-after 2 "$most" "$@") >"$scraps/log" 2>&1 || rc=$?
    tried=$((tried + 1))
    sleep 0.2
    printf '%-9s %-10s exit %3d  %3d s  %s\n' "$mode" "$name" "$rc" $((SECONDS - begin)) "$(tail -n 1 "$scraps/log" | tr -d '\000' | cut -c1-100)"
    ((rc < 124)) || finding "$name did not end by itself against $mode, or was killed: $rc"
    [[ $name == load* || -z $(left) ]] || { finding "$name left processes of $mode"; left | xargs --no-run-if-empty kill -KILL; }
    ! grep -q $'\e' "$scraps/log" || finding "$name let an escape sequence of $mode through"
}

# A server that is there by itself, for the client alone.
client_against() { # client_against MODE NAME ARGUMENT...
    local mode=$1 name=$2 starter port
    shift 2
    : >"$scraps/ready" # Not that of the server before.
    "$BIN/start" "exec python3 $SERVER $mode" >"$scraps/ready" 2>"$scraps/said" &
    starter=$!
    # A server that does not get ready ends its starter in time; on a busy machine another one is only late.
    while kill -0 "$starter" 2>/dev/null && ! grep -q ready "$scraps/ready"; do sleep 0.1; done
    port=$(sed -n 's/^ready port=\([0-9]*\).*/\1/p' "$scraps/ready")
    [[ -z $port ]] || against "$mode" 40 "$name" "$BIN/load" --port "$port" "$@"
    kill "$starter" 2>/dev/null || true
    wait "$starter" || true
}

try_mode() { # try_mode MODE
    local mode=$1 port=''
    [[ $mode != stranger ]] || port=$stranger_port
    rm -f "$scraps/raw.csv"
    against "$mode" 60 measure "$BIN/measure-latency" "$scraps/mini.conf" --model "$mode" --command "exec python3 $SERVER $mode $port" \
        --out "$scraps/raw.csv"
    awk -F, 'NR == 1 { cells = NF } NF != cells { exit 1 } END { exit NR < 2 }' "$scraps/raw.csv" || finding "no whole row for $mode"
    client_against "$mode" load --connections 3 --rate 300 --duration 0.3 --warm 0 --output csv
    client_against "$mode" load-tls --connections 3 --rate 300 --duration 0.3 --warm 0 --tls 1.3 --ca "$scraps/ca.pem" --output csv
    against "$mode" 240 gate "$BIN/gate" --name "$mode" --tsv "$scraps/gate.tsv" -- python3 "$SERVER" "$mode" ${port:+"$port"}
    ! grep -q $'\e' "$scraps/gate.tsv" || finding "gate.tsv holds an escape sequence of $mode"
    mkdir -p "$scraps/out"
    against "$mode" 120 cold_start harness/kinds/cold_start/measure.sh "$scraps/cold_start.conf" --model "$mode" --out "$scraps/out/cold_start.csv" \
        --repeats 2 --command "exec python3 $SERVER $mode $port"
}

main() {
    local mode all=()
    cp tests/hostile/server.py "$SERVER"
    printf '%s\n' '# Question: x' '# Shows: x' '# Does not show: x' 'kind = latency' 'connections = 3' 'rate_per_s = 300' \
        'timeout_ms = 300' 'warmup_s = 0.1' 'window_s = 0.3' 'settle_s = 0.2' 'reruns = 0' >"$scraps/mini.conf"
    printf '%s\n' 'kind = cold_start' 'requests = 2' >"$scraps/cold_start.conf"
    openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$scraps/key.pem" -out "$scraps/ca.pem" 2>/dev/null
    touch "$scraps/stranger"
    "$BIN/start" "exec $BIN/server-epoll 0" >"$scraps/stranger" &
    local stranger=$!
    until grep -q ready "$scraps/stranger"; do sleep 0.1; done
    stranger_port=$(sed 's/ready port=\([0-9]*\).*/\1/' "$scraps/stranger")
    (($# > 0)) || read -r -a all <<<"$ALL"
    for mode in "${@:-${all[@]}}"; do try_mode "$mode"; done
    kill "$stranger"
    (($# > 0)) || KILLS=10 KILLS_SEED=$RANDOM against kills 600 bats bats tests/hostile_servers.bats --filter 'kill -9'
    (($# > 0)) || against all 300 handshakes bats tests/hostile_servers.bats --filter handshakes
    echo "$tried tried, $findings findings"
    ((findings == 0))
}

main "$@"
