#!/usr/bin/env bats
# bats file_tags=part:pools,long:25
# pools.bats -- guards against models that pass the gate without doing what their files say: a pool
# that does not replace its dead, a queue that drops, a wall that is not told.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load serving.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    BIN=build/release
}

# Whatever was done to it, a server ends in order.
teardown() {
    [[ -n $server ]] || return 0
    kill -CONT "$server" # A test that failed may have left it stopped.
    stop
}

# echoes FD [SECONDS]: a line comes back, in time.
echoes() {
    local line
    echo hello >&"$1"
    IFS= read -r -t "${2:-5}" line <&"$1" && [[ $line == hello ]]
}

children() { pgrep --parent "$server" | wc -l; }

# becomes NUMBER COMMAND...: within 5 s the command prints it.
becomes() {
    local wanted=$1 tries
    shift
    for ((tries = 0; tries < 100; tries++)); do
        [[ $("$@") != "$wanted" ]] || return 0
        sleep 0.05
    done
    echo "$*: $("$@"), not $wanted"
    return 1
}

@test "only sequential declares a number of clients: each other model takes all traps of the gate" {
    for program in "$BIN"/server-*; do
        [[ -x $program && $program != *.* ]] || continue
        run -0 "$program" --clients-max
        [[ $output == "$([[ $program == */server-sequential ]] && echo 1 || echo 0)" ]] || { echo "$program: $output"; return 1; }
    done
}

@test "sequential: the second client is served when the first has left" {
    start server-sequential
    exec {first}<>"/dev/tcp/127.0.0.1/$port" {second}<>"/dev/tcp/127.0.0.1/$port"
    echoes "$first"
    run ! echoes "$second" 0.3
    exec {first}>&-
    IFS= read -r -t 5 line <&"$second"
    [[ $line == hello ]]
}

@test "the client fails within seconds where a server serves only some, and names the number" {
    start server-sequential
    begin=$SECONDS
    run -1 --separate-stderr timeout 20 "$BIN/load" --port "$port" --connections 10 --rate 100 --duration 1
    ((SECONDS - begin <= 10)) # A busy machine takes longer; one that waits for all is ended after 20 s.
    [[ $stderr == *"9 of 10 connections were not established"* ]] || { echo "$stderr"; return 1; }
}

@test "select: who comes past FD_SETSIZE is refused, told once, and the others are served" {
    start server-select
    run -1 "$BIN/load" --port "$port" --connections 1100 --closed --duration 0.2
    [[ $(wc -l <"$said") == 1 ]]
    grep -q 'FD_SETSIZE: further clients are refused' "$said"
    exec {client}<>"/dev/tcp/127.0.0.1/$port"
    echoes "$client"
}

@test "prefork: a worker that is killed is replaced" {
    start server-prefork --workers 3
    becomes 3 children
    before=$(pgrep --parent "$server")
    # shellcheck disable=SC2086  # three words
    kill -KILL $before
    are_reaped() { ! pgrep --parent "$server" | grep -qxF "$before"; }
    eventually are_reaped # Until then each of them is a child, too.
    becomes 3 children
    exec {client}<>"/dev/tcp/127.0.0.1/$port"
    echoes "$client"
}

@test "prefork: hires when somebody waits, and lets go who finds nobody" {
    start server-prefork --workers 2
    becomes 2 children
    for ((i = 0; i < 6; i++)); do
        exec {client}<>"/dev/tcp/127.0.0.1/$port"
        echoes "$client" 1
        clients[i]=$client
    done
    (($(children) >= 6))
    for client in "${clients[@]}"; do exec {client}>&-; done
    becomes 2 children
}

hires_as_many_as_come() {
    local clients=100 seen
    trap '[[ -z $server ]] || stop' EXIT # The shell of a try.
    start server-prefork --workers 5
    "$BIN/load" --port "$port" --connections "$clients" --rate 1000 --duration 0.5 >/dev/null 3>&- &
    local load=$!
    each_has_a_worker() { (($(children) >= clients)); }
    eventually each_has_a_worker
    sleep 0.3 # Time to hire more.
    seen=$(children)
    wait "$load"
    echo "$seen workers for $clients clients"
    # A worker that is hired while an idle one takes the connection is one too many, for a second.
    ((seen <= clients + 5))
}

@test "prefork: hires no more than clients came" {
    in_one_of 15 hires_as_many_as_come # On a busy machine an idle worker may not run for longer than it has to take the connection.
}

# Sets the soft limit of open files of the server and of all its workers.  While the server is stopped it forks no worker
# that would escape the limit, and reaps none: each pid of the list stays valid.
limit_files() { # limit_files FILES
    local pid
    kill -STOP "$server"
    eventually grep -q '^State:.T' "/proc/$server/status"
    for pid in "$server" $(pgrep --parent "$server"); do prlimit --pid "$pid" --nofile="$1:"; done
    kill -CONT "$server"
}

@test "prefork: hires no army where nobody can accept, says so once, and serves when there is room again" {
    start server-prefork --workers 2
    becomes 2 children
    # Four files: what each has open already, and none for a client.
    limit_files 4
    for ((i = 0; i < 20; i++)); do
        exec {client}<>"/dev/tcp/127.0.0.1/$port"
        clients[i]=$client
    done
    sleep 1
    read -r used _ <"/proc/$server/schedstat"
    sleep 1
    read -r now _ <"/proc/$server/schedstat"
    echo "$(children) workers, $(((now - used) / 1000000)) ms of CPU time in a second"
    (($(children) <= 5 && now - used <= 100000000))
    # The two that stay say it each, and so does the server.
    (($(grep -c 'accept: Too many open files: new clients wait' "$said") <= 3))
    limit_files 100
    echoes "${clients[19]}" 10
}

@test "prefork: with --workers-max a client waits until another one leaves" {
    start server-prefork --workers 2 --workers-max 2
    exec {first}<>"/dev/tcp/127.0.0.1/$port" {second}<>"/dev/tcp/127.0.0.1/$port" {third}<>"/dev/tcp/127.0.0.1/$port"
    echoes "$first"
    echoes "$second"
    run ! echoes "$third" 0.5
    [[ $(children) == 2 ]]
    exec {second}>&-
    IFS= read -r -t 5 line <&"$third"
    [[ $line == hello ]]
}

# slowest WORKERS: how long 4 clients wait whose messages sleep 200 ms each, all at once, in ms.
slowest() {
    local i line begin
    local -a clients
    start server-thread_pool --costs --workers "$1"
    for ((i = 0; i < 4; i++)); do exec {client}<>"/dev/tcp/127.0.0.1/$port"; clients[i]=$client; done
    begin=$(date +%s%3N)
    for client in "${clients[@]}"; do echo '!sleep 200000' >&"$client"; done
    for client in "${clients[@]}"; do IFS= read -r -t 5 line <&"$client"; done
    took_ms=$(($(date +%s%3N) - begin))
}

four_workers_serve_four() {
    trap '[[ -z $server ]] || stop' EXIT # The shell of a try.
    slowest 4
    echo "$took_ms ms"
    ((took_ms >= 200 && took_ms < 800))
}

@test "thread_pool: as many messages sleep at a time as there are workers" {
    in_one_of 3 four_workers_serve_four
    slowest 1
    ((took_ms >= 800)) || { echo "$took_ms ms"; return 1; }
}

# While its one worker sleeps and the queue is full, a new connection is not accepted; then it is.
waits_for_room_in_the_queue() {
    local client clients=() newcomer files i
    trap '[[ -z $server ]] || stop' EXIT # The shell of a try.
    start server-thread_pool --costs --workers 1 --queue 1
    for ((i = 0; i < 3; i++)); do exec {client}<>"/dev/tcp/127.0.0.1/$port"; clients[i]=$client; echoes "$client"; done
    for client in "${clients[@]}"; do echo '!sleep 300000' >&"$client"; sleep 0.02; done
    exec {newcomer}<>"/dev/tcp/127.0.0.1/$port"
    sleep 0.05
    files=$(find "/proc/$server/fd" -mindepth 1 | wc -l)
    echoes "$newcomer"
    (($(find "/proc/$server/fd" -mindepth 1 | wc -l) == files + 1))
}

@test "thread_pool: a full queue stops accepting, and drops nothing" {
    start server-thread_pool --workers 1 --queue 1
    run -0 "$BIN/load" --port "$port" --connections 500 --closed --duration 0.5 --output csv
    [[ ! -s $said ]]
    stop
    in_one_of 3 waits_for_room_in_the_queue # The messages sleep for 0.9 s, in which a busy machine may not get to all of this.
}

# idle_bytes MODEL CLIENTS: private memory of the server for each of so many idle clients.
idle_bytes() {
    local before after
    start "server-$1"
    private_kib() { awk '/^Private/ { sum += $2 } END { print sum }' "/proc/$server/smaps_rollup"; }
    coproc LOAD { "$BIN/load" --port "$port" --interactive --closed; }
    # shellcheck disable=SC2153  # bash sets LOAD_PID
    load=$LOAD_PID
    { echo 'connect 10'; read -r -t 10 line; before=$(private_kib); } >&"${LOAD[1]}" <&"${LOAD[0]}"
    { echo "connect $2"; read -r -t 30 line; after=$(private_kib); } >&"${LOAD[1]}" <&"${LOAD[0]}"
    [[ $line == *"connections_established=$(($2 - 10)) "* || $line == *"connections_established=$2 "* ]] || { echo "$line"; return 1; }
    bytes=$(((after - before) * 1024 / $2))
    echo quit >&"${LOAD[1]}"
    wait "$load"
}

@test "an idle client costs poll and select at most 64 bytes" {
    idle_bytes select 1000
    ((bytes <= 64)) || { echo "select: $bytes"; return 1; }
    stop
    idle_bytes poll 10000
    ((bytes <= 64)) || { echo "poll: $bytes"; return 1; }
}

# libuv 1.44 (Debian 12) calls the server back when accept(2) failed; 1.50 (Debian 13) keeps it to itself and tries again.
libuv_reports_accept() {
    (($(sed -n 's/^#define UV_VERSION_MINOR *//p' /usr/include/uv/version.h) <= 44))
}

# refuses_then_serves PROGRAM TRAFFIC...: while others keep it busy, a server finds no file for a newcomer; nobody leaves,
# but the limit is lifted, as when another program closes files.
refuses_then_serves() {
    local program=$1
    shift
    start "$program" "${options[@]}"
    "$@" >/dev/null 2>&1 3>&- &
    local busy=$!
    sleep 0.5
    limit_files 5 # Not less: poll(2) wants one for each that it is asked about.
    exec {newcomer}<>"/dev/tcp/127.0.0.1/$port"
    run ! echoes "$newcomer" 0.5
    { [[ $program == server-libuv ]] && ! libuv_reports_accept; } || grep -q 'new clients wait' "$said"
    limit_files 100
    sleep 0.3
    status=0
    echoes "$newcomer" 1 || IFS= read -r -t 1 _ <&"$newcomer" || status=$?
    kill -0 "$busy"
    kill "$busy"
    wait "$busy" || true
    exec {newcomer}>&-
    stop
    ((status == 0)) || { echo "$program: who waits is not served"; return 1; }
}

@test "a busy loop that ran out looks by the clock whether others freed something" {
    local options=() model
    traffic() { exec "$BIN/load" --port "$port" --connections 4 --rate 500 --duration 60; } # Until it is killed.
    # Not io_uring: a multishot accept keeps the limit that it began with.
    for model in poll epoll epoll_workers select thread_pool libuv; do
        [[ -x $BIN/server-$model ]] || continue
        options=()
        [[ $model != epoll_workers ]] || options=(--workers 1)
        refuses_then_serves "server-$model" traffic
    done
    talk() { while sleep 0.02; do echo hello; done >"/dev/tcp/127.0.0.1/$port"; }
    options=()
    refuses_then_serves chat-room talk
}

serves_a_newcomer() (exec 8<>"/dev/tcp/127.0.0.1/$port"; echoes 8 1)

@test "where memory for a client runs out a loop says so, serves those inside, and lets others in when some leave" {
    local model size files
    for model in poll epoll io_uring; do
        [[ -x $BIN/server-$model ]] || continue
        start "server-$model"
        exec {inside}<>"/dev/tcp/127.0.0.1/$port"
        echoes "$inside"
        size=$(awk '/^VmSize/ { print $2 * 1024 }' "/proc/$server/status")
        prlimit --pid "$server" --as="$size:"
        "$BIN/load" --port "$port" --connections 8000 --closed --duration 20 >"$BATS_TEST_TMPDIR/load" 2>&1 3>&- &
        eventually grep -q 'memory for a client' "$said"
        echoes "$inside"
        sleep 0.3 # Time to say it again, which it must not.
        kill $! || true # It has ended where it gave up its connections.
        wait $! || true
        eventually serves_a_newcomer
        exec {inside}>&-
        [[ $(wc -l <"$said") == 1 ]]
        stop
    done
}
