#!/usr/bin/env bats
# bats file_tags=part:gate,long:40
# gate_bytes.bats -- guards against traps that cannot fail: lost, wrong, late and extra bytes, and costs that are not paid.

bats_require_minimum_version 1.5.0

setup() {
    load catching.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
}

@test "corrupt: a flipped bit is found" { caught corrupt large-message "came back wrong"; }
@test "truncate: a short write that is ignored is found" { caught truncate slow-reader; }
@test "drop: a message left out is found" { caught drop byte-by-byte; }
@test "stall: silence is found" { caught stall large-message; }
@test "end_on_eagain: a full socket taken for the end is found" { caught end_on_eagain unread-burst; }
@test "lose_half_close: last bytes that are lost are found" { caught lose_half_close half-close; }
@test "reset_half_close: a reset instead of the end is found" { caught reset_half_close half-close "did not close"; }
@test "pay_twice: a cost paid twice is found" { caught pay_twice costs-paid; }
@test "pay_all: costs that are paid at once while all others wait are found" { caught pay_all costs-in-turns "costs of 1,000 s"; }
@test "pay_always: a cost paid unasked is found" { caught pay_always costs-off; }
@test "line_buffer: bytes that wait for the end of their line are found" { caught line_buffer byte-by-byte; }
@test "forget: a server that is ready and does not serve its first client is found" { caught_as start "a first client" forget --forgotten 1; }

@test "impatient: a client that stops reading for a second and loses its bytes is found, by the one trap for that" {
    in_one_of 3 caught impatient stalled-reader "bytes" # On a busy machine the stall can be shorter than its second.
    run -0 "$gate" --trap slow-reader --trap unread-burst -- "$BIN/liar-impatient" 0
}

@test "double_first: more bytes than were sent are found" { caught double_first half-close "more came back than"; }

@test "over IPv6 a flipped bit, a reset and a server that does not listen there are found" {
    caught_as ipv6 "came back wrong" corrupt --victim 5000
    caught_as ipv6 "did not close" reset_half_close
    # shellcheck disable=SC2016  # for the script
    printf '#!/bin/sh\ncase $* in *no-such-option*) exit 2 ;; esac\nexec %s 0\n' "$PWD/$BIN/server-poll" >"$BATS_TEST_TMPDIR/deaf_to_v6"
    chmod +x "$BATS_TEST_TMPDIR/deaf_to_v6"
    run -1 "$gate" --trap ipv6 -- "$BATS_TEST_TMPDIR/deaf_to_v6"
    [[ ${lines[0]} == *"started with --host ::1, but nobody listens there"* ]] || { echo "$output"; return 1; }
}

@test "pay_wrong: costs that are not paid, slept instead of burnt, lost when split, or paid in mid-line are found" {
    in_one_of 3 caught_as costs-paid "sleep not paid" pay_wrong --how 1 # A busy machine can be late by as much as a cost.
    caught_as costs-paid "!spin 150000 burnt" pay_wrong --how 2
    in_one_of 3 caught_as costs-paid "split not paid" pay_wrong --how 3
    caught_as costs-paid "for a line that is no cost" pay_wrong --how 4
}

@test "chatter: a single line is found, too" { caught chatter byte-by-byte "unexpected words"; }
