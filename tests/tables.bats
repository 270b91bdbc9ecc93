#!/usr/bin/env bats
# bats file_tags=part:suite
# tables.bats -- guards against a cell of a table that shows another column, another unit or another point: each cell by its
# heading, from numbers of which no two are equal.

bats_require_minimum_version 1.5.0

setup() {
    load saying.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
}

# A row of a summary, of words and of METRIC=MEDIAN,MIN,MAX: its header and its cells, as two lines.
row() { # row "NAME=CELL..." "METRIC=MEDIAN,MIN,MAX..."
    local pair names=() cells=()
    for pair in $1; do names+=("${pair%%=*}"); cells+=("${pair#*=}"); done
    for pair in $2; do names+=("${pair%%=*}"_{median,min,max}); cells+=("${pair#*=}"); done
    commas "${names[@]}"
    commas "${cells[@]}"
}

# The table of one row.
row_table() { # row_table "NAME=CELL..." "METRIC=MEDIAN,MIN,MAX..."
    row "$@" >"$BATS_TEST_TMPDIR/row.csv"
    tables_in "$BATS_TEST_TMPDIR/row.csv"
}

@test "latency: each column by its name and in its unit, median with lowest and highest" {
    row_table 'experiment=ramp kind=latency model=poll connections_asked=100 connections_active=100 status=overloaded reason=slow' \
        'pss_kib=11264,10240,12288 rss_kib=30720,20480,40960 deaf_stuck_b=5242880,3145728,6291456 server_switching_percent=21,20,22 switches_per_message=1.5,1.25,1.75
        switches_per_s=3100,3000,3200 server_cpu_us_per_message=41,40,42 send_lag_ns_p99=51e6,50e6,52e6 slow_ns_p99=71e6,70e6,72e6 slow_ns_p50=61e6,60e6,62e6 latency_ns_max=900e6,800e6,1e9
        latency_ns_p999=85e6,84e6,86e6 latency_ns_p99=8.5e6,8e6,9e6 latency_ns_p50=2.5e6,2e6,3e6 latency_ns_mean=2.6e6,2.55e6,2.7e6 achieved_per_s=950,940,960 offered_per_s=1000,1000,1000
        connections_established=99,98,100' | cells_of ramp poll |
        is 'model: poll' 'connections: 100' 'status: overloaded' 'established: 99 (98-100)' 'offered/s: 1000' 'messages/s: 950 (940-960)' 'mean ms: 2.6 (2.55-2.7)' 'p50 ms: 2.5 (2-3)' \
            'p99 ms: 8.5 (8-9)' 'p99.9 ms: 85 (84-86)' 'max ms: 900 (800-1000)' 'slow messages p50 ms: 61 (60-62)' 'slow messages p99 ms: 71 (70-72)' \
            'send lag p99 ms: 51 (50-52)' 'server CPU us/message: 41 (40-42)' 'switches/s: 3100 (3000-3200)' 'switches/message: 1.5 (1.25-1.75)' \
            'switching % of CPU: 21 (20-22)' 'PSS MiB: 11 (10-12)' 'summed RSS MiB: 30 (20-40)' 'unread of deaf clients MiB: 5 (3-6)' 'runs: 1 of 1' 'reason: slow'
}

@test "capacity: each column by its name and in its unit" {
    row_table 'experiment=c kind=capacity model=epoll_workers connections_asked=50 connections_active=50 status=ok reason=' \
        'worker_share_percent_max=160,150,170 worker_share_percent_min=60,50,70 server_switching_percent=21,20,22 switches_per_message=1.5,1.25,1.75 machine_cpu_us_per_message=31,30,32
        client_cpu_us_per_message=11,10,12 server_cpu_us_per_message=7,6,8 achieved_per_s=120000.4,110000,130000 connections_established=49,48,50' | cells_of c epoll_workers |
        is 'model: epoll_workers' 'connections: 50' 'status: ok' 'established: 49 (48-50)' 'messages/s: 120000 (110000-130000)' 'server CPU us/message: 7 (6-8)' 'client CPU us/message: 11 (10-12)' \
            'machine CPU us/message: 31 (30-32)' 'switches/message: 1.5 (1.25-1.75)' 'switching % of CPU: 21 (20-22)' 'emptiest worker %: 60 (50-70)' 'fullest worker %: 160 (150-170)' \
            'runs: 1 of 1' 'reason: '
}

@test "memory: each column by its name, in MiB" {
    row_table 'experiment=m kind=memory model=fork connections_asked=10 connections_active=10 status=noisy reason=others' \
        'processes=11,10,12 threads=13,12,14 machine_lost_kib=1048576,1047552,1049600 rss_kib=2097152,2096128,2098176 slab_kib=1536,1024,2048 sockets_kib=3072,2048,4096 task_frag_kib=5120,4096,6144
        kernel_stack_kib=7168,6144,8192 page_tables_kib=9216,8192,10240 pss_kib=102400,101376,103424' | cells_of m fork |
        is 'model: fork' 'connections: 10' 'status: noisy' 'established: -' 'PSS MiB: 100 (99-101)' 'page tables MiB: 9 (8-10)' 'kernel stacks MiB: 7 (6-8)' 'send blocks MiB: 5 (4-6)' \
            'sockets MiB: 3 (2-4)' 'other slab MiB: 1.5 (1-2)' 'summed RSS MiB: 2048 (2047-2049)' 'really lost MiB: 1024 (1023-1025)' 'processes: 11 (10-12)' 'threads: 13 (12-14)' \
            'runs: 0 of 1' 'reason: others'
}

@test "omission, million and chat: each column by its name and in its unit" {
    row_table 'experiment=o kind=omission model=poll connections_asked=1 connections_active=1 arrival=closed status=ok reason=' \
        'send_lag_ns_p99=6e6,5e6,7e6 latency_ns_max=300e6,290e6,310e6 latency_ns_p999=200e6,190e6,210e6 latency_ns_p99=30e6,20e6,40e6 latency_ns_p50=3e6,2e6,4e6 achieved_per_s=900,800,1000' |
        cells_of o poll | is 'model: poll' 'connections: 1' 'status: ok' 'established: -' 'messages/s: 900 (800-1000)' 'p50 ms: 3 (2-4)' 'p99 ms: 30 (20-40)' \
        'p99.9 ms: 200 (190-210)' 'max ms: 300 (290-310)' 'send lag p99 ms: 6 (5-7)' 'runs: 1 of 1' 'reason: '
    row_table 'experiment=million kind=latency model=w connections_asked=1000000 connections_active=5000 status=ok reason=' \
        'both_ends_kernel_stack_kib=1024,1024,1024 both_ends_page_tables_kib=2048,2048,2048 client_pss_kib=3072,3072,3072 pss_kib=4096,4096,4096 both_ends_slab_kib=5120,5120,5120
        both_ends_lost_kib=6144,6144,6144 latency_ns_p99=7e6,7e6,7e6 latency_ns_p50=8e6,8e6,8e6 connect_s=9,9,9 connections_established=999,999,999' |
        cells_of million w | is 'model: w' 'connections: 1000000' 'active: 5000' 'status: ok' 'established: 999' 'time to connect s: 9' 'p50 ms: 8' 'p99 ms: 7' 'both ends lost MiB: 6' 'slab MiB: 5' \
        'PSS MiB: 4' 'client PSS MiB: 3' 'page tables MiB: 2' 'kernel stacks MiB: 1' 'runs: 1 of 1' 'reason: '
    row_table 'experiment=chat kind=chat model=room connections_asked=10 connections_active=10 status=ok reason=' \
        'client_cpu_percent=1,1,1 server_cpu_percent=2,2,2 server_cpu_us_per_delivery=3,3,3 send_lag_ns_max=4e6,4e6,4e6 delivery_ns_max=5e6,5e6,5e6 delivery_ns_p999=6e6,6e6,6e6
        delivery_ns_p99=7e6,7e6,7e6 delivery_ns_p50=8e6,8e6,8e6 deliveries_per_s=9,9,9 offered_per_s=10,10,10' |
        cells_of chat room | is 'model: room' 'connections: 10' 'status: ok' 'offered/s: 10' 'deliveries/s: 9' 'p50 ms: 8' 'p99 ms: 7' 'p99.9 ms: 6' 'max ms: 5' 'send lag max ms: 4' \
        'CPU us/delivery: 3' 'room CPU %: 2' 'client CPU %: 1' 'runs: 1 of 1' 'reason: '
}

@test "walls: what was held of what was asked, p99 there, the wall and what would move it" {
    row_table 'experiment=w kind=walls model=poll connections_asked=30000 connections_active=30000 limits=files=1024 wall=EMFILE wall_limit=RLIMIT_NOFILE_1024 wall_advice=ulimit_-n wall_evidence=accept:_no status=ok reason=' \
        'threads=2,1,3 processes=5,4,6 latency_ns_p99=7e6,6e6,8e6 connections_established=1017,1016,1018' | cells_of w poll |
        is 'model: poll' 'connections: 30000' 'status: ok' 'established: 1017 (1016-1018)' 'p99 ms: 7 (6-8)' 'first wall: EMFILE' 'limit: RLIMIT_NOFILE_1024' \
            'what would move it: ulimit_-n' 'evidence: accept:_no' 'processes: 5 (4-6)' 'threads: 2 (1-3)' 'runs: 1 of 1' 'reason: '
}

@test "the overview: of each kind its own metrics, at the largest count, with a verdict where a number is no result" {
    local metric names=()
    for metric in latency_ns_p50 latency_ns_p99 switches_per_message achieved_per_s server_cpu_us_per_message pss_kib machine_lost_kib connections_established; do names+=("$metric"_{median,min,max}); done
    tables_in "$(table cold experiment,model,repeats,time_s_median,time_s_mean,time_s_min,time_s_max,status cold_start,fork,3,0.84,0.9,0.8,0.9,ok)" "$(table t \
        "$(commas experiment kind model connections_asked connections_active arrival limits status "${names[@]}")" \
        "r,latency,fork,1000,1000,poisson,,ok,1e6,1e6,1e6,9e6,8e6,10e6,1.5,1.25,1.75$(printf ',%.0s' {1..15})" \
        "r,latency,fork,10,10,poisson,,ok,1e6,1e6,1e6,99e6,8e6,10e6,15,12.5,17.5$(printf ',%.0s' {1..15})" \
        "r,latency,poll,1000,1000,poisson,,client_limited,1e6,1e6,1e6,19e6,18e6,20e6,2.5,2.25,2.75$(printf ',%.0s' {1..15})" \
        'c,capacity,fork,100,100,closed,,overloaded,,,,,,,,,,5000,4000,6000,40,39,41,,,,,,,,,' \
        'm,memory,fork,100,100,,,noisy,,,,,,,,,,,,,,,,20480,10240,30720,51200,40960,61440,,,' \
        'w,walls,fork,5000,5000,,files=9,ok,,,,,,,,,,,,,,,,,,,,,,77,76,78' \
        'w,walls,fork,3000,3000,,machine,ok,,,,,,,,,,,,,,,,,,,,,,3000,2999,3001' \
        'o,omission,fork,1,1,poisson,,ok,1e6,1e6,1e6,200e6,190e6,210e6,,,,,,,,,,,,,,,,,,')" >"$BATS_TEST_TMPDIR/tables"
    cells_of '' fork <"$BATS_TEST_TMPDIR/tables" | is 'model: fork' 'messages/s: 5000 (4000-6000) [overloaded]' 'CPU us/message: 40 (39-41) [overloaded]' 'cold start s: 0.84 (0.8-0.9)' \
        'p99 ms: 9 (8-10)' 'switches/message: 1.5 (1.25-1.75)' 'PSS MiB: 20 (10-30)' 'really lost MiB: 50 (40-60)' 'p99 ms of a stalled server: 200 (190-210)' 'connections held: 3000 (2999-3001)'
    cells_of '' poll <"$BATS_TEST_TMPDIR/tables" | is 'model: poll' 'messages/s: -' 'CPU us/message: -' 'cold start s: -' 'p99 ms: 19 (18-20) [client limited]' 'switches/message: 2.5 (2.25-2.75) [client limited]' \
        'PSS MiB: -' 'really lost MiB: -' 'p99 ms of a stalled server: -' 'connections held: -'
    cells_of cold_start fork <"$BATS_TEST_TMPDIR/tables" | is 'model: fork' 'status: ok' 'time s: 0.84 (0.8-0.9)' 'runs: 3' 'reason: '
}

@test "what a switch and a call cost: microseconds and nanoseconds, processes and threads, each interface under its name" {
    table switch_cost.csv >/dev/null schema,between,working_set_kib,turns,repeats,switch_ns_median,switch_ns_min,switch_ns_max,touch_ns_median,touch_ns_min,touch_ns_max \
        3,process,64,1,5,3500,3400,3600,,, 3,thread,64,1,5,2500,2400,2600,,, 3,nobody,64,,5,,,,1.5,1.25,1.75
    table ready_cost.csv >/dev/null schema,interface,watched,ready,repeats,call_ns_median,call_ns_min,call_ns_max \
        3,select,10,5,9,1500,1400,1600 3,poll,10,5,9,2500,2400,2600 3,epoll,10,5,9,3500,3400,3600 3,poll,10000,5,9,45000,44000,46000 3,epoll,10000,5,9,5500,5400,5600
    tables_in "$(table empty experiment,kind,model)" | sed '/^T.claims/,$d' |
        is $'T\tswitch_cost: what one context switch costs (often told: 1 to 10 us)\tswitch_cost' $'H\tbetween two\tworking set of each KiB\tswitch us\ttouch of a line ns' \
            $'R\tprocesses\t64\t3.5 (3.4-3.6)\t-' $'R\tthreads\t64\t2.5 (2.4-2.6)\t-' $'R\t(one task alone)\t64\t-\t1.5 (1.25-1.75)' \
            $'T\tready_cost: us of a call that finds 5 ready sockets\tready_cost' $'H\tsockets watched\tselect\tpoll\tepoll' \
            $'R\t10\t1.5 (1.4-1.6)\t2.5 (2.4-2.6)\t3.5 (3.4-3.6)' $'R\t10000\t-\t45 (44-46)\t5.5 (5.4-5.6)'
}

@test "herds: a row for each model and way to come back, medians of the repeats in which all came back, each column by its name" {
    tables_in "$(table h experiment,schema,profile,model,repeat,policy,latency_ns_p99,send_lag_ns_p99,connections_refused,attempts,syn_retransmits,drops_back,drops_dying,accept_queue_max,back_s,back_s_p99,back_s_p50,connections_asked,status,reason \
        h,3,q,poll,1,now,4e6,3e6,30,900,50,3000,7,128,2.5,2.25,0.5,500,ok, h,3,q,poll,2,now,6e6,5e6,50,1100,70,5000,9,130,,3.25,0.75,500,failed,'400 of 500' \
        h,3,q,poll,1,jitter,1e6,1e6,1,1,1,1,1,1,1,1,1,500,ok, h,3,q,poll,3,now,2e6,1e6,10,700,30,1000,5,126,3.5,1.25,0.25,500,ok,)" >"$BATS_TEST_TMPDIR/tables"
    cells_of h poll 'at once' <"$BATS_TEST_TMPDIR/tables" | is 'model: poll' 'variant: at once' 'connections: 500' 'status: failed' 'established: -' 'half back s: 0.375 (0.25-0.5)' '99 % back s: 1.75 (1.25-2.25)' \
        'all back s: 3 (2.5-3.5)' 'accept queue: 127 (126-128)' 'drops while it died: 6 (5-7)' 'drops after: 2000 (1000-3000)' 'SYN sent again: 40 (30-50)' 'attempts: 800 (700-900)' 'refused: 20 (10-30)' \
        'p99 ms: 3 (2-4)' 'send lag p99 ms: 2 (1-3)' 'runs: 2 of 3' 'reason: 400 of 500'
    cells_of h poll 'random pauses' <"$BATS_TEST_TMPDIR/tables" | grep -x 'status: ok'
}

@test "handshakes: a row for each variant in its order, medians of good repeats only, and how busy each side was" {
    tables_in "$(table h experiment,schema,profile,model,repeat,path,tls,key,resumed_asked,at_once,connections,resumed,handshake_received_b,handshake_sent_b,handshake_ns_p99,handshake_ns_p50,connections_per_s,client_cpu_us_per_connection,proxy_cpu_us_per_connection,server_cpu_us_per_connection,round_trips,status,reason \
        h,3,q,epoll,1,proxy,1.3,p256,1,8,2000,1992,300,500,4e6,2e6,1000,200,400,500,2,ok, h,3,q,epoll,2,proxy,1.3,p256,1,8,2000,1990,320,520,6e6,3e6,3000,220,420,520,3,ok, \
        h,3,q,epoll,3,proxy,1.3,p256,1,8,2000,9,9,9,9e9,9e9,9,9,9,9999,9,noisy,others h,3,q,epoll,1,direct,none,none,0,8,2000,0,0,0,1e6,0.5e6,20000,30,,25,1,ok, \
        h,3,q,epoll,1,proxy,1.2,rsa2048,0,8,2000,0,1,2,3,4,5,6,7,8,9,noisy,busy h,3,q,epoll,2,proxy,1.2,rsa2048,0,8,2000,0,1400,600,3e6,2e6,500,900,1500,1600,3,ok, \
        h,3,q,epoll,1,proxy,1.2,p256,0,8,2000,0,1,2,3,4,5,6,7,8,9,failed,no h,3,q,epoll,2,proxy,1.2,p256,0,8,2000,0,1,2,3,4,5,6,7,8,9,noisy,busy)" >"$BATS_TEST_TMPDIR/tables"
    grep '^R' "$BATS_TEST_TMPDIR/tables" | cut -f 3 | is 'TCP to the model' 'TLS 1.2, RSA-2048, full' 'TLS 1.2, P-256, full' 'TLS 1.3, P-256, resumed'
    cells_of h epoll 'TLS 1.3, P-256, resumed' <"$BATS_TEST_TMPDIR/tables" | is 'model: epoll' 'variant: TLS 1.3, P-256, resumed' 'connections: 8' 'status: ok' 'round trips: 2.5 (2-3)' 'server CPU us: 510 (500-520)' \
        'of it HAProxy: 410 (400-420)' 'client CPU us: 210 (200-220)' 'connections/s: 2000 (1000-3000)' 'server busy %: 103 (50-156)' 'client busy %: 43 (20-66)' 'handshake p50 ms: 2.5 (2-3)' \
        'p99 ms: 5 (4-6)' 'TLS bytes sent: 510 (500-520)' 'received: 310 (300-320)' 'resumed: 1991 (1990-1992)' 'runs: 2 of 3' 'reason: '
    cells_of h epoll 'TLS 1.2, RSA-2048, full' <"$BATS_TEST_TMPDIR/tables" | grep -x 'status: noisy\|server CPU us: 1600\|runs: 1 of 2\|reason: busy' | is 'status: noisy' 'server CPU us: 1600' 'runs: 1 of 2' 'reason: busy'
    cells_of h epoll 'TLS 1.2, P-256, full' <"$BATS_TEST_TMPDIR/tables" | grep -x 'status: failed\|runs: 0 of 2\|reason: no' | is 'status: failed' 'runs: 0 of 2' 'reason: no'
}

@test "counters: medians of the good repeats of each count, of the first without one" {
    summarised "$(table c schema,experiment,profile,model,repeat,seed,connections_asked,connections_active,pass,counter,per_message,failed_per_message,method,status,reason \
        3,why,q,poll,1,1,100,50,calls,read,4,0.5,ptrace,ok, 3,why,q,poll,2,1,100,50,calls,read,2,0.25,ptrace,ok, 3,why,q,poll,3,1,100,50,calls,read,99,9,ptrace,noisy,others \
        3,why,q,poll,4,1,100,50,calls,read,7,1,ptrace,ok, 3,why,q,poll,1,1,100,50,calls,read,8,0,perf,ok, 3,why,q,poll,5,1,100,50,calls,read,5,0.75,ptrace,ok, \
        3,why,q,fork,1,1,100,100,events,cycles,,,perf,not_available,none 3,why,q,fork,2,1,100,100,events,cycles,,,perf,failed,later \
        3,why,q,fork,1,1,100,100,plain,cpu_ns,9,0,taskstats,noisy,first 3,why,q,fork,2,1,100,100,plain,cpu_ns,7,0,taskstats,ok,)" | cut -d, -f 3,4,7-10,13-20 |
        is model,variant,status,reason,repeats_ok,repeats,per_message_median,per_message_min,per_message_max,per_message_runs,failed_per_message_median,failed_per_message_min,failed_per_message_max,failed_per_message_runs \
            fork,events:cycles:perf,failed,later,1,2,,,,,,,, fork,plain:cpu_ns:taskstats,noisy,first,1,2,7,7,7,1,0,0,0,1 \
            poll,calls:read:ptrace,ok,,4,5,4.5,2,7,4,0.625,0.25,1,4 poll,calls:read:perf,ok,,1,1,8,8,8,1,0,0,0,1
}

@test "a row of a table counts the repeats that are good, of all" {
    tables_in "$(table t experiment,kind,model,connections_asked,connections_active,repeat,status,reason,achieved_per_s c,capacity,poll,9,9,1,ok,,3 c,capacity,poll,9,9,2,noisy,others,9 \
        c,capacity,poll,9,9,3,overloaded,slow,5 c,capacity,poll,9,9,4,ok,,4)" | cells_of c poll | grep -x 'messages/s: .*\|runs: .*\|status: .*' |
        is 'status: overloaded' 'messages/s: 4 (3-5)' 'runs: 3 of 4'
}

@test "counts per message: calls of each name, the most frequent first, and their sum; what kernel and CPU counted, in its unit" {
    tables_in "$(table c experiment,model,connections_asked,pass,counter,method,per_message_median,per_message_min,failed_per_message_median,failed_per_message_min,status,reason \
        why,fork,100,calls,read,ptrace,1.25,0,0.5,9,ok, why,fork,100,calls,write,ptrace,1.1,0,0.0004,9,ok, why,poll,100,calls,read,ptrace,1,0,0,9,ok, why,poll,100,calls,poll,ptrace,2.25,0,0,9,noisy,others \
        why,fork,100,calls,context_switches,taskstats,3.5,0,0,0,ok, why,fork,100,plain,context_switches,taskstats,4.5,0,0,0,ok, why,fork,100,plain,cpu_ns,taskstats,7500,0,0,0,ok, \
        why,fork,100,events,context_switches,perf,5.5,0,0,0,ok, why,fork,100,events,context_switches,taskstats,99,0,0,0,ok, why,fork,100,events,cpu_migrations,perf,6.5,0,0,0,ok, \
        why,fork,100,events,page_faults,perf,8.5,0,0,0,ok, why,fork,100,events,cycles,perf,9500,0,0,0,ok, why,fork,100,events,instructions,perf,10500,0,0,0,ok, \
        why,fork,100,events,cache_misses,perf,11.5,0,0,0,ok, why,fork,100,events,dtlb_load_misses,perf,,,,,not_available,'no such event')" >"$BATS_TEST_TMPDIR/tables"
    sed -n 1,4p "$BATS_TEST_TMPDIR/tables" | is $'T\twhy: system calls per message, with those that failed\twhy' $'H\tmodel\tconnections\tall calls\tpoll\tread\twrite\treason' \
        $'R\tfork\t100\t2.35\t-\t1.25 (0.5 failed)\t1.1\t' $'R\tpoll\t100\t3.25\t2.25 [noisy]\t1\t-\tnoisy: others'
    sed -n '/what the kernel/,$p' "$BATS_TEST_TMPDIR/tables" | cells_of why fork | is 'model: fork' 'connections: 100' 'CPU us: 7.5' 'switches: 4.5' 'switches with counters: 5.5' 'switches while traced: 3.5' \
        'migrations: 6.5' 'page faults: 8.5' 'cycles: 9500' 'instructions: 10500' 'cache misses: 11.5' 'dTLB load misses: not available' 'reason: not available: no such event'
}

@test "rows of older runs: members and connections at a time are connections, what a variant was made of is its name" {
    local folder=$BATS_TEST_TMPDIR/rows
    mkdir "$folder"
    as_rows "$folder" "$(table c schema,experiment,repeat,members,delivery_ns_p99,disconnected,status 3,chat,2,50,7,3,failed 3,chat,1,60,8,,failed)"
    is <"$folder/chat.csv" schema,experiment,kind,profile,model,variant,connections,active,repeat,try,superseded,seed,status,reason,delivery_ns_p99,disconnected \
        3,chat,chat,,chat-room,,50,50,2,1,0,,failed,,7,3 3,chat,chat,,chat-room,,60,60,1,1,0,,failed,,8,
    as_rows "$folder" "$(table h experiment,model,path,tls,key,resumed_asked,at_once,connections,tries hs,epoll,proxy,1.2,p256,1,8,2000,2 hs,epoll,direct,none,none,0,8,2000,1 \
        hs,epoll,proxy,none,none,0,8,2000,1 hs,epoll,proxy,1.3,rsa2048,0,8,2000,1)"
    cut -d, -f 5-11,15 "$folder/handshakes.csv" | is model,variant,connections,active,repeat,try,superseded,opened epoll,proxy:1.2:p256:resumed,8,8,1,2,0,2000 epoll,direct,8,8,1,1,0,2000 \
        epoll,proxy,8,8,1,1,0,2000 epoll,proxy:1.3:rsa2048:full,8,8,1,1,0,2000
}

@test "a page quotes the section that it names, without the columns that say the same in every row" {
    printf '%s\n' '# run' '' '## ramp' '' 'An answer.' '' '| model | n | p99 | status | gap |' '| --- | --- | --- | --- | --- |' '| fork | 10 | 3 | ok | - |' '| poll | 10 | 4 | ok | - |' '' \
        '- fork more than poll.' '' '![ramp](figures/ramp.png)' '' '## ramp: more' '' '| model | n | size | status |' '| --- | --- | --- | --- |' '| fork | 10 | 5 | - |' '' \
        '## ramp-two' '' '| model | n |' '| --- | --- |' '| none | 1 |' >"$BATS_TEST_TMPDIR/summary.md"
    run_awk quote -v section=ramp "$BATS_TEST_TMPDIR/summary.md" | is 'An answer.' '' '| model | n | p99 |' '| --- | --- | --- |' '| fork | 10 | 3 |' '| poll | 10 | 4 |' '' \
        '| model | n | size |' '| --- | --- | --- |' '| fork | 10 | 5 |' ''
    run -1 run_awk quote -v section=two "$BATS_TEST_TMPDIR/summary.md"
}

@test "a page tells the median of the one point that it names" {
    local metric
    told() { analysed median_of "$@" -- "$BATS_TEST_TMPDIR/t"; }
    table t experiment,kind,model,connections_asked,status,x_median,x_min,y_median a,latency,fork,10,ok,1500,1400,1 a,latency,fork,100,ok,2500,2400,2 b,latency,fork,10,ok,3500,3400,3 \
        a,latency,poll,10,client_limited,4500,4400, >/dev/null
    told a fork 10 x 1000 '%.1f ms' | is '1.5 ms'
    told a fork 100 x 1000 '%.1f ms' | is '2.5 ms'
    told b fork 10 x 100 '%.0f us' | is '35 us'
    told a poll 10 x 1 %d | is '4500 (client limited)'
    for metric in y z; do told a poll 10 $metric 1 %d | is -; done
}
