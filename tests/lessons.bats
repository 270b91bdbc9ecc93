#!/usr/bin/env bats
# bats file_tags=deadline:180,long:100
# lessons.bats -- guards against lessons that cannot be followed: the command of each is run as its page tells it,
# in a copy of the tree whose experiments are small, and must leave what the page quotes.  Those about costs: lesson_costs.bats.

bats_require_minimum_version 1.5.0
load following.bash

@test "the lesson switches: its command leaves what the page quotes" { follow switches; }
@test "the lesson slow: its command leaves what the page quotes" { follow slow; }
@test "the lesson crowd: its command leaves what the page quotes" { follow crowd; }
@test "the lesson workers: its command leaves what the page quotes" { follow workers; }
@test "the lesson walls: its command leaves what the page quotes" { follow walls; }
@test "the lesson reconnect-herd: its command leaves what the page quotes" { follow reconnect-herd; }
@test "the lesson chat: its command leaves what the page quotes" { follow chat; }
@test "the lesson why: its command leaves what the page quotes" { follow why; }
@test "the lesson coordinated-omission: its command leaves what the page quotes" { follow coordinated-omission; }

@test "every lesson that quotes a run is followed here" {
    diff <(all_lessons) <(sed -n 's/^@test .*{ follow \(.*\); }$/\1/p' "$BATS_TEST_DIRNAME"/lesson*.bats | sort)
}
