#!/usr/bin/env bats
# bats file_tags=part:suite,long:20
# charts.bats -- guards against charts that mislead: a broken point drawn as a result, a colour that
# changes, a word that cannot be read, a chart that is missing without a word.

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
    tmp=$BATS_TEST_TMPDIR
}

@test "draw makes every chart as SVG and PNG, and both reports" {
    for name in capacity-cpu_per_message capacity-messages_per_s cold_start-cold_start memory-memory_parts \
        omission-omission ramp-latency_p99 ramp-memory_growth ramp-switches_per_message ramp-switches_per_s ramp-switching_share; do
        for format in svg png; do
            [[ -s $drawn/figures/$name.$format ]] || { echo "no $name.$format"; return 1; }
        done
        grep -q "<figure id=.* aria-label=\"chart $name\">" "$drawn/index.html" || { echo "$name is not in index.html"; return 1; }
        grep -q "$name.png" "$drawn/summary.md"
    done
}

@test "draw makes each kind of figure that harness/report/plots knows" {
    draw_only million-both_ends # The run of this file has drawn the others.
    copy_fixture "$tmp/run"
    # both_ends belongs to the experiment million, of which a row is all that it needs.
    awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; print $0, "both_ends_lost_kib"; next }
        $c["experiment"] == "ramp" && !done++ { $c["experiment"] = "million"; print $0, 5000; next }
        { print $0 "," }' tests/fixtures/raw.csv >"$tmp/run/raw.csv"
    ./run_all.sh draw "$tmp/run"
    for figure in harness/report/plots/*.gp; do
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
    grep -qF '| 10000 | - | 1000 (900-1200) | 2 (1.9-2.2) |' "$drawn/summary.md"
    grep -qF '| (one task alone) | 65536 | - | 180 (170-190) |' "$drawn/summary.md"
    grep -qF '<th scope="row">processes</th><td>512</td><td>12 (11-19)</td><td>-</td>' "$drawn/index.html"
}

@test "charts say how long was warmed up, and whether that was until steady" {
    says() { sed 's/<[^>]*>//g' "$drawn/figures/$1.svg" | tr -s '[:space:]' ' ' | grep -q "$2"; }
    says ramp-latency_p99 'warmed up for a fixed 0.5 s'
    says capacity-messages_per_s 'warmed up until steady: 5 or 7 s'
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
    places=$(sed -n '/^readonly places=(/,/)$/p' harness/run/lib.sh | tr -d '()' | sed 's/readonly places=//' | tr -s ' \n' '\n' | grep . | sort)
    named=$(for file in servers/*.c servers/guests/*; do git ls-files --error-unmatch "$file" >/dev/null 2>&1 && basename "${file%.*}"; done | sort)
    [[ $places == "$named" ]] || { diff <(echo "$places") <(echo "$named"); return 1; }
}

@test "only ok and overloaded points are on a model's own line, also when several in a row are not" {
    awk -v experiment=ramp -v metric=latency_ns_p99 -v divide=1000 -v log_y=1 -v known='fork poll newcomer' \
        -v work="$tmp" -f harness/analysis/numbers.awk -f harness/report/plots/values.awk -f harness/report/plots/points.awk tests/fixtures/summary/latency.csv
    numbers() { grep -v '^NaN' "$tmp/$1.dat" | sed '/^$/d' | cut -d' ' -f1-4 | tr '\n' ';'; }
    [[ -z $(numbers line-1) && $(numbers marks-1) == '10 700 600 800;' ]]
    [[ $(numbers line-2) == '10 200 100 300;100 500 400 600;' && -z $(numbers marks-2) ]]
    [[ $(numbers line-3) == '10 500 500 500;100 700 700 700;' && -z $(numbers marks-3) ]]
    grep -q '^100 .* 1$' "$tmp/failed.dat"
    grep -q '"client limited"$' "$tmp/words.dat"
}

@test "no word of a chart lies on another one, also where there is no room above" {
    {
        echo experiment,kind,model,connections,active,status,metric_median,metric_min,metric_max
        echo ramp,latency,a,1,,ok,1,1,1
        for model in a b c d; do echo "ramp,latency,$model,10000,,drifting,98,98,98"; done
    } >"$tmp/summary.csv"
    for log_y in 0 1; do
        awk -v experiment=ramp -v metric=metric -v divide=1 -v log_y="$log_y" -v known='a b c d' -v work="$tmp" \
            -f harness/analysis/numbers.awk -f harness/report/plots/values.awk -f harness/report/plots/points.awk "$tmp/summary.csv"
        [[ $(grep -c drifting "$tmp/words.dat") == 4 ]]
        # The axis ends a little above 98: heights are shares of it.
        grep drifting "$tmp/words.dat" | awk -v log_y="$log_y" '{ print log_y ? log($2) : $2 }' | sort -g |
            awk -v log_y="$log_y" 'NR > 1 && $1 - before < 0.04 * (log_y ? log(200) : 98) { near = 1 } { before = $1 } END { exit near }'
    done
}

@test "histograms of repeats are added, and a curve is that of all messages" {
    awk -v experiment=omission -v known='fork poll' -v work="$tmp" -f harness/report/plots/values.awk -f harness/kinds/omission/percentiles.awk tests/fixtures/histograms/*.hgrm
    # 200 messages: 90 of 50 us, 109 of 100 us, one of 200 ms.
    diff <(printf '%s\n' 'NaN NaN' '2 0.1' '200 0.1' '200 200' '200 200') "$tmp/closed-2.dat"
    diff <(printf '%s\n' 'NaN NaN' '2 0.1' '10 0.1' '10 200' '100 200') "$tmp/open-2.dat"
    grep -q $'^models\tpoll $' "$tmp/values.txt"
    # More connections supersede fewer.
    mkdir "$tmp/more"
    cp tests/fixtures/histograms/*.hgrm "$tmp/more"
    cp "$tmp/more/omission-poll-1-closed-2.hgrm" "$tmp/more/omission-poll-20-closed-1.hgrm"
    awk -v experiment=omission -v known='fork poll' -v work="$tmp" -f harness/report/plots/values.awk -f harness/kinds/omission/percentiles.awk "$tmp"/more/*.hgrm
    diff <(printf '%s\n' 'NaN NaN' '2 0.1' '100 0.1') "$tmp/closed-2.dat"
    [[ $(cat "$tmp/open-2.dat") == 'NaN NaN' ]]
}

@test "histograms of another model, or without a value, make an empty chart that says so, and the rest is drawn" {
    draw_only omission-omission
    for content in nobody empty words; do
        rm -rf "$tmp/run"
        mkdir -p "$tmp/run/histograms"
        cp tests/fixtures/raw.csv "$tmp/run"
        case $content in
        nobody) cp tests/fixtures/histograms/omission-poll-1-closed-1.hgrm "$tmp/run/histograms/omission-nobody-1-closed-1.hgrm" ;;
        empty) touch "$tmp/run/histograms/omission-poll-1-closed-1.hgrm" ;;
        words) head -n 2 tests/fixtures/histograms/omission-poll-1-closed-1.hgrm >"$tmp/run/histograms/omission-poll-1-closed-1.hgrm" ;;
        esac
        run -0 ./run_all.sh draw "$tmp/run"
        grep -q 'no histogram of a model of this run' "$tmp/run/figures/omission-omission.svg"
    done
    run ! grep -q 'no histogram of a model' "$drawn/figures/omission-omission.svg"
}

@test "a run whose histograms were not kept is drawn without their chart, and says so" {
    mkdir "$tmp/bare"
    grep -E '^schema|,omission,' tests/fixtures/raw.csv >"$tmp/bare/raw.csv"
    run -0 ./run_all.sh draw "$tmp/bare"
    [[ -z $(ls "$tmp/bare/figures") ]]
    grep -q 'No chart: omission: the folder histograms is not in this run' "$tmp/bare/index.html"
}

# "label at place;" of each tic of an axis, by place.
axis_tics() { # axis_tics AXIS
    awk -F'\t' -v at="$1_tic_at_" -v tic="$1_tic_" 'index($1, at) == 1 { place[substr($1, length(at) + 1)] = $2; next }
        index($1, tic) == 1 { label[substr($1, length(tic) + 1)] = $2 }
        END { for (i in label) print label[i] " at " place[i] }' "$tmp/values.txt" | sort -t' ' -gk3 | tr '\n' ';'
}

# What lies along the axis for the first model.
positions() { cut -d' ' -f1 "$tmp/line-1.dat" | grep -v '^NaN\|^$' | tr '\n' ' '; }

# Rows of the fixture as if some of the connections were idle: asked and active from two expressions.
crowd() { # crowd ASKED ACTIVE
    awk -F, -v OFS=, 'NR == 1 || $2 == "ramp" && $5 == "poll" {
        if (NR > 1) { asked = '"$1"'; active = '"$2"'; $10 = asked; $11 = active }
        print }' tests/fixtures/raw.csv >"$tmp/raw.csv"
    summarised "$tmp/raw.csv" >"$tmp/summary.csv"
    awk -v experiment=ramp -v metric=latency_ns_p99 -v divide=1000 -v log_y=1 -v known=poll -v work="$tmp" \
        -f harness/analysis/numbers.awk -f harness/report/plots/values.awk -f harness/report/plots/points.awk "$tmp/summary.csv"
}

@test "the axis counts the idle connections where some are, and the active ones where only they differ" {
    crowd '$10' 10
    grep -q $'^x_label\tidle connections, beside 10 active ones$' "$tmp/values.txt"
    [[ $(axis_tics x) == '0 at 28.4605;90 at 90;' ]] || { axis_tics x; return 1; }
    [[ $(positions) == '28.4605 90 ' ]]
    crowd 1000 '$10'
    grep -q $'^x_label\tactive connections, of 1,000$' "$tmp/values.txt"
    [[ $(positions) == '10 100 ' ]]
    tables_in "$tmp/raw.csv" | grep -q $'^R\tpoll\t1000\t10\t'
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
    grep -qF "| fork | the machine's own limits | 30000 | ok | 31000 | - | reserve | pid_max 32768 | sysctl kernel.pid_max=65536 |" "$tmp/run/summary.md"
    # In the order in which they were measured: the machine's limits first.
    [[ $(grep -oE '^\| poll \| [a-z]+' "$tmp/run/summary.md" | tr '\n' ' ') == '| poll | the | poll | files ' ]]
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

# ---- charts are of the run alone ----

@test "charts are the same whatever gnuplot, fonts and colours the user's files set" {
    mkdir -p "$tmp/run" "$tmp/home/.config/"{fontconfig,gnuplot}
    cp results/reference/cold_start.csv "$tmp/run/"
    HOME=$tmp/empty ./run_all.sh draw "$tmp/run"
    mv "$tmp/run/figures" "$tmp/before"
    printf 'set datafile separator ","\nset decimalsign ","\nset terminal dumb\n' | tee "$tmp/home/.gnuplot" >"$tmp/home/.config/gnuplot/gnuplotrc"
    printf '%s\n' '<fontconfig><match target="pattern"><edit name="family" mode="assign" binding="strong"><string>DejaVu Sans Mono</string></edit></match></fontconfig>' |
        tee "$tmp/home/.fonts.conf" >"$tmp/home/.config/fontconfig/fonts.conf"
    HOME=$tmp/home GNUTERM=dumb GNUPLOT_LIB=/nonexistent XDG_CONFIG_HOME=$tmp/home/.config ./run_all.sh draw "$tmp/run"
    diff -r "$tmp/before" "$tmp/run/figures"
}

@test "an awk that fails in the middle of a chart fails the drawing" {
    mkdir "$tmp/bin" "$tmp/run"
    cp results/reference/cold_start.csv "$tmp/run/"
    printf '#!/bin/sh\ncase "$*" in *plots/bars.awk*) echo "awk: syntax error" >&2; exit 2 ;; esac\nexec %s "$@"\n' "$(command -v awk)" >"$tmp/bin/awk"
    chmod +x "$tmp/bin/awk"
    PATH=$tmp/bin:$PATH run -1 ./run_all.sh draw "$tmp/run"
    [[ $output == *'awk: syntax error'*'draw.sh: gnuplot could not draw cold_start' ]] || { echo "$output"; return 1; }
    [[ ! -e $tmp/run/index.html ]]
}
