#!/usr/bin/env bats
# bats file_tags=part:suite
# compared.bats -- guards against a comparison in which A and B change places, a metric has another's numbers, or a difference is
# said of what was not compared: each row and each sentence, from numbers of which no two are equal.

bats_require_minimum_version 1.5.0

setup() {
    load saying.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    blocked=$BATS_TEST_TMPDIR/blocked
    : >"$blocked"
    points=$(commas experiment kind model connections_asked connections_active arrival status reason {achieved_per_s,server_cpu_us_per_message}_{median,min,max,runs})
}

# Two summaries with these rows: of A those before "--", of B those after it.
compare() { # compare ROW... -- ROW...
    local side=a
    for side in a b; do echo "$points" >"$BATS_TEST_TMPDIR/$side.csv"; done
    side=a
    for row in "$@"; do
        if [[ $row == -- ]]; then side=b; else echo "$row" >>"$BATS_TEST_TMPDIR/$side.csv"; fi
    done
    run_awk 'numbers headline decide compare' -v blocked="$blocked" -v OFS=, side=a "$BATS_TEST_TMPDIR/a.csv" side=b "$BATS_TEST_TMPDIR/b.csv"
}

# What the report says of compare.csv.
report() { # report COMPARE.CSV [SETUP.TSV]
    : >"$BATS_TEST_TMPDIR/figures"
    [[ -n ${2:-} ]] || : >"$BATS_TEST_TMPDIR/setup.tsv"
    run_awk 'markup numbers headline decide compare_report' -v figures="$BATS_TEST_TMPDIR/figures" -v blocked="$blocked" -v left_out=/dev/null "${2:-$BATS_TEST_TMPDIR/setup.tsv}" "$1"
}

@test "a row has A's numbers, then B's, and the ratio of B by A with its interval" {
    compare c,capacity,fork,10,10,closed,ok,,1000,900,1100,5,20,19,21,4 -- c,capacity,fork,10,10,closed,ok,,2500,2400,2600,6,10,9.5,10.5,7 | sed 1d |
        is c,capacity,fork,10,10,server_cpu_us_per_message,4,20,19,21,7,10,9.5,10.5,0.5,0.452381,0.552632,less, \
            c,capacity,fork,10,10,achieved_per_s,5,1000,900,1100,6,2500,2400,2600,2.5,2.18182,2.88889,more,
}

@test "points are those of the same experiment, model, connections held and active, and arrival" {
    compare c,capacity,fork,10,10,closed,ok,,1,1,1,3,1,1,1,3 c,capacity,fork,10,5,closed,ok,,2,2,2,3,2,2,2,3 c,capacity,fork,20,10,closed,ok,,3,3,3,3,3,3,3,3 \
        c,capacity,poll,10,10,closed,ok,,4,4,4,3,4,4,4,3 d,capacity,fork,10,10,closed,ok,,5,5,5,3,5,5,5,3 c,capacity,fork,10,10,poisson,ok,,6,6,6,3,6,6,6,3 \
        -- c,capacity,fork,10,10,poisson,ok,,12,12,12,3,12,12,12,3 e,capacity,fork,10,10,closed,ok,,7,7,7,3,7,7,7,3 c,capacity,fork,10,5,closed,ok,,6,6,6,3,6,6,6,3 | sed 1d | cut -d, -f 1,3-6,15,18 |
        is c,fork,10,10,,,only_a c,fork,10,5,server_cpu_us_per_message,3,more c,fork,10,5,achieved_per_s,3,more c,fork,20,10,,,only_a c,poll,10,10,,,only_a d,fork,10,10,,,only_a \
            c,fork,10,10,server_cpu_us_per_message,2,more c,fork,10,10,achieved_per_s,2,more e,fork,10,10,,,only_b
}

@test "what is no result in A or in B is not compared, and the row says on which side and why" {
    local status
    for status in noisy client_limited drifting failed corrupt; do
        compare "c,capacity,fork,10,10,closed,$status,because,9,9,9,5,9,9,9,5" -- c,capacity,fork,10,10,closed,ok,,1,1,1,5,1,1,1,5 | sed -n 2p |
            is "c,capacity,fork,10,10,server_cpu_us_per_message,5,9,9,9,5,1,1,1,,,,not_compared,${status/_/ } in A: because"
        compare c,capacity,fork,10,10,closed,ok,,9,9,9,5,9,9,9,5 -- "c,capacity,fork,10,10,closed,$status,,1,1,1,5,1,1,1,5" | sed -n 3p |
            is "c,capacity,fork,10,10,achieved_per_s,5,9,9,9,5,1,1,1,,,,not_compared,${status/_/ } in B"
    done
    compare c,capacity,fork,10,10,closed,overloaded,slow,9,9,9,5,9,9,9,5 -- c,capacity,fork,10,10,closed,ok,,1,1,1,5,,,,0 | sed 1d | cut -d, -f 18- | is 'not_compared,not measured in B' less,
    compare c,capacity,fork,10,10,closed,ok,,9,9,9,5,,,,0 -- c,capacity,fork,10,10,closed,ok,,1,1,1,5,7,7,7,5 | sed 1d | cut -d, -f 18- | is 'not_compared,not measured in A' less,
    printf 'c\toffered_per_s was 1 in A, and 2 in B\n' >"$blocked"
    compare c,capacity,fork,10,10,closed,ok,,9,9,9,5,9,9,9,5 -- c,capacity,fork,10,10,closed,ok,,1,1,1,5,1,1,1,5 | sed 1d | cut -d, -f 15- |
        is ',,,not_compared,offered_per_s was 1 in A; and 2 in B' ',,,not_compared,offered_per_s was 1 in A; and 2 in B'
    run -3 compare c,capacity,fork,10,10,closed,ok,,9,9,9,5,9,9,9,5 -- c,capacity,poll,10,10,closed,ok,,1,1,1,5,1,1,1,5
}

@test "a cold start counts its repeats; what lies below a floor counts as the floor" {
    run_awk 'numbers headline decide compare' -v blocked="$blocked" -v OFS=, side=a "$(table a experiment,model,repeats,time_s_median,time_s_min,time_s_max,status s,fork,10,0.4,0.3,0.5,ok)" \
        side=b "$(table b experiment,model,repeats,time_s_median,time_s_min,time_s_max,status s,fork,9,1.2,1.1,1.3,ok)" | sed 1d | is s,cold_start,fork,,,time_s,10,0.4,0.3,0.5,9,1.2,1.1,1.3,3,2.2,4.33333,more,
    run_awk 'numbers headline decide compare' -v blocked="$blocked" -v OFS=, side=a "$(table a experiment,kind,model,connections_asked,status,pss_kib_median,pss_kib_min,pss_kib_max,pss_kib_runs m,memory,fork,10,noisy,10,9,11,3)" \
        side=b "$(table b experiment,kind,model,connections_asked,status,pss_kib_median,pss_kib_min,pss_kib_max,pss_kib_runs m,memory,fork,10,ok,5120,4096,6144,3)" | sed 1d |
        is m,memory,fork,10,,pss_kib,3,10,9,11,3,5120,4096,6144,5,4,6,more,
}

head=experiment,kind,model,connections_asked,connections_active,metric,runs_a,median_a,min_a,max_a,runs_b,median_b,min_b,max_b,ratio,ratio_low,ratio_high,verdict,reason

@test "differences in words: percent below twice, times above, more or less, each metric in its own words" {
    report "$(table compare.csv $head c,capacity,fork,1000,100,server_cpu_us_per_message,4,20,19,21,7,30,29,31,1.5,1.35,1.63,more, c,capacity,fork,1000,1000,achieved_per_s,4,9,8,10,7,6,5,7,0.667,0.5,0.875,less, \
        r,latency,poll,10,10,latency_ns_p99,5,2e6,1e6,3e6,5,7e6,6e6,8e6,3.5,2,8,more, r,latency,poll,1,1,switches_per_message,5,2,2,2,5,1,1,1,0.25,0.2,0.3,less, s,cold_start,poll,,,time_s,9,1,1,1,9,2,2,2,2,1.5,2.5,more,)" |
        sed -n '1,/^## What/p' | grep . |
        is '**A difference is shown in 5 of 5 rows.**' 'Between equal servers, chance alone would claim about 0.0024 of 5.' '## Differences shown' \
            '- fork at 100 of 1,000 connections costs 50 % (35-63 %) more CPU per message in B (c)' '- fork at 1,000 connections echoes 33 % (12-50 %) fewer messages per second in B (c)' \
            '- poll at 10 connections has a p99 latency that is 3.5 times (2-8 times) as high in B (r)' '- poll at 1 connection makes 75 % (70-80 %) fewer context switches per message in B (r)' \
            '- poll takes 2 times (1.5-2.5 times) as much time for short visits in B (s)' '## What else differs'
}

@test "the tables of a comparison: A's numbers, then B's, in the metric's unit, with their runs, and the ratio B/A" {
    report "$(table compare.csv $head r,latency,poll,1000,1000,latency_ns_p99,5,2e6,1e6,3e6,1,7e6,6e6,8e6,3.5,2,8,more, 'r,latency,fork,10,10,latency_ns_p99,3,2e6,1e6,3e6,3,2.5e6,1.5e6,9e6,1.25,0.5,9,not_shown,the ranges overlap' \
        m,memory,fork,10,10,pss_kib,3,2048,1024,3072,3,20480,19456,21504,10,9,11,more, 'r,latency,epoll,10,10,latency_ns_p99,3,2e6,1e6,3e6,3,,,,,,,not_compared,not measured in B' r,latency,libuv,1,1,latency_ns_p99,3,4e6,3e6,5e6,3,1e6,1e6,1e6,0.25,0.2,0.33,less,)" |
        sed -n '/^## r: /,$p' | grep . |
        is '## r: p99 latency' '| model | connections | metric | A | B | ratio B/A | in words |' '| --- | --- | --- | --- | --- | --- | --- |' \
            '| poll | 1,000 | p99 latency ms | 2 (1-3), 5 runs | 7 (6-8), 1 run | 3.50 (2.00-8.00) | **poll at 1,000 connections has a p99 latency that is 3.5 times (2-8 times) as high in B** |' \
            '| fork | 10 | p99 latency ms | 2 (1-3), 3 runs | 2.5 (1.5-9), 3 runs | 1.25 (0.50-9.00) | fork at 10 connections: no difference shown in p99 latency: the ranges overlap |' \
            '| epoll | 10 | p99 latency ms | 2 (1-3), 3 runs | - | - | epoll at 10 connections: not compared: not measured in B |' \
            '| libuv | 1 | p99 latency ms | 4 (3-5), 3 runs | 1 (1-1), 3 runs | 0.25 (0.20-0.33) | **libuv at 1 connection has a p99 latency that is 75 % (67-80 %) lower in B** |' \
            '## m: memory' '| model | connections | metric | A | B | ratio B/A | in words |' '| --- | --- | --- | --- | --- | --- | --- |' \
            '| fork | 10 | PSS MiB | 2 (1-3), 3 runs | 20 (19-21), 3 runs | 10.00 (9.00-11.00) | **fork at 10 connections holds 10 times (9-11 times) as much memory of its own (PSS) in B** |'
}

@test "what was not compared is said once, with its reason, and what only one run has, under its name" {
    report "$(table compare.csv $head c,capacity,fork,10,10,,,,,,,,,,,,,only_a, c,capacity,poll,20,20,,,,,,,,,,,,,only_b, 'c,capacity,thread,5,5,achieved_per_s,3,1,1,1,3,2,2,2,,,,not_compared,noisy in A' \
        'c,capacity,thread,5,5,server_cpu_us_per_message,3,1,1,1,3,2,2,2,,,,not_compared,noisy in A' 'c,capacity,libuv,5,5,achieved_per_s,3,1,1,1,3,2,2,2,2,1,3,not_shown,the ranges overlap')" | sed -n '1,/^## c: /p' | grep . |
        is '**No difference shown** in 1 rows.' 'Between equal servers, chance alone would claim about 0.0004 of 1.' '## What else differs' 'Nothing that the runs recorded.' '## Not compared' \
            '- thread at 5 connections (c): noisy in A' '## Only in A' '- fork at 10 connections (c)' '## Only in B' '- poll at 20 connections (c)' '## c: messages per second'
}

# What differs of two runs whose files are in folders a and b.
setup_of() {
    run_awk compare_setup -v blocked="$blocked" side=a "$BATS_TEST_TMPDIR"/a/* side=b "$BATS_TEST_TMPDIR"/b/*
}

@test "other differences are listed for A, then for B; another load or another cost blocks its experiment, and only that" {
    mkdir "$BATS_TEST_TMPDIR"/{a,b}
    printf '%s\n' 'machine: one' 'kernel: Linux 6.1' 'memory: 1 GiB' 'load_average: 1' >"$BATS_TEST_TMPDIR/a/machine.txt"
    printf '%s\n' 'machine: two' 'kernel: Linux 6.18' 'memory: 1 GiB' 'load_average: 2' >"$BATS_TEST_TMPDIR/b/machine.txt"
    printf '%s\n' './run_all.sh' '' 'profile quick, seed 7, models poll' '' '== x/ramp.conf' 'cost_us = 100' 'cost_us.quick = 1' 'cost_us.full = 5' 'window_s = 2' '' '== x/old.conf' 'deaf = 1' >"$BATS_TEST_TMPDIR/a/command.txt"
    printf '%s\n' './run_all.sh' '' 'profile quick, seed 8, models poll' '' '== x/ramp.conf' 'cost_us = 100' 'cost_us.quick = 2' 'cost_us.full = 6' 'window_s = 3' >"$BATS_TEST_TMPDIR/b/command.txt"
    printf '%s\n' schema,experiment,kind,profile,message_b,arrival,offered_per_s,window_s 3,ramp,latency,quick,64,poisson,1000.0,2 3,c,capacity,quick,64,closed,,2 3,m,memory,quick,64,,, >"$BATS_TEST_TMPDIR/a/raw.csv"
    printf '%s\n' schema,experiment,kind,profile,message_b,arrival,offered_per_s,window_s 3,ramp,latency,quick,64,poisson,1000,3 3,ramp,latency,quick,64,poisson,1000,3 3,c,capacity,quick,128,closed,,2 3,c,capacity,quick,256,closed,,2 >"$BATS_TEST_TMPDIR/b/raw.csv"
    printf '%s\n' experiment,path,at_once,window_s hs,direct,8,1.5 >"$BATS_TEST_TMPDIR/a/handshakes.csv"
    printf '%s\n' experiment,path,at_once,window_s hs,direct,16,2.5 >"$BATS_TEST_TMPDIR/b/handshakes.csv"
    setup_of | sort | is $'c: message_b\t64\t128 or 256' $'hs: at_once\t8\t16' $'kernel\tLinux 6.1\tLinux 6.18' $'ramp.conf: cost_us.full\t5\t6' $'ramp.conf: cost_us.quick\t1\t2' $'ramp.conf: window_s\t2\t3' \
        $'ramp: window_s\t2\t3' $'seed\t7\t8'
    sort "$blocked" | is $'c\tmessage_b was 64 in A and 128 or 256 in B' $'hs\tat_once was 8 in A and 16 in B' $'ramp\tcost_us.quick was 1 in A and 2 in B'
}
