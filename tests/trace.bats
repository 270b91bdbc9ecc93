#!/usr/bin/env bats
# bats file_tags=part:pools
# trace.bats -- guards against a picture of one echo that tells what did not happen.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
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
    run -0 harness/trace.sh --text 0123456789 --out "$tmp/out"
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
    (($(first server packet '10 bytes') < $(first server wakeup)))
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

@test "a trace that lacks a part is refused" {
    printf '%s\n' '  hello 7/7 [000] 5.000001000: syscalls:sys_enter_connect: fd: 3' \
        '  hello 7/7 [000] 5.000002000: syscalls:sys_exit_connect: 0x0' >"$tmp/script"
    run -1 awk -v port=7000 -v servers=8 -f harness/trace/trace.awk "$tmp/script"
    [[ $output == *'does not hold a whole connection'* ]]
}

@test "wrong usage is one line, exit 2" {
    for wrong in --fast '--model nonesuch' --text '--out'; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr harness/trace.sh $wrong
        [[ ${#stderr_lines[@]} == 1 ]] || { echo "for: $wrong: $stderr"; return 1; }
    done
}

@test "Ctrl-C ends a trace with 130, and not with a word about perf" {
    load serving.bash
    mkdir "$BATS_TEST_TMPDIR/bin"
    printf '%s\n' '#!/bin/sh' 'case $* in *"-- true") exit 0 ;; esac' 'exec sleep 29.125' >"$BATS_TEST_TMPDIR/bin/perf"
    chmod +x "$BATS_TEST_TMPDIR/bin/perf"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH env --default-signal=INT harness/trace.sh --out "$BATS_TEST_TMPDIR" >"$said" 2>&1 3>&- &
    trace=$!
    eventually runs '^sleep 29.125'
    kill -INT "$trace"
    status=0
    wait "$trace" || status=$?
    [[ $status == 130 && $(<"$said") != *perf* ]] || { echo "$status"; cat "$said"; return 1; }
}
