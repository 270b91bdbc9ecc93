#!/usr/bin/env bats
# bats file_tags=part:suite
# lengths.bats -- guards against functions that have grown too long to be read at once.

bats_require_minimum_version 1.5.0

setup() { cd "$BATS_TEST_DIRNAME/.." || return 1; }

long() { awk -v most=45 -v most_sql=60 -f tests/lengths.awk "$@"; } # long FILE...

@test "no function has more than 45 lines, no statement of SQL more than 60" {
    mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.c' '*.h' '*.sh' '*.bash' '*.awk' '*.sql' run_all.sh .ci/run)
    run -0 long "${files[@]}"
    [[ -z $output ]] || { echo "$output"; return 1; }
}

@test "a function of 46 lines is found in each language, and one of 45 is not" {
    local lines body
    for lines in 45 46; do
        body=$(for ((i = 3; i < lines; i++)); do echo "    x;"; done)
        printf 'static int too_long(int a)\n{\n%s\n}\n' "$body" >"$BATS_TEST_TMPDIR/$lines.c"
        printf 'too_long() { # too_long A\n    x\n%s\n}\n' "$body" >"$BATS_TEST_TMPDIR/$lines.sh"
        printf 'function too_long(a) {\n    x\n%s\n}\n' "$body" >"$BATS_TEST_TMPDIR/$lines.awk"
    done
    run -0 long "$BATS_TEST_TMPDIR"/45.*
    [[ -z $output ]] || { echo "$output"; return 1; }
    run -0 long "$BATS_TEST_TMPDIR"/46.*
    [[ ${#lines[@]} == 3 && $output == *'46 '*'46.awk too_long'*'46.c too_long'*'46.sh too_long'* ]] || { echo "$output"; return 1; }
    { echo 'CREATE VIEW long AS'; for i in {1..60}; do echo "-- $i"; done; echo 'SELECT 1;'; } >"$BATS_TEST_TMPDIR/long.sql"
    run -0 long "$BATS_TEST_TMPDIR/long.sql"
    [[ $output == '62 '* ]]
}

@test "no comment ends with a line of its own that has no word" {
    run git grep -nE '^\s*\*/$' -- '*.c' '*.h'
    [[ -z $output ]] || { echo "$output"; return 1; }
}
