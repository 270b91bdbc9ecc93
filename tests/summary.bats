#!/usr/bin/env bats
# bats file_tags=part:suite
# summary.bats -- guards against a number summarised wrongly, and against runs of another schema.

bats_require_minimum_version 1.5.0

setup() {
    load drawing.bash
    load refusing.bash
    load saying.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR
}

# Writes $tmp/summary of a table of rows.
summary_of() { # summary_of TABLE
    local folder
    folder=$(mktemp -d "$tmp/of.XXXX")
    cp "$1" "$folder/raw.csv"
    [[ ! -e ${1%/*}/switch_cost.csv ]] || cp "${1%/*}/switch_cost.csv" "$folder/"
    rm -rf "$tmp/summary"
    summarised "$folder/raw.csv" >/dev/null
}

cell() { # cell FOLDER EXPERIMENT MODEL CONNECTIONS COLUMN
    cat "$1"/*.csv | awk -F, -v experiment="$2" -v model="$3" -v connections="$4" -v name="$5" '
        $1 == "experiment" { delete c; for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["experiment"] == experiment && $c["model"] == model && $c["connections"] == connections {
            if (!(name in c)) exit 3
            print $c[name] }'
}

@test "the summary of the fixture is the one worked out by hand" {
    summary_of tests/fixtures/raw.csv
    diff -r tests/fixtures/summary "$tmp/summary"
}

@test "a median is the middle of an odd and the mean of the middle two of an even number of runs" {
    s=tests/fixtures/summary
    [[ $(cell $s capacity poll 10 achieved_per_s_median) == 2000 ]]  # 1000 3000 2000
    [[ $(cell $s capacity poll 10 achieved_per_s_min) == 1000 ]]
    [[ $(cell $s capacity poll 10 achieved_per_s_max) == 3000 ]]
    [[ $(cell $s capacity poll 100 achieved_per_s_median) == 1500 ]] # 1000 2000
    [[ $(cell $s capacity poll 100 server_cpu_us_per_message_median) == 4.5 ]]
}

@test "a try that was superseded enters nothing, not even the number of repeats" {
    [[ $(cell tests/fixtures/summary capacity poll 100 achieved_per_s_max) == 2000 ]] # Not 99000.
    [[ $(cell tests/fixtures/summary capacity poll 100 repeats) == 2 ]]
}

@test "both kinds of switches are added per run, before the median" {
    [[ $(cell tests/fixtures/summary ramp poll 10 switches_per_s_median) == 210 ]] # 130 210 320
}

@test "the share of CPU spent switching is what one switch costs times how many a message takes" {
    s=tests/fixtures/summary
    [[ $(cell $s ramp poll 10 server_switching_percent_median) == 10 ]]     # 0.5 x 2 us of 10 us
    [[ $(cell $s capacity poll 10 server_switching_percent_max) == 12.5 ]]  # 0.25 x 2 us of 4 us
    [[ -z $(cell $s memory poll 100 server_switching_percent_median) ]]
    # A server of several processes switches between processes: 3 us.
    sed '1s/^/processes,/; 2,$s/^/101,/' tests/fixtures/raw.csv >"$tmp/raw.csv"
    cp tests/fixtures/switch_cost.csv "$tmp"
    summary_of "$tmp/raw.csv"
    [[ $(cell "$tmp/summary" ramp poll 10 server_switching_percent_median) == 15 ]]
}

@test "nobody guesses what a switch costs where it was not measured" {
    cp tests/fixtures/raw.csv "$tmp"
    summary_of "$tmp/raw.csv"
    [[ $(cat "$tmp"/summary/*) != *switching* ]]
    draw_only
    run -0 ./run_all.sh draw "$tmp"
    [[ ! -e $tmp/figures/ramp-switching_share.svg && -s $tmp/figures/ramp-switches_per_s.svg ]]
    grep -q 'No chart: ramp: server_switching_percent is not available' "$tmp/index.html"
}

@test "one disturbed run of three enters neither the median nor the status; memory counts it" {
    s=tests/fixtures/summary
    [[ $(cell $s ramp poll 100 latency_ns_p99_max) == 600000 ]]
    [[ $(cell $s ramp poll 100 repeats_ok) == 2 && $(cell $s ramp poll 100 repeats) == 3 ]]
    [[ $(cell $s ramp poll 100 status) == overloaded ]] # ok, noisy, overloaded
    [[ $(cell $s ramp poll 100 reason) == '900 of 1000 messages/s came back' ]]
    [[ $(cell $s ramp poll 100 pss_kib_median) == 1024 && $(cell $s ramp poll 100 pss_kib_max) == 1536 ]]
}

@test "runs of which half were disturbed make a disturbed point" {
    sed '/,overloaded,/d' tests/fixtures/raw.csv >"$tmp/raw.csv"
    summary_of "$tmp/raw.csv"
    [[ $(cell "$tmp/summary" ramp poll 100 repeats) == 2 && $(cell "$tmp/summary" ramp poll 100 repeats_ok) == 1 ]]
    [[ $(cell "$tmp/summary" ramp poll 100 status) == noisy ]]
    [[ $(cell "$tmp/summary" ramp poll 100 reason) == 'other programs used 7.0 % of the machine' ]]
}

@test "a failed point has empty cells, no zeros, and the reason of its first run" {
    s=tests/fixtures/summary
    [[ -z $(cell $s ramp fork 100 latency_ns_p99_median) ]]
    [[ $(cell $s ramp fork 100 status) == failed ]]
    [[ $(cell $s ramp fork 100 reason) == 'fork: EAGAIN after 73' ]]
}

@test "a torn raw.csv is refused, not summarised" {
    { head -c 900 tests/fixtures/raw.csv; echo; sed 1d tests/fixtures/raw.csv; } >"$tmp/raw.csv"
    run -2 --separate-stderr ./run_all.sh draw "$tmp"
    one_line_on_stderr 'cells'
    # A last line alone is what a full disk leaves: the rows before it stay good.
    head -c 900 tests/fixtures/raw.csv >"$tmp/raw.csv"
    draw_only
    run -0 --separate-stderr ./run_all.sh draw "$tmp"
    [[ ${#lines[@]} -gt 1 && $stderr == *'line '*' was not written to its end, and is left out' ]]
}

@test "a run of another schema is refused in one line that names both, and nothing is drawn" {
    ours=$(sed -n 's/^ *COLUMNS_SCHEMA = \([0-9]*\),.*/\1/p' harness/measure/columns.h)
    mkdir "$tmp/other" "$tmp/cold"
    sed '2,$s/^3,/77,/' tests/fixtures/raw.csv >"$tmp/other/raw.csv"
    run -2 --separate-stderr ./run_all.sh draw "$tmp/other"
    one_line_on_stderr "this run has schema 77, this version reads schema 1 to $ours"
    [[ $(ls "$tmp/other") == raw.csv ]]
    sed '2,$s/,3$/,77/' tests/fixtures/cold_start.csv >"$tmp/cold/cold_start.csv"
    run -2 --separate-stderr ./run_all.sh draw "$tmp/cold"
    one_line_on_stderr "this run has schema 77, this version reads schema 1 to $ours"
    [[ $(ls "$tmp/cold") == cold_start.csv ]]
    mkdir "$tmp/switch"
    cp tests/fixtures/raw.csv "$tmp/switch"
    sed '2,$s/^3,/77,/' tests/fixtures/switch_cost.csv >"$tmp/switch/switch_cost.csv"
    run -2 --separate-stderr ./run_all.sh draw "$tmp/switch"
    one_line_on_stderr "this run has schema 77, this version reads schema 1 to $ours"
}

@test "a run of the oldest schema, without tries, is still drawn as it was" {
    mkdir "$tmp/old"
    cut -d, -f1-6,9- tests/fixtures/raw.csv | sed '1!s/^[0-9]*,/1,/; /,99000,/d' >"$tmp/old/raw.csv"
    cut -d, -f1-11 tests/fixtures/cold_start.csv >"$tmp/old/cold_start.csv"
    cp tests/fixtures/switch_cost.csv "$tmp/old"
    run -0 ./run_all.sh draw "$tmp/old"
    diff -r --exclude=cold_start.csv tests/fixtures/summary "$tmp/old/summary"
}
