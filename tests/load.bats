#!/usr/bin/env bats
# bats file_tags=part:load,long:35
# load.bats -- guards against a client that measures itself, loses count, or overlooks a wrong echo.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load serving.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    load=build/release/load
}

teardown() { end_servers; }

# Sends signals to the server, each some time after the one before; the first after so many clients have connected.
signal_after() { # signal_after CONNECTIONS [SECONDS SIGNAL]...
    eventually has_clients "$1"
    shift
    while (($# > 0)); do
        sleep "$1"
        kill "-$2" "$server"
        shift 2
    done
}

# One socket more is the listener.
has_clients() { (($(find "/proc/$server/fd" -lname 'socket:*' 2>/dev/null | wc -l) > $1)); } # has_clients COUNT

# Prints field NAME of the JSON in $output.
field() { jq -r ".$1" <<<"$output"; }

@test "accounting closes: asked = established, sent = received + lost, nothing corrupt" {
    start server-poll
    run -0 $load --port "$port" --connections 500 --rate 5000 --duration 0.5 --warm 0.1 --output json
    true_that "$(field window_s) == 0.5"
    [[ $(field connections_established) == 500 && $(field lost) == 0 && $(field corrupt) == 0 ]]
    [[ $(field sent) == $(field received) ]]
    # A busy machine has the client send the rest after the window; chance adds or takes 50 messages.
    true_that "$(field sent) > 1250 && $(field sent) < 2750"
    true_that "$(field achieved_per_s) * $(field window_s) == $(field received_in_time)"
}

@test "the kernel counts as many connections as the client" {
    command -v ss >/dev/null || skip "ss (iproute2) is not installed"
    start server-poll
    waiting_before=$(ss -Htn state time-wait dst "127.0.0.1:$port" | wc -l)
    coproc LOAD { $load --port "$port" --interactive; }
    exec {answers}<&"${LOAD[0]}" # bash closes its own when the client ends.
    echo "connect 700" >&"${LOAD[1]}"
    read -r answer <&"$answers"
    [[ $answer == *" connections_established=700 "* ]]
    [[ $(ss -Htn state established dst "127.0.0.1:$port" | wc -l) == 700 ]]
    echo "connect 300" >&"${LOAD[1]}"
    read -r answer <&"$answers"
    [[ $answer == *" connections_established=300 "* ]]
    [[ $(ss -Htn state established dst "127.0.0.1:$port" | wc -l) == 300 ]]
    echo quit >&"${LOAD[1]}"
    read -r answer <&"$answers"
    [[ $answer == quit ]]
    # Closed with a reset: nothing is left to fill the table of ports, but what an earlier server of that port may have left.
    (($(ss -Htn state time-wait dst "127.0.0.1:$port" | wc -l) <= waiting_before))
    exec {answers}<&-
}

# bats test_tags=quiet
@test "a server that answers exactly 5 ms late reads 5.0 to 5.3 ms at p50" {
    start liar-delay --delay-us 5000
    reads_5_ms() {
        run -0 $load --port "$port" --connections 50 --rate 500 --warm 0.1 --duration 0.5 --output json
        true_that "$(field latency_ns_p50) >= 5000000 && $(field latency_ns_p50) <= 5300000"
    }
    in_one_of_or_weather 3 reads_5_ms
}

# bats test_tags=quiet
@test "one message in fifty 20 ms late reads 20.0 to 20.6 ms at p99, and little at p50" {
    start liar-delay --delay-us 0 --late-every 50 --late-us 20000
    reads_20_ms() {
        run -0 $load --port "$port" --connections 200 --rate 1500 --warm 0.1 --duration 0.8 --output json
        [[ $(field latency_ns_p999) == null ]] # It would need 10,000 messages.
        true_that "$(field latency_ns_p50) < 1000000 && $(field latency_ns_p90) < 10000000"
        true_that "$(field latency_ns_p99) >= 20000000 && $(field latency_ns_p99) <= 20600000"
    }
    in_one_of_or_weather 5 reads_20_ms
}

@test "a server stopped for 200 ms shows at max and p99.9 in the open loop, the closed loop hides it" {
    start server-poll
    # Fails in a try where a busy machine delivers the signals after the window.
    stopped_for_200_ms() { # stopped_for_200_ms OPTION...
        signal_after 10 0.5 STOP 0.2 CONT 3>&- &
        run -0 $load --port "$port" --connections 10 "$@" --warm 0.1 --duration 1 --output json
        wait $!
        true_that "$(field latency_ns_max) >= 190000000"
    }
    open_loop_shows() {
        stopped_for_200_ms --rate 2000
        true_that "$(field latency_ns_p99) >= 150000000" # A fifth of the messages waited up to 200 ms.
    }
    closed_loop_hides() {
        stopped_for_200_ms --closed
        true_that "$(field latency_ns_p99) <= 50000000"
    }
    in_one_of 4 open_loop_shows
    in_one_of_or_weather 4 closed_loop_hides
}

@test "a corrupted byte is found and said" {
    start liar-corrupt
    run -1 --separate-stderr $load --port "$port" --connections 4 --closed --message-b 60000 --warm 0.1 --duration 0.3 --output json
    [[ $(field corrupt) -gt 0 ]]
    [[ $stderr == *"bytes that it had not received"* ]]
}

# A try fails where a busy machine delivers the signal after the window.
counts_what_a_silent_server_loses() {
    trap end_servers EXIT # The shell of a try.
    start server-poll
    signal_after 10 0.7 STOP 3>&- &
    run -1 --separate-stderr $load --port "$port" --connections 10 --rate 1000 --warm 0.1 --duration 1.2 --timeout-ms 300 --output json
    wait $!
    kill -CONT "$server"
    [[ $(field lost) -gt 100 && $(field sent) == $(($(field received) + $(field lost))) ]]
    true_that "$(field latency_ns_p99) >= 300000000"
    [[ $stderr == *"did not come back"* ]]
}

@test "a server that falls silent: all that is lost is counted, with at least the timeout" {
    in_one_of 4 counts_what_a_silent_server_loses
}

answers_though_the_server_dies() {
    trap end_servers EXIT # The shell of a try.
    start server-poll
    signal_after 10 0.4 KILL 3>&- &
    run -1 --separate-stderr $load --port "$port" --connections 10 --rate 1000 --warm 0.1 --duration 1 --output json
    wait $!
    [[ $(field connections_reset) == 10 && $(field lost) -gt 0 ]]
    [[ $(field sent) == $(($(field received) + $(field lost))) ]]
    [[ $stderr == *'the server ended 10 connections'* ]]
    # Also what nobody was left to send has its place in the histogram: half of all.
    true_that "$(field latency_ns_p90) >= 1000000000"
}

@test "a server that dies in the window: an answer comes all the same" { in_one_of 4 answers_though_the_server_dies; }

@test "connections that are lost between two commands are told by the next connect" {
    start server-poll
    coproc LOAD { $load --port "$port" --interactive 3>&-; }
    exec {answers}<&"${LOAD[0]}"
    echo 'connect 4' >&"${LOAD[1]}"
    read -r answer <&"$answers"
    kill -KILL "$server"
    wait "$server" || true
    start_at "$port" server-poll
    echo 'connect 6' >&"${LOAD[1]}"
    read -r answer <&"$answers"
    echo quit >&"${LOAD[1]}"
    exec {answers}<&-
    [[ $answer == *' connections_established=2 '*' connections_reset=4 '*' connect_error=ECONNRESET '* ]]
}

misses_idle_connections() {
    trap end_servers EXIT # The shell of a try.
    start server-poll
    signal_after 10 0.4 KILL 3>&- &
    run -1 --separate-stderr $load --port "$port" --processes 2 --connections 10 --active 3 --rate 100 --warm 0.1 --duration 1 --output json
    wait $!
    [[ $(field connections_reset) == 10 && $(field connections_established) == 0 ]]
}

@test "idle connections that the server ends are missed, in a process that sends nothing, too" {
    in_one_of 4 misses_idle_connections
}

fails_for_an_ended_connection() {
    trap end_servers EXIT # The shell of a try.
    start server-poll
    signal_after 3 0.5 KILL 3>&- &
    run -1 --separate-stderr $load --port "$port" --connections 3 --active 1 --rate 1 --constant --warm 0 --duration 1 --output json
    wait $!
    [[ $stderr == *'the server ended 3 connections'* ]]
}

@test "a connection that the server ends makes exit status 1, though no message is missing" {
    in_one_of 4 fails_for_an_ended_connection
}

@test "a client that polls tells how busy it is beside that" {
    start server-poll
    rests() {
        run -0 $load --port "$port" --spin --connections 10 --rate 1000 --warm 0 --duration 0.3 --output json
        true_that "$(field client_busy_percent_max) < 70" # 10 on a quiet machine.
    }
    in_one_of_or_weather 8 rests
    run --separate-stderr $load --port "$port" --spin --connections 10 --rate 1000000 --warm 0.1 --duration 0.3 --timeout-ms 100 --output json
    true_that "$(field client_busy_percent_max) > 85"
    run -0 $load --port "$port" --connections 10 --rate 1000 --warm 0 --duration 0.1 --output json
    [[ $(field client_busy_percent_max) == null ]]
}

sleeps_for_the_last_echoes() {
    trap end_servers EXIT # The shell of a try.
    start server-poll
    signal_after 1 0.2 STOP 3>&- &
    TIMEFORMAT='%U %S'
    { time $load --port "$port" --rate 100 --warm 0 --duration 0.4 --timeout-ms 1500 >/dev/null 2>&1 || true; } 2>"$BATS_TEST_TMPDIR/time"
    wait $!
    true_that "$(tr ' ' + <"$BATS_TEST_TMPDIR/time") < 0.3"
}

@test "who waits for the last echoes sleeps meanwhile" { in_one_of 4 sleeps_for_the_last_echoes; }

@test "nobody listens: refused, exit 1, said" {
    run -1 --separate-stderr $load --port 1 --connections 3 --duration 0.1 --warm 0 --output json
    [[ $(field connections_refused) == 3 && $(field connect_error) == ECONNREFUSED ]]
    [[ $stderr == *"3 of 3 connections were not established: ECONNREFUSED"* ]]
}

@test "too few files for the connections: it splits itself over processes" {
    start server-poll
    run -0 bash -c "ulimit -n 200; exec $load --port $port --connections 1000 --closed --warm 0.1 --duration 0.5 --output json"
    [[ $(field connections_established) == 1000 && $(field processes) -ge 6 ]]
    [[ $(field sent) == $(field received) ]]
}

@test "only the active connections have traffic" {
    start server-fork
    five_are_active() {
        run -0 $load --port "$port" --connections 50 --active 5 --closed --warm 0.1 --duration 0.5 --output json
        [[ $(field connections_active) == 5 && $(field connections_established) == 50 ]]
        true_that "$(field little_error_percent) <= 5"
    }
    in_one_of_or_weather 3 five_are_active
}

@test "the closed loop counts its speed from when it is full, and tells none if it never was" {
    start server-poll
    counts_when_full() {
        run -0 $load --port "$port" --connections 3000 --closed --warm 0.1 --duration 1 --output json
        [[ $(field sent) == $(field received) && $(field received) -ge $(field received_in_time) ]]
        true_that "$(field achieved_per_s) > $(field received_in_time) / $(field window_s)"
        true_that "$(field little_error_percent) < 5"
    }
    in_one_of_or_weather 5 counts_when_full
    start liar-delay --delay-us 200000
    run -0 $load --port "$port" --connections 5 --closed --warm 0 --duration 0.1 --output json
    [[ $(field received) == 5 && $(field achieved_per_s) == null && $(field little_error_percent) == null ]]
    run -0 $load --port "$port" --connections 5 --closed --warm 0 --duration 0.1
    [[ $output == *'rate         none'* ]]
}

@test "messages larger than all buffers come back byte for byte" {
    start server-libuv
    run -0 $load --port "$port" --connections 3 --closed --message-b 8000000 --warm 0.1 --duration 0.5 --output json
    [[ $(field corrupt) == 0 && $(field lost) == 0 && $(field received) -gt 0 ]]
}

@test "short-lived clients: each connects, echoes, closes" {
    start server-fork
    run -0 $load --port "$port" --short-lived 300 --connections 7 --output json
    [[ $(field connections_established) == 300 ]]
    # Fewer at once than processes: not one process more than asked for goes there.
    run -0 $load --port "$port" --short-lived 100 --connections 2 --processes 5 --output json
    [[ $(field connections_established) == 100 ]]
}

@test "IPv6 works" {
    start server-libuv --host ::1
    run -0 $load --host ::1 --port "$port" --connections 5 --warm 0.1 --duration 0.3 --output json
    [[ $(field connections_established) == 5 && $(field lost) == 0 ]]
    run -0 $load --host ::1 --port "$port" --processes 2 --connections 6 --warm 0.1 --duration 0.3 --output json
    [[ $(field connections_established) == 6 && $(field lost) == 0 ]]
}

@test "driven by hand: commands, mistakes, and the end of input" {
    start server-poll
    run -0 $load --port "$port" --interactive <<<$'connect 3\nrate 500\nhello\nwarm 0.1\nwindow 0.2\nconnect -1\nclosed\nactive 2\nwindow 0.1\nconnect 1 2\ncost sleep 1 2 3\nclosed 1'
    [[ ${lines[0]} == "connect connections_asked=3 "* && ${lines[1]} == "rate offered_per_s=500.0" ]]
    [[ ${lines[2]} == 'error "hello" '* && ${lines[3]} == warm* && ${lines[4]} == window*" lost=0 "* ]]
    [[ ${lines[5]} == 'error "connect -1'* && ${lines[6]} == closed && ${lines[7]} == active* ]]
    [[ ${lines[8]} == *" connections_active=2 "* && ${lines[9]} == 'error "connect 1 2" '* ]]
    [[ ${lines[10]} == 'error "cost sleep 1 2 3" '* && ${lines[11]} == 'error "closed 1" '* && ${#lines[@]} == 12 ]]
}

@test "messages that cost time are slow, as many as asked for, and told apart from the others" {
    start server-thread --costs
    run -0 $load --port "$port" --connections 50 --rate 2000 --warm 0.1 --duration 1 --output json \
        --cost sleep --cost-us 5000 --cost-percent 10
    [[ $(field sent) == $(field received) && $(field corrupt) == 0 ]]
    true_that "$(field slow_sent) > 130 && $(field slow_sent) < 270"
    true_that "$(field slow_ns_p50) >= 5000000 && $(field latency_ns_p50) < $(field slow_ns_p50) - 4000000"
    counts_both_kinds() { # So does Little's law.
        run -0 $load --port "$port" --connections 5 --closed --warm 0.1 --duration 0.3 --output json \
            --cost spin --cost-us 2000 --cost-percent 50
        true_that "$(field slow_ns_p50) >= 2000000 && $(field little_error_percent) < 5"
    }
    in_one_of_or_weather 4 counts_both_kinds
}

@test "a server without --costs takes a cost for bytes" {
    start server-poll
    run -0 $load --port "$port" --connections 5 --rate 500 --warm 0.1 --duration 0.5 --output json \
        --cost sleep --cost-us 500000 --cost-percent 50
    # 125 are expected; a busy machine has some sent after the window.
    true_that "$(field slow_sent) > 60 && $(field slow_ns_p50) < 400000000"
}

@test "windows that are too short for a percentile tell it together" {
    start server-poll
    run -0 $load --port "$port" --interactive --rate 2000 \
        <<<$'connect 3\nmerge 2\nwindow 0.3\nwindow 0.3\nwindow 0.3\nmerge 0\nwindow 0.1'
    [[ ${lines[2]} == *" merged_windows=1 "*" merged_ns_p99=- "* ]]
    [[ ${lines[3]} == *" latency_ns_p99=- "*" merged_windows=2 "*" merged_ns_p99="[1-9]* ]]
    [[ ${lines[4]} == *" merged_windows=2 "* && ${lines[6]} != *merged* ]]
}

@test "deaf clients get stuck, and the others are still served" {
    start server-poll
    run -0 $load --port "$port" --interactive --rate 500 <<<$'connect 3\ndeaf 4\nwindow 0.3\ndeaf 0\nwindow 0.1'
    [[ ${lines[1]} =~ ^"deaf deaf_clients=4 deaf_stuck_b="[0-9]{6,9}$ ]]
    [[ ${lines[2]} == *" lost=0 "* && ${lines[3]} == "deaf deaf_clients=0 deaf_stuck_b=0" ]]
}

@test "the .hgrm holds as many samples as were received" {
    start server-poll
    run -0 $load --port "$port" --connections 5 --rate 2000 --warm 0.1 --duration 0.3 --output json --hgrm "$BATS_TEST_TMPDIR/h.hgrm"
    [[ $(awk '/Total count/ { gsub(/[^0-9]/, "", $NF); sub(/.*Total count *= */, ""); print $1 + 0 }' "$BATS_TEST_TMPDIR/h.hgrm") == $(field received) ]]
}

@test "an address of another machine needs --remote" {
    run -2 --separate-stderr $load --host 192.0.2.1 --port 7
    [[ $stderr == *"add --remote"* && ${#stderr_lines[@]} == 1 ]]
}

@test "wrong options end with one line and exit 2" {
    for wrong in "--port 0" "--port 70000" "--port x" "--bogus" "--port 1 --rate -3" "--port" "" \
        "--port 1 --message-b 5" "--port 1 --closed --rate 5" "--port 1 extra" "--port 1 --output xml" \
        "--port 1 --connections 2 --active 3" "--port 1 --host localhost" "--port 1 --cost nap" \
        "--port 1 --cost-us 5" "--port 1 --cost spin --message-b 30" "--port 1 --cost spin --cost-us 0" \
        "--port 1 --reconnect now --closed" "--port 1 --reconnect now --cost spin" "--port 1 --short-lived 5 --reconnect now" \
        "--port 1 --short-lived 5 --interactive" "--port 1 --interactive --reconnect now" "--port 1 --base-ms 5" \
        "--port 1 --interactive --cap-ms 5" "--port 1 --timeline /dev/null" "--port 1 --short-lived 5 --hgrm /dev/null" \
        "--port 1 --short-lived 5 --connections 3 --active 2"; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr $load $wrong
        [[ -z $output && ${#stderr_lines[@]} == 1 ]] || { echo "for: $wrong"; return 1; }
    done
}

@test "a client process that was killed ends the client, with a word" {
    start server-poll
    mkfifo "$BATS_TEST_TMPDIR/commands"
    $load --port "$port" --interactive <"$BATS_TEST_TMPDIR/commands" >"$BATS_TEST_TMPDIR/answers" 2>"$BATS_TEST_TMPDIR/said" 3>&- &
    client=$!
    exec {commands}>"$BATS_TEST_TMPDIR/commands"
    echo 'connect 3' >&"$commands"
    eventually grep -q '^connect' "$BATS_TEST_TMPDIR/answers"
    worker=$(pgrep --parent "$client")
    kill -KILL "$worker"
    eventually grep -q '^State:.Z' "/proc/$worker/status"
    echo 'window 0.1' >&"$commands"
    ended=0
    wait "$client" || ended=$?
    exec {commands}>&-
    ((ended == 1))
    grep -q 'write to a client process: Broken pipe' "$BATS_TEST_TMPDIR/said"
}

@test "a word with one dash is told as it was typed, by every program" {
    for program in load chat chat-room server-poll; do
        for wrong in '-port 7000' '7000 -port'; do
            # shellcheck disable=SC2086  # words are meant
            run -2 --separate-stderr "build/release/$program" $wrong
            [[ $stderr == "$program: unknown option -port; see --help" ]] || { echo "for: $wrong"; return 1; }
        done
        run -2 --separate-stderr "build/release/$program" -p
        [[ $stderr == *'unknown option -p; see --help' ]]
    done
}

@test "Ctrl-C and SIGTERM leave no client process behind" {
    start server-poll
    ended() { ! kill -0 "$worker" 2>/dev/null; }
    for signal in INT TERM; do
        # A job of a script ignores Ctrl-C, unless it is told not to.
        env --default-signal=INT $load --port "$port" --connections 10 --duration 30 >/dev/null 2>&1 3>&- &
        client=$!
        eventually pgrep --parent "$client"
        worker=$(pgrep --parent "$client" | head -n 1)
        ends_by "$signal" "$client"
        eventually ended
    done
}

@test "an echo that comes twice is found with short-lived clients, also when the second one comes late" {
    local pause_us
    for pause_us in 0 50000; do
        start liar-double_first --pause-us "$pause_us"
        run -1 --separate-stderr $load --port "$port" --short-lived 1 --output json
        [[ $(field corrupt) == 1 && $(field connections_established) == 0 ]]
        [[ $stderr == 'load: the server sent bytes that it had not received' ]]
        stop
    done
}

@test "a client process that is killed is named with its signal" {
    start server-poll
    $load --port "$port" --processes 2 --connections 2 --rate 10 --duration 20 >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/said" 3>&- &
    local pid=$! status=0
    two_children() { (($(pgrep --parent "$pid" --count) == 2)); }
    eventually two_children
    kill -KILL "$(pgrep --parent "$pid" --oldest)"
    wait "$pid" || status=$?
    [[ $status == 1 && $(<"$BATS_TEST_TMPDIR/said") == 'load: client process 0 was ended by signal 9' ]]
}
