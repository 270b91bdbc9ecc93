#!/usr/bin/env bats
# bats file_tags=part:gate,deadline:300
# conformance.bats -- every trap of the gate for one server, each counted: MODEL and BUILD say which.
#
#   MODEL=poll BUILD=build/address bats tests/conformance.bats
#   MODEL=node COMMAND='node servers/guests/node.js 0' bats tests/conformance.bats
#
# The gate runs once; each test below looks up its row.  Bats 1.8 cannot make tests from data, so
# tests/gate.bats checks that no trap is missing here.

bats_require_minimum_version 1.5.0

setup_file() {
    cd "$BATS_TEST_DIRNAME/.." || return 1
    local build=${BUILD:-build/release} instrumented=()
    [[ $build == build/release ]] || instrumented=(--instrumented)
    export ROWS="$BATS_FILE_TMPDIR/rows"
    build/release/gate --name "$MODEL" --jobs 3 --tsv "$ROWS" "${instrumented[@]}" -- \
        "${COMMAND:-$build/server-$MODEL 0}" >"$BATS_FILE_TMPDIR/shown" || true # Each row tells for itself.
}

# passes TRAP: its row says so; a trap that cannot be tried here is skipped with the reason, and all
# are if the server says that it cannot run on this machine.
passes() {
    local trap result evidence
    while IFS=$'\t' read -r trap result evidence; do
        [[ $trap != start || $evidence != *"not on this machine"* ]] || skip "$evidence"
        [[ $trap == "$1" ]] || continue
        [[ $result != skip ]] || skip "$evidence"
        echo "$result: $evidence"
        [[ $result == pass ]]
        return
    done <"$ROWS"
    echo "the gate has no row for $1"
    return 1
}

@test "start" { passes start; }
@test "large-message" { passes large-message; }
@test "byte-by-byte" { passes byte-by-byte; }
@test "slow-reader" { passes slow-reader; }
@test "stalled-reader" { passes stalled-reader; }
@test "unread-burst" { passes unread-burst; }
@test "half-close" { passes half-close; }
@test "ipv6" { passes ipv6; }
@test "costs-paid" { passes costs-paid; }
@test "costs-in-turns" { passes costs-in-turns; }
@test "costs-off" { passes costs-off; }
@test "reset-mid-message" { passes reset-mid-message; }
@test "reset-at-once" { passes reset-at-once; }
@test "closed-peer" { passes closed-peer; }
@test "half-message" { passes half-message; }
@test "never-reading" { passes never-reading; }
@test "one-non-reader" { passes one-non-reader; }
@test "four-non-readers" { passes four-non-readers; }
@test "churn" { passes churn; }
@test "connect-burst" { passes connect-burst; }
@test "tagged-payloads" { passes tagged-payloads; }
@test "past-1024" { passes past-1024; }
@test "no-zombies" { passes no-zombies; }
@test "clean-end" { passes clean-end; }
@test "mixed-crowd" { passes mixed-crowd; }
@test "few-files" { passes few-files; }
@test "few-processes" { passes few-processes; }
