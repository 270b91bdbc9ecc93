#!/usr/bin/env bats
# bats file_tags=part:suite
# picks.bats -- guards against a chart that is given another number than the table holds: what each chart is given to draw,
# from numbers of which no two are equal.

bats_require_minimum_version 1.5.0

setup() {
    load saying.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
}

@test "memory: KiB of each client at the largest count, each part in its place" {
    pick plots/bars m 'fork libuv poll epoll' -v kind=memory "$(table t \
        experiment,kind,model,connections,status,slab_kib_median,sockets_kib_median,task_frag_kib_median,kernel_stack_kib_median,page_tables_kib_median,pss_kib_median,pss_kib_max,rss_kib_median,machine_lost_kib_median \
        m,memory,poll,10,ok,9,9,9,9,9,9,9,9,9 m,memory,poll,1000,noisy,1000,2000,3000,4000,5000,6000,9,7000,22000 m,memory,poll,100,ok,9,9,9,9,9,9,9,9,9 \
        m,memory,fork,1000,ok,500,1500,2500,3500,4500,5500,9,80000,17000 m,memory,epoll,1000,client_limited,,,,,,,,, other,memory,epoll,1000,ok,1,1,1,1,1,1,1,1,1)"
    picked bars.dat | is '1 1 18 80 17 5.5 4.5 3.5 2.5 1.5 0.5' '2 3 21 7 22 6 5 4 3 2 1' '3 4 NaN NaN NaN NaN NaN NaN NaN NaN NaN'
    tics x | is 'fork at 1' 'poll at 2' 'epoll at 3'
    [[ $(given bar_count) == 3 && $(given highest) == 22 && $(given connections_text) == 1,000 ]]
    pick plots/bars m fork -v kind=memory "$(table t experiment,model,connections,status,pss_kib_median,page_tables_kib_median,rss_kib_median,machine_lost_kib_median m,memory,10,ok,1,1,1,1 m,fork,10,ok,150,50,900,170)"
    given highest | is 20
}

@test "cold start: median, lowest and highest of each model in its place; a failed one says so" {
    pick plots/bars cold_start 'fork poll epoll' -v kind=cold_start "$(table t experiment,model,repeats,time_s_median,time_s_mean,time_s_min,time_s_max,time_s_stddev,requests,status \
        cold_start,epoll,0,,,,,,1000,failed cold_start,poll,3,0.25,9,0.125,0.5,9,1000,ok cold_start,fork,3,0.75,9,0.625,0.875,9,1000,ok other,fork,3,9,9,9,9,9,1000,ok)"
    picked bars.dat | is '1 1 0.75 0.625 0.875' '2 2 0.25 0.125 0.5' '3 3 NaN NaN NaN'
    tics x | is 'fork at 1' 'poll at 2' 'epoll|failed at 3'
    [[ $(given bar_count) == 3 && $(given highest) == 0.875 ]]
}

@test "both ends: KiB of each connection, slab first, then what server and client hold" {
    pick plots/both_ends million '' "$(table t \
        experiment,model,connections,both_ends_kernel_stack_kib_median,both_ends_page_tables_kib_median,client_pss_kib_median,pss_kib_median,pss_kib_min,both_ends_slab_kib_median,both_ends_lost_kib_median \
        million,w,1000,1000,2000,3000,4000,9,5000,14000 million,w,100000,50000,150000,250000,350000,9,450000,2500000 million,w,200000,,,,,,, ramp,w,10,1,1,1,1,1,1,1)"
    picked bars.dat | is '1 15 14 5 4 3 2 1' '2 12.5 25 4.5 3.5 2.5 1.5 0.5' '3 NaN NaN NaN NaN NaN NaN NaN'
    tics x | is 'w|1,000 at 1' 'w|100,000 at 2' 'w|200,000 at 3'
    [[ $(given bar_count) == 3 && $(given highest) == 25 ]]
}

@test "system calls: each name in the order of its largest count, at the most connections; beyond seven they are others" {
    local head=experiment,model,connections,pass,counter,method,per_message_median,per_message_max,status
    pick plots/calls why 'fork poll' "$(table t $head why,poll,100,calls,read,ptrace,1,9,ok why,poll,100,calls,poll,ptrace,0.5,9,ok why,poll,10,calls,read,ptrace,7,9,ok \
        why,fork,10,calls,write,ptrace,8,9,ok why,fork,100,calls,write,ptrace,1.25,9,noisy why,fork,100,calls,read,ptrace,1.5,9,ok why,fork,100,plain,read,ptrace,99,9,ok why,fork,100,calls,context_switches,taskstats,99,9,ok)"
    picked bars.dat | is '1 1 2.75  1.25 1.5 0 0' '2 2 1.5  0 1 0.5 0'
    tics x | is 'fork|noisy at 1' 'poll at 2'
    [[ $(given bar_count) == 2 && $(given highest) == 2.75 && $(given calls) == 'write read poll ' && $(given connections) == 100 ]]
    # What was called at fewer connections is no part of the bar.
    pick plots/calls why fork "$(table t $head why,fork,10,calls,accept,ptrace,3,9,noisy why,fork,100,calls,read,ptrace,1.5,9,ok)"
    picked bars.dat | grep '^1 1 1.5 '
    tics x | is 'fork at 1'
    # Nine names: two of them share a place.
    table t $head >/dev/null
    local i=0 name
    for name in a b c d e f g h i; do echo "why,poll,5,calls,$name,ptrace,$((++i)).5,9,ok"; done >>"$BATS_TEST_TMPDIR/t"
    pick plots/calls why poll "$BATS_TEST_TMPDIR/t"
    picked bars.dat | is '1 1 49.5  9.5 8.5 7.5 6.5 5.5 4.5 3.5 4'
    given calls | is 'i h g f e d c others'
}

@test "handshakes: whole and proxy's CPU of each variant, medians of good repeats, with what stands below each bar" {
    pick plots/handshakes hs 'fork poll epoll' "$(table t "$(commas experiment model variant status {round_trips,connections_per_s}_median {server_cpu_us_per_connection,proxy_cpu_us_per_connection}_{median,min,max})" \
        hs,epoll,direct,ok,1,20000,25,25,25,,, hs,epoll,proxy,ok,1,9000,110,110,110,80,79,81 hs,epoll,proxy:1.2:rsa2048:full,failed,3,500,7,7,7,6,6,6 \
        hs,epoll,proxy:1.3:p256:resumed,ok,2,1200,340,300,350,260,200,270 other,poll,direct,ok,1,1,1,1,1,,,)"
    picked bars.dat | is '1 25 25 25 0' '2 110 110 110 80' '3 NaN NaN NaN NaN' '4 340 300 350 260'
    words() { local place; for place in 1 2 3 4; do given "words_$1_$place"; done; } # words LINE
    words 1 | is TCP TCP 'TLS 1.2' 'TLS 1.3'
    words 2 | is direct HAProxy RSA-2048 P-256
    words 3 | is ' ' ' ' full resumed
    words 4 | is 1 1 failed 2
    words 5 | is 20000 9000 failed 1200
    [[ $(given bar_count) == 4 && $(given highest) == 350 && $(given model) == epoll && $(given model_place) == 3 ]]
}

@test "herds: connections against time, of each model, way to come back and repeat by itself, to the end of the chart" {
    pick plots/herd h 'fork poll' "$(table herd experiment,model,repeat,variant,base_ms,cap_ms,outage_s,connections,status h,poll,1,now,,,2,500,ok h,poll,1,jitter,100,4000,2.5,600,ok h,other,1,now,,,9,900,ok x,poll,1,now,,,9,900,ok)" \
        "$(table back experiment,model,repeat,variant,s,connected,lost,attempts,failed,back h,poll,1,now,0.5,10,480,3,4,5 h,poll,1,now,2.5,499,7,8,9,500 h,poll,2,now,0.25,20,470,3,4,1 h,poll,1,jitter,3,77,8,1,1,2 x,poll,1,now,1,2,3,4,5,6)"
    picked now-2.dat | is '0 485' '0.5 10' '2.5 499' '7.5 499' '' '0 489' '0.25 20' '7.5 20' ''
    picked jitter-2.dat | is '0 83' '3 77' '7.5 77' ''
    [[ $(given models) == 'poll ' && $(given numbers) == '2 ' && $(given highest) == 600 && $(given outage_s) == 2.5 && $(given base_s) == 0.1 && $(given cap_s) == 4 && $(given last_s) == 7.5 ]]
    [[ ! -e $BATS_TEST_TMPDIR/picks/now-1.dat ]]
}

@test "walls: what each model held under each limit, with lowest and highest, and the words at the end of its bar" {
    pick plots/walls w 'fork poll' "$(table t experiment,model,variant,connections_established_median,connections_established_min,connections_established_max,connections,wall,wall_limit,status,reason \
        w,poll,machine,19993,19000,20100,30000,EMFILE,'RLIMIT_NOFILE 20000',ok, w,poll,files=1024,1017,1000,1018,3000,refused,'none: its own',ok, w,fork,files=1024,3000,2999,3001,3000,none,,ok, \
        w,fork,machine,12000,11000,13000,30000,time,none,ok, w,fork,processes=500,,,,3000,,,failed,'needs root' x,fork,machine,1,1,1,1,none,,ok,)"
    picked walls.dat | is '1 12000 1 11000 13000 "12,000: no wall, but no time left"' '2 3000 2 2999 3001 "3,000: no wall up to here"' '3 0 3 0 0 "failed: needs root"' \
        '4.7 19993 1 19000 20100 "19,993: EMFILE, RLIMIT_NOFILE 20000"' '5.7 1017 2 1000 1018 "1,017: refused"'
    tics y | is 'fork at 2' 'poll at 5.2'
    tics x | is '0 at 0' '5,000 at 5000' '10,000 at 10000' '15,000 at 15000' '20,000 at 20000'
    [[ $(given bar_count) == 5 && $(given bars_top) == 5.7 && $(given limit_count) == 3 && $(given highest) == 20100 ]]
    [[ $(given limit_1) == "machine's limits" && $(given limit_2) == '1,024 files' && $(given limit_3) == '500 processes' ]]
    pick plots/walls w poll "$(table t experiment,model,variant,connections_established_median,connections_established_min,connections_established_max,wall,wall_limit,status \
        w,poll,machine,900,900,900,reserve,'pid_max 32768',ok w,poll,files=9,90,90,90,accept_queue,'somaxconn 128',ok)"
    picked walls.dat | is '1 900 1 900 900 "900: stopped short of pid_max 32768"' '2 90 2 90 90 "90: somaxconn 128"'
}

@test "percentiles: counts of repeats are added, values are milliseconds, and each loop has its own curve" {
    local head='#[Mean]'
    mkdir "$BATS_TEST_TMPDIR/h"
    # Value in us, percentile, count up to here: 3 of 100 us, 5 of 400 us, 2 of 8 ms; then 30 of 400 us.
    printf '%s\n' 'Value Percentile TotalCount 1/(1-Percentile)' '' '100 0.3 3 1' '400 0.8 8 5' '8000 1 10 inf' "$head" >"$BATS_TEST_TMPDIR/h/o-poll-5-closed-1.hgrm"
    printf '%s\n' '400 1 30 inf' >"$BATS_TEST_TMPDIR/h/o-poll-5-closed-2.hgrm"
    printf '%s\n' '2000 0.5 4 2' '3000 0.75 6 4' '250000 1 8 inf' >"$BATS_TEST_TMPDIR/h/o-poll-5-poisson-1.hgrm"
    printf '%s\n' '9 1 9 inf' >"$BATS_TEST_TMPDIR/h/o-poll-4-poisson-1.hgrm"
    pick plots/percentiles o 'fork poll' "$BATS_TEST_TMPDIR"/h/*.hgrm
    # 40 in all: 38 of them up to 400 us.
    picked closed-2.dat | is 'NaN NaN' '2 0.4' '20 0.4' '20 8' '40 8'
    picked open-2.dat | is 'NaN NaN' '2 2' '2 2' '2 3' '4 3' '4 250' '8 250'
    [[ $(given models) == 'poll ' && $(given numbers) == '2 ' && $(given x_to) == 60 && $(given y_from) == 0.1 && $(given y_to) == 1000 ]]
}

@test "a comparison: the ratio of each row with its interval, from the top in the order of the models" {
    rows() { local row; for row in "$@"; do tr , '\t' <<<"$row"; done >"$BATS_TEST_TMPDIR/chart.tsv"; }
    rows poll,10,'messages per second',1.5,1.25,1.75,more 'poll,100 of 1;000,messages per second,0.5,0.25,0.75,less' fork,10,'messages per second',1.1,0.9,1.3,not_shown \
        poll,20,'messages per second',,,,not_compared poll,30,'messages per second',900,0.001,5000,more
    sed -i 's/;/,/' "$BATS_TEST_TMPDIR/chart.tsv"
    pick plots/compare c 'fork poll' -v chart=achieved_per_s "$BATS_TEST_TMPDIR/chart.tsv"
    picked compare.dat | is 'NaN NaN NaN NaN 1 0' '4 1.5 1.25 1.75 2 1' '3 0.5 0.25 0.75 2 1' '5 1.1 0.9 1.3 1 0' '1 100 0.01 100 2 1'
    picked compare_words.dat | is 'NaN ""' '2 "not compared"'
    tics y | is 'poll  30 at 1' 'poll  20 at 2' 'poll  100 of 1,000 at 3' 'poll  10 at 4' 'fork  10 at 5'
    [[ $(given rows) == 5 && $(given x_from) == 0.00961538 && $(given x_to) == 104 && $(given title) == 'Messages per second, B compared with A' ]]
    rows fork,10,PSS,1.5,1.4,1.6,more fork,10,sockets,1.02,1.01,1.03,not_shown
    pick plots/compare m fork -v chart=memory "$BATS_TEST_TMPDIR/chart.tsv"
    picked compare.dat | is 'NaN NaN NaN NaN 1 0' '2 1.5 1.4 1.6 1 1' '1 1.02 1.01 1.03 1 0'
    tics y | is 'fork  sockets at 1' 'fork  PSS at 2'
    tics x | is '0.8 at 0.8' '0.9 at 0.9' '1 at 1' '1.1 at 1.1' '1.2 at 1.2' '1.35 at 1.35' '1.5 at 1.5'
    [[ $(given rows) == 2 && $(given x_from) == 0.769231 && $(given x_to) == 1.664 && $(given title) == 'Memory, B compared with A' ]]
}
