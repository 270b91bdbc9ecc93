#!/usr/bin/env bats
# bats file_tags=part:harness,long:12
# herd.bats -- guards against a herd that loses count of its attempts, that never ends, or that takes
# a server's death for its return.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load serving.bash
    prepare_measuring
    BIN=build/release
}

teardown() { end_servers; }

# Prints a value of the last answer of load.
field() { sed -E "s/.* $1=([^ ]*).*/\1/" <<<"$answer"; }

# Connects 300, says COMMAND, ends the server and starts it again; leaves the line in $answer, and in $all_s how long all took.
lose_server() { # lose_server COMMAND OPTION...
    local begin_us=${EPOCHREALTIME/./}
    start server-poll
    coproc LOAD { "$BIN/load" --port "$port" --interactive --rate 2000 "${@:2}" 3>&-; }
    exec {answers}<&"${LOAD[0]}"
    echo 'connect 300' >&"${LOAD[1]}"
    read -r answer <&"$answers"
    [[ $(field connections_established) == 300 ]]
    echo "$1" >&"${LOAD[1]}"
    sleep 0.1
    kill -KILL "$server"
    wait "$server" 2>/dev/null || true
    sleep 0.3
    start_at "$port" server-poll
    read -r answer <&"$answers"
    echo quit >&"${LOAD[1]}"
    exec {answers}<&-
    stop
    all_s=$(awk -v us=$((${EPOCHREALTIME/./} - begin_us)) 'BEGIN { print us / 1e6 }')
}

accounts_close() {
    [[ $(field connections_lost) == 300 && $(field connections_established) == 300 && $(field corrupt) == 0 ]]
    (($(field attempts) == 300 + $(field connections_refused) + $(field connections_reset) + $(field connections_timed_out) + $(field connections_failed)))
    (($(field connections_refused) >= 300 && $(field sent) == $(field received) + $(field lost)))
    true_that "$(field away_s) > 0.25 && $(field away_s) < $all_s - 0.1"
}

both_ways_back() {
    trap end_servers EXIT # This is a try in a shell of its own: see in_one_of.
    lose_server 'reconnect now 10' --processes 2 --timeline "$BATS_TEST_TMPDIR/timeline.csv"
    accounts_close
    at_once=$(field attempts) at_once_s=$(field away_s)
    # The timeline tells the same: nobody is connected for a while, and at the end all are.
    awk -F, -v attempts="$at_once" 'NR > 1 { sum += $4; held = $2; none = none || !$2 }
        END { exit !(sum == attempts && held == 300 && none) }' "$BATS_TEST_TMPDIR/timeline.csv"
    lose_server 'reconnect jitter 50 400 10'
    accounts_close
    true_that "$at_once / $at_once_s > $(field attempts) / $(field away_s)"
}

# A client that gets no CPU for the whole outage finds the server back at its first attempt.
@test "whoever lost the server comes back, and every attempt is accounted for, in one process or several" {
    in_one_of 3 both_ways_back
}

@test "a herd whose server stays away ends when its time is over, and says who is missing" {
    local answer=$BATS_TEST_TMPDIR/answer
    start server-poll
    "$BIN/load" --port "$port" --connections 50 --reconnect jitter --base-ms 20 --cap-ms 50 --duration 2 \
        >"$answer" 2>&1 3>&- &
    load_pid=$!
    eventually grep -q 'are held' "$answer"
    stop
    ended=0
    wait "$load_pid" || ended=$?
    ((ended == 1))
    grep -q 'lost         50 connections' "$answer"
    grep -q 'back         0 of 50' "$answer"
    # The first cause: an attempt that arrives while the server ends is reset, any later one is refused.
    grep -Eq '50 of 50 connections were not established: ECONN(REFUSED|RESET)' "$answer"
}

@test "a wrong way to come back is refused" {
    run -2 --separate-stderr "$BIN/load" --port 7000 --reconnect soon
    [[ $stderr == *'not "soon"'* ]]
    run -2 --separate-stderr "$BIN/load" --port 7000 --reconnect now --duration 61
    [[ $stderr == *'60 s at most'* ]]
    start server-poll
    run -0 "$BIN/load" --port "$port" --interactive <<<$'reconnect jitter 5\nreconnect now 1 2 3\nreconnect later 5\nreconnect now 61'
    [[ ${#lines[@]} == 4 && $output != *reconnect\ connections* ]]
}

cell() { tries "$1" | sed -n "$2p"; } # cell NAME ROW

# Measures a herd of 200, and leaves in $all_s how long that took: herd MODEL OPTION...
herd() {
    tiny 'kind = herd' 'connections = 200' 'outage_s = 0.3' 'base_ms = 20' 'cap_ms = 200' 'rate_per_s = 1000' \
        'time_cap_s = 5' 'server_options = --backlog 50'
    local begin_us=${EPOCHREALTIME/./}
    mkdir -p "$BATS_TEST_TMPDIR/rows"
    run -0 "$measure" "$conf" --out "$BATS_TEST_TMPDIR/rows/herd.csv" --model "$@"
    all_s=$(awk -v us=$((${EPOCHREALTIME/./} - begin_us)) 'BEGIN { print us / 1e6 }')
    raw=$BATS_TEST_TMPDIR/rows/herd.csv
}

@test "a herd leaves a row for each way to come back, and a timeline; each column is documented" {
    herd fork
    [[ $(tries variant | one_line) == 'now jitter' && $(tries status | one_line) == 'ok ok' ]]
    [[ $(tries connections_lost | one_line) == '200 200' && ! -e $BATS_TEST_TMPDIR/raw.csv ]]
    for row in 1 2; do
        true_that "$(cell outage_s $row) >= 0.3"
        true_that "$(cell back_s_p50 $row) <= $(cell back_s_p99 $row) && $(cell back_s_p99 $row) <= $(cell back_s $row)"
        true_that "$(cell accept_queue_max $row) <= 51"
    done
    true_that "$(cell outage_s 1) + $(cell outage_s 2) < $all_s" # Either may be long where the new server waits for a CPU.
    true_that "$(cell attempts 1) > $(cell attempts 2)"
    # Each time is the timeline's, less the outage: when half, and all but one in a hundred, were connected again.
    awk -F, 'FNR == 1 { for (i = 1; i <= NF; i++) c[FILENAME, $i] = i; next }
        FILENAME ~ /rows.herd.csv$/ { out[$c[FILENAME, "variant"]] = $c[FILENAME, "outage_s"]; last[$c[FILENAME, "variant"]] = $c[FILENAME, "back_s"]
            half[$c[FILENAME, "variant"]] = $c[FILENAME, "back_s_p50"]; most[$c[FILENAME, "variant"]] = $c[FILENAME, "back_s_p99"]; next }
        { p = $c[FILENAME, "variant"]; back = $c[FILENAME, "s"] - out[p]; held = $c[FILENAME, "connected"] }
        back >= 0 && held >= 100 && !(p in at_half) { at_half[p] = back }
        back >= 0 && held >= 198 && !(p in at_most) { at_most[p] = back }
        back >= 0 && held >= 200 && !(p in at_all) { at_all[p] = back }
        function off(one, other) { return one - other > 0.02 || other - one > 0.02 }
        END { for (p in out) if (off(at_half[p] < last[p] ? at_half[p] : last[p], half[p]) || off(at_most[p] < last[p] ? at_most[p] : last[p], most[p]) ||
              off(at_all[p], last[p])) {
                  print p, at_half[p], half[p], at_most[p], most[p], at_all[p], last[p]; exit 1 } }' \
        "$raw" "$BATS_TEST_TMPDIR/timelines/herd.csv"
    # The last line of each herd: everybody is connected, after the outage.
    awk -F, 'NR > 1 { held[$3] = $6; s[$3] = $5 } END { exit !(held["now"] == 200 && held["jitter"] == 200 && s["now"] > 0.3) }' \
        "$BATS_TEST_TMPDIR/timelines/herd.csv"
    for file in rows/herd timelines/herd; do documented "$BATS_TEST_TMPDIR/$file.csv"; done
}

@test "a server that does not return, or cannot take its port again, is a row that says so" {
    herd once --command "$BIN/server-poll 0"
    [[ $(tries status | one_line) == 'failed failed' && $(cell reason 1) == *'no {port}'* ]]
    touch "$BATS_TEST_TMPDIR/alive"
    herd away --command "test -e $BATS_TEST_TMPDIR/alive && rm $BATS_TEST_TMPDIR/alive && exec $BIN/server-poll {port}"
    [[ $(cell status 3) == failed && $(cell reason 3) == 'ended before it was ready'* ]]
}

@test "the chart of a herd has both ways side by side, the table tells drops and times" {
    mkdir "$BATS_TEST_TMPDIR/run"
    {
        echo experiment,schema,profile,model,repeat,seed,server_options,policy,base_ms,cap_ms,outage_s,back_s_p50,back_s,drops_back,connections_asked,status,reason
        echo herd,2,quick,poll,1,1,--backlog 9,now,,,2,0.1,2.5,3000,500,ok,
        echo herd,2,quick,poll,2,2,--backlog 9,now,,,2,0.3,3.5,5000,500,ok,
        echo herd,2,quick,poll,1,1,--backlog 9,jitter,100,4000,2,0.8,4.5,7,500,ok,
        echo herd,2,quick,fork,1,1,--backlog 9,now,,,2,0.8,,90,500,failed,400 of 500 were back
    } >"$BATS_TEST_TMPDIR/run/herd.csv"
    printf '%s\n' experiment,schema,model,repeat,policy,s,connected,lost,attempts,failed,back,accept_queue \
        herd,2,poll,1,now,0.01,0,500,0,0,0, herd,2,poll,1,now,2.05,500,0,500,0,500,9 >"$BATS_TEST_TMPDIR/run/herd_back.csv"
    run -0 ./run_all.sh draw "$BATS_TEST_TMPDIR/run"
    [[ -s $BATS_TEST_TMPDIR/run/figures/herd-herd.png && $output == *'drops after'* ]]
    grep -qF '| poll | at once | 500 | ok | - | 0.2 (0.1-0.3) |' "$BATS_TEST_TMPDIR/run/summary.md"
    grep -qF '| 4000 (3000-5000) |' "$BATS_TEST_TMPDIR/run/summary.md"
    chart=$(sed 's/<[^>]*>//g' "$BATS_TEST_TMPDIR/run/figures/herd-herd.svg" | tr -s '[:space:]' ' ')
    for words in 'try again at once' 'random pause: 0.1 s, doubling to 4 s' 'fork: failed at 500 (at once) (400 of 500 were back)' '2 runs, median; servers started with --backlog 9'; do
        [[ $chart == *"$words"* ]] || { echo "not on the chart: $words"; return 1; }
    done
}
