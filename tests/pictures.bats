#!/usr/bin/env bats
# bats file_tags=part:suite
# pictures.bats -- guards against a chart that draws the right numbers in the wrong place, or calls them by another's name: what
# can be seen in the picture, in the values of its axes and the names of its legend.

bats_require_minimum_version 1.5.0

setup() {
    load saying.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
}

places='fork libuv poll thread epoll'
drawn() { grep -v '^word\|^axis\|^legend'; }
said() { sed -n 's/^word [0-9.]* [0-9.]* //p'; }

@test "memory: parts on each other in the legend's order, summed RSS beside them, the loss as a point at its height" {
    local chart
    chart=$(picture memory_parts m "$places" "$(table t experiment,model,connections,status,slab_kib_median,sockets_kib_median,task_frag_kib_median,kernel_stack_kib_median,page_tables_kib_median,pss_kib_median,rss_kib_median,machine_lost_kib_median \
        m,poll,1000,ok,1000,2000,3000,4000,5000,6000,7000,28000 m,fork,1000,ok,2000,3000,4000,1000,6000,5000,80000,17000)")
    grep '^axis\|^box [PkOosp].*\|^full' <<<"$chart" | is 'axis y linear' 'box PSS (user) fork 0 fork 5' 'box PSS (user) poll 0 poll 6' 'box page tables fork 5 fork 11' 'box page tables poll 6 poll 11' \
        'box kernel stacks fork 11 fork 12' 'box kernel stacks poll 11 poll 15' 'box send blocks fork 12 fork 16' 'box send blocks poll 15 poll 18' 'box sockets fork 16 fork 19' 'box sockets poll 18 poll 20' \
        'box other slab fork 19 fork 21' 'box other slab poll 20 poll 21' 'full really lost fork 17' 'full really lost poll 28'
    # The outline of summed RSS ends where it does not fit; its number says how much it is.
    grep '^line' <<<"$chart" | sed -n '1,2p' | is 'line 51,51,51 fork 0 fork 32 fork 32 fork 0 fork 0' 'line 51,51,51 poll 0 poll 7 poll 7 poll 0 poll 0'
    said <<<"$chart" | is 17 28 21 80 7.0
}

@test "cold start: a bar as high as the median, its range from the fastest to the slowest, and the median as a word" {
    local chart
    chart=$(picture cold_start c "$places" "$(table t experiment,model,repeats,time_s_median,time_s_min,time_s_max,status c,poll,3,0.1,0.05,0.15,ok c,fork,3,0.3,0.2,0.35,ok)")
    drawn <<<"$chart" | is 'box 0,114,178 fork 0 fork 0.3' 'box 0,158,115 poll 0 poll 0.1' 'bar 34,34,34 fork 0.2 fork 0.35' 'bar 34,34,34 poll 0.05 poll 0.15'
    said <<<"$chart" | is '0.3 s' '0.1 s'
    grep '^axis' <<<"$chart" | is 'axis y linear'
}

@test "both ends: parts on each other in the legend's order, the loss as a point and as a word" {
    local chart
    chart=$(picture both_ends million '' "$(table t experiment,model,connections,both_ends_kernel_stack_kib_median,both_ends_page_tables_kib_median,client_pss_kib_median,pss_kib_median,both_ends_slab_kib_median,both_ends_lost_kib_median \
        million,w,1000,1000,2000,3000,4000,5000,20000)")
    drawn <<<"$chart" | is 'box sockets and files w 0 w 5' 'box server PSS w 5 w 9' 'box client PSS w 9 w 12' 'box page tables w 12 w 14' 'box kernel stacks w 14 w 15' 'full really lost w 20'
    said <<<"$chart" | is 20.0
}

@test "system calls: each name with its share of the bar, and their sum as a word" {
    local chart
    chart=$(picture calls_per_message why "$places" "$(table t experiment,model,connections,pass,counter,method,per_message_median,status why,poll,100,calls,read,ptrace,1,ok why,poll,100,calls,poll,ptrace,0.5,ok \
        why,fork,100,calls,write,ptrace,1.25,ok why,fork,100,calls,read,ptrace,1.5,ok)")
    grep '^box' <<<"$chart" | is 'box read fork 0 fork 1.5' 'box read poll 0 poll 1' 'box write fork 1.5 fork 2.75' 'box write poll 1 poll 1' 'box poll fork 2.75 fork 2.75' 'box poll poll 1 poll 1.5'
    said <<<"$chart" | is 2.75 1.50
}

@test "handshakes: the model's part below the proxy's, the range of the whole, and its number" {
    local chart
    chart=$(picture handshakes hs "$places" "$(table t "$(commas experiment model variant status {round_trips,connections_per_s}_median {server_cpu_us_per_connection,proxy_cpu_us_per_connection}_{median,min,max})" \
        hs,epoll,direct,ok,1,20000,25,25,25,,, hs,epoll,proxy,ok,1,9000,110,110,110,80,80,80 hs,epoll,proxy:1.3:p256:resumed,ok,3,1200,320,300,350,240,200,260)")
    # The part of the model covers the lower end of the whole.
    drawn <<<"$chart" | is 'box HAProxy: TLS, and handing on direct 0 direct 25' 'box HAProxy: TLS, and handing on HAProxy 0 HAProxy 110' 'box HAProxy: TLS, and handing on P-256 0 P-256 320' \
        'box epoll: the echo direct 0 direct 25' 'box epoll: the echo HAProxy 0 HAProxy 30' 'box epoll: the echo P-256 0 P-256 80' 'bar 34,34,34 P-256 300 P-256 350'
    said <<<"$chart" | is 25 110 320
    # The model has its own colour, that of its place, the proxy the second one.
    awk 'BEGIN { RS = "<" } /gnuplot_plot/ { n++ } n && match($0, /fill = .rgb[^)]*/) { print substr($0, RSTART + 8, RLENGTH - 8) }' "$BATS_TEST_TMPDIR/chart.svg" | uniq | is 'rgb(230, 159,   0' 'rgb(204, 121, 167'
    words_of_row() { awk 'BEGIN { RS = "<" } /^g transform="translate/ { split($0, p, /[(,)]/) } /^text>/ { sub(/^text>/, ""); gsub(/[\n\t]/, ""); if (p[3] > 610 && p[3] < 760) print int(p[3]), $0 }' "$BATS_TEST_TMPDIR/chart.svg" | sort -s -n -k 1,1 | cut -d' ' -f 2- | tr '\n' '|'; }
    [[ $(words_of_row) == *'TCP|TCP|TLS 1.3|'*'|direct|HAProxy|P-256| | |resumed|round trips|1|1|3|connections/s|20000|9000|1200|'* ]] || { words_of_row; return 1; }
}

@test "walls: a bar as long as what was held, in the shade of its limit, its range, and the words at its end" {
    local chart
    chart=$(picture walls w "$places" "$(table t experiment,model,variant,connections_established_median,connections_established_min,connections_established_max,connections,wall,wall_limit,status,reason \
        w,poll,machine,20000,15000,25000,30000,none,,ok, w,poll,files=1024,5000,5000,5000,3000,none,,ok, w,fork,machine,10000,5000,15000,30000,none,,ok,)")
    drawn <<<"$chart" | is "box machine's limits 0 fork 10,000 fork" "box machine's limits 0 poll 20,000 poll" 'box 1,024 files 0 poll 5,000 poll' 'bar 34,34,34 5,000 fork 15,000 fork' 'bar 34,34,34 15,000 poll 25,000 poll'
    grep '^word' <<<"$chart" | awk 'NR > 1 && $3 < before { print "not from the top: " $0 } { before = $3 }' | is_nothing
    said <<<"$chart" | is '10,000: no wall up to here' '20,000: no wall up to here' '5,000: no wall up to here'
}

@test "a comparison: full points where a difference is shown, hollow ones elsewhere, each interval through its point, models from the top" {
    local chart
    printf '%s\t%s\tmessages per second\t%s\t%s\t%s\t%s\n' poll 10 1.5 1.2 1.75 more poll 1,000 0.7 0.5 0.9 less fork 10 1 0.8 1.2 not_shown >"$BATS_TEST_TMPDIR/chart.tsv"
    chart=$(picture compare c "$places" "$BATS_TEST_TMPDIR/chart.tsv" chart=achieved_per_s)
    # The last number is the height in the picture: the first model is on top.
    sed 's/\.[0-9]*$//' <<<"$chart" | grep '^axis\|^full\|^hollow' | is 'axis x log' 'full 0,158,115 1.5 360' 'full 0,158,115 0.7 524' 'hollow 0,114,178 1 195'
    grep '^bar' <<<"$chart" | awk '{ print $2, $3, $5 }' | is '0,114,178 0.8 1.2' '0,158,115 1.2 1.75' '0,158,115 0.5 0.9'
    grep '^legend' <<<"$chart" | is 'legend full difference shown' 'legend hollow none shown'
}

@test "omission: solid the open loop, dashed the closed one, each with its p99 as a point and in words" {
    local chart histograms=$BATS_TEST_TMPDIR/run/histograms
    mkdir -p "$histograms"
    printf '%s\n' '100 0.3 300 1' '10000 0.95 950 1' '20000 1 1000 inf' >"$histograms/o-poll-5-closed-1.hgrm"
    printf '%s\n' '1000 0.5 400 2' '5000 0.75 600 4' '200000 1 800 inf' >"$histograms/o-poll-5-poisson-1.hgrm"
    chart=$(picture omission o "$places" "$BATS_TEST_TMPDIR/run")
    grep '^axis y\|^full' <<<"$chart" | is 'axis y log' 'full poll 99 % 200' 'full poll 99 % 20'
    # Of the two curves the first, the closed loop's, is dashed.
    grep '^line' <<<"$chart" | awk '{ print $NF }' | is 20 200
    awk 'BEGIN { RS = "<" } /gnuplot_plot/ { n++ } /^path/ && n { print n, /dasharray/ ? "dashed" : "solid" }' "$BATS_TEST_TMPDIR/chart.svg" | sed -n 1,2p | is '1 dashed' '2 solid'
    grep -o 'open loop, p99: [0-9.]* ms\|closed loop, p99: [0-9.]* ms' "$BATS_TEST_TMPDIR/chart.svg" | is 'open loop, p99: 200 ms' 'closed loop, p99: 20 ms'
}

@test "a herd: at once on the left, with random pauses on the right, grey while the server is away" {
    local chart
    mkdir -p "$BATS_TEST_TMPDIR"/{rows,timelines}
    table timelines/herd.csv experiment,model,repeat,variant,s,connected,lost,attempts,failed,back h,poll,1,now,0.5,100,480,3,4,80 h,poll,1,now,2.5,400,7,8,9,500 h,poll,1,jitter,3,300,200,1,1,2 >/dev/null
    table rows/herd.csv experiment,model,repeat,variant,base_ms,cap_ms,outage_s,connections,status h,poll,1,now,,,2,500,ok h,poll,1,jitter,100,4000,2,500,ok >/dev/null
    chart=$(picture herd h "$places" "$BATS_TEST_TMPDIR")
    # The axis is that of the chart on the right.
    grep '^line' <<<"$chart" | awk '{ print $NF }' | is 400 300
    grep '^line' <<<"$chart" | sed -n 2p | is 'line poll 0 498 3 498 3 300 7 300'
    # On the left 0 s is at 170, on the right at 735.
    awk 'BEGIN { RS = "<" } /^path/ && /0, 158, 115/ && /d=.M[0-9.]+,[0-9.]+ L/ { split($0, p, /d=.M|,[0-9.]+ L/); if (n++) print int(p[2]) }' "$BATS_TEST_TMPDIR/chart.svg" | is 170 735
}
