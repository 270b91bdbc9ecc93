#!/usr/bin/env bats
# bats file_tags=part:models,long:20
# models.bats -- guards what single models promise beyond the gate: their own options, their speed,
# and what they do when something of theirs is missing or killed.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load serving.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    BIN=build/release
}

teardown() { end_servers; }

children() { cat "/proc/$server/task/$server/children"; }
has_two_children() { [[ $(children | wc -w) == 2 ]]; }

# hears FD LINE [SECONDS]: the next line from there, in time.
hears() {
    local line
    IFS= read -r -t "${3:-5}" line <&"$1" && [[ $line == "$2" ]] || { echo "not \"$2\": \"$line\""; return 1; }
}

need_io_uring() {
    [[ -x $BIN/server-io_uring ]] || skip "not built: liburing is not installed"
    local why
    why=$(timeout 0.3 "$BIN/server-io_uring" 0 2>&1 >/dev/null) || [[ $? == 124 || $? == 0 ]] || skip "$why"
}

# Of two workers one stands still, so that clients wait for it; then it is killed.
successor_serves() { # successor_serves SHARE
    local worker fds=() i fd
    start server-epoll_workers --workers 2 --share "$1"
    eventually has_two_children
    worker=$(children | cut -d ' ' -f 1)
    kill -STOP "$worker"
    for ((i = 0; i < 20; i++)); do
        exec {fd}<>"/dev/tcp/127.0.0.1/$port"
        echo "client $i" >&"$fd"
        fds+=("$fd")
    done
    kill -KILL "$worker"
    for ((i = 0; i < 20; i++)); do hears "${fds[i]}" "client $i"; done
    eventually has_two_children
    [[ $(<"$said") == *"was killed by signal 9; another one takes its place" ]]
}

@test "epoll_workers: who waits for a worker that is killed is served, from its own queue or a shared one" {
    successor_serves reuseport
    stop
    successor_serves exclusive
}

@test "epoll_workers: both ways to share the port pass the gate" {
    for share in reuseport exclusive; do
        "$BIN/gate" --jobs 4 --trap large-message --trap reset-mid-message --trap past-1024 --trap clean-end \
            --trap connect-burst --trap few-files -- "$BIN/server-epoll_workers" 0 --workers 3 --share "$share"
    done
}

# Sends lines that cost 2.5 s together, all at once, and compares what comes back.
comes_back_in_turns() { # comes_back_in_turns PORT NAME
    local sent=$BATS_TEST_TMPDIR/$2.sent
    for number in {1..25}; do echo "!sleep 100000 line $number"; done >"$sent"
    exec 9<>"/dev/tcp/127.0.0.1/$1"
    cat "$sent" >&9
    head -c "$(wc -c <"$sent")" <&9 | cmp "$sent" -
}

@test "costs of several seconds in one read: every model echoes all lines, in their order" {
    local program names=() ports=() clients=() i
    for program in $BIN/server-*; do
        [[ -x $program && $program != *.* ]] || continue
        [[ $program != *io_uring ]] || "$program" 0 --clients-max >/dev/null || continue
        start "$program" --costs
        names+=("${program##*-}")
        ports+=("$port")
    done
    ((${#ports[@]} > 8))
    for i in "${!ports[@]}"; do comes_back_in_turns "${ports[i]}" "${names[i]}" & clients[i]=$!; done
    for i in "${!clients[@]}"; do wait "${clients[i]}" || { echo "${names[i]}"; return 1; }; done
}

@test "an option that takes a word says which there are" {
    run -2 --separate-stderr "$BIN/server-epoll_workers" 0 --share exclusiv
    [[ ${stderr_lines[*]} == 'server-epoll_workers: --share takes reuseport|exclusive, not "exclusiv"' ]]
    run -0 "$BIN/server-epoll_workers" --help
    [[ $output == *'--share reuseport|exclusive '*'[reuseport]'* ]]
}

# A has something costly and, behind it, something cheap on its way.  Sets `first` to the client that gets an echo first: A or,
# if it need not wait for that, B.
wait_beside_a_cost() { # wait_beside_a_cost OFFLOAD
    local a b
    start server-libuv --costs --offload "$1"
    exec {a}<>"/dev/tcp/127.0.0.1/$port" {b}<>"/dev/tcp/127.0.0.1/$port"
    printf '!sleep 1000000 first\n' >&"$a"
    sleep 0.05
    printf 'second\n!spin 1000 third\n' >&"$a"
    echo polite >&"$b"
    hears "$b" polite
    first=B
    ! read -r -t 0 -u "$a" || first=A
    hears "$a" '!sleep 1000000 first'
    hears "$a" second
    hears "$a" '!spin 1000 third'
    exec {a}>&- {b}>&-
    stop
}

serves_b_first() {
    trap end_servers EXIT # The shell of a try.
    wait_beside_a_cost 1
    [[ $first == B ]]
}

@test "libuv: with --offload a cost keeps its client's lines in order and no other client waiting" {
    wait_beside_a_cost 0
    [[ $first == A ]]
    in_one_of 3 serves_b_first # B has the second that A's cost takes, in which a busy machine may not get to it.
    "$BIN/gate" --jobs 4 --trap costs-paid --trap costs-off -- "$BIN/server-libuv" 0 --offload 1
}

@test "io_uring: four buffers and a ring of four are enough to be right" {
    need_io_uring
    "$BIN/gate" --jobs 4 --trap large-message --trap slow-reader --trap unread-burst --trap half-close \
        --trap never-reading --trap four-non-readers --trap connect-burst --trap tagged-payloads -- \
        "$BIN/server-io_uring" 0 --buffers 4 --ring 4
}

@test "io_uring: where the kernel has none it says in one line what it needs, and so does the gate" {
    [[ -x $BIN/server-io_uring ]] || skip "not built: liburing is not installed"
    run -1 --separate-stderr "$BIN/without_io_uring" "$BIN/server-io_uring" 0
    [[ ${#stderr_lines[@]} == 1 && $stderr == *"not on this machine: "*"needs Linux 6.1"* ]]
    run -1 "$BIN/gate" --name old -- "$BIN/without_io_uring" "$BIN/server-io_uring" 0
    [[ ${lines[0]} == "FAIL  start "*"not on this machine: "*"needs Linux 6.1"* && ${#lines[@]} == 2 ]]
}

# Prints the CPU time of a server per message, in ns: 100 clients, closed loop, a CPU for each end.
ns_per_message() { # ns_per_message PROGRAM OPTION...
    local before after received allowed
    trap end_servers EXIT # The shell of a substitution, which may fail at any line.
    allowed=$(taskset --cpu-list --pid $$ | sed 's/.*: //')
    start "$@"
    taskset --cpu-list --pid "${allowed%%[,-]*}" "$server" >/dev/null
    read -r before _ <"/proc/$server/schedstat"
    received=$(taskset --cpu-list "${allowed##*[,-]}" "$BIN/load" --port "$port" --connections 100 --closed \
        --warm 0 --duration 0.3 --output json | jq .received)
    read -r after _ <"/proc/$server/schedstat"
    stop || true # The bare loop leaves its end to the signal.
    echo $(((after - before) / received))
}

near_the_bare_loop() {
    local bare ours
    bare=$(ns_per_message bare_server)
    ours=$(ns_per_message server-epoll)
    true_that "$ours <= $bare * 1.05"
}

@test "epoll costs at most 5 % more CPU per message than a bare loop" {
    # Neighbours cost now the one more, now the other: a loop that is as cheap is near it in one of many tries;
    # tests/bench.sh allows fewer.
    in_one_of "${TRIES:-25}" near_the_bare_loop
}

@test "epoll: with --buffer-kib an idle client costs that much, without it next to nothing" {
    printf '%s\n' '# Question: what does a buffer cost?' 'kind = memory' 'connections = 500' 'settle_s = 0.3' 'reruns = 0' \
        >"$BATS_TEST_TMPDIR/memory.conf"
    each_kib() { # each_kib KIB: the server's own memory for each client
        "$BIN/measure-memory" "$BATS_TEST_TMPDIR/memory.conf" --model "epoll:buffer-kib=$1" --out "$BATS_TEST_TMPDIR/$1.csv" \
            --command "$BIN/server-epoll {port} --buffer-kib $1" >&2
        awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
            { print ($c["pss_kib"] - $c["memory_baseline_pss_kib"]) / $c["connections_established"] }' "$BATS_TEST_TMPDIR/$1.csv"
    }
    without=$(each_kib 0)
    with=$(each_kib 64)
    echo "$without and $with KiB for each client"
    # The server shares the C library with whoever else runs just now: some KiB either way, over all clients.
    true_that "$without < 1 && $with > 63 && $with < 66"
}
