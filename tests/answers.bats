#!/usr/bin/env bats
# bats file_tags=part:suite
# answers.bats -- guards against an answer that is off by a factor, taken from another column, model or point, or claimed
# where the numbers claim nothing: each sentence word for word, from numbers of which no two are equal.

bats_require_minimum_version 1.5.0

setup() {
    load saying.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
}

@test "numbers: three digits, but no digit of a whole one is lost; commas; a fraction is rounded" {
    # shellcheck disable=SC2016  # for awk
    run_awk numbers -f <(echo 'BEGIN { n = split("0 0.0012345 0.5 7 99.94 99.96 123.456 4567.8 12345 1234567", list, " "); for (i = 1; i <= n; i++) print short(list[i]) " " with_commas(list[i]) }') |
        is '0 0' '0.00123 0' '0.5 0' '7 7' '99.9 100' '100 100' '123 123' '4568 4,568' '12345 12,345' '1234567 1,234,567'
}

@test "capacity: highest and lowest CPU per message at the largest count, and what the count changes" {
    answers_in "$(table t \
        experiment,kind,model,connections_asked,connections_active,status,achieved_per_s_median,server_cpu_us_per_message_median,server_cpu_us_per_message_min,server_cpu_us_per_message_max,server_cpu_us_per_message_runs \
        c,capacity,libuv,1000,1000,ok,7,12.5,12,13,5 c,capacity,fork,1000,1000,ok,8,40.4,40,41,5 c,capacity,poll,1000,1000,ok,9,26,25,27,5 \
        c,capacity,fork,10,10,ok,3,10,9,11,5 c,capacity,fork,100,100,ok,3,900,899,901,5 c,capacity,poll,10,10,ok,3,25,24,28,5 c,capacity,libuv,10,10,ok,3,50,49,51,5 \
        c,capacity,select,10,10,ok,3,1,1,1,5 c,capacity,select,500,500,ok,3,900,900,900,5)" |
        is $'c\tThe CPU per message at 1,000 connections is 40.4 us with fork, the highest, and 12.5 us with libuv, the lowest: 3.2 times. It went from 10 us at 10 connections to 40.4 us with fork, where that changed it most, and from 25 us at 10 connections to 26 us with poll, where least.'
}

@test "latency: in milliseconds; no ranking where ranges overlap, however far the medians lie apart" {
    local head=experiment,kind,model,connections_asked,connections_active,status,latency_ns_p50_median,latency_ns_p99_median,latency_ns_p99_min,latency_ns_p99_max,latency_ns_p99_runs
    answers_in "$(table t $head r,latency,a,10000,10000,ok,1e6,123456789,20e6,200e6,3 r,latency,b,10000,10000,ok,1e6,2e6,1e6,30e6,3)" |
        is $'r\tThe p99 latency at 10,000 connections is 123 ms with a, the highest, and 2 ms with b, the lowest; the ranges overlap, so this is no ranking.'
    answers_in "$(table t $head r,latency,a,10000,10000,overloaded,1e6,23.45e6,23e6,24e6,2 r,latency,b,10000,10000,ok,1e6,2e6,1e6,3e6,3)" |
        is $'r\tThe p99 latency at 10,000 connections is 23.4 ms with a, the highest, and 2 ms with b, the lowest; fewer than 3 good runs, so this is no ranking.'
    answers_in "$(table t $head r,latency,a,1,1,ok,1e6,23.45e6,23e6,24e6,3 r,latency,b,1,1,ok,1e6,2e6,1e6,3e6,2)" |
        is $'r\tThe p99 latency at 1 connection is 23.4 ms with a, the highest, and 2 ms with b, the lowest; fewer than 3 good runs, so this is no ranking.'
}

@test "noisy, late, drifting, failed and corrupt points are not ranked" {
    local head=experiment,kind,model,connections_asked,connections_active,status,latency_ns_p99_median,latency_ns_p99_min,latency_ns_p99_max,latency_ns_p99_runs status
    for status in noisy client_limited drifting failed corrupt; do
        answers_in "$(table t $head "r,latency,high,10,10,$status,9e6,9e6,9e6,5" "r,latency,low,10,10,$status,1e3,1e3,1e3,5" \
            r,latency,a,10,10,ok,4e6,4e6,4e6,5 r,latency,b,10,10,overloaded,2e6,2e6,2e6,5)" |
            is $'r\tThe p99 latency at 10 connections is 4 ms with a, the highest, and 2 ms with b, the lowest: 2.0 times.'
    done
}

@test "idle connections: the answer is CPU per message, at so many active ones of all" {
    answers_in "$(table t \
        experiment,kind,model,connections_asked,connections_active,status,latency_ns_p99_median,server_cpu_us_per_message_median,server_cpu_us_per_message_min,server_cpu_us_per_message_max,server_cpu_us_per_message_runs,deaf_clients_median \
        crowd,latency,poll,10100,100,ok,8e6,300,290,310,3, crowd,latency,epoll,10100,100,ok,9e6,20,19,21,3, crowd,latency,poll,100,100,ok,7e6,10,9,11,3, \
        deaf,latency,poll,20,10,ok,8e6,300,290,310,3,10 deaf,latency,epoll,20,10,ok,4e6,20,19,21,3,10 \
        active,latency,poll,1000,500,ok,8e6,30,29,31,3, active,latency,poll,1000,100,ok,9e6,80,79,81,3,)" |
        is $'crowd\tThe CPU per message at 100 of 10,100 connections is 300 us with poll, the highest, and 20 us with epoll, the lowest: 15 times. It went from 10 us at 100 connections to 300 us with poll.' \
            $'deaf\tThe p99 latency at 10 of 20 connections is 8 ms with poll, the highest, and 4 ms with epoll, the lowest; fewer than 3 good runs, so this is no ranking.' \
            $'active\tThe CPU per message at 500 of 1,000 connections is 30 us with poll. It went from 80 us at 100 of 1,000 connections to 30 us with poll.'
}

@test "memory: what the machine lost, in MiB, and the parts of the largest loss, each with its own name" {
    answers_in "$(table t \
        experiment,kind,model,connections_asked,connections_active,status,machine_lost_kib_median,machine_lost_kib_min,machine_lost_kib_max,machine_lost_kib_runs,pss_kib_median,page_tables_kib_median,kernel_stack_kib_median,task_frag_kib_median,sockets_kib_median,slab_kib_median \
        memory,memory,poll,10000,10000,ok,102400,102000,103000,3,1,2,3,4,5,6 \
        memory,memory,thread,10000,10000,failed,1,1,1,3,1,1,1,1,1,1 memory,memory,select,10000,10000,corrupt,9e6,9e6,9e6,3,1,1,1,1,1,1 \
        memory,memory,fork,10000,10000,noisy,1024000,1020000,1030000,3,256000,204800,102400,51200,399360,20480)" |
        is $'memory\tThe memory really lost at 10,000 connections is 1000 MiB with fork, the highest, and 100 MiB with poll, the lowest: 10 times. With fork that is 25 % PSS, 20 % page tables, 10 % kernel stacks, 5 % send blocks, 39 % sockets, 2 % other slab.'
}

@test "cold start: seconds of the whole command, and microseconds of one visit" {
    answers_in "$(table t experiment,model,repeats,time_s_median,time_s_min,time_s_max,requests,status,reason \
        cold_start,fork,10,0.84,0.8,0.9,2000,ok, cold_start,poll,10,0.2,0.19,0.21,2000,ok, cold_start,thread,0,,,,2000,failed,no)" |
        is $'cold_start\tThe whole time is 0.84 s with fork, the highest, and 0.2 s with poll, the lowest: 4.2 times. One visit, its share of starting and ending the server included, takes 420 us with fork, 100 us with poll.'
}

@test "omission: which loop saw less, by how much, and how much each sent" {
    local head=experiment,kind,model,connections_asked,connections_active,arrival,status,latency_ns_p50_median,latency_ns_p99_median,achieved_per_s_median,offered_per_s_median
    answers_in "$(table t $head o,omission,poll,1,1,closed,ok,1,2.5e6,9000,1 o,omission,poll,1,1,poisson,ok,2,200e6,8500,2)" |
        is $'o\tOf the same stops of the same server the open loop sees a p99 latency of 200 ms, the closed loop 2.5 ms: 80 times less. They sent 8500 and 9000 messages a second.'
    answers_in "$(table t $head o,omission,poll,1,1,closed,ok,1,9e6,9000,1 o,omission,poll,1,1,poisson,ok,2,3e6,8500,2)" |
        is $'o\tOf the same stops of the same server the open loop sees a p99 latency of 3 ms, the closed loop 9 ms: 3.0 times more. They sent 8500 and 9000 messages a second.'
    answers_in "$(table t $head o,omission,poll,1,1,closed,ok,1,9e6,9000,1 o,omission,poll,1,1,poisson,noisy,2,3e6,8500,2)" | is_nothing
}

@test "walls: each limit has its sentence, models that met the same wall share a clause, each with what it held" {
    answers_in "$(table t experiment,kind,model,connections_asked,connections_active,limits,connections_established_median,wall,status,reason \
        w,walls,poll,30000,30000,machine,19993,EMFILE,ok, w,walls,epoll,30000,30000,machine,19991,EMFILE,ok, w,walls,fork,30000,30000,machine,30000,none,ok, \
        w,walls,poll,3000,3000,files=1024,1017,EMFILE,ok, w,walls,fork,3000,3000,files=1024,,,failed,'needs root')" |
        is $'w\tFirst walls, and connections held, with the machine\'s own limits: EMFILE: epoll (19,991), poll (19,993); no wall: fork (30,000). First walls, and connections held, with files=1024: not measured (needs root): fork; EMFILE: poll (1,017).'
}

@test "system calls: summed over their names for each model, at the largest count, of good passes only" {
    answers_in "$(table t experiment,model,connections_asked,connections_active,pass,counter,method,per_message_median,status \
        why,fork,10,10,calls,read,ptrace,90,ok why,fork,1000,1000,calls,read,ptrace,1.01,ok why,fork,1000,1000,calls,write,ptrace,1.02,ok \
        why,fork,1000,1000,plain,context_switches,taskstats,70,ok why,poll,1000,1000,calls,read,ptrace,1.25,ok why,poll,1000,1000,calls,write,ptrace,1.5,ok \
        why,poll,1000,1000,calls,poll,ptrace,0.5,ok why,slow,1000,1000,calls,read,ptrace,60,noisy)" |
        is $'why\tA message takes 3.25 system calls with poll at 1,000 connections, the most, and 2.03 with fork, the fewest.'
}

@test "herds: the lowest and the highest run of each way to come back, seconds and drops" {
    answers_in "$(table t experiment,model,policy,back_s_p50,back_s,drops_dying,drops_back,connections_asked,status \
        h,poll,now,1,2.5,70,3000,500,ok h,fork,now,1,7.25,71,400,500,ok h,epoll,now,1,3,72,5000,500,ok \
        h,poll,jitter,1,4.5,73,9,500,ok h,fork,jitter,1,6.5,74,0,500,ok h,epoll,jitter,9,99,75,8000,500,failed)" |
        is $'h\tSeconds until all clients were back, from when the server was: 2.5 (poll) to 7.25 (fork) if all try again at once, 4.5 (poll) to 6.5 (fork) with random pauses; not all came back with epoll. Handshakes that it dropped meanwhile: 400 (fork) to 5000 (epoll) and 0 (fork) to 9 (poll).'
}

@test "handshakes: CPU and round trips of TCP, of the proxy, of full and of resumed handshakes" {
    answers_in "$(table t experiment,path,tls,key,resumed_asked,round_trips,server_cpu_us_per_connection,client_cpu_us_per_connection,status \
        hs,direct,none,none,0,1,27.5,1,ok hs,proxy,none,none,0,1,99,2,ok hs,proxy,1.2,rsa2048,0,3,1500,3,ok hs,proxy,1.2,p256,0,3,620,4,ok \
        hs,proxy,1.3,p256,0,2,640,5,ok hs,proxy,1.3,p256,1,2,260,6,ok hs,proxy,1.2,rsa2048,1,2,210,7,ok hs,proxy,1.3,rsa2048,0,9,9999,8,failed)" |
        is $'hs\tA connection costs the server\'s side 27.5 us of CPU over TCP, 99 through HAProxy, 620 (TLS 1.2, P-256, full) to 1500 (TLS 1.2, RSA-2048, full) with a full handshake of TLS there, and 210 (TLS 1.2, RSA-2048, resumed) to 260 (TLS 1.3, P-256, resumed) with a resumed one. Round trips before the first byte: 1 over TCP, 2 to 3 with a full handshake of TLS, 2 with a resumed one.'
}

@test "chat: the smallest and the largest room with a result, and what a line to all of them takes" {
    local head=experiment,kind,model,connections_asked,connections_active,status,delivery_ns_p50_median,delivery_ns_p99_median,server_cpu_us_per_delivery_median
    answers_in "$(table t $head chat,chat,room,1000,1000,ok,1,35e6,8.5 chat,chat,room,10,10,ok,2,0.3e6,5 chat,chat,room,100,100,ok,3,90e6,50 chat,chat,room,20000,20000,failed,4,1e6,9)" |
        is $'chat\tThe p99 of a delivery, from the moment when its line was due, is 0.3 ms with 10 members and 35 ms with 1,000. A delivery costs the room 5 us of CPU with 10 and 8.5 us with 1,000: a line to all of those takes 8.5 ms. With 20,000 members there is no result: the table tells why.'
    answers_in "$(table t $head chat,chat,room,10,10,noisy,1,35e6,8.5)" | is $'chat\tNo room gave a result: the table tells why.'
}

@test "a million: of the largest count, what was held of what was asked, in which time, KiB of each held" {
    answers_in "$(table t experiment,kind,model,connections_asked,connections_active,status,connections_established_median,connect_s_median,both_ends_lost_kib_median,pss_kib_median \
        million,latency,epoll_workers,1000,1000,ok,1000,0.04,20000,2 million,latency,epoll_workers,1000000,5000,noisy,800000,43.5,8400000,1 \
        million,latency,epoll_workers,20000,20000,ok,20000,1.5,300000,3)" |
        is $'million\t800,000 of 1,000,000 connections were held, and opened within 43.5 s: 10.5 KiB for each, both ends together.'
    answers_in "$(table t experiment,kind,model,connections_asked,connections_active,status,connections_established_median,connect_s_median,both_ends_lost_kib_median \
        million,latency,epoll_workers,1000,1000,failed,,,)" | is $'million\tNo connections were held: the table tells why.'
}

@test "each experiment of a run has an answer of its own, in the order of the tables" {
    local head=experiment,kind,model,connections_asked,connections_active,status,latency_ns_p99_median,server_cpu_us_per_message_median
    answers_in "$(table a $head b,latency,poll,10,10,ok,2e6,3 a,capacity,poll,10,10,ok,4e6,5 b,latency,poll,20,20,ok,3e6,4)" \
        "$(table b experiment,model,repeats,time_s_median,time_s_min,time_s_max,requests,status z,poll,3,1.5,1,2,0,ok)" |
        is $'a\tThe CPU per message at 10 connections is 5 us with poll.' \
            $'z\tThe whole time is 1.5 s with poll.' \
            $'b\tThe p99 latency at 20 connections is 3 ms with poll. It went from 2 ms at 10 connections to 3 ms with poll.'
}
