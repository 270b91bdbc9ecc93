#!/usr/bin/env bats
# bats file_tags=part:lessons,deadline:180,long:100
# lesson_costs.bats -- guards against lessons that cannot be followed, as lessons.bats does: those about what a connection costs,
# and the essay, whose claims are about costs.

bats_require_minimum_version 1.5.0
load following.bash

@test "the lesson memory: its command leaves what the page quotes" { follow memory; }
@test "the lesson million: its command leaves what the page quotes" { follow million; }
@test "the lesson buffers: its command leaves what the page quotes" { follow buffers; }
@test "the lesson handshakes: its command leaves what the page quotes" { follow handshakes; }
@test "the lesson essay: its command leaves what the page quotes" { follow essay; }
