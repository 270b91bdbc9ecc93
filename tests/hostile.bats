#!/usr/bin/env bats
# bats file_tags=part:gate
# hostile.bats -- guards against clients that keep no rule: half-sent lines, floods, resets, urgent data, costs
# without end.  tests/hostile.sh takes a minute for each server, this a moment.

bats_require_minimum_version 1.5.0

setup() {
    load serving.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
}

teardown() { end_servers; }

@test "hostile clients find nothing with the address and the undefined-behaviour sanitizer" {
    run -0 tests/hostile.sh 0.2 "$RANDOM" address
    (($(grep -c '^ok' <<<"$output") > 9))
}

@test "hostile clients find nothing with the thread sanitizer" {
    run -0 tests/hostile.sh 0.2 "$RANDOM" thread
    (($(grep -c '^ok' <<<"$output") > 9))
}

@test "a server that ends, or serves other bytes than it got, is found among hostile clients" {
    local liar said
    while read -r liar said; do
        start "liar-$liar"
        run -1 build/release/hostile "$port" 5 1
        [[ $output == "hostile: the good client"*"$said"* ]] || { echo "$liar: $output"; return 1; }
    done <<'END'
die_on_reset connection
swap_buffers got other bytes
double_first got more bytes
END
}

@test "a build without servers is told, and how to make them, instead of servers that fail" {
    run -2 tests/hostile.sh 0.2 1 address nosuch
    [[ $output == *'build/nosuch has no servers'*'make SAN=nosuch servers' && $output != *FAIL* ]]
}
