#!/usr/bin/env bats
# bats file_tags=part:suite
# compared.bats -- guards against a comparison in which A and B change places, a metric has another's numbers, or a difference is
# said of what was not compared: each row and each sentence, from numbers of which no two are equal.

bats_require_minimum_version 1.5.0

setup() {
    load saying.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    points=$(commas schema experiment kind model connections_asked connections_active arrival status reason {achieved_per_s,server_cpu_us_per_message}_{median,min,max,runs})
}

# Writes raw.csv of two runs, of medians under the header `points`: of A the rows before "--", of B those after it.
two_runs() { # two_runs ROW... -- ROW...
    local side row
    rm -rf "$BATS_TEST_TMPDIR"/{a,b}
    mkdir "$BATS_TEST_TMPDIR"/{a,b}
    for side in a b; do echo "$points" >"$BATS_TEST_TMPDIR/$side/raw.csv"; done
    side=a
    for row in "$@"; do
        if [[ $row == -- ]]; then side=b; else echo "3,$row" >>"$BATS_TEST_TMPDIR/$side/raw.csv"; fi
    done
}

# compare.csv of these rows, without the columns kind and variant, and what its report says.
compare() { two_runs "$@" && compared_by sql 'SELECT text FROM compare_line ORDER BY id, pair' -- "$BATS_TEST_TMPDIR"/{a,b} | cut -d, -f 1-3,5-; } # compare ROW... -- ROW...
report() { two_runs "$@" && compared_by compare_words -- "$BATS_TEST_TMPDIR"/{a,b}; }                                                             # report ROW... -- ROW...

@test "a row has A's numbers, then B's, and the ratio of B by A with its interval" {
    compare c,capacity,fork,10,10,closed,ok,,1000,900,1100,5,20,19,21,4 -- c,capacity,fork,10,10,closed,ok,,2500,2400,2600,6,10,9.5,10.5,7 | sed 1d |
        is c,capacity,fork,10,10,server_cpu_us_per_message,4,20,19,21,7,10,9.5,10.5,0.5,0.452381,0.552632,less, \
            c,capacity,fork,10,10,achieved_per_s,5,1000,900,1100,6,2500,2400,2600,2.5,2.18182,2.88889,more,
}

@test "points are those of the same experiment, model, connections held and active, and arrival" {
    compare c,capacity,fork,10,10,closed,ok,,1,1,1,3,1,1,1,3 c,capacity,fork,10,5,closed,ok,,2,2,2,3,2,2,2,3 c,capacity,fork,20,10,closed,ok,,3,3,3,3,3,3,3,3 \
        c,capacity,poll,10,10,closed,ok,,4,4,4,3,4,4,4,3 d,capacity,fork,10,10,closed,ok,,5,5,5,3,5,5,5,3 c,capacity,fork,10,10,poisson,ok,,6,6,6,3,6,6,6,3 \
        -- c,capacity,fork,10,10,poisson,ok,,12,12,12,3,12,12,12,3 e,capacity,fork,10,10,closed,ok,,7,7,7,3,7,7,7,3 c,capacity,fork,10,5,closed,ok,,6,6,6,3,6,6,6,3 | sed 1d | cut -d, -f 1,3-6,15,18 |
        is c,fork,10,5,server_cpu_us_per_message,3,more c,fork,10,5,achieved_per_s,3,more c,fork,10,10,,,only_a c,fork,20,10,,,only_a \
            c,fork,10,10,server_cpu_us_per_message,2,more c,fork,10,10,achieved_per_s,2,more c,poll,10,10,,,only_a d,fork,10,10,,,only_a e,fork,10,10,,,only_b
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
    points+=,message_b
    compare c,capacity,fork,10,10,closed,ok,,9,9,9,5,9,9,9,5,64 -- c,capacity,fork,10,10,closed,ok,,1,1,1,5,1,1,1,5,128 | sed 1d | cut -d, -f 15- |
        is ',,,not_compared,message_b was 64 in A and 128 in B' ',,,not_compared,message_b was 64 in A and 128 in B'
}

@test "a cold start counts its repeats; what lies below a floor counts as the floor" {
    two_runs --
    rm "$BATS_TEST_TMPDIR"/{a,b}/raw.csv
    table a/cold_start.csv experiment,model,repeats,time_s_median,time_s_min,time_s_max,status s,fork,10,0.4,0.3,0.5,ok >/dev/null
    table b/cold_start.csv experiment,model,repeats,time_s_median,time_s_min,time_s_max,status s,fork,9,1.2,1.1,1.3,ok >/dev/null
    compared_by sql 'SELECT text FROM compare_line ORDER BY id, pair' -- "$BATS_TEST_TMPDIR"/{a,b} | sed 1d | is s,cold_start,fork,,,,time_s,10,0.4,0.3,0.5,9,1.2,1.1,1.3,3,2.2,4.33333,more,
    points=schema,experiment,kind,model,connections_asked,status,pss_kib_median,pss_kib_min,pss_kib_max,pss_kib_runs
    compare m,memory,fork,10,noisy,10,9,11,3 -- m,memory,fork,10,ok,5120,4096,6144,3 | sed 1d | is m,memory,fork,10,,pss_kib,3,10,9,11,3,5120,4096,6144,5,4,6,more,
}

@test "differences in words: percent below twice, times above, more or less, better or worse, each metric in its own words" {
    points=$(commas schema experiment kind model connections_asked connections_active arrival status {achieved_per_s,server_cpu_us_per_message,latency_ns_p99,switches_per_message}_{median,min,max,runs})
    report c,capacity,fork,1000,100,closed,ok,,,,,20,19,21,4,,,,,,,, c,capacity,fork,1000,1000,closed,ok,9,8.9,9.1,4,,,,,,,,,,,, \
        r,latency,poll,10,10,poisson,ok,,,,,,,,,2e6,1.9e6,2.1e6,5,,,, r,latency,poll,1,1,poisson,ok,,,,,,,,,,,,,2,2,2,5 \
        -- c,capacity,fork,1000,100,closed,ok,,,,,30,29,31,7,,,,,,,, c,capacity,fork,1000,1000,closed,ok,6,5.9,6.1,7,,,,,,,,,,,, \
        r,latency,poll,10,10,poisson,ok,,,,,,,,,7e6,6.8e6,7.2e6,5,,,, r,latency,poll,1,1,poisson,ok,,,,,,,,,,,,,0.5,0.4,0.6,5 | sed -n '1,/^## What/p' | grep . |
        is '**A difference is shown in 4 of 4 rows.**' 'Between equal servers, chance alone would claim about 0.002 of 4.' '## Differences shown' \
            '- fork at 100 of 1,000 connections costs 50 % (38-63 %) more CPU per message in B, which is worse (c)' '- fork at 1,000 connections echoes 33 % (31-35 %) fewer messages per second in B, which is worse (c)' \
            '- poll at 1 connection makes 75 % (70-80 %) fewer context switches per message in B, which is better (r)' \
            '- poll at 10 connections has a p99 latency that is 3.5 times (3.24-3.79 times) as high in B, which is worse (r)' '## What else differs'
}

@test "the tables of a comparison: A's numbers, then B's, in the metric's unit, with their runs, and the ratio B/A" {
    points=$(commas schema experiment kind model connections_asked connections_active arrival status {latency_ns_p99,pss_kib}_{median,min,max,runs})
    report r,latency,poll,1000,1000,poisson,ok,2e6,1.9e6,2.1e6,5,,,, r,latency,fork,10,10,poisson,ok,2e6,1e6,3e6,3,,,, r,latency,epoll,10,10,poisson,ok,2e6,1e6,3e6,3,,,, r,latency,libuv,1,1,poisson,ok,4e6,3e6,5e6,1,,,, \
        m,memory,fork,10,10,,ok,,,,,2048,1024,3072,3 -- r,latency,poll,1000,1000,poisson,ok,7e6,6.8e6,7.2e6,5,,,, r,latency,fork,10,10,poisson,ok,2.5e6,1.5e6,9e6,3,,,, r,latency,epoll,10,10,poisson,ok,,,,,,,, \
        r,latency,libuv,1,1,poisson,ok,1e6,1e6,1e6,3,,,, m,memory,fork,10,10,,ok,,,,,204800,203776,205824,3 | sed -n '/^## r: /,$p' | grep . >"$BATS_TEST_TMPDIR/tables"
    is <"$BATS_TEST_TMPDIR/tables" '## r: p99 latency' '![r-latency_ns_p99](figures/r-latency_ns_p99.svg)' '| model | connections | metric | A | B | ratio B/A | in words |' '| --- | --- | --- | --- | --- | --- | --- |' \
        '| epoll | 10 | p99 latency ms | 2 (1-3), 3 runs | - | - | epoll at 10 connections: not compared: not measured in B |' \
        '| fork | 10 | p99 latency ms | 2 (1-3), 3 runs | 2.5 (1.5-9), 3 runs | 1.25 (0.50-9.00) | fork at 10 connections: no difference shown in p99 latency: the ranges overlap |' \
        '| libuv | 1 | p99 latency ms | 4 (3-5), 1 run | 1 (1-1), 3 runs | 0.25 (0.20-0.33) | libuv at 1 connection: no difference shown in p99 latency: fewer than 3 good runs |' \
        '| poll | 1,000 | p99 latency ms | 2 (1.9-2.1), 5 runs | 7 (6.8-7.2), 5 runs | 3.50 (3.24-3.79) | **poll at 1,000 connections has a p99 latency that is 3.5 times (3.24-3.79 times) as high in B, which is worse** |' \
        '## m: memory' '![m-memory](figures/m-memory.svg)' '| model | connections | metric | A | B | ratio B/A | in words |' '| --- | --- | --- | --- | --- | --- | --- |' \
        '| fork | 10 | PSS MiB | 2 (1-3), 3 runs | 200 (199-201), 3 runs | 100.00 (66.33-201.00) | **fork at 10 connections holds 100 times (66.3-201 times) as much memory of its own (PSS) in B, which is worse** |'
}

@test "what was not compared is said once, with its reason, and what only one run has, under its name" {
    report c,capacity,fork,10,10,closed,ok,,1,1,1,3,1,1,1,3 c,capacity,thread,5,5,closed,noisy,,1,1,1,3,1,1,1,3 c,capacity,libuv,5,5,closed,ok,,1,1,2,3,,,, \
        -- c,capacity,poll,20,20,closed,ok,,1,1,1,3,1,1,1,3 c,capacity,thread,5,5,closed,ok,,2,2,2,3,2,2,2,3 c,capacity,libuv,5,5,closed,ok,,2,1,3,3,,,, | sed -n '1,/^## c: /p' | grep . |
        is '**No difference shown** in 1 rows.' 'Between equal servers, chance alone would claim about 0.0004 of 1.' '## What else differs' 'Nothing that the runs recorded.' '## Not compared' \
            '- thread at 5 connections (c): noisy in A' '## Only in A' '- fork at 10 connections (c)' '## Only in B' '- poll at 20 connections (c)' '## c: messages per second'
}

# What of two runs is asked of the comparison of their set-ups.
setup_of() { compared_by said "$1" -- "$BATS_TEST_TMPDIR"/{a,b}; } # setup_of SQL

@test "other differences are listed for A, then for B; another load or another cost blocks its experiment, and only that" {
    mkdir "$BATS_TEST_TMPDIR"/{a,b}
    printf '%s\n' 'machine: one' 'kernel: Linux 6.1' 'memory: 1 GiB' 'load_average: 1' >"$BATS_TEST_TMPDIR/a/machine.txt"
    printf '%s\n' 'machine: two' 'kernel: Linux 6.18' 'memory: 1 GiB' 'load_average: 2' >"$BATS_TEST_TMPDIR/b/machine.txt"
    printf '%s\n' './run_all.sh' '' 'profile quick, seed 7, models poll' '' '== x/ramp.conf' 'cost_us = 100' 'cost_us.quick = 1' 'cost_us.full = 5' 'window_s = 2' '' '== x/old.conf' 'deaf = 1' >"$BATS_TEST_TMPDIR/a/command.txt"
    printf '%s\n' './run_all.sh' '' 'profile quick, seed 8, models poll' '' '== x/ramp.conf' 'cost_us = 100' 'cost_us.quick = 2' 'cost_us.full = 6' 'window_s = 3' >"$BATS_TEST_TMPDIR/b/command.txt"
    printf '%s\n' schema,experiment,kind,profile,model,status,message_b,arrival,offered_per_s,window_s 3,ramp,latency,quick,m,ok,64,poisson,1000.0,2 3,c,capacity,quick,m,ok,64,closed,,2 3,m,memory,quick,m,ok,64,,, >"$BATS_TEST_TMPDIR/a/raw.csv"
    printf '%s\n' schema,experiment,kind,profile,model,status,message_b,arrival,offered_per_s,window_s 3,ramp,latency,quick,m,ok,64,poisson,1000,3 3,ramp,latency,quick,m,ok,64,poisson,1000,3 3,c,capacity,quick,m,ok,128,closed,,2 3,c,capacity,quick,m,ok,256,closed,,2 >"$BATS_TEST_TMPDIR/b/raw.csv"
    printf '%s\n' schema,experiment,model,status,path,tls,at_once,connections,window_s 3,hs,m,ok,direct,none,8,1000,1.5 >"$BATS_TEST_TMPDIR/a/handshakes.csv"
    printf '%s\n' schema,experiment,model,status,path,tls,at_once,connections,window_s 3,hs,m,ok,direct,none,16,2000,2.5 >"$BATS_TEST_TMPDIR/b/handshakes.csv"
    setup_of 'SELECT name, a, b FROM setup_told' | sort | is $'c: message_b\t64\t128 or 256' $'hs: opened\t1000\t2000' $'kernel\tLinux 6.1\tLinux 6.18' $'ramp.conf: cost_us.full\t5\t6' \
        $'ramp.conf: cost_us.quick\t1\t2' $'ramp.conf: window_s\t2\t3' $'seed\t7\t8'
    setup_of 'SELECT experiment, why FROM blocked' | sort | is $'c\tmessage_b was 64 in A and 128 or 256 in B' $'hs\topened was 1000 in A and 2000 in B' $'ramp\tcost_us.quick was 1 in A and 2 in B'
}
