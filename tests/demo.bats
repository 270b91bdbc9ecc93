#!/usr/bin/env bats
# bats file_tags=long:35
# demo.bats -- guards against a live demo that embarrasses the teacher: a screen that is garbled or
# stands still, a key without an answer, a number that the experiments contradict, a process left.
#
# What is tagged "quiet" compares two programs' times: tests/run.sh runs it while nothing else runs.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load refusing.bash
    load serving.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    demo=build/release/demo
    bin=$BATS_TEST_TMPDIR/bin # Of our own, so that what is left behind is told from what is others'.
    socket=$BATS_TEST_TMPDIR/tmux terminals=0
    ending=$BATS_TEST_TMPDIR/status
    [[ -x $demo ]] || skip "the demo was left out of the build: libncurses-dev is not installed"
}

teardown() { tmux -S "$socket" kill-server 2>/dev/null || true; }

# Copies servers, the client and the demo to $bin.
prepare() { # prepare MODEL...
    command -v tmux >/dev/null || skip "tmux is not installed"
    mkdir -p "$bin"
    cp build/release/load build/release/demo "$bin"
    for model in "$@"; do cp "build/release/server-$model" "$bin"; done
}

# Starts the demo in a terminal of its own; its exit status goes to $ending.
start_demo() { # start_demo COLUMNSxROWS OPTION...
    local command
    socket=$BATS_TEST_TMPDIR/tmux$((++terminals)) # One that is just ending may still be there.
    command=$(printf ' %q' "$bin/demo" --bin-dir "$bin" "${@:2}")
    tmux -S "$socket" -f /dev/null new-session -d -x "${1%x*}" -y "${1#*x}" \
        "TERM=${TERMINAL:-screen} LC_ALL=${LOCALE:-C.UTF-8} $command; echo \$? >$ending; sleep 60" 3>&-
}

screen() { tmux -S "$socket" capture-pane -p; }
keys() { tmux -S "$socket" send-keys "$@"; }

# Tries a condition ten times a second until it holds, for 60 s at most.
until_shown() { # until_shown COMMAND...
    local try
    for ((try = 0; try < 600; try++)); do
        ! "$@" || return 0
        sleep 0.1
    done
    echo "not shown: $*"
    screen
    return 1
}

# Waits until the screen has a line that matches.
await() { until_shown has_line "$1"; } # await REGEX

has_line() { # has_line REGEX
    local line
    while IFS= read -r line; do [[ ! $line =~ $1 ]] || return 0; done <<<"$(screen)"
    return 1
}

# The value of a line of figures in a column (1, 2, ...), with its unit, history cut off.
value() { # value LABEL COLUMN
    local LC_ALL=C.UTF-8 line width=$(((80 - 13) / count)) # Of count models.
    while IFS= read -r line; do
        [[ $line =~ ^\ {0,2}"$1 " ]] || continue
        read -r line <<<"${line:13+($2-1)*width:9}"
        echo "$line"
        return
    done <<<"${look:-$(screen)}"
}

shows() { [[ $(value "$1" "$2") == $3 ]]; } # shows LABEL COLUMN PATTERN

shows_that() { true_that "$(plain "$(value "$1" "$2")") $3" >/dev/null; } # shows_that LABEL COLUMN COMPARISON, in us or KiB

# The shell in the terminal has all of it in its own command.
none_of_ours_left() { nothing_left "^$bin/"; }

# Fails if the demo's status is not as expected, or if it left a process behind.
ended_with() { # ended_with STATUS
    eventually test -s "$ending"
    [[ $(<"$ending") == "$1" ]] || { echo "status $(<"$ending"), not $1"; screen; return 1; }
    none_of_ours_left
}

pid_of() { pgrep --full --oldest "^$bin/$1 "; } # pid_of PROGRAM of $bin: the others are its children

# A duration or a size as a plain number, in us or KiB; a count as it is; what is not known is less than all of them.
plain() { # plain "1.23 ms"
    awk '{ gsub(",", ""); factor["us"] = 1; factor["ms"] = 1e3; factor["s"] = 1e6; factor[""] = 1
           factor["KiB"] = 1; factor["MiB"] = 1024; factor["GiB"] = 1048576; print $1 ~ /^[0-9]/ ? $1 * factor[$2] : -1 }' <<<"$1"
}

refused() { refuses "$1" "$demo" "${@:2}"; } # refused WORDS ARGUMENT...

@test "wrong usage is one clear line, exit 2" {
    local script=$BATS_TEST_TMPDIR/script
    refused 'which models' --connections 5
    refused 'at most 4 models' --models 'a b c d e'
    refused 'not "../poll"' --models ../poll
    refused 'server-nonesuch' --models 'poll nonesuch'
    refused '--connections takes' --models poll --connections 20000
    refused 'unknown option --fast' --models poll --fast
    refused 'cannot read /nowhere' --models poll --script /nowhere
    printf '1 +\n2 jump\n' >"$script"
    refused "$script:2: \"jump\"" --models poll --script "$script"
    refused 'needs a terminal' --models poll </dev/null
    TERM=nonesuch run -1 script -qec "$demo --models poll" /dev/null
    [[ $output == *'"nonesuch" is not known'* ]]
}

# The model of a column has answered all that it was asked.
has_all_figures() { # has_all_figures COLUMN
    shows 'latency p99' "$1" '*[mu]s' && shows memory "$1" '*iB' && shows connections "$1" 20 && shows 'latency p50' "$1" '*[mu]s' &&
        shows CPU "$1" '*%' && shows_that messages/s "$1" '> 1000' && shows_that switches/s "$1" '> 100'
}

fills_24_lines() { (($(screen | wc -l) == 24)) && [[ $(screen | tail -n 1) == *'q quit' ]]; }

@test "four models at 80 x 24: every figure comes, a key is answered, q leaves nothing" {
    prepare fork thread poll epoll
    count=4
    start_demo 80x24 --models 'fork thread poll epoll' --connections 20 --rate 2000
    await 'coffee shop'
    await '1.fork +2.thread +3.poll +4.epoll'
    for column in 1 2 3 4; do until_shown has_all_figures $column; done
    await 'fork: 21 baristas \(processes\), [0-9.]+ at work; of 20 customers [0-9.]+ wait'
    await 'poll: 1 barista, '
    keys +
    await 'each: 200 clients'
    await 'fork: 201 baristas'
    until_shown fills_24_lines
    keys q
    ended_with 0
}

# Which tenths of a second the clock shows within two seconds.
moves_four_times_a_second() {
    local seen=() end_us=$((${EPOCHREALTIME/./} + 2000000))
    while ((${EPOCHREALTIME/./} < end_us)); do
        [[ ! $(screen | head -n 1) =~ [0-9]:[0-9.]+ ]] || seen+=("${BASH_REMATCH[0]}")
        sleep 0.03
    done
    printf '%s\n' "${seen[@]}" | sort -u >"$BATS_TEST_TMPDIR/moments"
    (($(wc -l <"$BATS_TEST_TMPDIR/moments") >= 8)) || { one_line <"$BATS_TEST_TMPDIR/moments"; return 1; }
}

is_paused() { [[ $(screen | head -n 1) == *PAUSED* ]]; }
goes_on() { ! is_paused; }

answers_within_250_ms() {
    local begin_us=${EPOCHREALTIME/./} took_us=250000
    keys p
    while ((${EPOCHREALTIME/./} - begin_us < 250000)); do
        ! is_paused || { took_us=$((${EPOCHREALTIME/./} - begin_us)); break; }
    done
    until_shown is_paused
    keys p
    until_shown goes_on
    echo "answered after $took_us us"
    ((took_us < 250000))
}

@test "the screen moves four times a second, and keys are answered within 250 ms" {
    prepare fork poll
    start_demo 80x24 --models 'fork poll' --connections 20 --rate 1000
    await 'fork: 21 baristas'
    in_one_of_or_weather 8 moves_four_times_a_second
    in_one_of_or_weather 8 answers_within_250_ms
    keys q
    ended_with 0
}

is_on_line_43() { [[ $(screen | sed -n 43p) == *'q quit'* ]]; }

has_small_letters() {
    local look
    look=$(screen)
    [[ $(head -n 1 <<<"$look") == *'all at once'*[0-9] || $(head -n 1 <<<"$look") == *'one at a time'*[0-9] ]] && [[ $look != *'|_|'* ]]
}

@test "a wide screen has large letters; it may change its size at any time" {
    prepare poll thread
    start_demo 200x50 --models 'poll thread' --connections 10
    await '\|_\|.*\|_\|'
    await 'coffee shop'
    tmux -S "$socket" resize-window -x 80 -y 24
    await '^ \+- clients.*q quit$'
    until_shown has_small_letters
    tmux -S "$socket" resize-window -x 60 -y 20
    await '80 x 24 letters are needed, here are 60 x 20'
    tmux -S "$socket" resize-window -x 132 -y 43
    await 'q quit'
    until_shown is_on_line_43
    keys h
    await 'kill the server'
    keys q
    ended_with 0
}

@test "a terminal of any size is drawn on as far as a canvas goes: 65,000 x 65,000, 1 x 1, none" {
    prepare poll
    command -v script >/dev/null || skip "script (bsdutils) is not installed"
    printf '%s\n' '0.2 say hello' '0.5 q' >"$BATS_TEST_TMPDIR/keys"
    local size demo_in="$bin/demo --bin-dir $bin --models poll --connections 5 --rate 100 --script $BATS_TEST_TMPDIR/keys"
    for size in 65000x65000 65000x1 1x65000 1x1 0x0 80x24; do
        run -0 script --quiet --return --command \
            "stty cols ${size%x*} rows ${size#*x}; LINES=65000 COLUMNS=65000 TERM=screen $demo_in" /dev/null </dev/null
    done
    # It grows beyond all bounds while the demo runs.
    run -0 script --quiet --return --command \
        "exec 3<&0; (sleep 0.2; stty cols 65000 rows 65000 <&3) & TERM=screen $demo_in" /dev/null </dev/null
    none_of_ours_left
}

@test "Ctrl-C, SIGTERM, SIGKILL and a terminal that goes leave no process" {
    prepare fork poll
    start_demo 80x24 --models 'fork poll' --connections 20
    await 'fork: 21 baristas'
    keys C-c
    ended_with 130
    rm "$ending"; tmux -S "$socket" kill-server
    start_demo 80x24 --models 'fork poll' --connections 20
    await 'fork: 21 baristas'
    kill -TERM "$(pid_of demo)"
    ended_with 143
    rm "$ending"; tmux -S "$socket" kill-server
    start_demo 80x24 --models 'fork poll' --connections 20
    await 'fork: 21 baristas'
    kill -KILL "$(pid_of demo)"
    eventually none_of_ours_left # The kernel ends them, one after the other.
    ended_with 137
    rm "$ending"; tmux -S "$socket" kill-server
    start_demo 80x24 --models 'fork poll' --connections 20
    await 'fork: 21 baristas'
    tmux -S "$socket" kill-server
    eventually none_of_ours_left
}

one_is_killed() { (($(screen | grep -o killed | wc -l) == 1)); }

@test "a killed server is told; restarted, all its clients come back at once" {
    prepare fork poll
    count=2
    start_demo 80x24 --models 'fork poll' --connections 50
    await 'fork: 51 baristas'
    await 'poll: 1 barista'
    keys k
    await 'killed +killed'
    await 'fork: closed. 50 customers wait in the street'
    keys r
    await 'fork: 51 baristas'
    await 'poll: 1 barista'
    until_shown shows connections 1 50
    until_shown shows 'opened within' 2 '*[mu]s'
    keys 2 k # Only the second.
    await ' killed'
    until_shown one_is_killed
    await 'fork: 51 baristas'
    kill -SEGV "$(pid_of server-fork)" # By itself.
    await 'fork: the server ended: signal 11'
    keys a r
    await 'fork: 51 baristas'
    await 'poll: 1 barista'
    keys q
    ended_with 0
}

@test "slow requests stop the event loop's other customers, not those with a barista each" {
    prepare thread epoll
    count=2
    start_demo 80x24 --models 'thread epoll' --connections 20 --rate 2000
    await 'epoll: 1 barista'
    keys s n
    await '1 % sleep 10 ms, 1 deaf'
    for column in 1 2; do
        until_shown shows_that 'slow ones p50' $column '>= 10000'
        until_shown shows_that 'never fetched' $column '> 100'
    done
    until_shown shows_that 'latency p99' 2 '> 8000'
    keys s s n i
    await '90 % idle, 2,000 messages/s$'
    keys q
    ended_with 0
}

@test "without colour and without Unicode it is all the same" {
    prepare poll
    TERMINAL=vt100 LOCALE=C start_demo 80x24 --models poll --connections 10
    await 'poll: 1 barista'
    await '@'
    [[ -z $(screen | LC_ALL=C grep -P '[^\x00-\x7f]') ]]
    [[ $(tmux -S "$socket" capture-pane -p -e | grep -cE $'\033\\[[0-9;]*3[0-7]m') == 0 ]]
    keys q
    ended_with 0
}

@test "a script says its words, presses its keys in time, and ends the demo" {
    prepare poll
    # The second key comes while the help is open, and means what it says all the same.
    printf '%s\n' '0.2 say Guess first.' '2 h' '2.5 +' '# and the end' '5 q' >"$BATS_TEST_TMPDIR/script"
    local begin=${EPOCHREALTIME/./} took
    start_demo 80x24 --models poll --connections 10 --script "$BATS_TEST_TMPDIR/script"
    await 'Guess first\.'
    await 'each: 100 clients'
    patience_s=60 eventually test -s "$ending"
    took=$((${EPOCHREALTIME/./} - begin))
    ended_with 0
    ((took > 4900000 && took < 30000000)) || { echo "took $took us"; false; }
}

# 5 ms, and 20 ms for two in a hundred.  No machine makes them less, and in one of many looks they are not twice as much.
shows_the_known_delay() {
    local p50 p99
    sleep 0.5
    p50=$(plain "$(value 'latency p50' 1)") p99=$(plain "$(value 'latency p99' 1)")
    echo "p50 $p50 us, p99 $p99 us"
    true_that "$p50 >= 5000 && $p50 < 10000 && $p99 >= 20000 && $p99 < 40000"
}

@test "the figures are those of the experiments: latencies of a known delay and a known tail, memory" {
    local raw=$BATS_TEST_TMPDIR/raw.csv conf=$BATS_TEST_TMPDIR/same.conf fork thread poll
    prepare fork thread poll
    printf '#!/bin/sh\nexec "%s" --late-every 50 --late-us 20000 "$@"\n' "$PWD/build/release/liar-delay" >"$bin/server-delay"
    chmod +x "$bin/server-delay"
    count=4
    start_demo 80x24 --models 'delay fork thread poll' --connections 200 --rate 2000
    until_shown shows memory 4 '*iB'
    in_one_of_or_weather 40 shows_the_known_delay
    fork=$(plain "$(value memory 2)") thread=$(plain "$(value memory 3)") poll=$(plain "$(value memory 4)")
    keys q
    ended_with 0
    tiny 'kind = latency' 'connections = 200' 'rate_per_s = 500'
    for model in fork thread poll; do
        build/release/measure-latency "$conf" --model "$model" --bin-dir "$bin" --out "$raw" >/dev/null
    done
    # Most of what poll has is the C library, of which it has the less the more programs run.
    # A process of fork has 11 to 14 pages of page tables, by where the kernel puts its mappings.
    awk -F, -v fork="$fork" -v thread="$thread" -v poll="$poll" '
        function near(shown, measured, times) {
            printf "%s: shown %g KiB, measured %g\n", $c["model"], shown, measured
            if (!(shown < measured * times && measured < shown * times)) wrong = 1
        }
        NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        { measured = $c["pss_kib"] + $c["page_tables_kib"] + $c["kernel_stack_kib"] }
        $c["model"] == "fork" { near(fork, measured, 1.3) }
        $c["model"] == "thread" { near(thread, measured, 1.15) }
        $c["model"] == "poll" { near(poll, measured, 4) }
        END { exit wrong || NR != 4 }' "$raw"
}

# The word below a model's name.
word() { # word COLUMN
    local LC_ALL=C.UTF-8 lines word width=$(((80 - 13) / count))
    mapfile -t lines <<<"${look:-$(screen)}"
    read -r word <<<"${lines[3]:13+($1-1)*width:14}"
    echo "$word"
}

# Prints "p50 p99 memory" of column 4 in us and KiB, as often as asked, each from another turn that was ok; fewer if there
# are not so many within 40 s.  One look in 1.5 s, most of them at the word only: the CPU time of a look is foreign to the demo.
ok_readings() { # ok_readings COUNT
    local before='' now look seen=0 end=$((SECONDS + 40))
    while ((SECONDS < end)); do
        sleep 1.5
        look=$(screen)
        [[ $(word 4) == ok ]] || continue
        now="$(plain "$(value 'latency p50' 4)") $(plain "$(value 'latency p99' 4)") $(plain "$(value memory 4)")"
        [[ $now != "$before" ]] || continue
        echo "$now"
        before=$now
        ((++seen < $1)) || return 0
    done
}

# The same of an experiment, of as many points that are ok; fewer if there are not so many among twelve.
measured() { # measured COUNT
    local conf=$BATS_TEST_TMPDIR/same.conf raw=$BATS_TEST_TMPDIR/raw.csv repeat
    printf '%s\n' 'kind = latency' 'connections = 200' 'rate_per_s = 5000' 'warmup_s = 0.2' 'window_s = 0.3' 'settle_s = 0.1' \
        'reruns = 0' 'server_options = --costs' >"$conf"
    rm -f "$raw"
    for ((repeat = 1; repeat <= 12; repeat++)); do
        build/release/measure-latency "$conf" --model epoll --repeat $repeat --bin-dir "$bin" --out "$raw" >/dev/null
        (($(ok_rows) < $1)) || break
    done
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["status"] == "ok" { print $c["latency_ns_p50"] / 1e3, $c["latency_ns_p99"] / 1e3,
                                     $c["pss_kib"] + $c["page_tables_kib"] + $c["kernel_stack_kib"] }' "$raw"
}

least() { cut -d " " -f "$1" | sort -g | head -n 1; } # least FIELD
most() { cut -d " " -f "$1" | sort -g | tail -n 1; }  # most FIELD
median() { cut -d ' ' -f "$1" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; } # median FIELD

# Four on the stage, of which epoll is compared with itself alone in an experiment.  Fails only if both had
# quiet windows and differ; a file "quiet" tells whether they had.  In windows of half a second the median of
# latencies differs by a third, and a tail by ten times; tests/bench.sh asks for 15 %.
agrees_with_measure() {
    local shown expected sharp=${AGREES_WITHIN:-}
    rm -f "$BATS_TEST_TMPDIR/quiet"
    expected=$(measured 3)
    [[ -n $expected ]] || return 0
    count=4
    start_demo 80x24 --models 'fork thread poll epoll' --connections 200
    shown=$(ok_readings 2)
    keys q
    ended_with 0
    rm "$ending"; tmux -S "$socket" kill-server
    [[ -n $shown ]] || return 0
    touch "$BATS_TEST_TMPDIR/quiet"
    printf '%s\n' "shown (p50, p99, memory):" "$shown" measured: "$expected"
    near 1 "${sharp:-2}" "$shown" "$expected"
    near 3 "${sharp:-1.3}" "$shown" "$expected"
    # A tail differs from window to window: the two ranges must meet.
    true_that "$(least 2 <<<"$shown") < ${sharp:-20} * $(most 2 <<<"$expected")"
    true_that "$(least 2 <<<"$expected") < ${sharp:-20} * $(most 2 <<<"$shown")"
}

# The medians of two lists differ by less than that.
near() { # near FIELD TIMES LIST LIST
    local one other
    one=$(median "$1" <<<"$3")
    other=$(median "$1" <<<"$4")
    true_that "$one < $2 * $other"
    true_that "$other < $2 * $one"
}

# bats test_tags=quiet,deadline:240
@test "what the demo calls ok is what an experiment says: latencies and memory of epoll beside three others" {
    prepare fork thread poll epoll
    in_one_of_or_weather 3 agrees_with_measure
    [[ -e $BATS_TEST_TMPDIR/quiet ]] || skip "weather: other programs leave no experiment, or no turn of the demo, undisturbed"
}

@test "run_all.sh demo builds and starts it, and says which models there are" {
    command -v tmux >/dev/null || skip "tmux is not installed"
    run -2 --separate-stderr ./run_all.sh demo --models 'poll nonesuch'
    [[ $stderr == *'no model "nonesuch"'*poll* ]]
    tmux -S "$socket" -f /dev/null new-session -d -x 80 -y 24 \
        "LC_ALL=C.UTF-8 ./run_all.sh demo --no-install --models poll --connections 10; echo \$? >$ending; sleep 60" 3>&-
    await 'poll: 1 barista'
    await '█' # The user's locale, not that of the scripts.
    keys q
    eventually test -s "$ending"
    [[ $(<"$ending") == 0 ]]
}
