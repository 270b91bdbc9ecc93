#!/usr/bin/env bats
# bats file_tags=part:controls,long:15
# controls.bats -- negative controls: servers, clients and machines of which it is known what is
# wrong with them.  Guards against a harness that calls any of them `ok`.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load comparing.bash
    load processes.bash
    load saying.bash
    prepare_measuring
    tmp=$BATS_TEST_TMPDIR
    started=()
}

teardown() {
    local pid
    for pid in "${started[@]}"; do end_child "$pid"; done
}

# Measures a liar, or any other command.
measure_command() { # measure_command COMMAND
    rm -f "$raw"
    run -0 "$measure" "$conf" --profile full --model liar --out "$raw" --command "$1"
}

# The CPUs as the harness deals them out: the first half to the server, the others to the client.
cpus_of() { # cpus_of server|client
    local cpus
    read -r -a cpus <<<"$(taskset --cpu-list --pid $$ | sed 's/.*: //' | spell_out)"
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

# Turns "0-2,5" into "0 1 2 5".
spell_out() {
    tr , '\n' | while IFS=- read -r first last; do seq "$first" "${last:-$first}"; done | one_line
}

@test "server and client run on CPUs of their own" {
    tiny 'kind = latency' 'connections = 1' 'rate_per_s = 1000'
    mkdir "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\ngrep Cpus_allowed_list /proc/self/status >%s\nexec build/release/load "$@"\n' \
        "$BATS_TEST_TMPDIR/client" >"$BATS_TEST_TMPDIR/bin/load"
    chmod +x "$BATS_TEST_TMPDIR/bin/load"
    writable_by_servers "$BATS_TEST_TMPDIR/server"
    run -0 "$measure" "$conf" --model pinned --bin-dir "$BATS_TEST_TMPDIR/bin" --out "$raw" --command \
        "grep Cpus_allowed_list /proc/self/status >$BATS_TEST_TMPDIR/server; exec build/release/server-poll {port}"
    for who in server client; do [[ $(cut -f2 "$BATS_TEST_TMPDIR/$who" | spell_out) == "$(cpus_of "$who")" ]]; done
}

@test "on one CPU no latency is measured, and anything else with a warning" {
    local kind one
    read -r one _ <<<"$(cpus_of server)"
    for kind in latency omission; do
        tiny "kind = $kind" 'connections = 1' "$([[ $kind == latency ]] || echo 'stop_ms = 50')"
        run -2 --separate-stderr taskset --cpu-list "$one" "$measure" "$conf" --model poll --out "$raw"
        [[ $stderr == *'only one CPU'* && ! -e $raw ]]
    done
    tiny 'kind = capacity' 'connections = 1'
    run -0 --separate-stderr taskset --cpu-list "$one" "$measure" "$conf" --model poll --out "$raw"
    [[ $stderr == *'ONLY ONE CPU'* && $(rows) == 1 ]]
}

# bats test_tags=quiet
@test "a client that shares its CPU with a busy loop is client_limited, every time in ten" {
    local cpus
    read -r -a cpus <<<"$(cpus_of client)"
    tiny 'kind = latency' 'connections = 11 12 13 14 15 16 17 18 19 20' 'rate_per_s = 20000' \
        'warmup_s.full = 0.05' 'window_s.full = 0.15' 'timeout_ms = 200'
    busy_on "${cpus[@]}"
    # A neighbour on the server's CPU makes the server late as well, which excuses the client: then
    # all ten once more.
    ten_times_limited() {
        measure_command 'exec build/release/server-poll {port}'
        tries reason
        tries status >>"$BATS_TEST_TMPDIR/all"
        [[ $(tries status | sort | uniq -c | tr -s ' ') == ' 10 client_limited' ]]
        # The three histograms show what was late: not the server.
        true_that "$(column send_lag_ns_p99 5) > 10 * $(column from_sent_ns_p50 5)"
        true_that "$(column latency_ns_p99 5) >= $(column send_lag_ns_p99 5) * 0.99"
    }
    in_one_of_or_weather 4 ten_times_limited
    run ! grep -x ok "$BATS_TEST_TMPDIR/all"
}

@test "a client that polls and has no time to read is client_limited, and its server not overloaded" {
    cpus_of client >/dev/null
    tiny 'kind = latency' 'connections = 10 11 12' 'rate_per_s = 200000' 'timeout_ms = 200'
    has_no_time() { # Where others took the CPU from it a row may say so instead.
        measure_command 'exec build/release/server-poll {port}'
        tries reason
        tries status >>"$BATS_TEST_TMPDIR/all"
        tries status | grep -qx client_limited
    }
    in_one_of_or_weather 3 has_no_time
    run ! grep -vxE 'client_limited|noisy' "$BATS_TEST_TMPDIR/all"
}

@test "a busy loop on the server's CPU leaves no window ok, and is told" {
    local cpus
    read -r -a cpus <<<"$(cpus_of server)"
    tiny 'kind = latency' 'connections = 10' 'rate_per_s = 1000' 'reruns = 3'
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

@test "a closed loop whose server shares its CPU with a busy loop is noisy, not client_limited" {
    local cpus
    read -r -a cpus <<<"$(cpus_of server)"
    tiny 'kind = capacity' 'connections = 10' 'reruns = 1'
    busy_on "${cpus[@]}"
    measure_command 'exec build/release/server-poll {port}'
    [[ $(tries status | sort -u) == noisy ]]
}

@test "a server with a fixed delay reads that delay" {
    # load.bats reads it more closely, where nothing else runs.
    tiny 'kind = latency' 'connections = 20' 'rate_per_s = 500' 'arrival = constant' 'window_s.full = 0.5'
    reads_5_ms() {
        measure_command 'exec build/release/liar-delay {port} --delay-us 5000'
        # From when it was sent: a busy machine makes the client late.
        true_that "$(column from_sent_ns_p50 1) >= 5000000 && $(column from_sent_ns_p50 1) <= 10000000"
        true_that "$(column latency_ns_p50 1) >= $(column from_sent_ns_p50 1) * 0.99"
    }
    in_one_of_or_weather 5 reads_5_ms
}

@test "a server that stalls is not ok: what it kept counts as lost, and with the timeout at least" {
    # 100,000 bytes are 24 messages of each client: it falls silent within the window.
    tiny 'kind = latency' 'connections = 10' 'rate_per_s = 800' 'message_b = 4096' 'window_s.full = 0.5' 'timeout_ms = 300'
    measure_command 'exec build/release/liar-stall {port}'
    [[ $(column status 1) != ok && $(column lost 1) -gt 100 ]]
    [[ $(column sent 1) == $(($(column received 1) + $(column lost 1))) ]]
    true_that "$(column latency_ns_p90 1) >= 300000000"
    # The next window of the same ramp gets nothing at all.
    tiny 'kind = latency' 'connections = 10 11' 'rate_per_s = 8000' 'message_b = 4096' 'timeout_ms = 100'
    measure_command 'exec build/release/liar-stall {port}'
    [[ $(column status 1) == failed && $(column reason 1) == 'not one of '* ]]
    [[ $(column status 2) == failed && $(column reason 2) == 'not reached: '* ]]
}

@test "a server that drops one message in a hundred is corrupt: the stream goes on with a wrong byte" {
    tiny 'kind = latency' 'connections = 10' 'rate_per_s = 5000'
    gets_a_wrong_byte() { # Where the client is late the server reads several messages as one: it drops fewer.
        measure_command 'exec build/release/liar-drop {port}'
        [[ $(column status 1) == corrupt && $(column reason 1) == *'got a wrong byte' ]]
    }
    in_one_of_or_weather 5 gets_a_wrong_byte
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
    writable_by_servers "$BATS_TEST_TMPDIR/ready"
    # It says that it is ready after it was stopped.
    measure_command "build/release/server-poll 0 >$BATS_TEST_TMPDIR/ready & until [ -s $BATS_TEST_TMPDIR/ready ]; do
        sleep 0.02; done; kill -STOP \$!; cat $BATS_TEST_TMPDIR/ready; wait"
    echo "$(column status 1): $(column reason 1)"
    [[ $(column connections_established 1) == 0 && $(column connections_timed_out 1) == 5 ]]
    [[ $(column reason 1) == 'established 0 of 5: ETIMEDOUT'* ]]
    # A busy machine may be the cause of a time-out, and the row says so.
    [[ $(column status 1) == failed || ($(column status 1) == noisy && $(column reason 1) == *'ETIMEDOUT; '*) ]]
}

# ---- what must be found ----

# Appends a measurement of liar-slow to a run.
measure_slow() { # measure_slow RUN REPEAT EXTRA_NS
    mkdir -p "$tmp/$1/rows"
    "$measure" "$conf" --model slow --repeat "$2" --seed "$2" --out "$tmp/$1/rows/capacity.csv" \
        --command "build/release/liar-slow 0 --extra-ns $3" >>"$tmp/log"
}

cpu_of() { # cpu_of RUN: median CPU per message
    analysed sql "SELECT median FROM summary WHERE metric = 'server_cpu_us_per_message'" -- "$tmp/$1/rows/capacity.csv"
}

undisturbed() { raw=$tmp/$1/rows/capacity.csv ok_rows; } # undisturbed RUN: how many of its measurements are ok

# Most of what a message costs here is burnt by the clock, so that a busy neighbour changes it little.
# bats test_tags=quiet
@test "a server that costs 20 % more CPU per message is found by measuring" {
    # Short windows and many tries: bursts of other programs, or of the host, leave some windows undisturbed.
    printf '%s\n' '# Question: is 20 % found?' 'kind = capacity' 'connections = 50' 'warmup_s = 0.05' \
        'window_s = 0.2' 'settle_s = 0' 'reruns = 0' >"$conf"
    measure_slow calibration 1 50000
    slower_ns=$(awk -v cpu_us="$(cpu_of calibration)" 'BEGIN { printf "%d", 50000 + 200 * cpu_us }')
    # Five of each: compare wants three to be three times as alike.
    for ((repeat = 1; repeat <= 30; repeat++)); do # Side by side: what disturbs one disturbs the other.
        measure_slow a "$repeat" 50000
        measure_slow b "$repeat" "$slower_ns"
        (($(undisturbed a) < 5 || $(undisturbed b) < 5)) || break
    done
    run -0 compare a b
    cat "$tmp/out/compare.csv"
    cpu='c["metric"] == "server_cpu_us_per_message" && '
    [[ $(compared "$cpu"'(c["verdict"] == "not_compared" || c["verdict"] != "more" && (c["runs_a"] < 5 || c["runs_b"] < 5))') == 0 ]] ||
        skip 'weather: others keep this machine so busy that not five runs are undisturbed'
    [[ $(compared "$cpu"'(c["max_a"] > 1.1 * c["min_a"] || c["max_b"] > 1.1 * c["min_b"])') == 0 ]] ||
        skip 'weather: others keep this machine so busy that runs of one server differ by more than 10 %'
    [[ $(compared "$cpu"'c["verdict"] == "more" && c["ratio"] > 1.15 && c["ratio"] < 1.25') == 1 ]]
}
