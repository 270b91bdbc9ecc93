#!/usr/bin/env bats
# bats file_tags=part:pools,long:12
# trace.bats -- guards against a picture of one echo that tells what did not happen.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load saying.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR
}

need_trace() {
    command -v perf >/dev/null || skip 'perf (linux-perf) is not installed'
    perf record --quiet --all-cpus --event sched:sched_switch --output "$tmp/try" -- true >/dev/null 2>&1 ||
        skip 'perf may not listen to trace points here'
}

# The steps at which rows are that match, in one line.
steps() { # steps AT EVENT WHAT
    awk -F, -v at="$1" -v event="$2" -v what="$3" '$3 == at && $4 == event && index($5, what) == 1 { print $1 }' "$tmp/out/one_echo.csv" |
        tr '\n' ' ' | sed 's/ $//'
}

first() { local list; read -r -a list <<<"$(steps "$@")"; echo "${list[0]:?"no row: $*"}"; }

@test "one echo: every packet, call and wake-up, in an order that can be" {
    need_trace
    harness/trace/trace.sh --text 0123456789 --out "$tmp/out" 3>&-
    cat "$tmp/out/one_echo.csv"
    documented "$tmp/out/one_echo.csv"
    [[ $(awk -F, '$4 == "packet" && $5 != "ACK" { printf "%s %s;", $3, $5 }' "$tmp/out/one_echo.csv" ) == \
        'client SYN;server SYN+ACK;client 10 bytes;server 10 bytes;client FIN;server FIN;' ]]
    # All of the handshake lies within the client's connect(2); the server is woken by its last packet.
    (($(first client enter connect) < $(first client packet SYN)))
    (($(first client packet SYN) < $(first server packet SYN)))
    (($(first server packet SYN) < $(first client packet ACK)))
    (($(first client packet ACK) < $(first client return 'connect = 0')))
    (($(first client return 'connect = 0') < $(first client packet '10 bytes')))
    (($(first client packet '10 bytes') < $(first server packet '10 bytes')))
    # The reply wakes a client that sleeps in read(2); a client that was preempted finds the reply there.
    [[ -n $(steps server wakeup '') || -n $(steps client preempted '') ]]
    [[ -z $(steps server wakeup '') ]] || (($(first server packet '10 bytes') < $(first server wakeup '')))
    # In one row, or in two where the kernel did something else in between.
    [[ -n $(steps server call 'read = 10')$(steps server return 'read = 10') ]]
    [[ -n $(steps server call 'read = 0')$(steps server return 'read = 0') ]]
    # What perf tells is what strace of the server counts.
    [[ $(awk -F, '$3 == "server" && ($4 == "call" || $4 == "return") && $5 ~ /^accept4 = [0-9]/' "$tmp/out/one_echo.csv" | wc -l) == 1 ]]
    [[ $(awk -F, '$3 == "client" && $4 == "state" { printf "%s ", $5 }' "$tmp/out/one_echo.csv") == 'SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE ' ]]
    # Time does not run backwards.
    awk -F, 'NR > 2 && $2 + 0 < last { bad = 1 } { last = $2 + 0 } END { exit bad || NR < 25 }' "$tmp/out/one_echo.csv"
    grep -q '<svg' "$tmp/out/one_echo.svg"
    [[ $(grep -o '10 bytes' "$tmp/out/one_echo.svg" | wc -l) == 2 ]]
}

# A connection as perf would tell it: times, sizes and results of which no two are equal.
perf_script() {
    cat <<'END'
  init 1/1 [001] 99.999999000: syscalls:sys_enter_read: fd: 9
  hello 6/6 [001] 100.000001000: syscalls:sys_enter_connect: fd: 3
  hello 6/6 [001] 100.000002000: sock:inet_sock_set_state: family=AF_INET sport=39999 dport=7001 oldstate=TCP_CLOSE newstate=TCP_SYN_SENT
  hello 7/7 [000] 100.000010000: syscalls:sys_enter_connect: fd: 3
  hello 7/7 [000] 100.000012000: sock:inet_sock_set_state: family=AF_INET sport=40000 dport=7000 oldstate=TCP_CLOSE newstate=TCP_SYN_SENT
  hello 7/7 [000] 100.000013500: net:net_dev_start_xmit: dev=lo len=74
  hello 7/7 [000] 100.000014000: net:netif_receive_skb: dev=lo len=60
  hello 7/7 [000] 100.000015000: net:net_dev_start_xmit: dev=lo len=74
  hello 7/7 [000] 100.000016000: net:netif_receive_skb: dev=lo len=60
  hello 7/7 [000] 100.000017000: net:net_dev_start_xmit: dev=lo len=66
  hello 7/7 [000] 100.000018000: net:netif_receive_skb: dev=lo len=52
  hello 7/7 [000] 100.000019000: net:netif_receive_skb: dev=eth0 len=999
  hello 7/7 [000] 100.000020000: sched:sched_waking: comm=server pid=8 prio=120
  hello 7/7 [000] 100.000021000: sched:sched_waking: comm=other pid=99 prio=120
  hello 7/7 [000] 100.000022000: syscalls:sys_exit_connect: 0x0
  server poll 8/9 [001] 100.000030000: syscalls:sys_enter_accept4: fd: 3
  server poll 8/9 [001] 100.000031000: syscalls:sys_exit_accept4: 0x1b
  server poll 8/9 [001] 100.000032000: syscalls:sys_enter_read: fd: 27
  server poll 8/9 [001] 100.000033000: syscalls:sys_exit_read: 0xfffffffffffffff5
  server poll 8/9 [001] 100.000034000: sched:sched_switch: prev_comm=server prev_pid=8 prev_state=S ==> next_pid=0
  hello 7/7 [000] 100.000040000: syscalls:sys_enter_write: fd: 3
  hello 7/7 [000] 100.000041000: net:net_dev_start_xmit: dev=lo len=76
  hello 7/7 [000] 100.000042000: net:netif_receive_skb: dev=lo len=62
  hello 7/7 [000] 100.000043000: sched:sched_switch: prev_comm=hello prev_pid=7 prev_state=R+ ==> next_pid=8
  hello 7/7 [000] 100.000044000: syscalls:sys_exit_write: 0xa
  hello 7/7 [000] 100.000050000: syscalls:sys_enter_close: fd: 3
  hello 7/7 [000] 100.000051000: sock:inet_sock_set_state: family=AF_INET sport=40000 dport=7000 oldstate=TCP_ESTABLISHED newstate=TCP_FIN_WAIT1
  hello 7/7 [000] 100.000052000: net:net_dev_start_xmit: dev=lo len=66
  hello 7/7 [000] 100.000053000: net:netif_receive_skb: dev=lo len=52
  hello 7/7 [000] 100.000054000: sock:inet_sock_set_state: family=AF_INET sport=7000 dport=40000 oldstate=TCP_ESTABLISHED newstate=TCP_CLOSE_WAIT
  hello 7/7 [000] 100.000055000: syscalls:sys_exit_close: 0x0
  hello 7/7 [000] 100.000056000: syscalls:sys_enter_exit_group: error_code: 0
  server poll 8/9 [001] 101.000060000: syscalls:sys_enter_close: fd: 27
  server poll 8/9 [001] 101.000061000: sock:inet_sock_set_state: family=AF_INET sport=40000 dport=7000 oldstate=TCP_FIN_WAIT2 newstate=TCP_CLOSE
  server poll 8/9 [001] 101.000062000: sock:inet_sock_set_state: family=AF_INET sport=7000 dport=40000 oldstate=TCP_LAST_ACK newstate=TCP_CLOSE
  server poll 8/9 [001] 101.000063000: syscalls:sys_exit_close: 0x0
  server poll 8/9 [001] 101.000070000: syscalls:sys_enter_accept4: fd: 3
END
}

@test "a trace that is known by heart becomes the rows worked out by hand" {
    perf_script | awk -v port=7000 -v client=7 -v servers='8 11' -f harness/trace/trace.awk | is 'step,us,at,event,what' \
        '1,0.0,client,enter,connect' '2,2.0,client,state,SYN_SENT' '3,4.0,client,packet,SYN' '4,6.0,server,packet,SYN+ACK' \
        '5,8.0,client,packet,ACK' '6,10.0,client,wakeup,makes the server ready to run' '7,12.0,client,return,connect = 0' \
        '8,20.0,server,call,accept4 = 27' '9,22.0,server,call,read = EAGAIN' '10,24.0,server,sleep,' \
        '11,30.0,client,enter,write' '12,32.0,client,packet,10 bytes' '13,33.0,client,preempted,' '14,34.0,client,return,write = 10' \
        '15,40.0,client,enter,close' '16,41.0,client,state,FIN_WAIT1' '17,43.0,client,packet,FIN' '18,44.0,server,state,CLOSE_WAIT' \
        '19,45.0,client,return,close = 0' '20,1000050.0,server,enter,close' '21,1000051.0,client,state,CLOSE' '22,1000052.0,server,state,CLOSE' \
        '23,1000053.0,server,return,close = 0'
}

@test "a trace that lacks a part is refused" {
    printf '%s\n' '  hello 7/7 [000] 5.000001000: syscalls:sys_enter_connect: fd: 3' \
        '  hello 7/7 [000] 5.000002000: syscalls:sys_exit_connect: 0x0' >"$tmp/script"
    run -1 awk -v port=7000 -v client=7 -v servers=8 -f harness/trace/trace.awk "$tmp/script"
    [[ $output == *'does not hold a whole connection'* ]]
}

@test "wrong usage is one line, exit 2" {
    for wrong in --fast '--model nonesuch' --text '--out'; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr harness/trace/trace.sh $wrong
        [[ ${#stderr_lines[@]} == 1 ]] || { echo "for: $wrong: $stderr"; return 1; }
    done
}

@test "Ctrl-C ends a trace with 130, and not with a word about perf" {
    load serving.bash
    mkdir "$BATS_TEST_TMPDIR/bin"
    printf '%s\n' '#!/bin/sh' 'case $* in *"-- true") exit 0 ;; esac' 'exec sleep 29.125' >"$BATS_TEST_TMPDIR/bin/perf"
    chmod +x "$BATS_TEST_TMPDIR/bin/perf"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH env --default-signal=INT harness/trace/trace.sh --out "$BATS_TEST_TMPDIR" >"$said" 2>&1 3>&- &
    trace=$!
    eventually runs '^sleep 29.125'
    kill -INT "$trace"
    status=0
    wait "$trace" || status=$?
    [[ $status == 130 && $(<"$said") != *perf* ]] || { echo "$status"; cat "$said"; return 1; }
}
