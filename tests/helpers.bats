#!/usr/bin/env bats
# bats file_tags=part:suite
# helpers.bats -- guards against tests that pass although a command of theirs failed, that hang, or that are not counted.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR
    # Other bats run below: whole, and from their beginning.
    unset BATS_TEST_FILTER
    PATH=${PATH//"$BATS_LIBEXEC:"/}
}

# Writes a bats file with what the helpers' callers have, and these lines.  TEST and TAGS become what bats would take for
# ours here.
tests_that() { # tests_that LINES
    printf '%s\n' 'bats_require_minimum_version 1.5.0' "setup() { source '$PWD/tests/measuring.bash'; source '$PWD/tests/serving.bash'; }" \
        'teardown() { echo torn down >>"$BATS_TEST_DIRNAME/ends"; }' "$1" |
        sed 's/^TEST /@test /; s/^TAGS /# bats test_tags=/' >"$tmp/inner.bats"
}

results() { bats --tap "$tmp/inner.bats" | sed -nE 's/^(ok|not ok) [0-9]+ (.*)/\2: \1/p'; }

@test "in each try of in_one_of every command counts, not only the last one" {
    # shellcheck disable=SC2016  # for the other bats
    tests_that '
first() { run -0 false; [[ 1 == 2 ]]; true; }
nested() { first; true; }
good() { [[ 1 == 1 ]]; }
third() { echo try >>"$BATS_TEST_TMPDIR/tries"; (($(wc -l <"$BATS_TEST_TMPDIR/tries") == 3)); true; }
later() { echo try >>"$BATS_TEST_TMPDIR/tries"; (($(wc -l <"$BATS_TEST_TMPDIR/tries") >= 3)); true; }
TEST "first" { in_one_of 2 first; }
TEST "nested" { in_one_of 2 nested; }
TEST "good" { in_one_of 2 good; }
TEST "third" { in_one_of 3 third; }
TEST "third is too late" { in_one_of 2 third; }
TEST "good, then wrong" { in_one_of 2 good; false; true; }
TEST "eventually later" { eventually later; }
TEST "eventually never" { patience_s=1 eventually first; }
TEST "behind if" { if in_one_of 2 first; then true; fi; }
TEST "before or" { in_one_of 2 good || true; }'
    run results
    diff - <(echo "$output") <<'END'
first: not ok
nested: not ok
good: ok
third: ok
third is too late: not ok
good, then wrong: not ok
eventually later: ok
eventually never: not ok
behind if: not ok
before or: not ok
END
}

@test "a test that runs past its deadline is ended with all that it started, and named; the others run" {
    local begin=$SECONDS
    tests_that '
TEST "quick" { true; }
TAGS deadline:1
TEST "sleeps" { sleep 61.25; }
TAGS other,deadline:1
TEST "starts what ignores SIGTERM" { run bash -c "trap : TERM; while :; do sleep 62.25; done"; }
TEST "last" { true; }'
    run -1 --separate-stderr tests/bats.sh "$tmp/inner.bats" --times "$tmp/times"
    [[ ${lines[1]} == 'ok 1 quick' && ${lines[-1]} == 'ok 4 last' ]]
    [[ $output == *'not ok 2 sleeps # ended: it was not through after 1 s'* ]]
    [[ $output == *'not ok 3 starts what ignores SIGTERM # ended: it was not through after 1 s'* ]]
    ((SECONDS - begin < 30))
    [[ $(wc -l <"$tmp/ends") == 4 && $(cut -f 2 "$tmp/times" | head -n 2) == $'quick\nsleeps' ]]
    load serving.bash
    eventually gone '^sleep 6[12]\.25' # A signal does not wait for the end of a process.
}

@test "counts name the parts, the slowest tests and, last, how many passed, failed and were skipped" {
    printf '%s\n' 'ok 1 a' 'ok 2 b # skip weather: rain' 'ok 3 c # skip no root' >"$tmp/one.tap"
    printf '%s\n' 'not ok 1 d' '# why' 'ok 2 e' >"$tmp/two.tap"
    printf '%s\n' 'one first 2000000' '0m0.000s 0m0.000s' '0m1.500s 1m0.250s' >"$tmp/one.took"
    printf '%s\n' 'two second 30000000' '0m0.000s 0m0.000s' '0m1.000s 0m0.000s' >"$tmp/two.took"
    printf '%s\n' '0m1.000s 0m0.000s' '0m64.000s 0m0.500s' >"$tmp/all.took"
    printf '1.50\ta\n0.50\tb\n' >"$tmp/one.times"
    run -1 awk -v all_us=40000000 -f tests/counts.awk "$tmp"/*.{took,times,tap}
    [[ ${lines[-1]} == '2 passed, 1 failed, 2 skipped' ]]
    [[ ${lines[-2]} == '40 s, CPU 66 s (user 65, system 0), 1 skipped for the weather' ]]
    [[ $output == *$'\n  first           61.8     2.0\n  second           1.0    30.0\n'* ]]
    [[ $output == *$'\n     30.0  two: all of it\n      1.5  one: a\n      0.5  one: b\n'* ]]
}
