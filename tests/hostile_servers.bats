#!/usr/bin/env bats
# bats file_tags=part:harness,long:40
# hostile_servers.bats -- guards against a server that keeps us waiting, fills our memory, outlives its
# measurement, or is measured although it serves nothing.  All modes: tests/hostile/all.sh.

bats_require_minimum_version 1.5.0

# shellcheck disable=SC2154  # variables of measuring.bash
setup() {
    command -v python3 >/dev/null || skip 'needs python3'
    load measuring.bash
    load serving.bash
    prepare_measuring
    hostile=$BATS_TEST_TMPDIR/server-$$.py # A name that no other test has.
    cp tests/hostile/server.py "$hostile"
    ulimit -v 2000000 # 2 GB for each process: the sanitizers' builds are not tried here.
}

teardown() { end_servers; }

# Measures a mode, with a row for its only point; nothing of it may be left.
attempt() { # attempt MODE [ARGUMENT]
    tiny 'kind = latency' 'connections = 3' 'rate_per_s = 300' 'timeout_ms = 300'
    rm -f "$raw"
    timeout 40 "$measure" "$conf" --model "$1" --command "exec python3 $hostile $1 ${2-}" --out "$raw" >"$BATS_TEST_TMPDIR/out" \
        2>&1 3>&-
    nothing_left "$hostile"
    [[ $(rows) == 1 ]]
    echo "$1: $(column status 1): $(column reason 1)"
    status=$(column status 1) reason=$(column reason 1)
    [[ $reason != *[$'\e\a']* ]]
}

# A busy machine explains what only takes time.
fails_because() { # fails_because WORDS MODE [ARGUMENT]
    attempt "${@:2}"
    [[ $status == failed && $reason == *"$1"* ]]
}

@test "a server that sends for ever, or other bytes than it was sent, is corrupt" {
    for mode in forever garbage; do
        attempt "$mode"
        [[ $status == corrupt && $reason == *'wrong byte'* ]]
    done
}

@test "a server that closes or resets each connection fails with that" {
    fails_because 'established 0 of 3: ' close
    fails_because 'established 0 of 3: ' reset
}

@test "a server that never answers fails in time, or the machine was busy" {
    attempt mute
    [[ $reason == 'established 0 of 3: ETIMEDOUT'* ]]
    [[ $status == failed || ($status == noisy && $reason == *'; '*) ]]
}

@test "what a server says before it is ready is told as it was, without its escape sequences" {
    fails_because "its first line is not 'ready port=N' but '?[2JWelcome!'" banner
    fails_because "its first line is not 'ready port=N' but 'yyy" endless
}

@test "a server that says the port of another program is refused" {
    start server-epoll
    fails_because "does not listen on port $port: another program does" stranger "$port"
    stop
}

@test "processes that a server split off end with it; one that ignores SIGTERM is killed" {
    attempt daemons
    [[ $status == ok || $status == noisy || $status == client_limited || $status == drifting ]]
    build/release/start "exec python3 $hostile stubborn" >"$ready" 3>&- &
    server=$!
    servers+=("$server")
    eventually said_ready_or_ended
    local ended=0
    kill "$server"
    wait "$server" || ended=$?
    ((ended == 128 + 9))
    nothing_left "$hostile"
}

@test "a server that floods is measured, and its row says that it was chatty" {
    local mode
    for mode in stderr stdout; do
        attempt "$mode"
        [[ $reason == *'the server was chatty: it wrote '*' bytes' ]]
    done
}

@test "a server that closes its listener and opens it again neither hangs a measurement nor ends it" {
    attempt relisten
    [[ -n $status ]]
}

# The CPUs are never busier than with twice as many loops as there are.
busy_loops() {
    local i
    for ((i = 0; i < 2 * $(nproc); i++)); do
        timeout 60 bash -c 'while :; do :; done' 3>&- &
        servers+=("$!")
    done
}

@test "connects that only time out beside busy programs are noise and tried again; refused ones are failed all the same" {
    busy_loops
    tiny 'kind = latency' 'connections = 3' 'rate_per_s = 300' 'timeout_ms = 300' 'reruns = 1'
    timeout 60 "$measure" "$conf" --model mute --command "exec python3 $hostile mute" --out "$raw" >/dev/null 3>&-
    [[ $(tries status | one_line) == 'noisy noisy' && $(tries try | one_line) == '1 2' && $(tries superseded | one_line) == '1 0' ]]
    [[ $(column reason 1) =~ ^'established 0 of 3: ETIMEDOUT; '('other programs used '.*' % of the machine'|'the host took '.*)$ ]]
    rm -f "$raw"
    timeout 60 "$measure" "$conf" --model close --command "exec python3 $hostile close" --out "$raw" >/dev/null 3>&-
    [[ $(tries status) == failed && $(column reason 1) == 'established 0 of 3: ECONNRESET'* ]]
}

# ---- handshakes, and cold starts ----

# The programs of the suite, and a hostile model or, of a variant with TLS, a hostile proxy.
shake() { # shake MODE VARIANT [ARGUMENT]
    local bins=$BATS_TEST_TMPDIR/bin path=$BATS_TEST_TMPDIR/path out=$BATS_TEST_TMPDIR/out name=hostile
    rm -rf "$bins" "$path" "$out"
    mkdir "$bins" "$path"
    ln -s "$PWD"/build/release/{load,witness,start,check_conf,row,server-epoll} "$bins"
    printf '#!/bin/sh\nexec python3 %s %s %s\n' "$hostile" "$1" "${3-}" >"$bins/server-hostile"
    # shellcheck disable=SC2016  # for the script
    printf '#!/bin/sh\nexec python3 %s %s "$FRONT_PORT"\n' "$hostile" "$1" >"$path/haproxy"
    chmod +x "$bins/server-hostile" "$path/haproxy"
    [[ $2 == direct,* ]] || name=epoll
    PATH=$path:$PATH C10K_ENTERED=$$ C10K_BIN=$bins timeout 60 harness/kinds/handshakes/measure.sh harness/experiments/handshakes.conf --model "$name" --requests 4 --connections 2 \
        --time-cap-s 2 --out "$out/handshakes.csv" "$2" >"$BATS_TEST_TMPDIR/log" 2>&1 3>&-
    nothing_left "$hostile"
    [[ $(awk -F, 'NR > 1 && !$11' "$out/handshakes.csv" | wc -l) == 1 ]] # The tries before it are superseded.
    row=$(tail -n 1 "$out/handshakes.csv")
    echo "$1 $2: $row"
    [[ $row != *[$'\e\a']* && $(tr -cd , <<<"$row") == "$(head -n 1 "$out/handshakes.csv" | tr -cd ,)" ]]
}

row_says() { [[ $row == *",$1,"*"$2"* ]]; } # row_says STATUS WORDS

@test "handshakes with a hostile server end in time, and their row says what happened" {
    command -v openssl >/dev/null || skip 'there is no openssl on this machine'
    start server-epoll
    shake stranger direct,none,none,0 "$port"
    row_says failed "does not listen on port $port: another program does"
    stop
    shake mute direct,none,none,0
    row_says failed 'not over after 2 s'
    shake forever direct,none,none,0
    row_says failed 'the server sent bytes that it had not received'
    shake close direct,none,none,0
    row_says failed '4 of 4 connections were not established: '
    shake endless direct,none,none,0
    row_says failed 'its first line is not'
}

@test "handshakes with a server whose threads end all the time are measured" {
    command -v openssl >/dev/null || skip 'there is no openssl on this machine'
    shake threads direct,none,none,0
    [[ $row == *,ok,* || $row == *,noisy,* ]]
}

@test "handshakes with a server that floods are measured, and so are its cold starts; their rows say that it was chatty" {
    command -v openssl >/dev/null || skip 'there is no openssl on this machine'
    shake stderr direct,none,none,0
    [[ $row == *,ok,'the server was chatty: it wrote '*' bytes,'* || $row == *,noisy,*'; the server was chatty: it wrote '*' bytes,'* ]]
    command -v hyperfine >/dev/null || skip 'there is no hyperfine on this machine'
    printf '%s\n' 'kind = cold_start' 'requests = 2' >"$BATS_TEST_TMPDIR/cold_start.conf"
    timeout 60 harness/kinds/cold_start/measure.sh "$BATS_TEST_TMPDIR/cold_start.conf" --model stderr --repeats 1 \
        --out "$BATS_TEST_TMPDIR/cold/cold_start.csv" --command "python3 $hostile stderr {port}" >"$BATS_TEST_TMPDIR/log" 2>&1 3>&-
    row=$(tail -n 1 "$BATS_TEST_TMPDIR/cold/cold_start.csv")
    echo "$row"
    row_says ok 'the server was chatty: it wrote '
    nothing_left "$hostile"
}

@test "handshakes of TLS with a hostile proxy end in time, and their row says what happened" {
    command -v openssl >/dev/null || skip 'there is no openssl on this machine'
    ldd build/release/load | grep -q libssl || skip 'the client speaks no TLS: libssl-dev is not installed'
    shake mute proxy,1.3,p256,0
    row_says failed 'not over after 2 s'
    for mode in garbage tls forever close; do
        shake "$mode" proxy,1.3,p256,0
        row_says failed 'in the handshake of TLS: '
    done
}

# The nth child of a process; fails while there is none.
child() { pgrep --parent "$1" | sed -n "${2:-1}p" | grep .; } # child PID [N]

ended() { [[ ! -e /proc/$1 ]]; }

# The process that is to be killed: measure itself, or one below it.  The first keeper has the server, the second one the client.
victim() { # victim WORD MEASURE
    case $1 in
    measure) echo "$2" ;;
    keeper) child "$2" ;;
    server) child "$(child "$2")" ;;
    load) child "$(child "$2" 2)" ;;
    esac
}

@test "kill -9 of measure, of a keeper, of its client or of the server leaves no process of a server, and whole rows" {
    local word pid client try tries=${KILLS:-1} # hostile/all.sh tries ten moments each.
    tiny 'kind = capacity' 'connections = 1 2 3 4 5 6 7 8'
    RANDOM=${KILLS_SEED:-7}
    for ((try = 0; try < tries; try++)); do
        for word in measure keeper load server; do
            rm -f "$raw"
            "$measure" "$conf" --model daemons --command "exec python3 $hostile daemons" --out "$raw" >/dev/null 2>&1 3>&- &
            pid=$!
            servers+=("$pid")
            eventually victim load "$pid" >/dev/null
            client=$(victim load "$pid")
            sleep "0.$((RANDOM % 900 + 100))"
            kill -KILL "$(victim "$word" "$pid")"
            wait "$pid" || true
            patience_s=5 eventually nothing_left "$hostile" >/dev/null
            eventually ended "$client"
            [[ ! -s $raw ]] || awk -F, 'NR == 1 { cells = NF } NF != cells { exit 1 }' "$raw"
        done
    done
}
