#!/usr/bin/env -S bash -p
# false_alarms.sh -- how often the rule of difference.sql finds a difference, by simulation: false_alarms.awk makes the runs.
#
# usage: tests/false_alarms.sh runs=5 noise=0.3 decisions=100000 seed=1 [factor=1.2] [shape=uniform]
#
# Prints how many of the decisions were claims.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../harness/run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/lib.sh"
BATS_TEST_DIRNAME=$PWD/tests BATS_TEST_TMPDIR=$(mktemp -d)
trap 'rm -rf "$BATS_TEST_TMPDIR"' EXIT
# shellcheck source-path=SCRIPTDIR source=saying.bash
source tests/saying.bash

options=()
for word in "$@"; do options+=(-v "$word"); done
by_rule "SELECT count(*) FROM difference WHERE said <> ''" "$(awk "${options[@]}" -f tests/false_alarms.awk)"
