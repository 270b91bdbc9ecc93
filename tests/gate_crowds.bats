#!/usr/bin/env bats
# bats file_tags=part:gate,long:45
# gate_crowds.bats -- guards against traps that cannot fail: clients that come and go, crowds, and the end of the server.

bats_require_minimum_version 1.5.0

setup() {
    load catching.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
}

@test "leak_files: files that are not given back are found" { caught leak_files churn "left over"; }
@test "leak_memory: 256 bytes for each client are found" { caught leak_memory churn "memory grew"; }
@test "undetached: threads that are neither joined nor detached are found" { caught undetached churn "memory grew"; }
@test "double_close: a socket closed twice is found" { caught double_close churn; }
@test "zombies: children that are not reaped are found" { caught zombies no-zombies "left over"; }

@test "swap_buffers: bytes of another client are found" {
    caught swap_buffers tagged-payloads "came back wrong"
    # Also where only the messages that wait for a server that was stopped share a buffer.
    caught_as tagged-payloads "came back wrong" swap_buffers --least-b 100
}

@test "stall: the silence of a client in a crowd is found" { caught stall mixed-crowd "silent after"; }
@test "stubborn: a server that ignores SIGTERM is found" { caught stubborn clean-end; }
@test "orphans: children left behind are found" { caught orphans clean-end "left behind"; }

@test "a crowd of all kinds finds what goes wrong in company, and the seed tells which crowd" {
    caught swap_buffers mixed-crowd "seed "
    # What it was doing for the one that was reset, reading or writing, is chance.
    caught die_on_reset mixed-crowd ": Connection reset by peer"
    caught lose_half_close mixed-crowd "a half-closing one"
    run -0 "$gate" --trap mixed-crowd --seed 7 -- "$BIN/server-poll" 0
    [[ ${lines[0]} == *'; seed 7' ]]
}

@test "linger: threads of clients that are gone are found" { caught linger no-zombies "left over: files"; }
@test "bad_end: another exit status than 0 is found" { caught bad_end clean-end "ended with exit 3"; }
