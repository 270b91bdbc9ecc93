#!/usr/bin/env bats
# bats file_tags=part:suite
# captions.bats -- guards against a caption that tells of another experiment, another machine or another load than the chart shows:
# what stands below each chart of a run of every kind, from numbers of which no two are equal.

bats_require_minimum_version 1.5.0

setup() {
    load saying.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR
    mkdir -p "$tmp/bin" "$tmp/captions" "$tmp/run/gate"
    # In place of gnuplot: keeps the words below a chart, and draws nothing.
    printf '%s\n' '#!/usr/bin/env bash' "cat \"\$work\"/{remarks,caption}.txt >\"$tmp/captions/\$experiment-\$(basename \"\${*: -1}\" .gp)\"" \
        'echo "<svg></svg>" >"$output"' >"$tmp/bin/gnuplot"
    chmod +x "$tmp/bin/gnuplot"
}

# The words below a chart without line breaks; those of the figure's file itself and of the conf are left out.
caption() { sed 's/ *$//' "$tmp/captions/$1" | tr '\n' ' ' | sed 's/Shows: .* \(Profile\|9 runs, median\)/\1/; s/ $/\n/'; }

@test "the caption of each kind tells its own load, repeats and machine; remarks tell what broke" {
    cd "$tmp/run"
    printf 'machine: the one\nkernel: x\n' >machine.txt
    printf 'half-close\tpass\t-\nchurn\tFAIL\tleft over\n' >gate/bad.tsv
    printf '%s\n' schema,experiment,kind,profile,model,repeat,superseded,connections_asked,connections_active,message_b,arrival,warmup,warmup_s,window_s,offered_per_s,achieved_per_s,latency_ns_p99,switches_per_message,switches_method,status,reason \
        3,capacity,capacity,quick,poll,1,0,10,10,128,closed,steady,5,4,,1000,,0.5,taskstats,ok, 3,capacity,capacity,quick,poll,2,0,10,10,128,closed,steady,7,4,,1000,,0.5,taskstats,ok, \
        3,ramp,latency,full,poll,1,0,10,10,64,poisson,fixed,0.5,2,1500,1500,2e6,0.5,perf,ok, 3,ramp,latency,full,poll,3,0,100,50,64,poisson,fixed,0.5,2,1500,1500,2e6,0.5,perf,failed,'it broke' \
        3,ramp,latency,full,poll,3,0,200,100,64,poisson,fixed,0.5,2,1500,1500,2e6,0.5,perf,failed,later 3,ramp,latency,full,fork,1,0,200,200,64,poisson,fixed,0.5,2,1500,1500,2e6,0.5,perf,client_limited,late \
        3,o,omission,quick,poll,1,0,1,1,32,closed,fixed,0.25,3,,3000,2e6,,,ok, 3,o,omission,quick,poll,1,0,1,1,32,poisson,fixed,0.25,3,3000,3000,2e6,,,ok, 3,o,omission,quick,fork,1,0,1,1,32,poisson,fixed,0.25,3,1000,1000,2e6,,,ok, >raw.csv
    mkdir histograms
    touch histograms/o-poll-1-closed-1.hgrm
    printf '%s\n' experiment,model,repeats,time_s_median,time_s_mean,time_s_min,time_s_max,time_s_stddev,requests,status,reason,schema cold,poll,9,1,1,1,1,1,700,ok,,3 cold,fork,0,,,,,,700,failed,no,3 >cold_start.csv
    printf '%s\n' schema,experiment,profile,model,repeat,seed,connections_asked,connections_active,offered_per_s,pass,counter,per_message,failed_per_message,method,status,reason 3,why,quick,poll,4,1,10,10,2500,calls,read,1,0,ptrace,ok, >counters.csv
    printf '%s\n' experiment,schema,profile,model,repeat,server_options,policy,outage_s,back_s,drops_back,connections_asked,status,reason 'flock,3,full,poll,2,--backlog 9,now,2,3,1,500,failed,400 were back' >herd.csv
    echo experiment,schema,model,repeat,policy,s,connected,lost,back >herd_back.csv
    printf '%s\n' experiment,schema,profile,model,repeat,path,tls,key,resumed_asked,at_once,connections,round_trips,connections_per_s,server_cpu_us_per_connection,proxy_cpu_us_per_connection,status,reason \
        hs,3,quick,epoll,5,proxy,1.3,p256,1,8,2000,2,1,2,1,failed,'not resumed' hs,3,quick,epoll,5,direct,none,none,0,8,2000,1,1,2,,ok, >handshakes.csv
    printf '%s\n' schema,experiment,profile,repeat,seed,members,message_b,offered_per_s,window_s,deliveries_per_s,delivery_ns_p99,disconnected,server_cpu_us_per_delivery,status,reason 3,talk,full,6,1,10,40,5000,3,1,2e6,0,4,ok, >chat.csv
    cd - >/dev/null
    C10K_ENTERED=$$ PATH=$tmp/bin:$PATH ./run_all.sh draw "$tmp/run" >/dev/null
    caption capacity-messages_per_s | is 'bad: excluded: churn: left over Profile quick: 2 runs, median; closed loop, 128 bytes each, windows of 4 s, warmed up until steady: 5 or 7 s, switches counted with taskstats. Bars: lowest to highest run. Hollow: not a result, for the reason said; only full points are joined. Measured on the one'
    caption ramp-latency_p99 | is 'bad: excluded: churn: left over fork: client limited at 200 (late) poll: failed at 50 of 100, 100 of 200 (first: it broke) Profile full: one run, no spread; 1500 messages/s offered, random gaps, 64 bytes each, windows of 2 s, warmed up for a fixed 0.5 s, switches counted with perf. Bars: lowest to highest run. Hollow: not a result, for the reason said; only full points are joined. Measured on the one'
    caption o-omission | is 'bad: excluded: churn: left over Profile quick: one run, no spread; 1000 or 3000 messages/s offered, 32 bytes each, windows of 3 s, warmed up for a fixed 0.25 s, the open loop offers what the closed one reached before. Measured on the one'
    caption cold-cold_start | is 'bad: excluded: churn: left over fork: failed (no) 9 runs, median; 700 clients one after the other. Measured on the one'
    caption why-calls_per_message | is 'bad: excluded: churn: left over Profile quick: one run, no spread; 2500 messages/s offered, calls counted with ptrace, which stops the server at every call. Measured on the one'
    caption flock-herd | is 'bad: excluded: churn: left over poll: failed at 500 (400 were back) Profile full: one run, no spread; servers started with --backlog 9, at once. Measured on the one'
    caption hs-handshakes | is 'bad: excluded: churn: left over epoll: failed at 8 (TLS 1.3, P-256, resumed) (not resumed) Profile quick: one run, no spread; 2000 connections, 8 at a time, with epoll behind HAProxy. Measured on the one'
    caption talk-chat | is 'bad: excluded: churn: left over Profile full: one run, no spread; 50000 deliveries/s offered at every point, as lines with random gaps, 40 bytes each, windows of 3 s. Bars: lowest to highest run. Hollow: not a result, for the reason said; only full points are joined. Measured on the one'
}

@test "the caption of a comparison names A and its machine, then B and its own" {
    mkdir -p "$tmp/before" "$tmp/after"
    echo 'machine: the first' >"$tmp/before/machine.txt"
    echo 'machine: the second' >"$tmp/after/machine.txt"
    awk -v models=fork -f tests/synthetic_run.awk | tee "$tmp/before/raw.csv" >"$tmp/after/raw.csv"
    C10K_ENTERED=$$ PATH=$tmp/bin:$PATH ./run_all.sh compare "$tmp/before" "$tmp/after" --out "$tmp/out" >/dev/null
    sed -n '/^A: /,$p' "$tmp/captions/capacity-compare" | is 'A: before: the first' 'B: after: the second'
    grep -x '# A: before, B: after' "$tmp/out/compare.md"
    grep -x "A is $tmp/before, B is $tmp/after. How to read this: docs/comparing.md." "$tmp/out/compare.md"
}
