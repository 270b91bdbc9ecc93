#!/usr/bin/env bats
# bats file_tags=part:suite,long:20
# report.bats -- guards against a report that misleads or cannot be read: an answer that the data does not bear
# out, a chart without words, ink that fades into the paper, a page that needs the network.

bats_require_minimum_version 1.5.0

setup_file() {
    load drawing.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    draw_fixture
}

setup() {
    load drawing.bash
    load saying.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    run=$drawn
    page=$run/index.html
}

# What is between two patterns of the page.
part() { sed -n "/$1/,/$2/p" "$page"; }

# The first line of an experiment's section: ids are numbers.
section() { echo "<section id=\"s[0-9]*\"[^>]*><h2[^>]*>$1<"; } # section EXPERIMENT

# answers_of HEADER LINE...: what the answers say of a summary with these columns and rows.
answers_of() {
    answers_in "$(table medians.csv "$@")"
}

# answers LINE...: the same of latencies.
answers() {
    answers_of 'experiment,kind,model,connections_asked,connections_active,status,latency_ns_p99_median,latency_ns_p99_min,latency_ns_p99_max,latency_ns_p99_runs' "$@"
}

@test "each experiment has its question, its answer, charts that say how to read them, and its table" {
    local experiment said
    for experiment in capacity ramp memory cold_start; do
        said=$(part "$(section $experiment)" '<\/section>')
        for words in 'class="question"' '<b>Answer.</b>' '<figure id=' '<b>How to read it:</b> ' '<caption>' 'What this does not show'; do
            [[ $said == *"$words"* ]] || { echo "$experiment has no $words"; return 1; }
        done
    done
}

@test "each section has its own answer, figures, tables and differences, and those of no other one" {
    awk '/<section id=/ { section = $0; sub(/.*<h2[^>]*>/, "", section); sub(/<.*/, "", section) }
        function start(text) { print section, substr(text, 1, 24) }
        sub(/^<p class="answer"><b>Answer.<\/b> /, "") { start($0) }
        sub(/^<figure .*aria-label="chart /, "") { sub(/".*/, ""); figures++; if (index($0, section "-") != 1) print section " has the figure " $0 }
        sub(/.*<caption>/, "") { start($0) }
        section && /<ul><li>/ { sub(/.*<ul><li>/, ""); start($0) }
        END { if (!figures) print "no figure was seen" }' "$page" | is ' At the largest number of' \
        'capacity The CPU per message at 1' 'capacity capacity</caption>' \
        'cold_start The whole time is 0.3 s ' 'cold_start whole time: fork more th' 'cold_start cold_start</caption>' \
        'ramp The p99 latency at 100 c' 'ramp p50 latency, p99 latency' 'ramp ramp</caption>' \
        'memory The memory really lost a' 'memory memory really lost, PSS,' 'memory memory</caption>' \
        'omission Of the same stops of the' 'omission omission</caption>' \
        'switch_cost switch_cost: what one co' 'ready_cost ready_cost: us of a call' 'claims claims: what the essay s'
}

@test "a caption says what its chart shows before how to read it" {
    printf '%s\n' '<?xml version="1.0"?>' '<svg width="3">' '<path id="a" href="#b" fill="url(#c)"/></svg>' >"$BATS_TEST_TMPDIR/a.svg"
    printf '%s\n' '# Shows: the tail.' '# Read: lower is better.' >"$BATS_TEST_TMPDIR/a.gp"
    awk -v name=ramp-a -v id=f1 -f harness/report/html.awk -f harness/report/figure.awk "$BATS_TEST_TMPDIR/a.gp" "$BATS_TEST_TMPDIR/a.svg" | is \
        '<figure id="f1"><div class="wide" tabindex="0" role="region" aria-label="chart ramp-a">' \
        '<svg role="img" aria-label="ramp-a: the tail. The numbers are in the table below."' \
        '<path id="f1-a" href="#f1-b" fill="url(#f1-c)"/></svg>' \
        '</div><figcaption><b>ramp-a</b> shows the tail.<br><b>How to read it:</b> lower is better.' \
        '<br>As a file: <a href="figures/ramp-a.svg">SVG</a>, <a href="figures/ramp-a.png">PNG</a></figcaption></figure>'
}

@test "an experiment with a hyphen in its name has the figures of its own, with their words" {
    local run=$BATS_TEST_TMPDIR/hyphen page
    mkdir "$run"
    { grep -E '^schema|,ramp,' tests/fixtures/raw.csv; sed -n 's/,ramp,/,ramp-two,/p' tests/fixtures/raw.csv; } >"$run/raw.csv"
    draw_only
    ./run_all.sh draw "$run"
    page=$run/index.html
    part "$(section ramp)" '<\/section>' >"$BATS_TEST_TMPDIR/one"
    part "$(section ramp-two)" '<\/section>' >"$BATS_TEST_TMPDIR/two"
    grep -q '<b>ramp-two-latency_p99</b> shows the latency' "$BATS_TEST_TMPDIR/two" || { grep -o '<b>ramp-two.*' "$BATS_TEST_TMPDIR/two"; return 1; }
    grep -q '<figure id="f[0-9]*"><div [^>]*aria-label="chart ramp-latency_p99">' "$BATS_TEST_TMPDIR/one"
    run ! grep 'ramp-two' "$BATS_TEST_TMPDIR/one"
}

@test "an experiment and its figures have ids of their own, whatever its name is" {
    local run=$BATS_TEST_TMPDIR/method page
    mkdir "$run"
    sed -n '/^schema/p; s/,ramp,/,method,/p' tests/fixtures/raw.csv >"$run/raw.csv"
    draw_only
    ./run_all.sh draw "$run"
    page=$run/index.html
    [[ -n $(part "$(section method)" '<\/section>') ]]
    grep -q '<li><a href="#s[0-9]*">method</a>' "$page"
    [[ -z $(grep -oE "id=['\"][^'\"]+" "$page" | tr "'" '"' | sort | uniq -d) ]]
}

@test "the histograms of a model whose name has hyphens are its own" {
    local work=$BATS_TEST_TMPDIR/curves
    mkdir "$work"
    cp tests/fixtures/histograms/omission-poll-1-closed-1.hgrm "$work/stall-it-my-poll-1-closed-1.hgrm"
    cp tests/fixtures/histograms/omission-poll-1-closed-2.hgrm "$work/stall-it-epoll:buffer-kib=64-1-closed-1.hgrm"
    awk -v experiment=stall-it -v known='poll my-poll epoll:buffer-kib=64' -v work="$work" -f harness/report/plots/values.awk -f harness/kinds/omission/percentiles.awk "$work"/*.hgrm
    grep -q $'^models\tmy-poll epoll:buffer-kib=64 $' "$work/values.txt"
}

@test "an experiment beside which another run measured says so, and of how many points; others do not" {
    local run=$BATS_TEST_TMPDIR/beside page words='Another run measured on this machine beside 2 of 5 points: both are noisier for it (column other_run).'
    mkdir "$run"
    # Two rows of ramp beside another run, three without; those of capacity alone.
    { head -n 1 tests/fixtures/raw.csv; grep ',ramp,' tests/fixtures/raw.csv | head -n 5; grep ',capacity,' tests/fixtures/raw.csv | head -n 2; } |
        awk 'NR == 1 { print $0 ",other_run"; next } { print $0 "," (NR < 4) }' >"$run/raw.csv"
    draw_only
    ./run_all.sh draw "$run"
    page=$run/index.html
    [[ $(part "$(section ramp)" '<\/section>') == *"<p class=\"mark\">$words</p>"* ]]
    [[ $(part "$(section capacity)" '<\/section>') != *'Another run'* ]]
    [[ $(grep -cF "$words" "$run/summary.md") == 1 ]]
}

@test "every figure says what it shows and how to read it" {
    local file
    for file in harness/report/plots/*.gp; do
        grep -q '^# Kinds: ' "$file" || continue
        grep -q '^# Shows: .' "$file" && grep -q '^# Read: .' "$file" || { echo "$file"; return 1; }
    done
}

# tables_of HEADER LINE...: the tables of medians with these columns and rows.
tables_of() {
    tables_in "$(table medians.csv "$@")"
}

@test "the overview shows one experiment of each kind, names it among several, and fills no gap from another one" {
    run tables_of experiment,kind,model,connections_asked,connections_active,status,latency_ns_p99_median \
        slow,latency,poll,100,100,ok,9e6 slow,latency,fork,100,100,ok,8e6 ramp,latency,poll,100,100,ok,1e6 ramp,latency,poll,1000,1000,ok,2e6 \
        late,latency,fork,1000,1000,ok,5e6 crowd,latency,poll,9000,10,ok,7e6
    [[ ${lines[1]} == $'H\tmodel\tp99 ms (ramp)\tswitches/message (ramp)' ]]
    [[ ${lines[2]} == $'R\tpoll\t2\t-' && ${lines[3]} != R* ]]
}

@test "a table has the columns that only some experiments ask for where somebody has them, and the mean beside the tail" {
    run tables_of experiment,kind,model,connections_asked,connections_active,status,latency_ns_mean_median,deaf_stuck_b_median,slow_ns_p50_median \
        deaf,latency,poll,10,10,ok,2e6,2097152, slow,latency,poll,10,10,ok,3e6,,20e6
    [[ $output == *$'\tdeaf\nH\t'*$'\tmean ms\tp50 ms\tp99 ms\t'*$'\tunread of deaf clients MiB\truns\treason\nR\tpoll\t10\tok\t-\t-\t-\t2\t-'*$'\t2\t1 of 1\t\nT'* ]]
    [[ $(grep -c 'slow messages p50 ms' <<<"$output") == 1 && $(grep -c 'unread of deaf' <<<"$output") == 1 ]]
}

@test "an answer tells by how much where the ranges lie apart, in the median's numbers" {
    run answers r,latency,poll,100,100,ok,2e6,1.9e6,2.1e6,3 r,latency,poll,1000,1000,ok,20e6,19e6,21e6,3 \
        r,latency,fork,100,100,ok,1e6,0.9e6,1.1e6,3 r,latency,fork,1000,1000,ok,1e6,0.9e6,1.1e6,3
    echo "$output"
    [[ $output == *'p99 latency at 1,000 connections is 20 ms with poll, the highest, and 1 ms with fork, the lowest: 20 times. '* ]]
    [[ $output == *'from 2 ms at 100 connections to 20 ms with poll, where that changed it most, and from 1 ms at 100 connections to 1 ms with fork, where least.' ]]
}

@test "an answer claims nothing where ranges overlap or runs are too few, and says why" {
    run answers r,latency,poll,100,100,ok,2e6,0.5e6,3e6,3 r,latency,fork,100,100,ok,1e6,0.9e6,1.1e6,3
    [[ $output == *'the ranges overlap, so this is no ranking.' && $output != *times* ]]
    run answers r,latency,poll,100,100,ok,2e6,2e6,2e6,1 r,latency,fork,100,100,ok,1e6,1e6,1e6,1
    [[ $output == *'fewer than 3 good runs, so this is no ranking.' && $output != *times* ]]
}

@test "a million connections are told by what they took, also where those that spoke were disturbed" {
    run answers_of experiment,kind,model,connections_asked,connections_active,status,connections_established_median,connect_s_median,both_ends_lost_kib_median \
        million,latency,epoll_workers,1000,1000,ok,1000,0.04,20000 million,latency,epoll_workers,1000000,5000,client_limited,1000000,64,10240000
    [[ $output == *$'million\t1,000,000 of 1,000,000 connections were held, and opened within 64 s: 10.2 KiB for each, both ends together.' ]]
}

@test "an answer leaves out what is no result" {
    run answers r,latency,poll,100,100,noisy,2e6,1.9e6,2.1e6,3 r,latency,fork,100,100,ok,1e6,0.9e6,1.1e6,3
    [[ $output == *'is 1 ms with fork.' && $output != *poll* ]]
    run answers r,latency,poll,100,100,failed,,,,
    [[ $output == *'No model gave a result at 100 connections: the table tells why.' ]]
}

@test "an answer takes a fall for as much of a change as a rise, and leaves out what has no ratio" {
    run answers r,latency,poll,1,1,ok,40e6,,,1 r,latency,poll,10,10,ok,10e6,,,1 \
        r,latency,fork,1,1,ok,11e6,,,1 r,latency,fork,10,10,ok,10e6,,,1 \
        r,latency,zero,1,1,ok,5e6,,,1 r,latency,zero,10,10,ok,0,,,1
    echo "$output"
    [[ $output == *'from 40 ms at 1 connection to 10 ms with poll, where that changed it most, and from 11 ms at 1 connection to 10 ms with fork, where least.' ]]
}

@test "an answer calls nobody highest where all are the same" {
    run answers r,latency,poll,100,100,ok,2e6,2e6,2e6,1 r,latency,fork,100,100,ok,2e6,2e6,2e6,1
    [[ $output == *'The p99 latency at 100 connections is 2 ms, the same with all.' ]]
}

@test "an answer tells a wall that was not measured from one that was not met" {
    run answers_of experiment,kind,model,connections_asked,connections_active,limits,connections_established_median,wall,status,reason \
        'walls,walls,poll,3000,3000,processes=500,,,failed,needs root' walls,walls,fork,3000,3000,processes=500,3000,none,ok, \
        walls,walls,thread,3000,3000,processes=500,490,accept_queue,ok,
    echo "$output"
    [[ $output == *'with processes=500: no wall: fork (3,000); not measured (needs root): poll; accept queue: thread (490).' ]]
}

@test "an answer on omission compares the two loops of one server, and names it among several" {
    local header='experiment,kind,model,connections_asked,connections_active,arrival,status,latency_ns_p99_median,achieved_per_s_median'
    run answers_of "$header" o,omission,fork,1,1,poisson,ok,9e6,100 o,omission,fork,1,1,closed,ok,3e6,100 \
        o,omission,poll,1,1,poisson,ok,8e6,200 o,omission,poll,1,1,closed,ok,2e6,200 o,omission,half,1,1,closed,ok,1e6,1
    echo "$output"
    [[ $output == *'With fork, of the same stops'*' 9 ms, the closed loop 3 ms: 3.0 times less.'*'With poll, of'*' 8 ms, the closed loop 2 ms: 4.0 times less.'* ]]
    [[ $output != *'1 ms'* ]]
    run answers_of "$header" o,omission,poll,1,1,poisson,ok,8e6,200 o,omission,poll,1,1,closed,ok,2e6,200
    [[ $output == *$'\tOf the same stops of the same server'* ]]
}

@test "an answer on a herd counts the runs in which all came back, and names the others" {
    run answers_of experiment,model,policy,back_s,drops_back,connections_asked,status \
        herd,poll,now,2.5,3000,500,ok herd,fork,now,,90,500,failed herd,poll,jitter,4.5,7,500,ok
    echo "$output"
    [[ $output == *'2.5 (poll) if all try again at once, 4.5 (poll) with random pauses; not all came back with fork. '*'meanwhile: 3000 (poll) and 7 (poll).' ]]
}

@test "the page needs nothing but itself, and stays below 5 MB" {
    run ! grep -qE '<(script|link|img)|src="|@import|href="https?:' "$page"
    (($(grep -c '<svg' "$page") >= 8))
    (($(stat --format %s "$page") < 5000000))
}

@test "every chart has words for those who do not see it, and no two things share an id" {
    (($(grep -c '<svg role="img" aria-label="[^"]*: .*The numbers are in the table below."' "$page") == $(grep -c '<svg' "$page")))
    [[ -z $(grep -oE "id=['\"][^'\"]+" "$page" | tr "'" '"' | sort | uniq -d) ]]
}

@test "a run that was interrupted before a table had a row is drawn; one without any row is none" {
    local run=$BATS_TEST_TMPDIR/early table
    mkdir "$run"
    for table in raw cold_start; do head -n 1 "tests/fixtures/$table.csv" >"$run/$table.csv"; done
    for table in counters herd herd_back handshakes; do echo experiment,schema,model,status,reason >"$run/$table.csv"; done
    echo schema,experiment,members,disconnected,offered_per_s,status,reason >"$run/chat.csv"
    run -2 --separate-stderr ./run_all.sh draw "$run"
    [[ $stderr == *'nothing was measured'* && ${#stderr_lines[@]} == 1 ]]
    cp tests/fixtures/cold_start.csv "$run"
    draw_only
    run -0 ./run_all.sh draw "$run"
    [[ $output == *'cold start s'* ]]
}

@test "two models whose names differ by zeros have a place each" {
    printf '%s\n' schema,model 2,a1 2,a01 2,a1 >"$BATS_TEST_TMPDIR/raw.csv"
    # shellcheck disable=SC2016  # for the other shell
    run -0 bash -c 'source harness/run/lib.sh; known_models "$1"' - "$BATS_TEST_TMPDIR/raw.csv"
    [[ $output == *' a01 a1' || $output == *' a1 a01' ]]
}

@test "a chart tells once what failed in several repeats, and how often its own experiment visited" {
    local run=$BATS_TEST_TMPDIR/repeats repeat said
    mkdir "$run"
    {
        echo experiment,schema,profile,model,repeat,server_options,policy,outage_s,back_s,drops_back,connections_asked,status,reason
        for repeat in 1 2 3; do echo "herd,2,quick,fork,$repeat,,now,2,,90,500,failed,400 were back"; done
        echo herd,2,quick,fork,1,,jitter,2,,90,500,failed,401 were back
    } >"$run/herd.csv"
    echo experiment,schema,model,repeat,policy,s,connected,lost,back >"$run/herd_back.csv"
    { cat tests/fixtures/cold_start.csv; sed -n 's/^cold_start,poll,3,\(.*\),1000,/short,poll,9,\1,50,/p' tests/fixtures/cold_start.csv; } >"$run/cold_start.csv"
    ./run_all.sh draw "$run"
    said=$(sed 's/<[^>]*>//g' "$run/figures/herd-herd.svg" | tr -s '[:space:]' ' ')
    [[ $said == *'fork: failed at 500 (at once), 500 (random pauses) (first: 400 were back)'* ]]
    grep -q '3 runs, median; 1000 clients one after the other' "$run/figures/cold_start-cold_start.svg"
    grep -q '9 runs, median; 50 clients one after the other' "$run/figures/short-cold_start.svg"
}

# What is claimed of threads: REPEATS, then median, lowest and highest CPU per message of thread and of libuv.
said_of_threads() { # said_of_threads REPEATS MEDIAN LOW HIGH MEDIAN LOW HIGH
    {
        echo experiment,kind,model,connections_asked,status,server_cpu_us_per_message_runs,server_cpu_us_per_message_median,server_cpu_us_per_message_min,server_cpu_us_per_message_max
        echo "capacity,capacity,thread,1000,ok,$1,$2,$3,$4"
        echo "capacity,capacity,libuv,1000,ok,$1,$5,$6,$7"
    } >"$BATS_TEST_TMPDIR/medians.csv"
    claims_in "$BATS_TEST_TMPDIR/medians.csv" | awk -F'\t' '$2 ~ /^more threads/ { print $5 }'
}

@test "a claim on two models keeps to the rule for differences, and of single runs wants a clear factor" {
    [[ $(said_of_threads 3 20 19.9 20.1 10 9.9 10.1) == holds ]]
    [[ $(said_of_threads 3 10 9.9 10.1 20 19.9 20.1) == 'not here' ]]
    [[ $(said_of_threads 3 20 10 30 12 11 13) == 'not shown here' ]] # The medians lie apart, the ranges do not.
    [[ $(said_of_threads 1 13 13 13 10 10 10) == holds ]]
    [[ $(said_of_threads 1 12 12 12 10 10 10) == 'not shown here' ]]
    [[ $(said_of_threads 1 10 10 10 13 13 13) == 'not here' ]]
}

@test "the crosses of what failed lie above every number, and the lowest number of a logarithmic axis is told" {
    local work=$BATS_TEST_TMPDIR/points log_y
    mkdir "$work"
    {
        echo experiment,kind,model,connections,active,status,metric_median,metric_min,metric_max
        printf '%s\n' r,latency,a,1,,ok,0.0007,0.0007,0.0007 r,latency,a,10,,ok,98,98,98 r,latency,{b,c,d},10,,failed,,,
    } >"$work/summary.csv"
    for log_y in 0 1; do
        awk -v experiment=r -v metric=metric -v divide=1 -v log_y="$log_y" -v known='a b c d' -v work="$work" \
            -f harness/analysis/numbers.awk -f harness/report/plots/values.awk -f harness/report/plots/points.awk "$work/summary.csv"
        [[ $(grep -c '^10 ' "$work/failed.dat") == 3 ]]
        awk -v log_y="$log_y" 'NR > 1 && $2 <= 98 * (log_y ? 1.2 : 1.02) { print "a cross lies at " $2; bad = 1 } END { exit bad }' "$work/failed.dat"
    done
    grep -q $'^y_tic_1\t0.0005$' "$work/values.txt"
    grep -q $'^y_tic_2\t0.001$' "$work/values.txt"
    grep -q $'^y_tic_3\t0.01$' "$work/values.txt"
}

@test "memory that was measured while others were busy is a result everywhere, and what failed is none" {
    local work=$BATS_TEST_TMPDIR/memory
    mkdir "$work"
    printf '%s\n' experiment,kind,model,connections,active,status,repeats_ok,machine_lost_kib_median,pss_kib_median,rss_kib_median,latency_ns_p99_median \
        memory,memory,fork,100,100,noisy,0,15000,3000,9000,2e6 memory,memory,poll,100,100,failed,0,600,100,200,1e6 >"$work/summary.csv"
    awk -v experiment=memory -v kind=memory -v known='fork poll' -v work="$work" -v robust="$robust" -f harness/analysis/numbers.awk -f harness/report/plots/values.awk -f harness/report/plots/bars.awk "$work/summary.csv"
    sed 's/,connections,active,/,connections_asked,connections_active,/; s/repeats_ok,//; s/,noisy,0,/,noisy,/; s/,failed,0,/,failed,/' "$work/summary.csv" >"$work/medians.csv"
    told() { analysed median_of memory "$1" 100 "$2" 1000 %.1f -- "$work/medians.csv"; } # told MODEL METRIC
    grep -qx $'x_tic_1\tfork' "$work/values.txt"
    grep -qx $'x_tic_2\tpoll|failed' "$work/values.txt"
    grep -qx $'x_tic_at_2\t2' "$work/values.txt"
    [[ $(told fork machine_lost_kib) == 15.0 && $(told poll machine_lost_kib) == '0.6 (failed)' ]]
    [[ $(told fork latency_ns_p99) == '2000.0 (noisy)' && $(told fork no_such_metric) == - ]]
    run tables_in "$work/medians.csv"
    [[ ${lines[2]} == $'R\tfork\t2.93\t14.6' && ${lines[3]} == *'[failed]' ]]
    run answers_in "$work/medians.csv"
    [[ $output == *'memory really lost at 100 connections is 14.6 MiB with fork.'* ]]
}

# Contrast as the Web Content Accessibility Guidelines 2.1 define it (relative luminance).
contrast='
    function digit(c) { return index("0123456789abcdef", tolower(c)) - 1 }
    function linear(c) { c /= 255; return c <= 0.03928 ? c / 12.92 : exp(2.4 * log((c + 0.055) / 1.055)) }
    function level(red, green, blue) { return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) }
    function hex(colour, i) { return 16 * digit(substr(colour, i, 1)) + digit(substr(colour, i + 1, 1)) }
    function level_of(colour) { return level(hex(colour, 2), hex(colour, 4), hex(colour, 6)) }
    function ratio(a, b) { return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05) }'

@test "tables that scroll can be reached by keyboard, and overloaded is marked as the result that it is" {
    (($(grep -c '<div class="wide" tabindex="0" role="region" aria-label="table [^"]*"><table>' "$page") == $(grep -c '<table>' "$page")))
    grep -q '<td>[^<]*\[overloaded\]</td>' "$page"
    grep -q '<td>overloaded</td>' "$page"
    grep -q '<td class="mark">- \[failed\]</td>' "$page"
    [[ $(grep -o '<td class="mark">[a-z_]*</td>' "$page" | sort -u | sed 's/<[^>]*>//g' | tr '\n' ' ') == 'client_limited failed ' ]]
}

@test "all ink of the page is readable on its paper, light, dark and printed" {
    run awk "$contrast"'
        /--paper:/ {
            while (match($0, /--[a-z]+: #[0-9a-f]+/)) {
                split(substr($0, RSTART + 2, RLENGTH - 2), pair, ": ")
                colour[pair[1]] = pair[2]
                $0 = substr($0, RSTART + RLENGTH)
            }
            schemes++
            split("ink quiet mark link", inks, " ")
            split("paper panel", papers, " ")
            for (i in inks) for (p in papers) {
                checked++
                r = ratio(level_of(colour[inks[i]]), level_of(colour[papers[p]]))
                if (r < 4.5) { print inks[i] " on " papers[p] " of scheme " schemes ": " r; bad = 1 }
            }
        }
        END { print schemes " schemes, " checked " pairs"; exit bad || schemes != 3 || checked != 24 }' "$page"
    echo "$output"
    ((status == 0))
}

@test "all words on charts are readable on white" {
    run awk "$contrast"'
        BEGIN { RS = "<"; fill[0] = "black" }
        FNR == 1 { depth = 0 }
        /^g[ >]/ || /^g$/ {
            fill[++depth] = fill[depth - 1]
            if (match($0, /fill *= *"[^"]*"/)) { fill[depth] = substr($0, RSTART, RLENGTH); sub(/^fill *= *"/, "", fill[depth]); sub(/"$/, "", fill[depth]) }
        }
        /^\/g>/ { depth-- }
        /^text/ {
            words++
            colour = fill[depth]
            if (colour == "black") next
            if (split(colour, c, /[(,)]/) < 4) { print "cannot read the colour " colour; bad = 1; next }
            r = ratio(level(c[2], c[3], c[4]), 1)
            if (r < 4.5) { print FILENAME ": " $0 " in " colour ": " r; bad = 1 }
        }
        END { print words " pieces of text"; exit bad || words < 100 }' "$run"/figures/*.svg
    echo "$output"
    ((status == 0))
}

# browse SIZE OPTION...: the page in a real browser that reaches no network.
browse() {
    local size=$1
    shift
    HOME=$BATS_TEST_TMPDIR timeout 60 chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars \
        --user-data-dir="$BATS_TEST_TMPDIR/profile" --enable-logging=stderr --host-resolver-rules='MAP * ~NOTFOUND' \
        --window-size="$size" "$@" 3>&-
}

@test "chromium opens the page from disk without a message on its console" {
    command -v chromium >/dev/null || skip 'chromium is not installed'
    browse 1300,1000 --dump-dom "file://$page" >"$BATS_TEST_TMPDIR/dom" 2>"$BATS_TEST_TMPDIR/log"
    grep -q '</html>' "$BATS_TEST_TMPDIR/dom"
    run ! grep CONSOLE "$BATS_TEST_TMPDIR/log"
    # The check itself can fail: a page that complains is heard.
    sed 's|</body>|<script>console.error("heard")</script></body>|' "$page" >"$BATS_TEST_TMPDIR/loud.html"
    browse 1300,1000 --dump-dom "file://$BATS_TEST_TMPDIR/loud.html" 2>&1 >/dev/null | grep -q 'CONSOLE.*heard'
}

@test "on a phone only charts and tables scroll sideways, never the page" {
    command -v chromium >/dev/null || skip 'chromium is not installed'
    # 500: the narrowest window that chromium has.
    sed 's|</body>|<script>document.title = document.documentElement.scrollWidth + " of " + window.innerWidth</script></body>|' \
        "$page" >"$BATS_TEST_TMPDIR/phone.html"
    browse 500,900 --dump-dom "file://$BATS_TEST_TMPDIR/phone.html" >"$BATS_TEST_TMPDIR/dom" 2>/dev/null
    run sed -n 's|.*<title>\([0-9]*\) of \([0-9]*\)</title>.*|\1 \2|p' "$BATS_TEST_TMPDIR/dom"
    echo "the page is ${output% *} wide, the window ${output#* }"
    [[ -n $output ]] && ((${output% *} <= ${output#* }))
}

@test "show draws the main charts with letters, in 80 columns, and says what was found" {
    run ./run_all.sh show "$run"
    ((status == 0))
    for words in '== ramp' '== memory' 'Capacity, more is better' 'p99 latency, lower is better' 'Switches per message' \
        'Really lost for each' '**A**' 'the highest, and' "all charts: $run/index.html"; do
        [[ $output == *"$words"* ]] || { echo "$output"; echo "not shown: $words"; return 1; }
    done
    [[ -z $(awk 'length > 80' <<<"$output" | grep -v 'all charts:') ]]
}

@test "show tells what was found of experiments that have no chart in letters" {
    mkdir -p "$BATS_TEST_TMPDIR/other"
    printf '%s\n' experiment,kind,model,connections_asked,connections_active,arrival,repeats_ok,repeats,status,reason >"$BATS_TEST_TMPDIR/other/summary.csv"
    printf '%s\n' schema,experiment,members 2,chat,10 >"$BATS_TEST_TMPDIR/other/chat.csv"
    printf '%s\n' schema,experiment,model 2,why,poll >"$BATS_TEST_TMPDIR/other/counters.csv"
    printf '%s\n' '# run' '' '## chat' '' 'A line reaches all.' '' '## why: system calls' '' 'A message costs two calls.' '' '| a |' >"$BATS_TEST_TMPDIR/other/summary.md"
    run -0 ./run_all.sh show "$BATS_TEST_TMPDIR/other"
    is '== chat' 'A line reaches all.' '== why' 'A message costs two calls.' "all charts: $BATS_TEST_TMPDIR/other/index.html" <<<"$output"
}

@test "show refuses what was not drawn, a strange option and too many words in one line" {
    mkdir "$BATS_TEST_TMPDIR/raw"
    cp tests/fixtures/raw.csv "$BATS_TEST_TMPDIR/raw"
    local wrong
    for wrong in "$BATS_TEST_TMPDIR/raw" --wide 'a b' /nowhere; do
        # shellcheck disable=SC2086  # two words
        run --separate-stderr ./run_all.sh show $wrong
        ((status == 2 && ${#stderr_lines[@]} == 1)) || { echo "$wrong: $status $stderr"; return 1; }
    done
}
