#!/usr/bin/env bats
# scripts.bats -- guards against runs that mislead: a number summarised wrongly, a broken point drawn
# as a result, a missing chart, a mistake that is not told, a process left behind.

bats_require_minimum_version 1.5.0

setup_file() {
    load drawing.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    draw_fixture
}

setup() {
    load measuring.bash
    load drawing.bash
    load serving.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR
    run_pid=''
}

# A run that a test has started is in a session of its own, which Ctrl-C does not reach.
teardown() { [[ -z $run_pid ]] || kill "$run_pid" 2>/dev/null || true; }

# cell FILE EXPERIMENT MODEL CONNECTIONS COLUMN
cell() {
    awk -F, -v experiment="$2" -v model="$3" -v connections="$4" -v name="$5" '
        NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; if (!(name in c)) exit 3; next }
        $c["experiment"] == experiment && $c["model"] == model && $c["connections_asked"] == connections {
            print $c[name] }' "$1"
}

one_line_on_stderr() { # one_line_on_stderr WORD: exactly one line, which has the word
    [[ ${#stderr_lines[@]} == 1 && $stderr == *"$1"* ]] || { echo "stderr: $stderr"; return 1; }
}

# ---- numbers ----

@test "the summary of the fixture is the one worked out by hand" {
    awk -f harness/spread.awk -f harness/summarise.awk tests/fixtures/raw.csv >"$tmp/summary.csv"
    diff tests/fixtures/summary.csv "$tmp/summary.csv"
}

@test "a median is the middle of an odd and the mean of the middle two of an even number of runs" {
    s=tests/fixtures/summary.csv
    [[ $(cell $s capacity poll 10 achieved_per_s_median) == 2000 ]]  # 1000 3000 2000
    [[ $(cell $s capacity poll 10 achieved_per_s_min) == 1000 ]]
    [[ $(cell $s capacity poll 10 achieved_per_s_max) == 3000 ]]
    [[ $(cell $s capacity poll 100 achieved_per_s_median) == 1500 ]] # 1000 2000
    [[ $(cell $s capacity poll 100 server_cpu_us_per_message_median) == 4.5 ]]
}

@test "a try that was superseded enters nothing, not even the number of repeats" {
    [[ $(cell tests/fixtures/summary.csv capacity poll 100 achieved_per_s_max) == 2000 ]] # Not 99000.
    [[ $(cell tests/fixtures/summary.csv capacity poll 100 repeats) == 2 ]]
}

@test "both kinds of switches are added per run, before the median" {
    [[ $(cell tests/fixtures/summary.csv ramp poll 10 switches_per_s_median) == 210 ]] # 130 210 320
}

@test "the share of CPU spent switching is what one switch costs times how many a message takes" {
    s=tests/fixtures/summary.csv
    [[ $(cell $s ramp poll 10 server_switching_percent_median) == 10 ]]     # 0.5 x 2 us of 10 us
    [[ $(cell $s capacity poll 10 server_switching_percent_max) == 12.5 ]]  # 0.25 x 2 us of 4 us
    [[ -z $(cell $s memory poll 100 server_switching_percent_median) ]]
    # A server of several processes switches between processes: 3 us.
    sed '1s/^/processes,/; 2,$s/^/101,/' tests/fixtures/raw.csv >"$tmp/raw.csv"
    cp tests/fixtures/switch_cost.csv "$tmp"
    awk -f harness/spread.awk -f harness/summarise.awk "$tmp/raw.csv" >"$tmp/summary.csv"
    [[ $(cell "$tmp/summary.csv" ramp poll 10 server_switching_percent_median) == 15 ]]
}

@test "nobody guesses what a switch costs where it was not measured" {
    cp tests/fixtures/raw.csv "$tmp"
    [[ $(awk -f harness/spread.awk -f harness/summarise.awk "$tmp/raw.csv") != *switching* ]]
    draw_only
    run -0 ./run_all.sh draw "$tmp"
    [[ ! -e $tmp/figures/ramp-switching_share.svg && -s $tmp/figures/ramp-switches_per_s.svg ]]
    grep -q 'No chart: ramp: server_switching_percent is not available' "$tmp/index.html"
}

@test "one disturbed run of three enters neither the median nor the status; memory counts it" {
    s=tests/fixtures/summary.csv
    [[ $(cell $s ramp poll 100 latency_ns_p99_max) == 600000 ]]
    [[ $(cell $s ramp poll 100 repeats_ok) == 2 && $(cell $s ramp poll 100 repeats) == 3 ]]
    [[ $(cell $s ramp poll 100 status) == overloaded ]] # ok, noisy, overloaded
    [[ $(cell $s ramp poll 100 reason) == '900 of 1000 messages/s came back' ]]
    [[ $(cell $s ramp poll 100 pss_kib_median) == 1024 && $(cell $s ramp poll 100 pss_kib_max) == 1536 ]]
}

@test "runs of which half were disturbed make a disturbed point" {
    sed '/,overloaded,/d' tests/fixtures/raw.csv >"$tmp/raw.csv"
    awk -f harness/spread.awk -f harness/summarise.awk "$tmp/raw.csv" >"$tmp/summary.csv"
    [[ $(cell "$tmp/summary.csv" ramp poll 100 repeats) == 2 && $(cell "$tmp/summary.csv" ramp poll 100 repeats_ok) == 1 ]]
    [[ $(cell "$tmp/summary.csv" ramp poll 100 status) == noisy ]]
    [[ $(cell "$tmp/summary.csv" ramp poll 100 reason) == 'other programs used 7.0 % of the machine' ]]
}

@test "a failed point has empty cells, no zeros, and the reason of its first run" {
    s=tests/fixtures/summary.csv
    [[ -z $(cell $s ramp fork 100 latency_ns_p99_median) ]]
    [[ $(cell $s ramp fork 100 status) == failed ]]
    [[ $(cell $s ramp fork 100 reason) == 'fork: EAGAIN after 73' ]]
}

@test "a torn raw.csv is refused, not summarised" {
    head -c 900 tests/fixtures/raw.csv >"$tmp/raw.csv"
    run -2 --separate-stderr awk -f harness/spread.awk -f harness/summarise.awk "$tmp/raw.csv"
    one_line_on_stderr 'cells'
}

@test "a run of another schema is refused in one line that names both, and nothing is drawn" {
    ours=$(sed -n 's/^ *COLUMNS_SCHEMA = \([0-9]*\),.*/\1/p' harness/columns.h)
    mkdir "$tmp/other" "$tmp/cold"
    sed "2,\$s/^$ours,/77,/" tests/fixtures/raw.csv >"$tmp/other/raw.csv"
    run -2 --separate-stderr ./run_all.sh draw "$tmp/other"
    one_line_on_stderr "this run has schema 77, this version reads schema 1 to $ours"
    [[ $(ls "$tmp/other") == raw.csv ]]
    sed "2,\$s/,$ours\$/,77/" tests/fixtures/cold_start.csv >"$tmp/cold/cold_start.csv"
    run -2 --separate-stderr ./run_all.sh draw "$tmp/cold"
    one_line_on_stderr "this run has schema 77, this version reads schema 1 to $ours"
    [[ $(ls "$tmp/cold") == cold_start.csv ]]
    mkdir "$tmp/switch"
    cp tests/fixtures/raw.csv "$tmp/switch"
    sed '2,$s/^2,/77,/' tests/fixtures/switch_cost.csv >"$tmp/switch/switch_cost.csv"
    run -2 --separate-stderr ./run_all.sh draw "$tmp/switch"
    one_line_on_stderr "this run has schema 77, this version reads schema 1 to $ours"
}

@test "a run of the oldest schema, without tries, is still drawn as it was" {
    mkdir "$tmp/old"
    cut -d, -f1-6,9- tests/fixtures/raw.csv | sed '1!s/^[0-9]*,/1,/; /,99000,/d' >"$tmp/old/raw.csv"
    cut -d, -f1-11 tests/fixtures/cold_start.csv >"$tmp/old/cold_start.csv"
    cp tests/fixtures/switch_cost.csv "$tmp/old"
    run -0 ./run_all.sh draw "$tmp/old"
    diff tests/fixtures/summary.csv "$tmp/old/summary.csv"
}

# ---- charts ----

@test "draw makes every chart as SVG and PNG, and both reports" {
    for name in capacity-cpu_per_message capacity-messages_per_s cold_start-cold_start memory-memory_parts \
        omission-omission ramp-latency_p99 ramp-memory_growth ramp-switches_per_message ramp-switches_per_s ramp-switching_share; do
        for format in svg png; do
            [[ -s $drawn/figures/$name.$format ]] || { echo "no $name.$format"; return 1; }
        done
        grep -q "id=\"$name\"" "$drawn/index.html" || { echo "$name is not in index.html"; return 1; }
        grep -q "$name.png" "$drawn/summary.md"
    done
}

@test "draw makes each kind of figure that harness/plots knows" {
    copy_fixture "$tmp/run"
    # both_ends belongs to the experiment million, of which a row is all that it needs.
    awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; print $0, "both_ends_lost_kib"; next }
        $c["experiment"] == "ramp" && !done++ { $c["experiment"] = "million"; print $0, 5000; next }
        { print $0 "," }' tests/fixtures/raw.csv >"$tmp/run/raw.csv"
    ./run_all.sh draw "$tmp/run"
    for figure in harness/plots/*.gp; do
        grep -q '^# Kinds:' "$figure" || continue
        # Of these the fixture has no rows; their own tests draw them.
        ! grep -qE '^# Kinds: (walls|herd|counters|handshakes|chat)|^# Experiments: workers' "$figure" || continue
        found=("$tmp"/run/figures/*-"$(basename "$figure" .gp)".png)
        [[ -e ${found[0]} ]] || { echo "nothing from $figure"; return 1; }
    done
}

@test "charts say what failed and why, what was excluded and why, and what they do not show" {
    chart=$drawn/figures/ramp-latency_p99.svg
    grep -q 'failed at 100 (fork: EAGAIN after 73)' "$chart"
    grep -q 'broken: excluded: half-close: 8388608 bytes in, 8381952 out' "$chart"
    grep -q 'Does not show: ' "$chart"
    grep -q '3 runs, median' "$chart"
    grep -q 'broken</b>: half-close' "$drawn/index.html"
    grep -q 'one run, no spread' "$drawn/figures/memory-memory_parts.svg"
}

@test "what a switch costs stands beside what is often told" {
    for page in index.html summary.md; do grep -qi 'often told: 1 to 10 us' "$drawn/$page"; done
    grep -qF '| processes | 512 | 12 (11-19) | - |' "$drawn/summary.md"
    grep -qF '| (one task alone) | 65536 | - | 180 (170-190) |' "$drawn/summary.md"
    grep -qF '<th scope="row">processes</th><td>512</td><td>12 (11-19)</td><td>-</td>' "$drawn/index.html"
}

@test "charts say how long was warmed up, and whether that was until steady" {
    says() { sed 's/<[^>]*>//g' "$drawn/figures/$1.svg" | tr -s '[:space:]' ' ' | grep -q "$2"; }
    says ramp-latency_p99 'warmed up for a fixed 0.5 s'
    says capacity-messages_per_s 'warmed up until steady: 5 to 7 s'
}

# colours FOLDER: of the lines and words in the latency chart of a drawn run.
colours() { grep -oE 'rgb\([ 0-9,]+\)' "$1/figures/ramp-latency_p99.svg" | tr -d ' ' | sort -u; }

@test "a model keeps its colour when others are left out or come, and a stranger does not take it" {
    draw_only ramp-latency_p99
    poll='rgb(0,158,115)' stranger='rgb(0,0,0)' # The third place, and the one after the family's last.
    colours "$drawn" | grep -qxF "$poll"
    mkdir "$tmp/few" "$tmp/more"
    grep -E '^schema|,poll,' tests/fixtures/raw.csv >"$tmp/few/raw.csv"
    ./run_all.sh draw "$tmp/few"
    colours "$tmp/few" | grep -qxF "$poll"
    sed 's/,fork,/,a_new_one,/' tests/fixtures/raw.csv | grep -E '^schema|,poll,|,a_new_one,' >"$tmp/more/raw.csv"
    ./run_all.sh draw "$tmp/more"
    colours "$tmp/more" | grep -qxF "$poll"
    models() { grep -vxE 'rgb\((34,34,34|68,68,68|228,228,228|255,255,255|51,51,51|160,0,0)\)'; }
    [[ $(colours "$tmp/few" | models) == "$poll" ]]
    [[ $(colours "$tmp/more" | models) == "$stranger"$'\n'"$poll" ]] || { colours "$tmp/more"; return 1; }
}

@test "every model and guest has a place of its own, so that no new one shifts the others" {
    places=$(sed -n '/^readonly places=(/,/)$/p' harness/lib.sh | tr -d '()' | sed 's/readonly places=//' | tr -s ' \n' '\n' | grep . | sort)
    named=$(for file in servers/*.c servers/guests/*; do git ls-files --error-unmatch "$file" >/dev/null 2>&1 && basename "${file%.*}"; done | sort)
    [[ $places == "$named" ]] || { diff <(echo "$places") <(echo "$named"); return 1; }
}

@test "only ok and overloaded points are on a model's own line, also when several in a row are not" {
    awk -v experiment=ramp -v metric=latency_ns_p99 -v divide=1000 -v log_y=1 -v known='fork poll newcomer' \
        -v work="$tmp" -f harness/numbers.awk -f harness/plots/points.awk tests/fixtures/summary.csv
    numbers() { grep -v '^NaN' "$tmp/$1.dat" | sed '/^$/d' | cut -d' ' -f1-4 | tr '\n' ';'; }
    [[ -z $(numbers line-1) && $(numbers marks-1) == '10 700 600 800;' ]]
    [[ $(numbers line-2) == '10 200 100 300;100 500 400 600;' && -z $(numbers marks-2) ]]
    [[ $(numbers line-3) == '10 500 500 500;100 700 700 700;' && -z $(numbers marks-3) ]]
    grep -q '^100 .* 1$' "$tmp/failed.dat"
    grep -q '"client limited"$' "$tmp/words.dat"
}

@test "no word of a chart lies on another one, also where there is no room above" {
    {
        echo experiment,kind,model,connections_asked,connections_active,status,metric_median,metric_min,metric_max
        echo ramp,latency,a,1,,ok,1,1,1
        for model in a b c d; do echo "ramp,latency,$model,10000,,drifting,98,98,98"; done
    } >"$tmp/summary.csv"
    for log_y in 0 1; do
        awk -v experiment=ramp -v metric=metric -v divide=1 -v log_y="$log_y" -v known='a b c d' -v work="$tmp" \
            -f harness/numbers.awk -f harness/plots/points.awk "$tmp/summary.csv"
        [[ $(grep -c drifting "$tmp/words.dat") == 4 ]]
        # The axis ends a little above 98: heights are shares of it.
        grep drifting "$tmp/words.dat" | awk -v log_y="$log_y" '{ print log_y ? log($2) : $2 }' | sort -g |
            awk -v log_y="$log_y" 'NR > 1 && $1 - before < 0.04 * (log_y ? log(200) : 98) { near = 1 } { before = $1 } END { exit near }'
    done
}

@test "histograms of repeats are added, and a curve is that of all messages" {
    awk -v experiment=omission -v known='fork poll' -v work="$tmp" -f harness/plots/percentiles.awk tests/fixtures/histograms/*.hgrm
    # 200 messages: 90 of 50 us, 109 of 100 us, one of 200 ms.
    diff <(printf '%s\n' 'NaN NaN' '2 0.1' '200 0.1' '200 200' '200 200') "$tmp/closed-2.dat"
    diff <(printf '%s\n' 'NaN NaN' '2 0.1' '10 0.1' '10 200' '100 200') "$tmp/open-2.dat"
    grep -q '^models = "poll "$' "$tmp/curves.gp"
    # More connections supersede fewer.
    mkdir "$tmp/more"
    cp tests/fixtures/histograms/*.hgrm "$tmp/more"
    cp "$tmp/more/omission-poll-1-closed-2.hgrm" "$tmp/more/omission-poll-20-closed-1.hgrm"
    awk -v experiment=omission -v known='fork poll' -v work="$tmp" -f harness/plots/percentiles.awk "$tmp"/more/*.hgrm
    diff <(printf '%s\n' 'NaN NaN' '2 0.1' '100 0.1') "$tmp/closed-2.dat"
    [[ $(cat "$tmp/open-2.dat") == 'NaN NaN' ]]
}

@test "a run whose histograms were not kept is drawn without their chart, and says so" {
    mkdir "$tmp/bare"
    grep -E '^schema|,omission,' tests/fixtures/raw.csv >"$tmp/bare/raw.csv"
    run -0 ./run_all.sh draw "$tmp/bare"
    [[ -z $(ls "$tmp/bare/figures") ]]
    grep -q 'No chart: omission: the folder histograms is not in this run' "$tmp/bare/index.html"
}

@test "an experiment that waits to be named is listed as such, and left out of plain runs" {
    run -0 ./run_all.sh list
    grep -q '^omission .*(only when named)' <<<"$output"
    run ! grep -q '^ramp .*(only when named)' <<<"$output"
    # shellcheck disable=SC2016
    run -0 bash -c 'source harness/lib.sh; default_experiments | one_line'
    [[ " $output " == *' ramp '* && " $output " != *' omission '* ]]
    run -0 ./run_all.sh --help
    [[ $output == *$'Only when named:\n'*omission* ]]
}

# What lies along the axis for the first model.
positions() { cut -d' ' -f1 "$tmp/line-1.dat" | grep -v '^NaN\|^$' | tr '\n' ' '; }

# Rows of the fixture as if some of the connections were idle: asked and active from two expressions.
crowd() { # crowd ASKED ACTIVE
    awk -F, -v OFS=, 'NR == 1 || $2 == "ramp" && $5 == "poll" {
        if (NR > 1) { asked = '"$1"'; active = '"$2"'; $10 = asked; $11 = active }
        print }' tests/fixtures/raw.csv >"$tmp/raw.csv"
    awk -f harness/spread.awk -f harness/summarise.awk "$tmp/raw.csv" >"$tmp/summary.csv"
    awk -v experiment=ramp -v metric=latency_ns_p99 -v divide=1000 -v log_y=1 -v known=poll -v work="$tmp" \
        -f harness/numbers.awk -f harness/plots/points.awk "$tmp/summary.csv"
}

@test "the axis counts the idle connections where some are, and the active ones where only they differ" {
    crowd '$10' 10
    grep -q 'x_label = "idle connections, beside 10 active ones"' "$tmp/axes.gp"
    grep -q 'set xtics ("0" 28.46.*"90" 90)\|set xtics ("90" 90, "0" 28.46' "$tmp/axes.gp"
    [[ $(positions) == '28.4605 90 ' ]]
    crowd 1000 '$10'
    grep -q 'x_label = "active connections, of 1,000"' "$tmp/axes.gp"
    [[ $(positions) == '10 100 ' ]]
    awk -f harness/numbers.awk -f harness/tables.awk "$tmp/summary.csv" | grep -q $'^R\tpoll\t1000\t10\t'
}

@test "the chart of the walls tells at each bar what was held and what stopped it, the table what moves it" {
    mkdir "$tmp/run"
    {
        echo schema,experiment,kind,profile,model,repeat,connections_asked,connections_active,arrival,limits,connections_established,wall,wall_limit,wall_advice,wall_evidence,status,reason
        echo 2,walls,walls,quick,poll,1,30000,30000,poisson,machine,19993,EMFILE,RLIMIT_NOFILE 20000,ulimit -n 65536,server-poll: accept: no,ok,
        echo 2,walls,walls,quick,poll,1,3000,3000,poisson,files=1024,1017,EMFILE,RLIMIT_NOFILE 1024,ulimit -n 65536,server-poll: accept: no,ok,
        echo 2,walls,walls,quick,fork,1,30000,30000,poisson,machine,31000,reserve,pid_max 32768,sysctl kernel.pid_max=65536,,ok,
        echo 2,walls,walls,quick,fork,1,3000,3000,poisson,files=1024,3000,none,,,,ok,
        echo 2,walls,walls,quick,fork,1,3000,3000,poisson,processes=500,,,,,,failed,needs root
        echo 2,walls,walls,quick,select,1,30000,30000,poisson,machine,1019,refused,"none: the server's own",none,,ok,
    } >"$tmp/run/raw.csv"
    ./run_all.sh draw "$tmp/run"
    [[ -s $tmp/run/figures/walls-walls.png ]]
    chart=$(sed 's/<[^>]*>//g; s/&apos;/'"'"'/g' "$tmp/run/figures/walls-walls.svg" | tr -s '[:space:]' ' ')
    for words in "machine's limits" '1,024 files' '500 processes' '19,993: EMFILE, RLIMIT_NOFILE 20000' '1,019: refused' \
        '1,017: EMFILE, RLIMIT_NOFILE 1024' '31,000: stopped short of pid_max 32768' '3,000: no wall up to here' 'failed: needs root'; do
        [[ $chart == *"$words"* ]] || { echo "not on the chart: $words"; return 1; }
    done
    grep -qF '| fork | machine | ok | 31000 | 30000 | - | reserve | pid_max 32768 | sysctl kernel.pid_max=65536 |' "$tmp/run/summary.md"
    # In the order in which they were measured: the machine's limits first.
    [[ $(grep -oE '^\| poll \| [a-z]+' "$tmp/run/summary.md" | tr '\n' ' ') == '| poll | machine | poll | files ' ]]
}

@test "draw keeps what was measured as it is, and draws again over its own charts" {
    cp -r "$drawn" "$tmp/run"
    draw_only ramp-latency_p99
    ./run_all.sh draw "$tmp/run"
    grep -q 'not drawn' "$tmp/run/figures/memory-memory_parts.svg"
    cmp "$drawn/figures/ramp-latency_p99.svg" "$tmp/run/figures/ramp-latency_p99.svg"
    cmp tests/fixtures/raw.csv "$tmp/run/raw.csv"
    cmp tests/fixtures/cold_start.csv "$tmp/run/cold_start.csv"
}

@test "draw works from a folder of the user's, and from cold_start.csv alone" {
    mkdir "$tmp/cold"
    cp tests/fixtures/cold_start.csv "$tmp/cold"
    root=$PWD
    cd "$tmp"
    "$root/run_all.sh" draw cold
    [[ -s $tmp/cold/figures/cold_start-cold_start.png && -s $tmp/cold/index.html ]]
}

# ---- bad input: one line, status 2, nothing left ----

@test "an unknown option, model, experiment, number or folder is told in one line" {
    while IFS='|' read -r word arguments; do
        # shellcheck disable=SC2086  # words are meant
        run -2 --separate-stderr ./run_all.sh $arguments
        one_line_on_stderr "$word" || { echo "for: $arguments"; return 1; }
    done <<'END'
--fast|--fast
unknownex|quick unknownex
unknownmodel|quick ramp --models unknownmodel
unknownmodel|check unknownmodel
unknownmodel|check unknownmodel:workers=4
MODEL:NAME=VALUE|check thread:stack-kib
MODEL:NAME=VALUE|check thread:stack-kib=64,x=1
--repeats|ramp --repeats 0
--repeats|ramp --repeats many
--rate|ramp --rate -5
--seed|ramp --seed x
needs a value|ramp --models
no folder|draw /nonexistent/run
usage|draw
doctor|doctor now
END
}

@test "a folder with something in it is refused and left as it is" {
    mkdir "$tmp/run"
    echo precious >"$tmp/run/file"
    run -2 --separate-stderr ./run_all.sh quick ramp --no-install --out "$tmp/run"
    one_line_on_stderr 'not empty'
    [[ $(ls "$tmp/run") == file && $(cat "$tmp/run/file") == precious ]]
}

@test "a folder that cannot be made is told" {
    echo >"$tmp/file"
    run -2 --separate-stderr ./run_all.sh quick ramp --no-install --out "$tmp/file/run"
    one_line_on_stderr 'cannot write'
    run -2 --separate-stderr ./run_all.sh quick ramp --no-install --out "$tmp/file"
    one_line_on_stderr 'is a file'
}

@test "a folder where nothing was measured is not drawn" {
    mkdir "$tmp/run"
    run -2 --separate-stderr ./run_all.sh draw "$tmp/run"
    one_line_on_stderr 'raw.csv'
    [[ -z $(ls "$tmp/run") ]]
}

@test "--no-install with a tool missing names it and the command, and leaves no folder" {
    mkdir "$tmp/bin"
    ln -s /usr/bin/* "$tmp/bin"
    rm "$tmp/bin/hyperfine" "$tmp/bin/gnuplot"
    PATH=$tmp/bin run -2 --separate-stderr ./run_all.sh quick ramp --no-install --out "$tmp/run"
    [[ $stderr == *'gnuplot-nox: '* && $stderr == *'hyperfine: '* ]]
    [[ $stderr == *'apt-get install --yes --no-install-recommends gnuplot-nox hyperfine'* ]]
    [[ ! -e $tmp/run ]]
}

@test "setup is quiet when nothing is missing" {
    run -0 --separate-stderr harness/setup.sh --no-install
    [[ -z $output && -z $stderr ]]
}

# ---- information ----

@test "list names every experiment with its question, and every model" {
    run -0 ./run_all.sh list
    for conf in harness/experiments/*.conf; do [[ $output == *"$(basename "$conf" .conf)"*'?'* ]]; done
    for model in servers/*.c; do [[ $output == *$'\nmodels: '*" $(basename "$model" .c)"*$'\nguests: '* ]]; done
}

@test "help names every option and word that run_all.sh knows" {
    run -0 ./run_all.sh --help
    for word in quick standard full check draw compare doctor list --models --command --repeats --rate --seed --out --baseline --no-install; do
        [[ $output == *"  $word "* ]] || { echo "$word"; return 1; }
    done
}

@test "doctor tells the limit of each way to serve and a command that lifts it" {
    run ./run_all.sh doctor
    ((status < 2))
    for words in 'a process per client' 'a thread per client' 'all clients in one process' 'to lift it: '; do
        [[ $output == *"$words"* ]] || { echo "$words"; return 1; }
    done
    (ulimit -n 500; run -1 ./run_all.sh doctor; [[ $output == *'open files per process (500)'*'SHORT'* ]])
}

@test "the machine's card tells what a reader needs" {
    run -0 harness/machine_info.sh
    for name in machine kernel cpu memory_kib kernel_irq_time_accounting mitigations file_limit compiler libuv revision; do
        [[ $'\n'$output == *$'\n'"$name: "* ]] || { echo "$name"; return 1; }
    done
}

# ---- whole runs ----

@test "a small run leaves a complete folder" {
    run -0 ./run_all.sh quick capacity cold_start --models poll --no-install --seed 5 --out "$tmp/run"
    [[ $output == *"$tmp/run/index.html"* && $output == *'step 2 of 2'* && $output == *'seed 5'* ]]
    for file in machine.txt command.txt raw.csv summary.csv switch_cost.csv cold_start.csv cold_start/poll.json gate/poll.tsv \
        figures/capacity-messages_per_s.svg figures/cold_start-cold_start.png index.html summary.md; do
        [[ -s $tmp/run/$file ]] || { echo "no $file"; return 1; }
    done
    grep -q '^./run_all.sh quick capacity cold_start --models poll .*--seed 5' "$tmp/run/command.txt"
    grep -q '^window_s' "$tmp/run/command.txt"
    documented "$tmp/run/cold_start.csv"
    [[ $(cut -d, -f5 "$tmp/run/raw.csv" | sort -u | tr '\n' ' ') == 'model poll ' ]]
    jq -e '.results[0].times | length == 3' "$tmp/run/cold_start/poll.json"
}

@test "a server that lies is excluded by name and trap, and the run fails" {
    [[ -x build/release/liar-corrupt ]] || skip 'the liars are not built: make tools'
    mkdir "$tmp/bin"
    ln -s "$PWD"/build/release/{gate,load,measure} "$tmp/bin"
    ln -s "$PWD/build/release/liar-corrupt" "$tmp/bin/server-poll"
    C10K_BIN=$tmp/bin run -1 ./run_all.sh quick capacity --models poll --no-install --out "$tmp/run"
    [[ $output == *'excluded: poll: '* ]]
    grep -q FAIL "$tmp/run/gate/poll.tsv"
    [[ ! -e $tmp/run/raw.csv ]]
}

@test "a server that does not pay for costs is left out where they are paid, by name" {
    mkdir "$tmp/bin"
    ln -s "$PWD"/build/release/{load,measure,switch_cost,server-poll} "$tmp/bin"
    cat >"$tmp/bin/gate" <<'GATE'
#!/usr/bin/env bash
while [[ $1 != --tsv ]]; do shift; done
printf 'start\tpass\tready\ncosts-paid\tskip\tthe server does not know --costs\n' >"$2"
GATE
    chmod +x "$tmp/bin/gate"
    C10K_BIN=$tmp/bin run -1 ./run_all.sh quick slow_handler --models poll --no-install --out "$tmp/run"
    echo "$output"
    [[ $output == *'slow_handler: without poll, which does not know --costs'*'there is nothing to measure'* ]]
}

@test "--plan says what would be measured, how often and how long, and leaves nothing" {
    run -0 ./run_all.sh crowd memory --models "poll fork" --repeats 4 --no-install --plan --out "$tmp/run"
    echo "$output"
    [[ $output == *'crowd: 4 x fork poll, about '*' s each'*'memory: 4 x fork poll, about'*'16 steps: '*' min'* ]]
    [[ ! -e $tmp/run ]]
}

@test "an experiment about other models is left out with a word; one's own server is in each" {
    run -0 ./run_all.sh quick buffers slow_reader --models "fork thread_pool" --no-install --plan --seed 1
    echo "$output"
    [[ $output == *'buffers: left out: it is about epoll epoll:buffer-kib=64'* && $output != *'buffers: 1 x'* ]]
    [[ $output == *'slow_reader: without thread_pool: it is about fork thread poll'*'slow_reader: 1 x fork, about'*'1 steps: '* ]]
    # shellcheck disable=SC2016  # for the other shell
    run -0 ./run_all.sh quick slow_reader omission --command mine='build/release/server-poll {port}' --no-install --plan
    [[ $output == *'slow_reader: 1 x '*mine*'omission: 1 x mine poll, about'* ]]
}

# Runs capacity with a measure that only notes whom it was to measure; prints that.
noted_order() { # noted_order SEED
    rm -rf "$tmp/run" "$tmp/noted"
    C10K_BIN=$tmp/bin run -1 ./run_all.sh quick capacity --models "fork poll thread" --repeats 6 --seed "$1" --no-install --out "$tmp/run"
    cat "$tmp/noted"
}

@test "every block measures each model once, shuffled anew, and the seed tells how" {
    mkdir "$tmp/bin"
    ln -s "$PWD"/build/release/{gate,load,server-*} "$tmp/bin"
    cat >"$tmp/bin/measure" <<END
#!/usr/bin/env bash
case " \$* " in *' --print '* | *' --check '*) exec "$PWD/build/release/measure" "\$@" ;; esac
while [[ \$1 != --model ]]; do shift; done
echo "\$2" >>"$tmp/noted"
END
    chmod +x "$tmp/bin/measure"
    for model in fork poll thread; do printf 'half-close\tpass\t-\n' >"$tmp/bin/gate-$model.tsv"; done
    first=$(noted_order 5)
    again=$(noted_order 5)
    other=$(noted_order 6)
    [[ $first == "$again" && $first != "$other" ]]
    blocks=$(paste - - - <<<"$first")
    [[ $(wc -l <<<"$blocks") == 6 && $(sort -u <<<"$blocks" | wc -l) -gt 1 ]]
    while read -r -a block; do [[ $(printf '%s\n' "${block[@]}" | sort | one_line) == 'fork poll thread' ]]; done <<<"$blocks"
}

@test "a model with options of its own is gated with them, and is another one beside the plain one" {
    # A short queue would do as well, but the gate's burst would wait for seconds, as it should.
    run -1 ./run_all.sh quick cold_start --models 'poll poll:backlog=4000 poll:backlog=0' --no-install --out "$tmp/run"
    echo "$output"
    [[ $output == *'excluded: poll:backlog=0: start: '*'--backlog'* ]] # So it reached the server.
    [[ $(awk -F, 'NR > 1 { print $2 }' "$tmp/run/cold_start.csv" | sort | one_line) == 'poll poll:backlog=4000' ]]
    run -0 ./run_all.sh buffers --plan --no-install
    [[ $output == *'buffers: 3 x epoll epoll:buffer-kib=16 epoll:buffer-kib=4 epoll:buffer-kib=64, about'* ]]
}

@test "check prints a row for every trap" {
    run ./run_all.sh check poll --no-install
    traps=$(build/release/gate --list | wc -l)
    [[ $(grep -cE '^(pass|FAIL|skip)  [a-z0-9-]+ ' <<<"$output") == "$traps" ]]
}

# Programs of which fork has passed the gate: tests of how a run ends need not wait for that.
gated() {
    mkdir "$tmp/bin"
    ln -s "$PWD"/build/release/{gate,load,measure,server-fork} "$tmp/bin"
    printf 'half-close\tpass\t-\n' >"$tmp/bin/gate-fork.tsv"
}

# Starts a run in a session of its own and waits until it measures; sets run_pid.
start_run() {
    gated
    C10K_BIN=$tmp/bin setsid env --default-signal=INT ./run_all.sh quick "$@" --no-install --out "$tmp/run" >"$tmp/log" 2>&1 3>&- &
    run_pid=$!
    patience_s=60 eventually grep -q 'point\|clients\|achieved_per_s' "$tmp/log" || { cat "$tmp/log"; return 1; }
}

# Dead ones that nobody has reaped yet are not running.
left_running() { ps -o stat=,pid=,args= --sid "$run_pid" | grep -v '^Z' || true; }

# Ends the run, and holds its status and that nothing is left against what they must be.
ends_with() { # ends_with STATUS PID SIGNAL
    local status=0
    kill "-$3" -- "$2"
    wait "$run_pid" || status=$?
    [[ $status == "$1" && -z $(left_running) ]] || { echo "status $status"; left_running; cat "$tmp/log"; return 1; }
    run_pid=''
}

@test "Ctrl-C ends everything, keeps and draws what was measured, exits with 130" {
    start_run ramp --models fork
    ends_with 130 "-$run_pid" INT # As a terminal does: to all of them at once.
    [[ -s $tmp/run/raw.csv && -s $tmp/run/figures/ramp-latency_p99.png && -s $tmp/run/index.html ]]
}

@test "SIGTERM to the script alone ends everything it started, exits with 143" {
    draw_only
    start_run ramp --models fork
    ends_with 143 "$run_pid" TERM
}

@test "SIGTERM while hyperfine runs leaves neither server nor client" {
    gated
    C10K_BIN=$tmp/bin setsid env --default-signal=INT ./run_all.sh quick cold_start --models fork --repeats 200 --no-install \
        --out "$tmp/run" >"$tmp/log" 2>&1 3>&- &
    run_pid=$!
    client_runs() { [[ $(left_running) == *load\ --port* ]]; }
    patience_s=60 eventually client_runs
    ends_with 143 "$run_pid" TERM
}

# ---- claims ----

# A summary with one row per line of input: experiment, model, connections and the numbers named here.
claims_from() { # claims_from < ROWS
    mkdir -p "$tmp/run"
    cp tests/fixtures/switch_cost.csv "$tmp/run"
    {
        echo experiment,kind,model,connections_asked,status,machine_lost_kib_median,rss_kib_median,server_cpu_us_per_message_median,server_cpu_percent_median,server_run_queue_percent_median,switches_per_s_median,latency_ns_p99_median
        cat
    } >"$tmp/run/summary.csv"
    # shellcheck source=/dev/null
    source harness/lib.sh && claims_of "$tmp/run"
}

verdict_on() { # verdict_on CLAIM: from what claims_from printed.
    awk -F'\t' -v claim="$1" '$1 == "R" && index($2, claim) == 1 { print $5 }' <<<"$output"
}

@test "the verdict on a claim follows from the numbers, and may be either" {
    run -0 claims_from <<'END'
memory,memory,fork,10000,ok,1500000,7000000,,,,,
ramp,latency,fork,100,ok,,,10,20,0,2000,200000
ramp,latency,fork,10000,ok,,,20,40,60,20000,900000
ramp,latency,poll,10,ok,,,10,20,0,1,1
ramp,latency,poll,10000,ok,,,50,90,0,1,1
ramp,latency,libuv,10,ok,,,10,20,0,1,1
ramp,latency,libuv,10000,ok,,,11,20,0,1,1
slow_handler,latency,poll,100,ok,,,,,,,19000000
slow_handler,latency,thread,100,ok,,,,,,,200000
END
    [[ $(verdict_on 'a process takes') == 'held then, not now' && $output == *'150 KiB really lost, 700 KiB if'* ]]
    [[ $(verdict_on 'a context switch') == holds && $output == *'3 us plain, up to 12 us'* ]]
    # 9 us more for 8,192 lines of 3 ns each: 1.4 times.
    [[ $(verdict_on 'a switch leaves') == 'depends on the working set' && $output == *'90 times as long for a touch from memory as from the caches (180 ns, 2 ns); right after a switch up to 1.4 times'* ]]
    # 20,000 switches of 3 us in 0.4 s of CPU time: 15 %.
    [[ $(verdict_on 'with 10000 processes') == 'not here' && $output == *'15 % of the CPU time'* ]]
    [[ $(verdict_on 'most workers sleep') == holds && $output == *'9999 of 10000'* ]]
    [[ $(verdict_on 'great for 100') == 'held then, not now' ]]
    [[ $(verdict_on 'poll looks at all') == holds && $output == *'x 5.0 (poll), x 1.1 (libuv'* ]]
    [[ $(verdict_on 'async cannot') == holds ]]
    run -0 claims_from <<'END'
memory,memory,fork,10000,ok,50000000,70000000,,,,,
ramp,latency,fork,100,ok,,,10,20,0,2000,200000
ramp,latency,fork,10000,ok,,,20,40,60,100000,2000000000
ramp,latency,poll,10,ok,,,10,20,0,1,1
ramp,latency,poll,10000,ok,,,11,90,0,1,1
ramp,latency,libuv,10,ok,,,10,20,0,1,1
ramp,latency,libuv,10000,ok,,,11,20,0,1,1
slow_handler,latency,poll,100,ok,,,,,,,900000
slow_handler,latency,thread,100,ok,,,,,,,200000
END
    for claim in 'a process takes' '10,000 processes' 'with 10000 processes' 'great for 100'; do
        [[ $(verdict_on "$claim") == holds ]] || { echo "$claim"; return 1; }
    done
    for claim in 'poll looks at all' 'async cannot'; do [[ $(verdict_on "$claim") == 'not shown here' ]]; done
}

# A handshakes.csv with these rows: path,tls,key,resumed_asked,round_trips,server_cpu_us_per_connection,status
handshakes_were() {
    mkdir -p "$tmp/run"
    printf '%s\n' path,tls,key,resumed_asked,round_trips,server_cpu_us_per_connection,status "$@" >"$tmp/run/handshakes.csv"
}

@test "what the essay says of TLS is held against counted round trips and CPU, of full handshakes with one key" {
    handshakes_were direct,none,none,0,1,27,ok proxy,none,none,0,1,100,ok proxy,1.2,p256,0,3,500,ok proxy,1.2,rsa2048,0,9,999,ok \
        proxy,1.3,p256,1,2,150,ok proxy,1.3,p256,0,2,620,ok proxy,1.3,p256,0,2,580,ok proxy,1.3,p256,0,3,600,ok proxy,1.3,p256,0,7,1,failed
    run -0 claims_from </dev/null
    [[ $(verdict_on 'TLS takes') == holds && $output == *'1 more with TLS 1.3, 2 more with TLS 1.2'* ]]
    [[ $(verdict_on 'TLS burns') == holds && $output == *'600 us of the server'*'TLS 1.3, 100 without'* ]]
    handshakes_were proxy,none,none,0,1,100,ok proxy,1.2,p256,0,4,140,ok proxy,1.3,p256,0,2,140,ok
    run -0 claims_from </dev/null
    [[ $(verdict_on 'TLS takes') == 'not here' && $(verdict_on 'TLS burns') == 'not here' ]]
    handshakes_were proxy,none,none,0,1,100,ok proxy,1.2,p256,0,3,500,failed proxy,1.3,p256,0,2,600,ok
    run -0 claims_from </dev/null
    [[ -z $(verdict_on 'TLS takes') ]]
}

@test "a claim whose numbers are no result says so, one without an experiment is not made; idle clients beside few say more of poll" {
    run -0 claims_from <<'END'
memory,memory,fork,10000,failed,1500000,7000000,,,,,
ramp,latency,fork,100,ok,,,10,20,0,2000,200000
ramp,latency,fork,10000,noisy,,,20,40,60,20000,900000
crowd,latency,poll,100,ok,,,50,20,0,1,1
crowd,latency,poll,10100,ok,,,700,90,0,1,1
crowd,latency,libuv,100,ok,,,30,20,0,1,1
crowd,latency,libuv,10100,ok,,,30,20,0,1,1
END
    for claim in 'a process takes' 'great for 100' 'most workers'; do [[ $(verdict_on "$claim") == 'no result' ]]; done
    [[ $output == *'ramp, fork 10000: noisy'* && -z $(verdict_on 'more threads') ]]
    [[ $(verdict_on 'poll looks at all') == holds && $output == *'from 100 to 10100'*'x 14.0 (poll), x 1.0'* ]]
}
