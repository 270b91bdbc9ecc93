#!/usr/bin/env bats
# bats file_tags=part:harness
# rows.bats -- guards against a number of the client that lands in another column, and against a client that gets another request
# than the experiment says: the client here answers what the test gave it, all numbers unequal.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    prepare_measuring
    bin=$BATS_TEST_TMPDIR/bin
    told=$BATS_TEST_TMPDIR/told     # What the client was told, a line each; the first are its options.
    answer=$BATS_TEST_TMPDIR/answer # What it says of a window, behind the word.
    mkdir "$bin"
    cp build/release/server-poll "$bin"
    scripted_client
}

# Holds the number of connections that it is asked for, and answers each command with one line.
scripted_client() {
    cat >"$bin/load" <<END
#!/usr/bin/env bash
printf '%s\n' "\$*" >>"$told"
port=\$(sed -E 's/.*--port ([0-9]+).*/\1/' <<<"\$*")
held=0
while read -r line; do
    echo "\$line" >>"$told"
    read -r word count _ <<<"\$line"
    case \$word in
    connect)
        for ((; held < count; held++)); do exec {fd}<>"/dev/tcp/127.0.0.1/\$port"; done
        echo "connect connections_asked=\$count connections_established=\$((count + \${EXTRA:-0})) connections_refused=101" \\
            'connections_reset=102 connections_timed_out=103 connections_failed=104 connect_error=ENOTTY connect_s=1.25' \\
            'connect_ns_p50=105 connect_ns_p99=106 connect_ns_max=107 corrupt=0' ;;
    warm) sleep "\$count"; echo 'warm achieved_per_s=108 received=100000' ;;
    window)
        for ((i = 0; i < \${ECHOES:-0}; i++)); do echo . >&"\$fd"; read -r -u "\$fd" _; done
        ((\${ECHOES:-0} == 0)) || sleep 0.1 # By then the server waits in poll(2) again.
        echo "window \$(cat "$answer")" ;;
    *) echo "\$word" ;;
    esac
done
END
    chmod +x "$bin/load"
    # No message was lost or came too early, and nothing drifts: the verdict is ok unless the machine is not.
    echo 'connections_established=3 connections_active=2 window_s=0.4 offered_per_s=1000.5 sent_per_s=1001.5 achieved_per_s=1002.5' \
        'sent=400 received=400 lost=0 sent_in_time=390 received_in_time=380 corrupt=0 connections_reset=0 latency_ns_p50=11' \
        'latency_ns_p90=12 latency_ns_p99=13 latency_ns_p999=14 latency_ns_max=15 latency_ns_mean=16 slow_sent=17 slow_ns_p50=18' \
        'slow_ns_p99=19 slow_ns_max=20 from_sent_ns_p50=21 from_sent_ns_p99=22 from_sent_ns_max=23 send_lag_ns_p50=24' \
        'send_lag_ns_p99=25 send_lag_ns_max=26 little_error_percent=0.5 client_cpu_ns=27 client_cpu_percent_max=28' \
        'client_busy_percent_max=29 drift_percent=1.5 seed=30 spin=0' >"$answer"
}

measured() { run -0 "$measure" "$conf" --bin-dir "$bin" --model poll --seed 7 --out "$raw" 3>&-; }

# Fails unless row N has these values: expect_row N NAME=VALUE...
expect_row() {
    local pair
    for pair in "${@:2}"; do
        [[ $(column "${pair%%=*}" "$1") == "${pair#*=}" ]] || { echo "$pair, but it is \"$(column "${pair%%=*}" "$1")\""; return 1; }
    done
}

# The client's numbers in a row of latencies.
latencies=(latency_ns_p50=11 latency_ns_p90=12 latency_ns_p99=13 latency_ns_p999=14 latency_ns_max=15 latency_ns_mean=16 slow_sent=17
    slow_ns_p50=18 slow_ns_p99=19 from_sent_ns_p50=21 from_sent_ns_p99=22 send_lag_ns_p50=24 send_lag_ns_p99=25 send_lag_ns_max=26)
counts=(window_s=0.4 offered_per_s=1000.5 sent_per_s=1001.5 achieved_per_s=1002.5 sent=400 received=400 lost=0 corrupt=0
    drift_percent=1.5)

@test "each number of a window is in the column of its name" {
    tiny 'kind = latency' 'connections = 3' 'active = 2' 'rate_per_s = 1000'
    measured
    expect_row 1 "${latencies[@]}" "${counts[@]}" connections_established=3 active=2 connections_in_kernel=3 connections_reset=0
    expect_row 1 connections_refused=101 connections_timed_out=103 connections_failed=104 connect_error=ENOTTY connect_s=1.25
    expect_row 1 connect_ns_p50=105 connect_ns_p99=106 connect_ns_max=107 seed=7 warmup=fixed warmup_s=0.1
    # 27 ns of CPU time, half of 390 + 380 messages.
    true_that "($(column client_cpu_us_per_message 1) - 0.027 / 385) ^ 2 < 1e-20"
}

@test "a closed loop has counts and no latencies; messages that are lost are not" {
    sed -i 's/received=400 lost=0/received=390 lost=10/' "$answer"
    tiny 'kind = capacity' 'connections = 3'
    measured
    expect_row 1 achieved_per_s=1002.5 received=390 lost=10 little_error_percent=0.5 latency_ns_p50= slow_sent= from_sent_ns_p99= send_lag_ns_p99=
}

@test "both loops of a stalled server are reported in full" {
    mkdir "$BATS_TEST_TMPDIR/histograms"
    sed -i "s|    window)|& echo >'$BATS_TEST_TMPDIR/histograms/window.hgrm'; |" "$bin/load"
    tiny 'kind = omission' 'connections = 3' 'rate_per_s = 5000' 'stop_ms = 50'
    measured
    for row in 1 2; do expect_row "$row" "${latencies[@]}" achieved_per_s=1002.5 stop_ms=50; done
    # The open loop offers what the closed one reached.
    [[ $(grep -E '^(rate|closed)' "$told" | one_line) == 'closed rate 1002.500' ]]
}

@test "latencies that the client could not write whole are not kept: its words end the run" {
    mkdir "$BATS_TEST_TMPDIR/histograms"
    sed -i "s|    window)|& echo >'$BATS_TEST_TMPDIR/histograms/window.hgrm'; echo 'load: cannot write h: No space left' >\&2; |" "$bin/load"
    tiny 'kind = omission' 'connections = 3' 'rate_per_s = 5000' 'stop_ms = 50'
    run -1 "$measure" "$conf" --bin-dir "$bin" --model poll --seed 7 --out "$raw" 3>&-
    [[ $output == 'measure-omission: load: cannot write h: No space left' ]] || { echo "$output"; return 1; }
    [[ ! -e $(echo "$BATS_TEST_TMPDIR"/histograms/tiny-*) ]]
}

@test "what a wall's clients saw is in its row, and the wall is a p99 over a second" {
    sed -i 's/latency_ns_p99=13/latency_ns_p99=1500000000/' "$answer"
    tiny 'kind = walls' 'connections = 3' 'rate_per_s = 1000'
    measured
    expect_row 1 "${latencies[@]:0:2}" latency_ns_p99=1500000000 latency_ns_p999=14 latency_ns_max=15 latency_ns_mean=16 sent=400 \
        received=400 lost=0 window_s=0.4 offered_per_s=1000.5 sent_per_s=1001.5 achieved_per_s=1002.5 connections_established=3
    expect_row 1 wall=latency 'wall_evidence=p99 1.5 s at 1000 messages/s; 0 of 400 lost'
}

counts_per_message() {
    rm -f "$raw"
    tiny 'kind = counters' 'connections = 3' 'rate_per_s = 1000'
    ECHOES=40 measured
    first() { tries "$1" | head -n 1; }
    [[ $(first pass) == plain && $(first counter) == context_switches && $(first active) == 3 ]]
    [[ $(first messages) == 400 && $(first offered_per_s) == 1000.5 && $(first achieved_per_s) == 1002.5 ]]
    # The client says 400, and the server echoes 40: a tenth of a call for each.
    for call in poll read write; do
        [[ $(awk -F, -v call="calls:$call:ptrace" '$6 == call { print $21, $22 }' "$raw") == '0.1 0' ]]
    done
}

@test "counters are per message that came back" {
    in_one_of 5 counts_per_message # A call that is under way at an edge of the window is in it or not.
}

@test "a client that lost count is not believed, nor one that claims more connections than the kernel has" {
    tiny 'kind = latency' 'connections = 3' 'rate_per_s = 1000'
    EXTRA=1 measured
    expect_row 1 status=failed 'reason=the client counts 4 connections; the kernel 3'
    sed -i 's/lost=0/lost=1/' "$answer"
    run -1 "$measure" "$conf" --bin-dir "$bin" --model poll --out "$raw" 3>&-
    [[ $(tail -n 1 "$raw") == *',failed,the client lost count: 400 sent; 400 received; 1 lost,'* ]]
}

@test "the client gets what the experiment says" {
    sed -i 's/spin=0/spin=1/' "$answer"
    tiny 'kind = latency' 'connections = 3' 'active = 2' 'rate_per_s = 1500' 'arrival = constant' 'message_b = 100' 'timeout_ms = 1234' \
        'cost = spin' 'cost_us = 50' 'cost_percent = 2'
    measured
    [[ $(head -n 1 "$told") == '--interactive --port '*' --seed 7 --message-b 100 --timeout-ms 1234 --rate 1500.000 --constant --spin' ]]
    [[ $(tail -n +2 "$told" | grep -v '^quit' | one_line) == 'active 2 connect 3 cost spin 50 2 warm 0.100 window 0.300' ]]
    rm "$told"
    tiny 'kind = capacity' 'connections = 4'
    measured
    [[ $(head -n 1 "$told") == '--interactive --port '*' --seed 7 --message-b 64 --timeout-ms 1000 --closed' ]]
    [[ $(tail -n +2 "$told" | one_line) == 'connect 4 warm 0.100 window 0.300' ]]
}

@test "non-reading clients come on top of the others" {
    sed -i 's|    \*)|    deaf) for ((i = 0; i < count; i++)); do exec {fd}<>"/dev/tcp/127.0.0.1/$port"; done; echo "deaf deaf_clients=$count deaf_stuck_b=77" ;;\n    *)|' "$bin/load"
    tiny 'kind = latency' 'connections = 3' 'rate_per_s = 1000' 'deaf = 2'
    measured
    expect_row 1 deaf_clients=2 deaf_stuck_b=77 connections_established=5 connections=5 connections_in_kernel=5 active=3
    [[ $(tail -n +2 "$told" | head -n 2 | one_line) == 'deaf 2 connect 3' ]]
}
