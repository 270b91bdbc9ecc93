#!/usr/bin/env bats
# bats file_tags=part:load,long:30
# programs.bats -- guards against programs that trust what they inherit: closed descriptors, ignored or
# blocked signals, a small stack, files left open; and against results that could not be written.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load refusing.bash
    load serving.bash
    prepare_measuring
    bin=build/release
    tiny 'kind = capacity' 'connections = 1'
}

teardown() { end_servers; }

# Fails unless the command, its standard output being full, says so in one line and exits with 1.
says_full() { # says_full COMMAND...
    local status=0 said
    said=$({ "$@" >/dev/full; } 2>&1) || status=$?
    [[ $status == 1 && $said =~ ^[^$'\n']*"cannot write "[^$'\n']*$ ]] || { echo "$*: exit $status: $said"; return 1; }
}

# ---- standard descriptors ----

@test "a closed standard output leaves only rows in the files that are written" {
    "$measure" "$conf" --model poll --out "$raw" >&-
    [[ $(wc -l <"$raw") == 2 ]]
    run ! grep -q '^point' "$raw"
    $bin/gate --name poll --trap half-close --tsv "$BATS_TEST_TMPDIR/gate.tsv" -- "$bin/server-poll 0" >&-
    awk -F'\t' 'NF != 3 { exit 1 }' "$BATS_TEST_TMPDIR/gate.tsv"
    [[ $(wc -l <"$BATS_TEST_TMPDIR/gate.tsv") == 1 ]]
}

@test "a server with no descriptor open at all serves its clients, and ends in order" {
    local port program
    for program in $bin/server-{epoll,fork,thread_pool} $bin/chat-room; do
        port=$(free_port)
        "$program" "$port" <&- >&- 2>&- 3>&- &
        servers+=($!)
        eventually echoes "$port"
        for fd in 0 1 2; do [[ $(readlink "/proc/$!/fd/$fd") == /dev/null ]]; done
        kill $!
        wait $!
    done
}

# A port that was free just now.
free_port() { start server-poll; echo "$port"; stop; }

echoes() { $bin/hello --text $'hello\n' --port "$1" >/dev/null 2>&1; } # echoes PORT

# ---- signals ----

@test "a caller that ignores SIGCHLD or SIGPIPE, or blocks signals, changes no result" {
    local odd=(env --ignore-signal=CHLD,PIPE,TERM --block-signal=TERM,INT,ALRM)
    start server-poll
    "${odd[@]}" $bin/load --port "$port" --rate 100 --duration 0.1 --warm 0 --output csv
    "${odd[@]}" $bin/switch_cost --turns 50 --repeats 1
    "${odd[@]}" $bin/witness "$BATS_TEST_TMPDIR/witness.csv" true
    "${odd[@]}" "$measure" "$conf" --model fork --out "$raw"
    [[ $(rows) == 1 ]]
}

@test "SIGTERM ends a server whose caller ignored and blocked it" {
    local program
    for program in $bin/server-{poll,fork,io_uring} $bin/chat-room; do
        [[ -x $program ]] || continue
        : >"$ready"
        env --ignore-signal=TERM,CHLD --block-signal=TERM,CHLD "$program" 0 >"$ready" 2>"$said" 3>&- &
        server=$!
        servers+=("$server")
        eventually test -s "$ready"
        stop
    done
}

# Ends the server by SIGTERM: every process that it had started is reaped by then.
reaps_all() { # reaps_all SERVER_PID
    local children left=0 pid
    children=$(pgrep -P "$1")
    (($(wc -w <<<"$children") > 20))
    kill "$1"
    while kill -0 "$1" 2>/dev/null; do sleep 0.001; done
    for pid in $children; do [[ ! -e /proc/$pid ]] || ((++left)); done
    ((left == 0)) || { echo "$left of its processes were not reaped"; return 1; }
}

@test "a server that leads its session reaps all its processes on SIGTERM" {
    local model
    for model in fork 'prefork --workers 30' 'epoll_workers --workers 30'; do
        : >"$ready"
        # shellcheck disable=SC2086  # words are meant
        setsid $bin/server-${model%% *} 0 ${model#"${model%% *}"} >"$ready" 2>"$said" 3>&- &
        server=$!
        servers+=("$server")
        eventually test -s "$ready"
        port=$(sed -n 's/^ready port=//p' "$ready")
        (($(ps -o sid= -p "$server") == server))
        coproc LOAD { $bin/load --port "$port" --interactive; }
        echo 'connect 100' >&"${LOAD[1]}"
        read -r _ <&"${LOAD[0]}"
        eventually has_children "$server" 30
        reaps_all "$server"
        exec {LOAD[1]}>&-
        wait
    done
}

has_children() { (($(pgrep -c -P "$1") >= $2)); } # has_children PID COUNT

@test "a server that is the first process of a container reaps all its processes on SIGTERM" {
    unshare --pid --fork true 2>/dev/null || skip 'no process namespace may be made here'
    : >"$ready"
    unshare --pid --fork $bin/server-epoll_workers 0 --workers 30 >"$ready" 2>"$said" 3>&- &
    servers+=($!)
    eventually test -s "$ready"
    server=$(pgrep -P $!)
    eventually has_children "$server" 30
    reaps_all "$server"
    wait $!
}

@test "a server that measure starts gets default signals and no file but its own three" {
    local seen=$BATS_TEST_TMPDIR/seen guest=$BATS_TEST_TMPDIR/guest
    printf '%s\n' '#!/bin/sh' "{ grep -E '^Sig(Ign|Blk)' /proc/self/status; ls /proc/self/fd; } >$seen" \
        "exec $bin/server-poll 0" >"$guest"
    chmod +x "$guest"
    : >"$seen"
    chmod a+w "$seen" # Servers of root run as another user.
    env --ignore-signal=CHLD,USR1 --block-signal=USR2 "$measure" "$conf" --model odd --out "$raw" \
        --command "$guest" 7</dev/null
    [[ $(awk '/^Sig/ { print $2 }' "$seen" | sort -u) == 0000000000000000 ]]
    [[ $(grep -c '^[0-9]' "$seen") == 4 ]] # The fourth is the folder that ls reads.
    run ! grep -q '^7$' "$seen"
}

# ---- a small stack ----

@test "every program does its work with a stack of 64 KiB" {
    ulimit -s 64
    "$measure" "$conf" --model epoll --out "$raw"
    [[ $(rows) == 1 ]]
    $bin/gate --trap half-close --trap large-message -- "$bin/server-thread_pool 0"
    $bin/switch_cost --turns 50 --repeats 1
    $bin/ready_cost --repeats 1
    local program
    for program in $bin/server-*; do
        [[ -x $program && $program != *.* ]] || continue
        start "$program" --costs
        $bin/load --port "$port" --message-b 100000 --closed --duration 0.1 --warm 0
        stop
    done
    start chat-room
    $bin/chat --port "$port" --members 20 --check 5
}

# ---- output ----

@test "every program says that its standard output cannot be written, and exits with 1" {
    local program
    for program in $bin/server-* $bin/{load,chat,chat-room,measure-latency,gate,switch_cost,ready_cost,witness,hello,demo}; do
        [[ -x $program && $program != *.* ]] || continue
        says_full "$program" --help
    done
    says_full $bin/server-poll 0
    says_full $bin/chat-room 0
    says_full $bin/server-poll --clients-max
    says_full $bin/gate --list
    says_full $bin/gate --trap half-close -- "$bin/server-poll 0"
    says_full "$measure" harness/experiments/ramp.conf --print kind
    says_full "$measure" harness/experiments/ramp.conf --print all
    says_full "$measure" "$conf" --model poll --out "$raw"
    says_full $bin/switch_cost --turns 50 --repeats 1
    says_full $bin/ready_cost --repeats 1
    start server-poll
    says_full $bin/hello --port "$port"
    for format in human csv json; do
        says_full $bin/load --port "$port" --rate 100 --duration 0.1 --warm 0 --output $format
    done
    says_full $bin/load --port "$port" --short-lived 5
    says_full $bin/load --port "$port" --interactive <<<'connect 1'
    start chat-room
    says_full $bin/chat --port "$port" --duration 0.1 --warm 0
}

@test "a reader that leaves early is reported in one line, and the status is 1" {
    start server-poll
    { status=0; $bin/load --port "$port" --duration 0.2 --warm 0 2>"$BATS_TEST_TMPDIR/err" || status=$?; echo "$status" >"$BATS_TEST_TMPDIR/rc"; } | true
    [[ $(<"$BATS_TEST_TMPDIR/rc") == 1 ]]
    [[ $(<"$BATS_TEST_TMPDIR/err") == 'load: cannot write the standard output: Broken pipe' ]]
}

@test "a full file of results does not take the other results with it" {
    start server-poll
    run -1 --separate-stderr $bin/load --port "$port" --rate 100 --duration 0.1 --warm 0 --hgrm /dev/full --output csv
    [[ ${lines[0]} == connections_asked,* && $stderr == 'load: cannot write /dev/full: No space left on device' ]]
    run -1 --separate-stderr $bin/gate --trap half-close --tsv /dev/full -- "$bin/server-poll 0"
    [[ $output == *'1 passed, 0 failed'* && $stderr == 'gate: cannot write /dev/full: No space left on device' ]]
    run -1 --separate-stderr $bin/witness /dev/full true
    [[ $stderr == 'witness: cannot write /dev/full: No space left on device' ]]
}

@test "a file beyond ulimit -f is an error that is reported, not the end by a signal" {
    start server-poll
    local status=0 said
    said=$(ulimit -f 0; $bin/load --port "$port" --duration 0.1 --warm 0 --hgrm "$BATS_TEST_TMPDIR/x" 2>&1 >/dev/null) || status=$?
    [[ $status == 1 && $said == *'/x: File too large' ]]
}

@test "a file that cannot be written is refused before anything is done, and one that can is left alone" {
    local nowhere=/nonexistent/folder/file kept=$BATS_TEST_TMPDIR/kept
    start server-poll
    refuses "cannot write $nowhere" $bin/load --port "$port" --duration 100 --hgrm "$nowhere"
    refuses "cannot write $BATS_TEST_TMPDIR" $bin/load --port "$port" --duration 100 --hgrm "$BATS_TEST_TMPDIR"
    refuses "cannot write $nowhere" $bin/load --port "$port" --reconnect now --timeline "$nowhere"
    refuses "cannot write $nowhere" $bin/gate --tsv "$nowhere" -- "$bin/server-poll 0"
    refuses "cannot write $nowhere" $bin/witness "$nowhere" touch "$BATS_TEST_TMPDIR/touched"
    [[ ! -e $BATS_TEST_TMPDIR/touched ]]
    echo precious >"$kept"
    $bin/load --port "$port" --interactive --hgrm "$kept" </dev/null
    [[ $(<"$kept") == precious ]]
    $bin/load --port "$port" --interactive --hgrm "$BATS_TEST_TMPDIR/new" </dev/null
    [[ ! -e $BATS_TEST_TMPDIR/new ]]
}

# ---- room ----

# Leaves 103 of 1,024 files: the caller has all others open.
with_900_files() { # with_900_files COMMAND...
    local fd
    ulimit -n 1024
    for ((fd = 20; fd <= 920; fd++)); do eval "exec $fd</dev/null"; done
    exec "$@"
}

@test "files that the caller left open are not counted as free" {
    start server-epoll
    run -0 with_900_files $bin/load --port "$port" --connections 500 --rate 1000 --duration 0.1 --warm 0 --output json
    [[ $output == *'"connections_established":500,'* && ! $output == *'"processes":1,'* ]]
    run -0 with_900_files $bin/ready_cost --repeats 1
    [[ ${lines[-1]} =~ ,epoll,(10|100),5,1, ]]
    start chat-room
    run -2 --separate-stderr with_900_files $bin/chat --port "$port" --members 500
    one_line_on_stderr '--members 500 need 516 open files, and this process may open '
}

@test "a server closes files that its caller left open, and has room for as many clients as without" {
    local program
    for program in server-{poll,libuv,epoll_workers} chat-room; do
        [[ -x $bin/$program ]] || continue
        : >"$ready"
        (with_900_files $bin/$program 0) >"$ready" 2>"$said" &
        servers+=($!)
        eventually test -s "$ready"
        port=$(sed -n 's/^ready port=//p' "$ready")
        if [[ $program == chat-room ]]; then $bin/chat --port "$port" --members 500 --check 1
        else $bin/load --port "$port" --connections 500 --rate 1000 --duration 0.1 --warm 0; fi
        [[ ! -s $said ]]
    done
}

@test "where no file can be opened the load client says so before it connects" {
    refuses 'more files may be opened' bash -c "ulimit -n 11; exec $bin/load --port 1" 3>&-
    run -1 --separate-stderr bash -c "ulimit -n 24; exec $bin/load --port 1 --connections 1000" 3>&-
    one_line_on_stderr 'client processes would be needed'
}

@test "processes that a server starts are counted by the CPUs that it may use" {
    tiny 'kind = capacity' 'connections = 10' 'server_options = --workers {workers}'
    run -0 taskset --cpu-list "$(taskset --cpu-list --pid $$ | sed 's/.*: //; s/[,-].*//')" \
        "$measure" "$conf" --model epoll_workers --out "$raw"
    [[ $(column processes 1) == 2 ]] # One worker, and its parent.
}

# ---- queue of the listener ----

# In a network of its own, whose listeners hold 128 connections in their queues.
short_queue() { # short_queue MODEL
    ip link set lo up
    echo 128 >/proc/sys/net/core/somaxconn
    "$bin/server-$1" 7000 >"$ready" &
    eventually test -s "$ready"
    $bin/load --port 7000 --connections 1500 --rate 1000 --duration 0.1 --warm 0
    kill $!
    wait $!
    awk '/^TcpExt:/ && $2 != "SyncookiesSent" { for (i = 2; i in name; i++) if (name[i] == "ListenOverflows") print $i }
         /^TcpExt:/ { for (i = 2; i <= NF; i++) name[i] = $i }' /proc/net/netstat
}

@test "connections of the client never overflow the queue of a listener, however short" {
    unshare --net sh -c 'ip link set lo up && echo 128 >/proc/sys/net/core/somaxconn' 2>/dev/null ||
        skip 'no network namespace may be set up here'
    export -f short_queue eventually check
    export bin ready
    for model in fork thread prefork; do
        run -0 unshare --net bash -c "set -e; short_queue $model"
        [[ ${lines[-1]} == 0 ]] || { echo "$model: the queue overflowed ${lines[-1]} times"; false; }
    done
}

# ---- addresses ----

@test "::ffff:127.0.0.1 is this machine, for servers and clients; other mapped addresses are not" {
    : >"$ready"
    $bin/server-poll 0 --host ::ffff:127.0.0.1 >"$ready" 2>"$said" 3>&- &
    servers+=($!)
    eventually said_ready_or_ended_of $!
    port=$(sed -n 's/^ready port=//p' "$ready")
    $bin/load --host ::ffff:127.0.0.1 --port "$port" --duration 0.1 --warm 0
    refuses 'not this machine' $bin/load --host ::ffff:192.0.2.1 --port "$port"
    refuses 'other machines' $bin/server-poll 0 --host ::ffff:0.0.0.0
}

said_ready_or_ended_of() { [[ -s $ready ]] || ! kill -0 "$1" 2>/dev/null; }

@test "where few files may be opened the gate brings fewer clients, or says what it lacks; no server fails for that" {
    run -0 bash -c "ulimit -n 500; exec $bin/gate --trap connect-burst --trap tagged-payloads --trap past-1024 -- $bin/server-epoll 0" 3>&-
    [[ ${lines[0]} =~ ^'pass  connect-burst '.*' at once: 4'[0-9][0-9]' served, 0 refused' ]]
    [[ ${lines[1]} =~ ^'pass  tagged-payloads '.*' 4'[0-9][0-9]' clients sent' ]]
    [[ ${lines[2]} == 'skip  past-1024 '*'takes 1100 open files, and there is room for 4'*' (ulimit -n)' ]]
}
