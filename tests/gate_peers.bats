#!/usr/bin/env bats
# bats file_tags=part:gate,long:45
# gate_peers.bats -- guards against traps that cannot fail: what one client does to others, and what runs out.

bats_require_minimum_version 1.5.0

setup() {
    load catching.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
}

@test "die_on_reset: a server that ends with one client is found" { caught die_on_reset reset-mid-message "the server ended"; }
@test "die_on_reset: also when it was writing" { caught die_on_reset closed-peer; }
@test "unbounded_queue: memory without a bound is found" { caught unbounded_queue never-reading "it holds"; }

# Where the host takes the CPU away, a server cannot spin.
@test "spin: 100 % CPU without files is found" { in_one_of 3 caught spin few-files "spun"; }

@test "spin: 100 % CPU without processes is found" {
    [[ $EUID == 0 ]] || skip "needs root"
    in_one_of 3 caught spin few-processes "spun"
}

@test "block: one client that keeps the others waiting is found" { caught block half-message; }
@test "wait_for_rest: half a message that keeps the others waiting is found" { caught wait_for_rest half-message "another client"; }

@test "hoard: 700 KiB of a client that never reads are found, by the one trap for that" {
    # Where a busy machine keeps the liar from reading for a while, less than that is in its memory.
    in_one_of 3 caught hoard one-non-reader "it holds 7"
    run -0 "$gate" --trap never-reading --trap four-non-readers -- "$BIN/liar-hoard" 0
}

@test "empty_pool: buffers that those who never read keep from others are found" { caught empty_pool four-non-readers; }
@test "chatter: words on stderr are found" { caught chatter half-message "unexpected words"; }

# Whether a newcomer gets the very socket of one that was reset is chance.
@test "outlive: bytes kept for a client that is gone are found" { in_one_of 5 caught outlive reset-mid-message "came back wrong"; }

@test "full: a server that out of files ends, never accepts again, or lets a client go is found" {
    caught_as few-files "liar-full: accept: Too many open files" full --how 1
    caught_as few-files "half of those served left" full --how 2
    caught_as few-files "one that had been served" full --how 3
}

@test "chatter: more than the one line that something ran out is found" { caught chatter few-files "unexpected words"; }
@test "peername: a server that ends with a client that reset before it was accepted is found" { caught peername reset-at-once "the server ended"; }

@test "hog: memory of each client is found where it holds none of its bytes" {
    caught hog never-reading "each client that never reads costs"
    caught hog one-non-reader "one client that never reads costs"
}

@test "empty_pool: others that are not served beside clients that never read are found" { caught empty_pool never-reading "a newcomer beside clients that never read"; }

@test "die_on_reset: a server that ends only where a write fails is found by clients that leave bytes unread" {
    # On a busy machine the server may be reading when each of its clients goes.
    in_one_of 5 caught_as closed-peer "die_on_reset: write:" die_on_reset --only-writes 1
}
