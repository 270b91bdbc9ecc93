#!/usr/bin/env bats
# bats file_tags=long:35
# chat.bats -- the gate of the chat server, and of the client that loads it: guards against a line that
# one member misses, hears twice, in another order or changed, and against one member who stops all.

bats_require_minimum_version 1.5.0

setup() {
    load serving.bash
    load measuring.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR
    experiment=''
}

teardown() {
    end_child "$experiment"
    end_servers
}

# Starts a room, or what takes itself for one, and leaves its pid in $room too.
start_room() { # start_room [PROGRAM [OPTION...]]
    start "${1:-chat-room}" "${@:2}"
    room=$server
}

# Ends the room by SIGTERM: in order, and nobody listens any more.
end_room() {
    stop
    if (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "somebody still listens"; return 1; fi
}

chat() { build/release/chat --port "$port" "$@"; }

# Joins the chat by hand: the socket is file $guest.
join() { exec {guest}<>"/dev/tcp/127.0.0.1/$port"; }

# Waits until the room holds so many sockets; others are its listener and epoll's file.
members_are() { # members_are COUNT
    local sockets
    for _ in {1..100}; do
        sockets=$(find "/proc/$room/fd" -lname 'socket:*' | wc -l)
        ((sockets != $1 + 1)) || return 0
        sleep 0.02
    done
    echo "the room has $((sockets - 1)) members, not $1"
    return 1
}

cpu_ns() { cut -d ' ' -f 1 "/proc/$room/schedstat"; }

@test "50 members who talk at once, in pieces, all hear every line once and in one order" {
    start_room
    chat --members 50 --check 100
    chat --members 50 --check 20 --message-b 1024 --seed 2
    chat --members 1 --check 50
    members_are 0
    end_room
    [[ ! -s $tmp/said ]]
}

@test "the same under the sanitizers, and with a queue of 1 KiB" {
    for build in address thread; do
        [[ -x build/$build/chat-room ]] || skip "build/$build is not there"
        start_room "build/$build/chat-room"
        chat --members 20 --check 50
        end_room
    done
    start_room chat-room --queue-kib 1
    chat --members 20 --check 100 --message-b 512
    end_room
}

ends_soon() {
    local begin
    trap end_servers EXIT # The shell of a try.
    start_room
    join
    members_are 1
    begin=${EPOCHREALTIME/./}
    stop
    ((${EPOCHREALTIME/./} - begin < 1000000))
}

@test "the room ends within a second, also when somebody is in it" { in_one_of 5 ends_soon; }

@test "1,000 members hear each other" {
    start_room
    chat --members 1000 --check 2 --timeout-ms 5000
    members_are 0
    end_room
}

@test "a room that skips a line for one member, or swaps two, is found" {
    start_room room-liar-skip
    run -1 --separate-stderr chat --members 50 --check 20 --timeout-ms 500
    [[ $(jq .lost <<<"$output") -ge 1 && $stderr == *'not everything arrived'* ]]
    end_room
    start_room room-liar-swap
    run -1 --separate-stderr chat --members 50 --check 20 --timeout-ms 500
    [[ $(jq .lost <<<"$output") == 0 && $(jq .out_of_order <<<"$output") -ge 1 ]]
    end_room
    # Also by the load, whose lines are on a schedule.
    for liar in skip swap; do
        start_room "room-liar-$liar"
        run -1 chat --members 50 --rate 200 --warm 0 --duration 0.5 --timeout-ms 300
        end_room
    done
}

@test "what is no chat is found: an echo server sends nobody what the others say" {
    start_room server-epoll
    run -1 --separate-stderr chat --members 3 --check 1 --patience-ms 300
    [[ $stderr == *'1 of 3 members joined'* ]]
    end_room
}

@test "who never reads is let go, said once, and all others hear everything in time" {
    start_room
    join
    deaf=$guest
    join
    members_are 2
    # About 6 MB: more than the kernel keeps for one who does not read.
    run -0 chat --members 20 --check 300 --message-b 1024
    members_are 0
    [[ $(wc -l <"$said") == 1 ]]
    grep -q 'a member who does not read was let go' "$said"
    end_room
    grep -q '2 members were let go in all' "$said"
    exec {deaf}>&- {guest}>&-
}

@test "the memory of a member who does not read is bounded" {
    start_room
    before=$(awk '/^VmRSS/ { print $2 }' "/proc/$room/status")
    join
    chat --members 20 --check 300 --message-b 1024
    after=$(awk '/^VmHWM/ { print $2 }' "/proc/$room/status")
    echo "$before KiB, then $after KiB"
    ((after - before < 1024))
    exec {guest}>&-
}

@test "a member that is reset in the middle of a line ends only itself, and its half line is not heard" {
    start_room
    chat --members 20 --rate 500 --duration 1 >"$tmp/load" 3>&- &
    load=$!
    for _ in {1..20}; do
        join
        printf 'half a line' >&"$guest"
        sleep 0.02 # Lines lie unread in its socket: closing it sends RST.
        exec {guest}>&-
    done
    wait "$load"
    [[ $(jq '.lost + .corrupt + .disconnected' "$tmp/load") == 0 ]]
    members_are 0
    end_room
}

@test "a line of 1 KiB is heard, a longer one ends its member only" {
    start_room
    join
    printf '%01023d\n' 7 >&"$guest"
    read -r -t 2 -u "$guest" line
    [[ ${#line} == 1023 ]]
    polite=$guest
    join
    printf 'before\n%01024d\nafter\n' 7 >&"$guest" || true # It may be gone before it has said all.
    members_are 1
    read -r -t 2 -u "$polite" line
    [[ $line == before ]]
    echo still here >&"$polite"
    read -r -t 2 -u "$polite" line
    [[ $line == 'still here' ]]
    exec {guest}>&- {polite}>&-
    end_room
}

@test "a line without an end is not said; what was said before is still sent after a half-close" {
    start_room
    # The last member of a check half-closes as it speaks; here the rest of a line is under way, too.
    join
    printf 'one\ntwo\nthr' >&"$guest"
    read -r -t 2 -u "$guest" line
    read -r -t 2 -u "$guest" second
    [[ $line == one && $second == two ]]
    run ! read -r -t 0.2 -u "$guest" line
    printf 'ee\n' >&"$guest"
    read -r -t 2 -u "$guest" line
    [[ $line == three ]]
    exec {guest}>&-
    members_are 0
    end_room
}

burns_no_cpu() {
    local before used
    before=$(cpu_ns)
    sleep 0.5
    used=$(($(cpu_ns) - before))
    echo "it used $used ns in half a second"
    ((used < 25000000))
}

@test "with few files the others are served, newcomers wait without burning CPU, and get in later" {
    start_room
    prlimit --pid "$room" --nofile=20:20
    members=()
    for _ in {1..20}; do join; members+=("$guest"); done
    eventually grep -q 'Too many open files' "$said"
    in_one_of_or_weather 5 burns_no_cpu
    echo hello >&"${members[0]}"
    read -r -t 2 -u "${members[1]}" line
    [[ $line == hello ]]
    for guest in "${members[@]:0:10}"; do exec {guest}>&-; done
    # It lies in the socket until the room has taken its member in.
    echo again >&"${members[19]}"
    read -r -t 5 -u "${members[19]}" line
    [[ $line == again ]]
}

@test "the load counts what it did, and tells the room's CPU time" {
    start_room
    run -0 chat --members 100 --rate 200 --duration 1 --server-pid "$room"
    jq -e '.members == 100 and .deliveries == 100 * .lines_sent and .lines_sent == .lines_due and .lines_due > 130 and .lines_due < 270
        and .delivery_ns_p50 > 0 and .delivery_ns_p50 <= .delivery_ns_p99 and .delivery_ns_p99 <= .delivery_ns_max
        and .server_cpu_us_per_delivery > 0.2 and .server_cpu_us_per_delivery < 200' <<<"$output"
    # Its numbers fit each other: speed and count, CPU time in percent and for each delivery.
    jq -e '.offered_per_s == 200 and .window_s == 1 and .message_b == 64 and .joined == 100 and .delivery_ns_p999 >= .delivery_ns_p99
        and .deliveries_per_s > 0.8 * .deliveries and .deliveries_per_s < 1.2 * .deliveries and .client_cpu_percent > 0
        and (.server_cpu_percent * 10000 / .deliveries_per_s / .server_cpu_us_per_delivery - 1 | fabs) < 0.02
        and .send_lag_ns_p99 <= .send_lag_ns_max' <<<"$output"
    # What the room did before the window is not of the window.
    run -0 chat --members 5 --rate 50 --duration 0.3 --server-pid "$room"
    read -r room_ns _ <"/proc/$room/schedstat"
    jq -e --argjson all "$room_ns" '.server_cpu_percent / 100 * .window_s * 1e9 < $all / 2' <<<"$output"
    # A room that stands still for 300 ms shows it.
    chat --members 10 --rate 500 --warm 0.2 --duration 2 >"$tmp/load" 3>&- &
    load=$!
    members_are 10
    sleep 0.7 # In the first half of the window, so that a busy machine may be late by a second.
    kill -STOP "$room"
    sleep 0.3
    kill -CONT "$room"
    wait "$load"
    jq -e '.delivery_ns_max > 250e6 and .delivery_ns_p99 > 100e6 and .lost == 0' "$tmp/load"
    run -0 chat --members 5 --rate 100 --duration 0.2 --output csv
    [[ ${#lines[@]} == 2 && ${lines[0]} == members,joined,lost,* ]]
}

@test "wrong usage of both is told in one line, before anything starts" {
    for wrong in '--members 0' '--members 30000' '--rate x' '--message-b 39' '--check 0' '--nonsense' 'word' '--port' '--output xml'; do
        # shellcheck disable=SC2086  # words are meant
        run -2 --separate-stderr build/release/chat --port 7000 $wrong
        ((${#stderr_lines[@]} == 1))
    done
    run -2 --separate-stderr build/release/chat --members 5
    [[ $stderr == *'--port is missing'* ]]
    run -2 --separate-stderr prlimit --nofile=64:64 build/release/chat --port 7000 --members 100
    [[ $stderr == *'need 116 open files'* ]]
    run -2 --separate-stderr build/release/chat --port 7000 --server-pid 1999999999
    [[ $stderr == *schedstat* ]]
    for wrong in 70000 '7000 8000' '--queue-kib 0' '--costs'; do
        # shellcheck disable=SC2086  # words are meant
        run -2 --separate-stderr build/release/chat-room $wrong
        ((${#stderr_lines[@]} == 1))
    done
    start_room
    run -2 --separate-stderr build/release/chat-room "$port"
    [[ $stderr == *'choose another'* ]]
    end_room
}

# ---- the experiment ----

# A short chat with these numbers of members, of which all programs are real.
short_experiment() { # short_experiment MEMBERS
    sed "s/^connections .*/connections = $1/; s/^rate_per_s .*/rate_per_s = 2000/; s/^window_s.quick.*/window_s.quick = 0.3/; s/^warmup_s.quick.*/warmup_s.quick = 0.1/" \
        harness/experiments/chat.conf >"$tmp/chat.conf"
    mkdir "$tmp/bin"
    ln -s "$PWD"/build/release/{chat,chat-room,witness,start,check_conf,row} "$tmp/bin/"
}

# A client that says what $tmp/lines holds, and a witness that saw what $tmp/around holds; all else is real.
fake_client() {
    short_experiment '10 20'
    rm "$tmp/bin/"{chat,witness}
    # shellcheck disable=SC2016  # for the script
    printf '#!/bin/sh\nfile=$1; shift; echo run >>"%s"; cat "%s" >"$file"; exec "$@"\n' "$tmp/tries" "$tmp/around" >"$tmp/bin/witness"
    chmod +x "$tmp/bin/witness"
    echo 0.10,0.20,ok, >"$tmp/around"
    printf '#!/bin/sh\ncat "%s"\nexit 1\n' "$tmp/lines" >"$tmp/bin/chat"
    chmod +x "$tmp/bin/chat"
}

# The verdict of a point of 10 members with these values: verdict NAME=VALUE...
verdict() {
    local pair names=lines_due,lines_sent,window_s,deliveries_per_s,delivery_ns_p99,delivery_ns_max,send_lag_ns_p99,send_lag_ns_max,lost,out_of_order,corrupt,disconnected,client_cpu_percent,server_cpu_percent
    local -A value=([lines_due]=1000 [lines_sent]=1000 [window_s]=1 [deliveries_per_s]=10000 [delivery_ns_p99]=2000000 [delivery_ns_max]=3000000
        [send_lag_ns_p99]=150000 [send_lag_ns_max]=900000 [lost]=0 [out_of_order]=0 [corrupt]=0 [disconnected]=0 [client_cpu_percent]=50 [server_cpu_percent]=60)
    for pair in "$@"; do value[${pair%%=*}]=${pair#*=}; done
    {
        echo "$names"
        for name in ${names//,/ }; do printf '%s,' "${value[$name]}"; done | sed 's/,$/\n/'
    } >"$tmp/lines"
    rm -f "$tmp/chat.csv"
    C10K_ENTERED=$$ C10K_BIN=$tmp/bin harness/kinds/chat/measure.sh "$tmp/chat.conf" --model chat-room --profile quick --out "$tmp/chat.csv" >/dev/null
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next } NF != length(c) { print "cells: " NF }
        $c["connections"] == 10 && !$c["superseded"] { print $c["status"] " " $c["reason"] }' "$tmp/chat.csv"
}

@test "the verdict of a point is the first that holds" {
    fake_client
    [[ $(verdict) == 'ok ' ]]
    [[ $(verdict deliveries_per_s=9400) == 'overloaded 9410 of 10000 messages/s'* ]]
    [[ $(verdict deliveries_per_s=9495) == 'ok ' ]] # One line may be under way.
    [[ $(verdict lost=1) == overloaded* ]]
    [[ $(verdict send_lag_ns_p99=210000 lost=1) == 'client_limited client was late: p99'* ]]
    [[ $(verdict send_lag_ns_p99= send_lag_ns_max=310000) == 'client_limited client was late: '* ]]
    [[ $(verdict send_lag_ns_p99=49000 delivery_ns_p99=80000) == 'ok ' ]]
    [[ $(verdict client_cpu_percent=86) == client_limited* ]]
    [[ $(verdict lines_sent=980) == client_limited* ]]
    # Another program disturbs: each of the two points is tried again; a fault of the server is not excused by that.
    echo '0.10,9.50,noisy,other programs used 9.5 % of the machine' >"$tmp/around"
    : >"$tmp/tries"
    [[ $(verdict lost=1) == 'noisy other programs used 9.5 %'* && $(wc -l <"$tmp/tries") == 6 ]]
    [[ $(tail -n 1 "$tmp/chat.csv") == *,20,20,1,3,0,1,noisy,*,0.10,9.50 ]]
    [[ $(verdict corrupt=1) == corrupt* && $(verdict lines_sent=980) == client_limited* ]]
    echo 0.10,0.20,ok, >"$tmp/around"
    [[ $(verdict disconnected=2 client_cpu_percent=99) == 'failed the server ended 2'* ]]
    [[ $(verdict corrupt=1 disconnected=2) == corrupt* && $(verdict out_of_order=1) == corrupt* ]]
    printf '#!/bin/sh\necho "chat: no, never" >&2; exit 1\n' >"$tmp/bin/chat"
    [[ $(verdict) == 'failed chat: no; never' ]]
}

@test "a room that cannot start is a failed row at each point, with what it said" {
    fake_client
    : >"$tmp/lines"
    rm "$tmp/bin/chat-room"
    printf '#!/bin/sh\necho "chat-room: no, never" >&2; exit 3\n' >"$tmp/bin/chat-room"
    chmod +x "$tmp/bin/chat-room"
    C10K_ENTERED=$$ C10K_BIN=$tmp/bin run -0 harness/kinds/chat/measure.sh "$tmp/chat.conf" --model chat-room --profile quick --out "$tmp/chat.csv"
    [[ $(grep -c ',failed,ended before it was ready: exit 3: chat-room: no; never,' "$tmp/chat.csv") == 2 && ! -e $tmp/tries ]]
}

@test "the experiment has a row for each number of members, all columns are documented" {
    short_experiment '5 20'
    C10K_ENTERED=$$ C10K_BIN=$tmp/bin run -0 harness/kinds/chat/measure.sh "$tmp/chat.conf" --model chat-room --profile quick --repeat 2 --seed 7 --out "$tmp/chat.csv"
    [[ ${#lines[@]} == 2 && ${lines[1]} == 'point chat-room 20 '* ]]
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["status"] !~ /^(ok|noisy|client_limited|overloaded)$/ || $c["deliveries"] != $c["connections"] * $c["lines_sent"] || $c["repeat"] != 2 { bad = 1 }
        !$c["superseded"] { rows++ } END { exit bad || rows != 2 }' "$tmp/chat.csv"
    documented "$tmp/chat.csv"
}

@test "an experiment that is interrupted leaves neither room nor client" {
    short_experiment '5 20'
    # A job of a script ignores Ctrl-C, unless it is told not to.
    C10K_ENTERED=$$ C10K_BIN=$tmp/bin env --default-signal=INT harness/kinds/chat/measure.sh "$tmp/chat.conf" --model chat-room --out "$tmp/chat.csv" >/dev/null 3>&- &
    experiment=$!
    eventually runs "^$tmp/bin/chat --port"
    runs "^$tmp/bin/chat-room"
    kill -INT "$experiment"
    status=0
    wait "$experiment" || status=$?
    experiment=''
    [[ $status == 130 ]]
    eventually gone "$tmp/bin/"
}

@test "the charts of a chat, its table, and its answer are drawn from its rows" {
    mkdir "$tmp/run"
    {
        echo schema,experiment,profile,repeat,seed,members,message_b,offered_per_s,window_s,deliveries_per_s,delivery_ns_p99,disconnected,server_cpu_us_per_delivery,status,reason
        echo 2,chat,quick,1,1,10,64,5000,5,50000,200000,0,4,ok,
        echo 2,chat,quick,2,2,10,64,5000,5,50000,400000,0,6,ok,
        echo 2,chat,quick,1,1,1000,64,50,5,50000,30000000,0,8,ok,
        echo 2,chat,quick,2,2,1000,64,50,5,50000,40000000,3,9,failed,the room ended 3 connections
    } >"$tmp/run/chat.csv"
    run -0 ./run_all.sh draw "$tmp/run"
    [[ $output == *'us/delivery'* && -s $tmp/run/figures/chat-chat.png && -s $tmp/run/figures/chat-chat_cpu.png ]]
    grep -qF 'is 0.3 ms with 10 members. A delivery costs the room 5 us of CPU with 10: a line to all of those takes 0.05 ms. With 1,000 members there is no result: the table tells why.' "$tmp/run/summary.md"
    grep -qF '| chat-room | 10 | ok | 5000 | 50000 | - | 0.3 (0.2-0.4) |' "$tmp/run/summary.md"
    grep -q '^<section .*>chat</h2>' "$tmp/run/index.html"
    chart=$(sed 's/<[^>]*>//g' "$tmp/run/figures/chat-chat.svg" | tr -s '[:space:]' ' ')
    for words in 'members of the room' 'chat-room: failed at 1,000 (the room ended 3 connections)' '2 runs, median' '50000 deliveries/s offered'; do
        [[ $chart == *"$words"* ]] || { echo "not on the chart: $words"; return 1; }
    done
    sed -i 's/failed,the.*/ok,/' "$tmp/run/chat.csv"
    ./run_all.sh draw "$tmp/run"
    grep -qF '0.3 ms with 10 members and 35 ms with 1,000. A delivery costs the room 5 us of CPU with 10 and 8.5 us with 1,000: a line to all of those takes 8.5 ms.' "$tmp/run/summary.md"
}
