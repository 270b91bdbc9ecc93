#!/usr/bin/env bats
# faults.bats -- guards against a call of the C library that fails and is not noticed, or ends a program without a word.
# tests/faults.sh tries every call; here are as many as fit into half a minute, the same choice each time.
# bats file_tags=long:50

bats_require_minimum_version 1.5.0

setup() { cd "$BATS_TEST_DIRNAME/.." || return 1; }

@test "failed calls are reported, and no row is wrong: as many as fit into half a minute" {
    local log=$BATS_TEST_TMPDIR/log
    tests/faults.sh --seed 1 --seconds 30 >"$log" 2>&1 || { cat "$log"; return 1; }
    tail -n 2 "$log"
    grep -qE '^[1-9][0-9]* calls tried, 0 wrong' "$log"
}

# What one program made of one failed call, as the judge sees it: in a folder of its own.
judged() { # judged STATUS ERROR FILE-CONTENT [CALL]
    local call=${4:-socket}
    cd "$BATS_TEST_TMPDIR"
    rm -f complaints
    notes() { echo "failed load 1234 $call Too many open files"; }
    # shellcheck source=tests/faults/judge.bash
    source "$BATS_TEST_DIRNAME/faults/judge.bash"
    echo "$3" >said
    status=$1 error=$2
    judge_exit load said
    if [[ -e complaints ]]; then cat complaints; else echo fine; fi
}

@test "the judge knows a clear end from a crash, a hang, a wrong cause and no word" {
    [[ $(judged 0 EMFILE '') == fine ]]
    [[ $(judged 1 EMFILE 'load: socket: Too many open files') == fine ]]
    [[ $(judged 1 EMFILE 'load: 1 of 5 connections were not established: EMFILE') == fine ]]
    [[ $(judged 139 EMFILE '') == 'ends by signal 11'* ]]
    [[ $(judged 124 EMFILE '') == hangs* ]]
    [[ $(judged 7 EMFILE 'load: socket: Too many open files') == 'exit 7'* ]]
    [[ $(judged 1 EMFILE '') == *'without a word of its own'* ]]
    [[ $(judged 1 EMFILE 'load: the server ended') == *'another cause'* ]]
    [[ $(judged 1 EMFILE 'load: 1 of 5 connections were not established: ECONNRESET') == *'another cause'* ]]
    [[ $(judged 1 EMFILE 'load: cannot write out: an earlier write failed') == *'another cause'* ]]
    [[ $(judged 1 ENOSPC 'load: cannot write out: an earlier write failed' printf) == fine ]]
    [[ $(judged 1 EMFILE 'load: write: Success') == 'names no cause'* ]]
    [[ $(judged 1 EINTR 'load: socket: Interrupted system call') == 'exit 1 after EINTR'* ]]
}

@test "rows that lack cells, hide a failure or tell 0 of what was not read are wrong" {
    local rows=$BATS_TEST_TMPDIR/rows reference=$BATS_TEST_TMPDIR/reference
    row() { printf 'threads,lost,status,reason\n%s\n' "$1"; }
    wrong() { row "$2" >"$rows"; awk -F, -v status="$1" -f tests/faults/rows.awk "$reference" "$rows"; }
    row 5,0,ok, >"$reference"
    [[ -z $(wrong 0 6,3,ok,) && -z $(wrong 0 ,0,ok,) && -z $(wrong 0 ',,failed,socket: EMFILE') ]]
    [[ $(wrong 0 0,0,ok,) == *'threads is 0, and was 5' ]]
    [[ $(wrong 0 0,0,noisy,weather) == *'threads is 0, and was 5' ]]
    [[ $(wrong 0 5,0,ok) == *'3 cells of 4' ]]
    [[ $(wrong 0 ',,failed,') == *'failed without a reason' ]]
    row 5,0,ok, >"$rows"
    echo 5,0,ok, >>"$reference"
    [[ $(awk -F, -v status=0 -f tests/faults/rows.awk "$reference" "$rows") == *'2 lines of 3, and exit 0' ]]
    [[ -z $(awk -F, -v status=1 -f tests/faults/rows.awk "$reference" "$rows") ]]
}

@test "shares that no machine has are wrong, and zeros where a herd comes back late are not" {
    local rows=$BATS_TEST_TMPDIR/rows reference=$BATS_TEST_TMPDIR/reference
    wrong() { # wrong HEADER ROW REFERENCE-ROW
        printf '%s\n' "$1" "$3" >"$reference"
        printf '%s\n' "$1" "$2" >"$rows"
        awk -F, -v status=0 -f tests/faults/rows.awk "$reference" "$rows"
    }
    [[ -z $(wrong steal_percent,foreign_cpu_percent 150,100 0,0) ]]
    [[ $(wrong steal_percent,foreign_cpu_percent 150,100.1 0,0) == *'foreign_cpu_percent is 100.1' ]]
    [[ $(wrong steal_percent,foreign_cpu_percent 150.1,100 0,0) == *'steal_percent is 150.1' ]]
    [[ -z $(wrong gave_up,sent 1,0 1,9) ]]
    [[ $(wrong rate,sent 1,0 1,9) == *'sent is 0, and was 9' ]]
    [[ -z $(wrong back,connected 1,0 1,9) ]]
    [[ -z $(wrong received_in_time,achieved_per_s 0,0 7,9) ]]
    [[ $(wrong received,achieved_per_s 7,0 7,9) == *'achieved_per_s is 0, and was 9' ]]
    [[ $(wrong rate,connected 1,0 1,9) == *'connected is 0, and was 9' ]]
    counter() { wrong pass,counter,method,per_message "$@"; }
    [[ -z $(counter plain,faults,perf,0 plain,faults,perf,0.01) ]]
    [[ $(counter plain,faults,perf,0 plain,faults,perf,0.05) == *'per_message is 0, and was 0.05' ]]
    [[ -z $(counter plain,moves,perf,0 plain,faults,perf,7) ]]
}

@test "results are compared but for their numbers: a value that is none, or a field less, is another result" {
    cd "$BATS_TEST_TMPDIR"
    # shellcheck source=tests/faults/judge.bash
    source "$BATS_TEST_DIRNAME/faults/judge.bash"
    echo 'window sent=12 p50_ns=- error=- rate=5.5e+03 s, max 3 ms' >reference
    error=EIO@3
    same() { echo "$1" >out; same_shape out reference; }
    same 'window sent=12 p50_ns=- error=EIO rate=5 s, max 3 ms'
    same 'window sent=0 p50_ns=17 error=- rate=7 s, max 2.5 us'
    run ! same 'window sent=12 p50_ns=- error=EMFILE rate=5 s, max 3 ms'
    run ! same 'window sent=12 p50_ns=- rate=5 s, max 3 ms'
}

@test "the gate's verdict on a call of its own that failed is a pass, or names the call's error" {
    cd "$BATS_TEST_TMPDIR"
    # shellcheck source=tests/faults/judge.bash
    source "$BATS_TEST_DIRNAME/faults/judge.bash"
    of() { # of STATUS ERROR WORDS LINE [MESSAGE]
        rm -f complaints
        echo "${5:-}" >said
        status=$1 error=$2 failed_words=$3
        echo "$4" >out
        judge_gate
        if [[ -e complaints ]]; then cat complaints; else echo fine; fi
    }
    [[ $(of 0 EMFILE 'Too many open files' 'gate: 1 passed, 0 failed, 0 skipped') == fine ]]
    [[ $(of 0 EMFILE 'Too many open files' 'skip  ipv6 the gate itself ran out of sockets: Too many open files') == fine ]]
    [[ $(of 0 EMFILE 'Too many open files' 'skip  ipv6 the gate itself ran out of sockets') == 'exit 0 and'* ]]
    [[ $(of 0 SHORT '' 'skip  ipv6 the gate itself ran out of sockets') == 'exit 0 and'* ]]
    [[ $(of 1 EIO@3 'Input/output error' 'FAIL  ipv6 the gate itself: read: Input/output error') == fine ]]
    [[ $(of 1 EIO@3 'Input/output error' 'FAIL  ipv6 the gate itself cannot go on') == 'blames the server'* ]]
    [[ $(of 1 EIO 'Input/output error' 'FAIL  ipv6 the trap itself ended without a verdict' 'gate: read: Input/output error') == fine ]]
    [[ $(of 1 EIO 'Input/output error' 'FAIL  ipv6 the trap itself ended without a verdict') == 'does not name'* ]]
    [[ $(of 1 EIO@3 'Input/output error' 'FAIL  ipv6 the server closed') == 'blames the server'* ]]
}
