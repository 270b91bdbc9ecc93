#!/usr/bin/env bats
# controls.bats -- negative controls: servers, clients and machines of which it is known what is
# wrong with them.  Guards against a harness that calls any of them `ok`.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    prepare_measuring
    started=()
}

teardown() {
    local pid
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
}

# Measures a liar, or any other command.
measure_command() { # measure_command COMMAND
    rm -f "$raw"
    run -0 "$measure" "$conf" --profile full --model liar --out "$raw" --command "$1"
}

# The CPUs as the harness deals them out: the first half to the server, the others to the client.
cpus_of() { # cpus_of server|client
    local cpus
    mapfile -t cpus < <(taskset --cpu-list --pid $$ | sed 's/.*: //' | tr , '\n' |
        while IFS=- read -r first last; do seq "$first" "${last:-$first}"; done)
    ((${#cpus[@]} > 1)) || skip 'only one CPU'
    if [[ $1 == server ]]; then echo "${cpus[@]:0:${#cpus[@]}/2}"; else echo "${cpus[@]:${#cpus[@]}/2}"; fi
}

# Keeps each of some CPUs busy until the test ends.
busy_on() { # busy_on CPU...
    local cpu
    for cpu in "$@"; do
        taskset --cpu-list "$cpu" timeout 60 bash -c 'while :; do :; done' 3>&- &
        started+=($!)
    done
}

@test "a client that shares its CPU with a busy loop is client_limited, every time in ten" {
    local cpus
    read -r -a cpus <<<"$(cpus_of client)"
    tiny 'kind = latency' 'connections = 11 12 13 14 15 16 17 18 19 20' 'rate_per_s = 20000' \
        'timeout_ms = 200' 'reruns = 0'
    busy_on "${cpus[@]}"
    measure_command 'exec build/release/server-poll {port}'
    [[ $(tries status | sort | uniq -c | tr -s ' ') == ' 10 client_limited' ]] || { tries status; tries reason; return 1; }
}

@test "a busy loop on the server's CPU leaves no window ok, and is told" {
    local cpus
    read -r -a cpus <<<"$(cpus_of server)"
    tiny 'kind = latency' 'connections = 10' 'rate_per_s = 1000'
    busy_on "${cpus[@]}"
    is_told() {
        measure_command 'exec build/release/server-poll {port}'
        grep -qE '^other programs used|^the server waited .* for its CPU' <(tries reason)
    }
    in_one_of 3 is_told
    [[ $(tries try | one_line) == '1 2 3 4' ]] # Each is worth another try.
    run ! grep -vE '^(noisy|client_limited)$' <(tries status)
    for foreign in $(tries foreign_cpu_percent); do true_that "$foreign > 3"; done
}

@test "a server with a fixed delay reads that delay" {
    tiny 'kind = latency' 'connections = 20' 'rate_per_s = 500' 'arrival = constant' 'window_s.full = 1'
    reads_5_ms() {
        measure_command 'exec build/release/liar-delay {port} --delay-us 5000'
        true_that "$(column latency_ns_p50 1) >= 5000000 && $(column latency_ns_p50 1) <= 5300000" &&
            [[ $(column status 1) == ok ]]
    }
    in_one_of 3 reads_5_ms
}

@test "a server that stalls is not ok: what it kept counts as lost, and with the timeout at least" {
    # 100,000 bytes are 24 messages of each client: it falls silent within the window.
    tiny 'kind = latency' 'connections = 10' 'rate_per_s = 400' 'message_b = 4096' 'window_s.full = 1' 'timeout_ms = 300'
    measure_command 'exec build/release/liar-stall {port}'
    [[ $(column status 1) =~ ^(overloaded|failed)$ && $(column lost 1) -gt 100 ]]
    [[ $(column sent 1) == $(($(column received 1) + $(column lost 1))) ]]
    true_that "$(column latency_ns_p90 1) >= 300000000"
    # The next window of the same ramp gets nothing at all.
    tiny 'kind = latency' 'connections = 10 11' 'rate_per_s = 4000' 'message_b = 4096' 'timeout_ms = 100'
    measure_command 'exec build/release/liar-stall {port}'
    [[ $(column status 1) == failed && $(column reason 1) == 'not one of '* ]]
    [[ $(column status 2) == failed && $(column reason 2) == 'not reached: '* ]]
}

@test "a server that drops one message in a hundred is corrupt: the stream goes on with a wrong byte" {
    tiny 'kind = latency' 'connections = 10' 'rate_per_s = 5000'
    measure_command 'exec build/release/liar-drop {port}'
    [[ $(column status 1) == corrupt && $(column reason 1) == *'got a wrong byte' ]]
}

@test "a server that changes one bit is corrupt, in either kind of load" {
    tiny 'kind = latency' 'connections = 4' 'rate_per_s = 1000' 'message_b = 4096'
    measure_command 'exec build/release/liar-corrupt {port}'
    [[ $(column status 1) == corrupt ]]
    tiny 'kind = capacity' 'connections = 4' 'message_b = 4096'
    measure_command 'exec build/release/liar-corrupt {port}'
    [[ $(column status 1) == corrupt ]]
}

@test "a server that the kernel answers for, without an echo, holds no connection" {
    tiny 'kind = latency' 'connections = 5' 'rate_per_s = 1000'
    # It says that it is ready after it was stopped.
    measure_command "build/release/server-poll 0 >$BATS_TEST_TMPDIR/ready & until [ -s $BATS_TEST_TMPDIR/ready ]; do
        sleep 0.02; done; kill -STOP \$!; cat $BATS_TEST_TMPDIR/ready; wait"
    [[ $(column status 1) == failed && $(column connections_established 1) == 0 ]]
    [[ $(column connections_timed_out 1) == 5 && $(column reason 1) == 'established 0 of 5: ETIMEDOUT'* ]]
}
