#!/usr/bin/env bats
# conformance.bats -- every trap of the gate for one server: MODEL and BUILD say which.

bats_require_minimum_version 1.5.0

# Bats 1.8 cannot make tests from data, so tests/run.sh asks for one trap after the other.
@test "passes the whole gate" {
    cd "$BATS_TEST_DIRNAME/.."
    instrumented=()
    [[ $BUILD == build/release ]] || instrumented=(--instrumented)
    run -0 build/release/gate --name "$MODEL" --jobs 3 "${instrumented[@]}" -- "$BUILD/server-$MODEL" 0
}
