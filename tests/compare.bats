#!/usr/bin/env bats
# bats file_tags=long:30
# compare.bats -- guards against differences that are claimed where there are none, missed where there
# are, or claimed of what cannot be compared.

bats_require_minimum_version 1.5.0

setup() {
    load comparing.bash
    load drawing.bash
    load measuring.bash
    load refusing.bash
    load saying.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR
}

# A run that was never measured: of servers whose costs are known.
make_run() { # make_run NAME VARIABLE=VALUE...
    local name=$1 options=() word
    shift
    for word in "$@"; do options+=(-v "$word"); done
    mkdir -p "$tmp/$name"
    awk "${options[@]}" -f tests/synthetic_run.awk >"$tmp/$name/raw.csv"
}

refused() { # refused WORDS ARGUMENT...: as refusing.bash has it, and nothing is written
    refuses "$1" ./run_all.sh compare "${@:2}" --out "$tmp/out"
    [[ ! -e $tmp/out ]]
}

claims() { # claims VARIABLE=VALUE...: how many of the decisions the rule makes a claim of
    local options=() word
    for word in "$@"; do options+=(-v "$word"); done
    by_rule "SELECT count(*) FROM difference WHERE said <> ''" "$(awk "${options[@]}" -v seed=1 -f tests/false_alarms.awk)"
}

# ---- the rule ----

@test "between equals the rule claims no more often than it says" {
    for runs in 3 4 5 6 8; do
        count=$(claims runs=$runs noise=0.3 decisions=50000)
        stated=$(by_rule 'SELECT 50000 * false_alarm FROM difference' "$(printf '%s\t' x $runs 1 2 $runs 1 2)")
        echo "$runs runs: $count claims, $stated stated"
        # Three standard deviations of such a count.
        awk -v count="$count" -v stated="$stated" 'BEGIN { exit !(count <= stated + 3 * sqrt(stated)) }'
    done
    [[ $(claims runs=2 noise=0.3 decisions=1000) == 0 ]]
}

@test "five runs find 20 % where runs vary by 3 %, nine times in ten" {
    count=$(claims runs=5 noise=0.03 factor=1.2 decisions=1000)
    echo "$count of 1000"
    ((count >= 900))
}

@test "each part of the rule can say no" {
    decide() { # decide EXPECTED METRIC RUNS LOW HIGH RUNS LOW HIGH
        by_rule "SELECT iif(said = '', why, said) FROM difference" "$(printf '%s\t' "${@:2}")" |
            tee "$tmp/said" | grep -q "^${1//_/ }" || { cat "$tmp/said"; return 1; }
    }
    decide more x 5 100 104 5 110 114
    decide less x 5 110 114 5 100 104
    decide fewer x 2 100 101 5 200 201
    decide the_ranges_overlap x 5 100 110 5 109 120
    decide the_ranges_lie_too_close x 5 100 120 5 127 140
    decide the_ranges_lie_too_close x 3 100 104 3 114 118
    decide the_ranges_lie_too_close time_s 10 1 1.2 10 1.27 1.4
    decide more time_s 10 1 1.2 10 1.4 1.5
    decide more x 3 100 104 3 120 124
    decide less_than_5_% x 8 100 101 8 104 105
    decide the_ranges_overlap switches_per_message 5 0.0004 0.0005 5 0.0008 0.0009
    decide too_small_to_matter pss_kib 5 3000 3010 5 3600 3610
    decide more pss_kib 5 3000 3010 5 4600 4610
}

# ---- two runs ----

@test "the same servers measured twice: no difference in any of ten comparisons" {
    draw_only
    for ((i = 1; i <= 10; i++)); do
        make_run a seed=$((2 * i)) noise=0.04
        make_run b seed=$((2 * i + 1)) noise=0.04
        compare a b >"$tmp/said"
        grep -q '^No difference shown in 112 rows' "$tmp/said" || { cat "$tmp/said"; return 1; }
        [[ $(compared 'c["verdict"] != "not_shown"') == 0 ]]
    done
}

@test "a server slowed by 20 % is found, in words and numbers, and no other" {
    draw_only
    make_run a seed=1
    make_run b seed=2 slowed=poll factor=1.2
    run -0 compare a b
    [[ $output =~ 'poll at 1,000 connections costs '[12][0-9]' % ('[0-9]+-[0-9]+' %) more CPU per message in B' ]]
    [[ $output =~ 'poll at 1 connection echoes '1[0-9]' % ('[0-9]+-[0-9]+' %) fewer messages per second in B' ]]
    [[ $(compared 'c["verdict"] == "more" && c["metric"] == "server_cpu_us_per_message" && c["model"] == "poll"') == 4 ]]
    [[ $(compared '(c["verdict"] == "more" || c["verdict"] == "less") && c["model"] != "poll"') == 0 ]]
    [[ $(compared 'c["ratio_low"] > c["ratio"] || c["ratio"] > c["ratio_high"]') == 0 ]]
    # Seen from the other side it is cheaper.
    run -0 compare b a
    [[ $output =~ 'poll at 1,000 connections costs '[12][0-9]' % ('[0-9]+-[0-9]+' %) less CPU per message in B' ]]
}

@test "one run of each claims nothing, however far apart" {
    draw_only
    make_run a seed=1 repeats=1
    make_run b seed=2 repeats=1 slowed=poll factor=3
    run -0 compare a b
    [[ $output == *'No difference shown'* ]]
    [[ $(compared 'c["verdict"] == "not_shown" && c["reason"] == "fewer than 3 good runs"') == 112 ]]
}

@test "latencies at another rate are not compared; the rest is" {
    draw_only
    make_run a seed=1
    make_run b seed=2 slowed=poll factor=2 rate=17000
    run -0 compare a b
    [[ $output == *'- ramp: offered_per_s was 20000 in A and 17000 in B'* ]]
    [[ $(compared 'c["experiment"] == "ramp" && c["verdict"] != "not_compared"') == 0 ]]
    [[ $(compared 'c["experiment"] == "capacity" && c["verdict"] == "more"') -gt 0 ]]
    [[ ! -e $tmp/out/figures/ramp-latency_ns_p99.svg ]]
}

@test "points that failed or were disturbed are named with their reason, and so is what only one run has" {
    draw_only
    make_run a seed=1
    make_run b seed=2 'models=libuv poll newcomer thread'
    sed -i '/ramp,latency,standard,thread,[0-9],0,10000,/s/,ok,$/,failed,the server ended/' "$tmp/b/raw.csv"
    sed -i '/memory,memory,standard,poll,/s/,ok,$/,noisy,others were busy/' "$tmp/b/raw.csv"
    sed -i '/capacity,capacity,standard,poll,[0-9],0,100,/s/,ok,$/,noisy,others were busy/' "$tmp/b/raw.csv"
    run -0 compare a b
    [[ $output == *'- thread at 10,000 connections (ramp): failed in B: the server ended'* ]]
    [[ $output == *'- poll at 100 connections (capacity): noisy in B: others were busy'* ]]
    [[ $output == *'## Only in A'*'- fork at 1 connection (capacity)'*'## Only in B'*'- newcomer at 1 connection'* ]]
    [[ $(compared 'c["experiment"] == "memory" && c["model"] == "poll" && c["verdict"] == "not_shown"') == 5 ]]
}

@test "an experiment that shows no cost of a server is named, not compared" {
    draw_only
    make_run a seed=1
    make_run b seed=2
    sed -i 's/,memory,memory,/,omission,omission,/' "$tmp/a/raw.csv" "$tmp/b/raw.csv"
    run -0 compare a b
    [[ $(grep -c 'no metric of its kind is compared' <<<"$output") == 1 && $output == *'- omission: no metric of its kind is compared: the reports hold its tables'* ]]
}

@test "what differs between machines and set-ups is told, and what does not is not" {
    draw_only
    make_run a seed=1
    make_run b seed=2
    printf 'date: 1\nkernel: Linux 6.1\ngovernor: performance\ncompiler: gcc 12\n' >"$tmp/a/machine.txt"
    printf 'date: 2\nkernel: Linux 6.18\ngovernor: performance\ncompiler: gcc 12\n' >"$tmp/b/machine.txt"
    printf './run_all.sh\n\nprofile standard, seed 1, models poll\n\n== x/ramp.conf\nwindow_s = 2\n' >"$tmp/a/command.txt"
    printf './run_all.sh\n\nprofile standard, seed 2, models poll\n\n== x/ramp.conf\nwindow_s = 5\n' >"$tmp/b/command.txt"
    run -0 compare a b
    [[ $output == *'| kernel | Linux 6.1 | Linux 6.18 |'*'| seed | 1 | 2 |'*'| ramp.conf: window_s | 2 | 5 |'* ]]
    for word in governor compiler date; do [[ $output != *"| $word |"* ]] || { echo "$word"; return 1; }; done
}

@test "a comparison has a table, a chart of each metric and a CSV; both runs stay as they are" {
    make_run a seed=1
    make_run b seed=2 slowed=poll factor=1.2
    cp tests/fixtures/cold_start.csv "$tmp/a"
    cp tests/fixtures/cold_start.csv "$tmp/b"
    (cd "$tmp" && find a b -type f -exec sha256sum {} +) >"$tmp/before"
    (draw_only && compare a b)
    grep -q 'not drawn' "$tmp/out/figures/memory-memory.svg"
    compare a b # Again, over its own.
    run ! grep -q 'not drawn' "$tmp/out/figures/memory-memory.svg"
    (cd "$tmp" && find a b -type f -exec sha256sum {} +) | diff "$tmp/before" -
    # Of what is told of A, results/README.md says: the same for B.
    sed '1s/,\(runs\|median\|min\|max\)_b\>//g' "$tmp/out/compare.csv" >"$tmp/compare.csv"
    documented "$tmp/compare.csv"
    for name in capacity-server_cpu_us_per_message capacity-achieved_per_s ramp-latency_ns_p50 \
        ramp-latency_ns_p99 ramp-switches_per_message memory-memory cold_start-time_s; do
        [[ -s $tmp/out/figures/$name.png ]]
        grep -q "figures/$name.svg" "$tmp/out/compare.md"
        # A row, and a name on the axis, for each.
        [[ $name != capacity* ]] || grep -q 'poll  10,000' "$tmp/out/figures/$name.svg"
        # Each point once, also of a metric that several kinds have.
        [[ $name == memory* || $name == cold_start* ]] || [[ $(grep -o 'poll  1,000\b' "$tmp/out/figures/$name.svg" | wc -l) == 1 ]]
    done
    grep -q '^| poll | 1,000 | CPU per message us | .* runs | .* runs | 1.[12][0-9] (1.*-1.*) | \*\*poll at 1,000 ' "$tmp/out/compare.md"
    grep -q '^| fork | 1,000 | CPU per message us .* | fork at 1,000 connections: no difference shown' "$tmp/out/compare.md"
}

@test "a herd is compared, too; a kind of which nothing is compared is named once" {
    draw_only
    for run in a b; do
        mkdir "$tmp/$run"
        printf '%s\n' schema,experiment,model,pass,counter,method,per_message,connections_asked,status,reason 2,why,poll,calls,read,ptrace,1,100,ok, 2,why,poll,calls,write,ptrace,1,100,ok, >"$tmp/$run/counters.csv"
        awk -v factor=$([[ $run == a ]] && echo 1 || echo 2) 'BEGIN {
            print "schema,experiment,model,repeat,policy,connections_asked,back_s,drops_back,status,reason"
            for (r = 1; r <= 3; r++) print "3,the_herd,poll," r ",now,500," (4 + r / 100) * factor ",7,ok," }' >"$tmp/$run/herd.csv"
    done
    run -0 compare a b
    [[ $output == *'- poll at 500 connections takes 2 times ('*') as much time until all clients are back in B, which is worse (the_herd)'* ]]
    [[ $(grep -c 'why: no metric of its kind is compared: the reports hold its tables' <<<"$output") == 1 ]]
}

@test "what chance would claim counts the runs of a cold start as the rule does" {
    draw_only
    for run in a b; do
        mkdir "$tmp/$run"
        sed '2,$s/,3,/,10,/' tests/fixtures/cold_start.csv >"$tmp/$run/cold_start.csv"
    done
    run -0 compare a b
    [[ $output == *'chance alone would claim about 0.0008 of 2.'* ]]
}

# Three repeats of two variants, and of a room with 10 members, whose costs are multiplied.
make_shakes_and_chat() { # make_shakes_and_chat NAME TLS_FACTOR CHAT_FACTOR AT_ONCE
    mkdir -p "$tmp/$1"
    awk -v tls="$2" -v at_once="$4" 'BEGIN {
        print "experiment,schema,repeat,path,tls,key,resumed_asked,at_once,round_trips,window_s,connections_per_s,server_cpu_us_per_connection,model,status,reason"
        for (r = 1; r <= 3; r++) {
            print "handshakes,2," r ",direct,none,none,0," at_once ",1," r ",20000," 25 + r / 10 ",epoll,ok,"
            print "handshakes,2," r ",proxy,1.3,p256,1," at_once ",2," r ",1200," (500 + r) * tls ",epoll,ok,"
        }
        # One more, of a noisy minute: it counts nowhere.
        print "handshakes,2,4,proxy,1.3,p256,1," at_once ",2,9,100,9999,epoll,noisy,a neighbour"
    }' >"$tmp/$1/handshakes.csv"
    awk -v factor="$3" 'BEGIN {
        print "schema,experiment,repeat,members,offered_per_s,message_b,delivery_ns_p99,server_cpu_us_per_delivery,disconnected,status,reason"
        for (r = 1; r <= 3; r++) print "2,chat," r ",10,5000,64," (300000 + 1000 * r) * factor "," 5 + r / 100 ",0,ok,"
    }' >"$tmp/$1/chat.csv"
}

@test "handshakes and chats are compared, too, unless their load was another one" {
    draw_only handshakes-server_cpu_us_per_connection
    make_shakes_and_chat a 1 1 8
    make_shakes_and_chat b 1.5 2 8
    make_shakes_and_chat more_at_once 1.5 1 16
    run -0 compare a b
    [[ ${lines[0]} == 'A difference is shown in 2 of 8 rows.' ]]
    [[ $output == *'- epoll (TLS 1.3, P-256, resumed) at 8 connections costs 50 % ('*'more CPU per connection in B, which is worse (handshakes)'* ]]
    [[ $output == *'- chat-room at 10 connections has a p99 of a delivery that is 2 times ('*' as high in B, which is worse (chat)'* ]]
    [[ $output != *window_s* && -s $tmp/out/figures/handshakes-server_cpu_us_per_connection.png && -s $tmp/out/figures/chat-delivery_ns_p99.png ]]
    rm -r "$tmp/out"
    run -0 compare a more_at_once
    [[ $output == *'## Only in A'*'- epoll (TLS 1.3, P-256, resumed) at 8 connections (handshakes)'*'## Only in B'*'- epoll (TLS 1.3, P-256, resumed) at 16 connections (handshakes)'* && $output == *'No difference shown in 2 rows.'* ]]
}

@test "other costs, other options of the server or other visits are another load" {
    draw_only
    make_run a seed=1
    make_run b seed=1
    for run in a b; do cp tests/fixtures/cold_start.csv "$tmp/$run"; done
    requests=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "requests") c = i } NR == 2 { print $c }' "$tmp/a/cold_start.csv")
    sed -i "2,\$s/,$requests,/,77,/" "$tmp/b/cold_start.csv"
    printf './run_all.sh\n\nprofile standard, seed 1, models poll\n\n== x/capacity.conf\ncost_us = 100\ncost_us.quick = 1\n' >"$tmp/a/command.txt"
    sed 's/= 100/= 200/; s/quick = 1/quick = 9/' "$tmp/a/command.txt" >"$tmp/b/command.txt"
    run -0 compare a b
    [[ $output == *"cold_start: requests was $requests in A and 77 in B"* && $output == *'capacity: cost_us was 100 in A and 200 in B'* ]]
    [[ $output != *'cost_us.quick was'* ]] # Another profile's.
    run -1 grep '^capacity,.*,more\|^capacity,.*,less\|^cold_start,.*,less' "$tmp/out/compare.csv"
}

@test "the charts of many rows grow, and keep every name" {
    draw_only ramp-latency_ns_p99
    make_run a seed=1 'models=m01 m02 m03 m04 m05 m06 m07 m08 m09 m10 m11 m12'
    make_run b seed=2 'models=m01 m02 m03 m04 m05 m06 m07 m08 m09 m10 m11 m12'
    compare a b
    for model in m01 m06 m12; do grep -q "$model  10,000" "$tmp/out/figures/ramp-latency_ns_p99.svg"; done
    [[ $(sed -n 's/.*viewBox="0 0 [0-9]* \([0-9]*\)".*/\1/p' "$tmp/out/figures/ramp-latency_ns_p99.svg" | head -1) -gt 1500 ]]
}

# ---- wrong input ----

@test "what cannot be compared is refused in one line, and nothing is written" {
    make_run a seed=1
    make_run b seed=2 'models=other'
    mkdir "$tmp/empty"
    make_run newer seed=3
    sed -i '2,$s/^2,/77,/' "$tmp/newer/raw.csv"
    ln -s "$tmp/a" "$tmp/link"
    refused 'there is no folder' "$tmp/a" "$tmp/nowhere"
    refused 'it has no table in rows/ with a row' "$tmp/empty" "$tmp/a"
    refused 'this run has schema 77, this version reads schema 1 to 4' "$tmp/a" "$tmp/newer"
    refused 'does not differ from itself' "$tmp/a" "$tmp/link"
    refused 'no point in common' "$tmp/a" "$tmp/b"
    refused 'usage: ./run_all.sh compare' "$tmp/a"
    refused 'usage: ./run_all.sh compare' "$tmp/a" "$tmp/b" "$tmp/a"
    refused 'no option --fast' "$tmp/a" "$tmp/b" --fast
}

@test "a folder that holds something else is not written into" {
    make_run a seed=1
    make_run b seed=2
    for other in a b; do
        run -2 --separate-stderr ./run_all.sh compare "$tmp/a" "$tmp/b" --out "$tmp/$other"
        [[ ${#stderr_lines[@]} == 1 && $stderr == *'holds no comparison'* && $(ls "$tmp/$other") == raw.csv ]]
    done
}

@test "root does not write a comparison into a folder that another user owns or may write to" {
    ((EUID == 0)) || skip 'only root can make folders of another user'
    make_run a seed=1
    make_run b seed=2
    mkdir "$tmp/open" "$tmp/theirs"
    chmod 777 "$tmp/open"
    chown 65534 "$tmp/theirs"
    ln -s theirs "$tmp/link"
    refuses 'other users may write to' ./run_all.sh compare "$tmp/a" "$tmp/b" --out "$tmp/open"
    refuses 'could put links' ./run_all.sh compare "$tmp/a" "$tmp/b" --out "$tmp/open/comparison"
    refuses 'belongs to another user' ./run_all.sh compare "$tmp/a" "$tmp/b" --out "$tmp/theirs"
    refuses 'is a link' ./run_all.sh compare "$tmp/a" "$tmp/b" --out "$tmp/link"
    [[ -z $(ls "$tmp/open" "$tmp/theirs" | grep -v :) ]]
}

@test "a baseline that is none is told before anything is measured" {
    run -2 --separate-stderr ./run_all.sh quick ramp --no-install --baseline "$tmp/nowhere" --out "$tmp/out"
    [[ ${#stderr_lines[@]} == 1 && $stderr == *'there is no folder'* && ! -e $tmp/out ]]
}

# ---- one run ----

@test "a run's report says who is shown to differ, by the same rule" {
    draw_only
    make_run a seed=1 slowed=poll factor=1.3
    ./run_all.sh draw "$tmp/a"
    sentence='CPU per message at 10,000 connections: poll more than fork, libuv and thread; nothing else is shown to differ.'
    grep -qF -- "- $sentence" "$tmp/a/summary.md"
    grep -qF "<li>$sentence</li>" "$tmp/a/index.html"
    make_run b seed=1 slowed=poll factor=1.3 repeats=1
    ./run_all.sh draw "$tmp/b"
    run ! grep -q 'more than' "$tmp/b/summary.md"
    grep -q 'no ranking, because there are fewer than 3 good runs' "$tmp/b/summary.md"
}
