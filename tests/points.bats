#!/usr/bin/env bats
# bats file_tags=part:suite
# points.bats -- guards against a line chart that misleads: points, ranges, breaks, marks and axes, from numbers of which no two
# are equal; and the picture itself: what is drawn where, filled or hollow, in which colour.

bats_require_minimum_version 1.5.0

setup() {
    load saying.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
}

# What points.awk picks of a table with these rows: points LOG_Y "MODEL..." ROW...
head=experiment,model,connections,active,status,size_median,size_min,size_max,other_median
points() { pick plots/points r "$2" -v metric=size -v divide=1000 -v log_y="$1" -v second=other "$(table t "$head" "${@:3}")"; }

ranges() { echo "$(given x_from):$(given x_to) $(given y_from):$(given y_to)"; }

three_models=(r,fork,10,10,ok,2000,1500,2500,70 r,fork,100,100,noisy,3000,2800,3200,80 r,fork,1000,1000,overloaded,4000,3500,4500,90 r,fork,2000,2000,overloaded,5000,4700,5300,
    r,poll,10,10,ok,600,550,650,7 r,poll,100,100,failed,,,, r,poll,1000,1000,failed,,,, r,epoll,1000,1000,client_limited,50000,40000,60000,8 x,epoll,10,10,ok,1,1,1,1 r,other,10,10,ok,1,1,1,1)

@test "a line: median, lowest and highest of each result, in the chart's unit; it breaks at what is none" {
    points 0 'fork libuv poll epoll' "${three_models[@]}"
    picked line-1.dat | is 'NaN NaN NaN NaN NaN' '' '10 2 1.5 2.5 0.07' '' '1000 4 3.5 4.5 0.09' '2000 5 4.7 5.3 NaN'
    picked marks-1.dat | is 'NaN NaN NaN NaN NaN' '100 3 2.8 3.2 0.08'
    picked line-3.dat | is 'NaN NaN NaN NaN NaN' '' '10 0.6 0.55 0.65 0.007' '' ''
    picked marks-4.dat | is 'NaN NaN NaN NaN NaN' '1000 50 40 60 0.008'
    [[ ! -e $BATS_TEST_TMPDIR/picks/line-2.dat ]]
}

@test "what is no result says what it is, at its own place, once where several in a row say the same; a cross where nothing was measured" {
    points 0 'fork libuv poll epoll' "${three_models[@]}"
    # The axis ends at 69 or, with the crosses below its upper edge, at 60 / 0.88.
    awk 'NR > 1 { printf "%s %.2f %s %s\n", $1, $2 / 69, $3, $4 }' "$BATS_TEST_TMPDIR/picks/words.dat" | is '100 0.09 "noisy" ' '1000 0.10 "overloaded" ' '100 0.96 "failed" ' '1000 0.77 "client limited"'
    picked failed.dat | awk 'NR > 1 { print $1, $2 / 69, $3 }' | is '100 0.96 3' '1000 0.96 3'
    points 0 'fork poll' r,fork,10,10,ok,1000,1000,1000, r,{fork,poll},20,20,failed,,,,
    picked failed.dat | awk 'NR == 2 { first = $2; print $1, $3 } NR == 3 { print $1, $3, $2 / first }' | is '20 1' '20 2 0.9375'
    # Behind another verdict the same word is said again.
    points 0 fork r,fork,1,1,noisy,1000,1000,1000, r,fork,2,2,noisy,1500,1000,1000, r,fork,3,3,ok,2000,1000,1000, r,fork,4,4,noisy,3000,1000,1000,
    picked words.dat | cut -d' ' -f1,3- | is 'NaN ""' '1 "noisy"' '4 "noisy"'
}

@test "axes: from zero, or from a round number below the lowest range to one above the highest; tics of all counts" {
    points 0 'fork libuv poll epoll' "${three_models[@]}"
    [[ $(ranges) == '6.25:4668.69 0:69' && $(given models) == 'fork poll epoll ' && $(given numbers) == '1 3 4 ' && $(given x_label) == connections ]]
    tics x | is '10 at 10' '100 at 100' '1,000 at 1000' '2,000 at 2000'
    points 1 fork r,fork,10,10,ok,2000,1500,2500, r,fork,100,100,ok,40000,30000,50000,
    ranges | is '6.25:144.544 1:100'
    tics y | is '1 at 1' '2 at 2' '5 at 5' '10 at 10' '20 at 20' '50 at 50' '100 at 100'
    # At least a power of ten, however little the numbers differ.
    points 1 fork r,fork,10,10,ok,2000,1500,2500,
    ranges | is '2:50 0.2:5'
    # Of many counts the powers of ten are said, and the last.
    points 0 fork r,fork,{1,2,5,10,20,50,100,200},0,ok,1,1,1,
    tics x | is '1 at 1' '10 at 10' '100 at 100' '200 at 200'
    # A thinner line counts for the axis, too.
    points 0 fork r,fork,10,10,ok,2000,1500,2500,20000
    ranges | is '2:50 0:23'
}

@test "a point that is no result widens the axis like any other, and zero has no place on a logarithmic one" {
    points 1 fork r,fork,10,10,noisy,2000,0,9000, r,fork,100,100,ok,3000,2500,4000,
    ranges | is '6.25:144.544 2:20'
    picked marks-1.dat | is 'NaN NaN NaN NaN NaN' '10 2 0 9 NaN'
}

@test "memory beside a neighbour is on the line, latency is not" {
    pick plots/points r fork -v metric=pss_kib -v divide=1 -v log_y=0 "$(table t experiment,model,connections,active,status,pss_kib_median,pss_kib_min,pss_kib_max r,fork,10,10,noisy,7,6,8 r,fork,20,20,corrupt,9,8,10)"
    picked line-1.dat | is 'NaN NaN NaN NaN NaN' '' '10 7 6 8 NaN' ''
    picked marks-1.dat | is 'NaN NaN NaN NaN NaN' '20 9 8 10 NaN'
}

@test "the axis: connections, idle ones beside the active, active ones of all, or clients that never read" {
    points 0 fork r,fork,110,10,ok,1,1,1, r,fork,1010,10,ok,2,2,2,
    given x_label | is 'idle connections, beside 10 active ones'
    picked line-1.dat | cut -d' ' -f1 | is NaN '' 100 1000
    points 0 fork r,fork,110,10,ok,1,1,1, r,fork,1010,20,ok,2,2,2,
    given x_label | is 'idle connections'
    points 0 fork r,fork,1000,100,ok,1,1,1, r,fork,1000,1000,ok,2,2,2,
    given x_label | is 'active connections, of 1,000'
    picked line-1.dat | cut -d' ' -f1 | is NaN '' 100 1000
    pick plots/points r fork -v metric=size -v divide=1 -v log_y=0 "$(table t experiment,model,connections,active,status,size_median,size_min,size_max,deaf_clients_median r,fork,110,100,ok,1,1,1,10 r,fork,200,100,ok,2,2,2,100)"
    given x_label | is 'clients that never read, beside 100 that do'
    picked line-1.dat | cut -d' ' -f1 | is NaN '' 10 100
}

latencies=(experiment,model,connections,active,status,latency_ns_p99_median,latency_ns_p99_min,latency_ns_p99_max
    r,fork,10,10,ok,2e6,1e6,5e6 r,fork,100,100,noisy,10e6,5e6,20e6 r,fork,1000,1000,overloaded,50e6,20e6,100e6 r,poll,10,10,ok,20e6,10e6,50e6 r,poll,100,100,ok,50e6,50e6,50e6 r,poll,1000,1000,failed,,,)

@test "the picture: full points and a line for results, hollow ones for the rest, a cross for what failed, each in its model's colour" {
    picture latency_p99 r 'fork libuv poll' "$(table t "${latencies[@]}")" | sed 's/^\(word\) [0-9.]* [0-9.]*/\1/; s/^\(cross .*\) [0-9.]*$/\1/' | LC_ALL=C sort |
        is 'axis x log' 'axis y log' 'bar fork 1,000 20 1,000 100' 'bar fork 10 1 10 5' 'bar fork 100 5 100 20' 'bar poll 10 10 10 50' 'cross poll 1,000' \
            'full fork 1,000 50' 'full fork 10 2' 'full poll 10 20' 'full poll 100 50' 'hollow fork 100 10' 'legend full fork' 'legend full poll' 'line poll 10 20 100 50' 'word failed' 'word noisy' 'word overloaded'
}

@test "the picture: every model's points have a full and a hollow form of the same shape" {
    local models='m1 m2 m3 m4 m5 m6 m7' model rows=()
    for model in $models; do rows+=("r,$model,10,10,ok,2e6,2e6,2e6" "r,$model,100,100,noisy,5e6,5e6,5e6"); done
    picture latency_p99 r "$models" "$(table t "${latencies[0]}" "${rows[@]}")" | grep -c '^full m[1-7] 10 2$\|^hollow m[1-7] 100 5$' | is 14
    # gnuplot numbers its marks by shape: an empty one, then the same filled.
    awk 'BEGIN { RS = "<" } /gnuplot_plot/ { here = 1 } here && match($0, /#gpPt[0-9]+/) { print substr($0, RSTART + 5, RLENGTH - 5) }' "$BATS_TEST_TMPDIR/chart.svg" | paste -sd " " |
        is '4 6 8 10 12 14 4 3 5 7 9 11 13 3'
}

@test "the picture: axes are logarithmic or begin at zero, as the figure says; the second metric is a line of its own" {
    local figure axis column
    while read -r figure axis column; do
        picture "$figure" r fork "$(table t "$(commas experiment model connections active status "$column"_{median,min,max})" r,fork,1,1,ok,100,100,100 r,fork,10,10,ok,200,200,200 r,fork,100,100,ok,300,300,300 r,fork,1000,1000,ok,900,900,900)" |
            grep '^axis' | is 'axis x log' "axis y $axis" || { echo "$figure"; return 1; }
    done <<'FIGURES'
latency_p50 log latency_ns_p50
latency_p99 log latency_ns_p99
switches_per_s log switches_per_s
switches_per_message log switches_per_message
memory_growth log pss_kib
messages_per_s linear achieved_per_s
cpu_per_message linear server_cpu_us_per_message
switching_share linear server_switching_percent
worker_share linear worker_share_percent_max
chat log delivery_ns_p99
chat_cpu linear server_cpu_us_per_delivery
FIGURES
    picture memory_growth r fork "$(table t experiment,model,connections,active,status,pss_kib_median,pss_kib_min,pss_kib_max,rss_kib_median,rss_kib_min,rss_kib_max \
        r,fork,10,10,ok,10240,10240,10240,20480,1,1 r,fork,100,100,ok,20480,20480,20480,102400,1,1)" | grep '^line' | is 'line fork 10 20 100 100' 'line fork 10 10 100 20'
}

@test "the picture: each figure draws its own metric, in its unit" {
    local figure shown value values=()
    for value in 11e6 12e6 13 14 15360 16384 17000 18 19 21 22 23e6 24; do values+=("$value" "$value" "$value"); done
    table t "$(commas experiment model connections active status {latency_ns_p50,latency_ns_p99,switches_per_s,switches_per_message,pss_kib,rss_kib}_{median,min,max} \
        {achieved_per_s,server_cpu_us_per_message,server_switching_percent,worker_share_percent_max,worker_share_percent_min,delivery_ns_p99,server_cpu_us_per_delivery}_{median,min,max})" \
        "$(commas r fork 10 10 ok "${values[@]}")" >/dev/null
    while read -r figure shown; do
        picture "$figure" r fork "$BATS_TEST_TMPDIR/t" | grep '^full' | is "full fork 10 $shown" || { echo "$figure"; return 1; }
    done <<'FIGURES'
latency_p50 11
latency_p99 12
switches_per_s 13
switches_per_message 14
memory_growth 15
messages_per_s 17
cpu_per_message 18
switching_share 19
worker_share 21
chat 23
chat_cpu 24
FIGURES
}
