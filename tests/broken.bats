#!/usr/bin/env bats
# broken.bats -- guards against a server, a client or a harness that breaks or is ended, and takes rows along or
# leaves a process behind.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load serving.bash
    prepare_measuring
    tiny 'kind = latency' 'connections = 1 20' 'rate_per_s = 1000'
}

@test "SIGINT while the server is stopped leaves nothing, and soon" {
    local pid status=0 begin
    mkdir "$BATS_TEST_TMPDIR/bin"
    cp build/release/server-poll build/release/load "$BATS_TEST_TMPDIR/bin"
    tiny 'kind = omission' 'connections = 1' 'stop_ms = 3000' 'window_s.full = 6'
    "$measure" "$conf" --profile full --model poll --bin-dir "$BATS_TEST_TMPDIR/bin" --out "$raw" >/dev/null 3>&- &
    pid=$!
    until grep -qs '^State:.T' /proc/"$(pgrep --full "^$BATS_TEST_TMPDIR/bin/server-poll")"/status; do
        kill -0 "$pid"
        sleep 0.1
    done
    begin=$SECONDS
    kill -INT "$pid"
    wait "$pid" || status=$?
    [[ $status == 130 ]] && ((SECONDS - begin < 4))
    nothing_left "$BATS_TEST_TMPDIR/bin"
}

@test "a server that dies becomes failed rows that say why; earlier rows stay" {
    run -0 "$measure" "$conf" --model poll --out "$raw"
    # Serves 5 s on a good day, but dies after 1 s: in the first or second point.
    tiny 'kind = latency' 'connections = 1 2 3 4 5' 'rate_per_s = 500'
    run -0 "$measure" "$conf" --model dies --out "$raw" --command \
        "bash -c 'trap \"\" TERM; build/release/server-poll {port} & sleep 1; echo no more >&2; kill \$!; exit 3'"
    [[ $(rows) == 7 && $(column model 2) == poll ]]
    [[ $(column status 7) == failed && $(column reason 7) == "not reached: "*"exit 3: no more"* ]]
    nothing_left 'trap "" TERM'
}

@test "a server that never gets ready is a failed row" {
    run -0 "$measure" "$conf" --model broken --command 'echo cannot do it >&2; exit 4' --out "$raw"
    [[ $(rows) == 2 && $(column status 1) == failed ]]
    [[ $(column reason 1) == "not reached: ended before it was ready: exit 4: cannot do it" ]]
}

@test "a server out of files is a failed row with the number it reached" {
    tiny 'kind = latency' 'connections = 10 200 300' 'rate_per_s = 500'
    run -0 "$measure" "$conf" --model poll --out "$raw" \
        --command 'sh -c "ulimit -n 60; exec build/release/server-poll {port}"'
    [[ $(rows) == 3 && $(column status 2) == failed && $(column status 3) == failed ]]
    [[ $(column reason 2) == "established "*" of 200: "* && $(column reason 2) == *"accept"* ]]
    [[ $(column reason 3) == "not reached: "* ]]
}

# A load client that says what it is told to: an answer for each command, then it ends.
fake_load() { # fake_load COMMANDS-BEFORE ANSWER...
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    cp build/release/server-poll "$BATS_TEST_TMPDIR/bin"
    {
        printf '#!/usr/bin/env bash\n%s\n' "$1"
        printf 'read -r _\necho "%s"\n' "${@:2}"
        printf 'read -r _\nexit 5\n'
    } >"$BATS_TEST_TMPDIR/bin/load"
    chmod +x "$BATS_TEST_TMPDIR/bin/load"
}
# It finds the port behind --port, the second of its options.
readonly really_connect='exec 9<>"/dev/tcp/127.0.0.1/$3"'
readonly connected='connect connections_asked=1 connections_established=1'

@test "a broken load client is our failure, with a row that says so" {
    fake_load "$really_connect" "$connected"
    run -1 "$measure" "$conf" --model poll --bin-dir "$BATS_TEST_TMPDIR/bin" --out "$raw"
    [[ $(rows) == 2 && $(column reason 1) == *"load client"*"exit 5"* ]]
    nothing_left "$BATS_TEST_TMPDIR/bin"
}

@test "a client that counts connections the kernel does not have is not believed" {
    fake_load '' "$connected"
    run -0 "$measure" "$conf" --model poll --bin-dir "$BATS_TEST_TMPDIR/bin" --out "$raw"
    [[ $(column connections_established 1) == 1 && $(column connections_in_kernel 1) == 0 ]]
    [[ $(column status 1) == failed && $(column reason 1) == 'the client counts 1 connections; the kernel 0' ]]
}

@test "messages that are neither received nor lost fail the run" {
    fake_load "$really_connect" "$connected" 'warm received=5' 'window sent=10 received=8 lost=1'
    run -1 --separate-stderr "$measure" "$conf" --model poll --bin-dir "$BATS_TEST_TMPDIR/bin" --out "$raw"
    [[ $stderr == *'the client lost count: 10 sent; 8 received; 1 lost'* ]]
    [[ $(column status 1) == failed && $(column reason 1) == 'the client lost count'* ]]
    [[ $(column connections_in_kernel 1) == 1 ]]
}

has_a_row() { [[ -s $raw ]] && (($(rows) >= 1)); }

@test "SIGINT and SIGTERM leave no process, and the rows measured so far" {
    local signal bin=$BATS_TEST_TMPDIR/bin
    mkdir "$bin"
    cp build/release/server-fork build/release/load "$bin"
    tiny 'kind = latency' 'connections = 1 2 3 4 5 6 7 8' 'rate_per_s = 500'
    for signal in INT TERM; do
        rm -f "$raw"
        "$measure" "$conf" --model fork --bin-dir "$bin" --out "$raw" >/dev/null 3>&- &
        local pid=$!
        eventually has_a_row
        ends_by "$signal" "$pid"
        nothing_left "$bin"
        (($(rows) >= 1 && $(rows) < 8))
    done
}

@test "the harness killed outright takes its children along" {
    local bin=$BATS_TEST_TMPDIR/bin
    mkdir "$bin"
    cp build/release/server-fork build/release/load "$bin"
    tiny 'kind = latency' 'connections = 1 2 3 4 5 6 7 8' 'rate_per_s = 500'
    "$measure" "$conf" --model fork --bin-dir "$bin" --out "$raw" >/dev/null 3>&- &
    local pid=$! status=0
    eventually runs "^$bin/load"
    runs "^$bin/server-fork"
    kill -KILL "$pid"
    wait "$pid" || status=$?
    [[ $status == 137 ]]
    eventually nothing_left "$bin"
}
