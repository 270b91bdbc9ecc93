#!/usr/bin/env bats
# bats file_tags=part:gate,long:55
# gate_bursts.bats -- guards against traps that cannot fail: thousands of clients that come at once.

bats_require_minimum_version 1.5.0

setup() {
    load catching.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
}

@test "burst: a server that ends when thousands come at once is found" { caught burst connect-burst "were too many"; }

@test "deaf: clients that are taken in and neither served nor refused are found" {
    caught deaf past-1024 "client 1001 was neither served nor refused"
}

@test "forget: a single client of a burst that is left hanging is found" { caught forget connect-burst "of the burst hangs"; }
@test "displace: a client that loses its connection to a later one is found" { caught displace past-1024 "one that was inside"; }
@test "displace: also if it was there before a burst" { caught displace connect-burst "a client from before the burst"; }
@test "forget: a client that is not served among the first 900 is found" { caught_as past-1024 "client 20 was not served" forget --forgotten 20; }
