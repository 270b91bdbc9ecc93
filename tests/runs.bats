#!/usr/bin/env bats
# bats file_tags=part:suite,long:45
# runs.bats -- guards against whole runs that leave something out, measure what they should not, or leave a
# process behind.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load drawing.bash
    load running.bash
    load serving.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR
    run_pid=''
}

# A run that a test has started is in a session of its own, which Ctrl-C does not reach.
teardown() { end_child "$run_pid"; }

@test "a small run leaves a complete folder" {
    draw_only cold_start-cold_start
    build_of load server-poll
    quick_gate
    known_costs
    small_experiments
    C10K_ENTERED=$$ C10K_BIN=$bin run -0 ./run_all.sh quick capacity cold_start --models poll --repeats 2 --no-install --seed 5 --out "$tmp/run"
    [[ $output == *"$tmp/run/index.html"* && $output == *'step 3 of 3'* && $output == *'seed 5'* ]]
    for file in machine.txt command.txt rows/capacity.csv summary/capacity.csv summary/cold_start.csv switch_cost.csv ready_cost.csv rows/cold_start.csv cold_start/poll.json gate/poll.tsv \
        figures/capacity-messages_per_s.svg figures/cold_start-cold_start.png index.html summary.md; do
        [[ -s $tmp/run/$file ]] || { echo "no $file"; return 1; }
    done
    grep -q '^./run_all.sh quick capacity cold_start --models poll .*--seed 5' "$tmp/run/command.txt"
    grep -q '^window_s' "$tmp/run/command.txt"
    documented "$tmp/run/rows/cold_start.csv"
    [[ $(cut -d, -f5 "$tmp/run/rows/capacity.csv" | sort -u | tr '\n' ' ') == 'model poll ' ]]
    jq -e '.results[0].times | length == 2' "$tmp/run/cold_start/poll.json"
}

@test "two runs at once on one machine are reported, also in their rows" {
    build_of load server-poll
    known_costs
    small_experiments
    printf 'half-close\tpass\t-\n' >"$bin/gate-poll.tsv"
    draw_only
    C10K_ENTERED=$$ C10K_RUN=1 build/release/start 'exec build/release/server-poll 0' >"$tmp/other" 3>&- &
    other=$!
    eventually test -s "$tmp/other"
    C10K_ENTERED=$$ C10K_BIN=$bin run -0 ./run_all.sh quick capacity --models poll --no-install --out "$tmp/run"
    kill "$other"
    [[ $(grep -c 'another run measures on this machine' <<<"$output") == 1 ]]
    [[ $(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "other_run") c = i; next } { print $c }' "$tmp/run/rows/capacity.csv" | sort -u) == 1 ]]
}

@test "records hold no secret of a command line and, with --anonymous, no home folder and no host name" {
    build_of load server-poll
    known_costs
    small_experiments
    quick_gate
    draw_only
    # It fails at 20 clients with words that name a home folder.
    printf '#!/bin/sh\necho "cannot read /home/Alice/conf" >&2\nulimit -n 22\nexec "%s" "$1"\n' "$PWD/build/release/server-poll" >"$tmp/mine"
    chmod +x "$tmp/mine"
    chmod 755 "$tmp"
    HOME=$tmp C10K_ENTERED=$$ C10K_BIN=$bin run ./run_all.sh quick capacity --models poll --no-install --anonymous --out "$tmp/run" \
        --command "mine=$tmp/mine {port} --token hunter2"
    echo "$output"
    grep -q '^mine is started with: .*--token=\*\*\*' "$tmp/run/command.txt"
    grep -q 'stands for what looks like a secret' "$tmp/run/command.txt"
    run ! grep -rE "hunter2|$tmp|/home/Alice" "$tmp/run" --include='*.txt' --include='*.csv' --include='*.tsv'
    grep -q '^host: not told$' "$tmp/run/machine.txt"
    [[ ! -e $tmp/run/progress.tsv && $(wc -l <"$tmp/run/rows/capacity.csv") -ge 4 ]]
}

@test "a server that lies is excluded by name and trap, and the run fails" {
    [[ -x build/release/liar-corrupt ]] || skip 'the liars are not built: make tools'
    build_of load measure
    quick_gate
    ln -s "$PWD/build/release/liar-corrupt" "$bin/server-poll"
    C10K_ENTERED=$$ C10K_BIN=$bin run -1 ./run_all.sh quick capacity --models poll --no-install --out "$tmp/run"
    [[ $output == *'excluded: poll: '* ]]
    grep -q FAIL "$tmp/run/gate/poll.tsv"
    [[ ! -e $tmp/run/rows/capacity.csv ]]
}

@test "a server that does not pay for costs is left out where they are paid, by name" {
    build_of gate load measure server-poll
    known_costs
    printf 'start\tpass\tready\ncosts-paid\tskip\tthe server does not know --costs\n' >"$bin/gate-poll.tsv"
    C10K_ENTERED=$$ C10K_BIN=$bin run -1 ./run_all.sh quick slow_handler --models poll --no-install --out "$tmp/run"
    echo "$output"
    [[ $output == *'slow_handler: without poll, which does not know --costs'*'there is nothing to measure'* ]]
}

# Runs capacity with a measure that only notes whom it was to measure; prints that.
noted_order() { # noted_order SEED
    rm -rf "$tmp/run" "$tmp/noted"
    C10K_ENTERED=$$ C10K_BIN=$bin run -1 ./run_all.sh quick capacity --models "fork poll thread" --repeats 4 --seed "$1" --no-install --out "$tmp/run"
    cat "$tmp/noted"
}

@test "every block measures each model once, shuffled anew, and the seed tells how" {
    build_of gate load server-{fork,poll,thread}
    measures "
        case \" \$* \" in *' --print '* | *' --check '*) exec '$PWD/tests/measure' \"\$@\" ;; esac
        while [ \"\$1\" != --model ]; do shift; done
        echo \"\$2\" >>'$tmp/noted'"
    for model in fork poll thread; do printf 'half-close\tpass\t-\n' >"$bin/gate-$model.tsv"; done
    first=$(noted_order 5)
    again=$(noted_order 5)
    other=$(noted_order 6)
    [[ $first == "$again" && $first != "$other" ]]
    blocks=$(paste - - - <<<"$first")
    [[ $(wc -l <<<"$blocks") == 4 && $(sort -u <<<"$blocks" | wc -l) -gt 1 ]]
    while read -r -a block; do [[ $(printf '%s\n' "${block[@]}" | sort | one_line) == 'fork poll thread' ]]; done <<<"$blocks"
}

@test "a model with options of its own is gated with them, and is another one beside the plain one" {
    draw_only
    build_of load server-poll
    quick_gate
    known_costs
    small_experiments
    C10K_ENTERED=$$ C10K_BIN=$bin run -1 ./run_all.sh quick cold_start --models 'poll poll:backlog=4000 poll:backlog=0' --no-install --out "$tmp/run"
    echo "$output"
    [[ $output == *'excluded: poll:backlog=0: start: '*'--backlog'* ]] # So it reached the server.
    [[ $(awk -F, 'NR > 1 { print $5 }' "$tmp/run/rows/cold_start.csv" | sort -u | one_line) == 'poll poll:backlog=4000' ]]
    run -0 ./run_all.sh buffers --plan --no-install
    [[ $output == *'buffers: 3 x epoll epoll:buffer-kib=16 epoll:buffer-kib=4 epoll:buffer-kib=64, about'* ]]
}

# Programs of which fork has passed the gate: tests of how a run ends need not wait for that.
gated() {
    build_of gate load server-fork
    small_experiments
    printf 'half-close\tpass\t-\n' >"$bin/gate-fork.tsv"
}

# A run that would take minutes, of short windows.
long_run=(quick ramp --models fork --repeats 500)

# Starts it in a session of its own and waits until it measures; sets run_pid.
start_run() {
    gated
    C10K_ENTERED=$$ C10K_BIN=$bin setsid env --default-signal=INT ./run_all.sh "${long_run[@]}" --no-install --out "$tmp/run" >"$tmp/log" 2>&1 3>&- &
    run_pid=$!
    patience_s=60 eventually grep -q 'point\|clients\|achieved_per_s' "$tmp/log"
}

has_rows() { [[ $(wc -l 2>/dev/null <"$1") -ge 2 ]]; } # has_rows FILE

# Processes of the run, but for zombies.
left_running() { ps -o stat=,pid=,args= --sid "$run_pid" | grep -v '^Z' || true; }
none_left() { [[ -z $(left_running) ]]; } # Within a moment: what only prints its words ends after the script.

# Ends the run, and holds its status and that nothing is left against what they must be.
ends_with() { # ends_with STATUS PID SIGNAL
    local status=0
    kill "-$3" -- "$2"
    wait "$run_pid" || status=$?
    cat "$tmp/log"
    echo "status $status"
    left_running
    [[ $status == "$1" ]]
    patience_s=5 eventually none_left
    run_pid=''
}

@test "Ctrl-C ends everything, keeps and draws what was measured, exits with 130" {
    draw_only ramp-latency_p99
    start_run
    ends_with 130 "-$run_pid" INT # As a terminal does: to all of them at once.
    [[ -s $tmp/run/rows/latency.csv && -s $tmp/run/figures/ramp-latency_p99.png && -s $tmp/run/index.html ]]
}

@test "SIGTERM to the script alone ends everything it started, exits with 143" {
    draw_only
    start_run
    ends_with 143 "$run_pid" TERM
}

# Runs a command of run_all.sh as a job of a shell in a terminal; its exit status goes to $tmp/status.  When the terminal goes, the
# shell gets SIGHUP; it passes that on to the job if PASSES_ON is yes, and else the job sees it when it writes.
in_terminal() { # in_terminal PASSES_ON WORD...
    command -v tmux >/dev/null || skip 'tmux is not installed'
    rm -f "$tmp/status"
    {
        printf '%s\n' '#!/usr/bin/env bash' 'set -m' "[[ $1 == yes ]] || trap : HUP" "[[ $1 == no ]] || trap 'kill -HUP -- -\$job' HUP"
        printf 'PATH=%q C10K_ENTERED=$$ C10K_BIN=%q ./run_all.sh' "$PATH" "$bin"
        printf ' %q' "${@:2}"
        printf '%s\n' ' &' 'job=$!' 'while wait "$job"; status=$?; kill -0 "$job"; do :; done' "echo \$status >'$tmp/status'"
    } >"$tmp/job"
    tmux -S "$tmp/tmux" -f /dev/null new-session -d "exec bash '$tmp/job' 2>/dev/null" 3>&-
}

# The terminal goes, as when ssh loses its line.
ends_with_terminal() {
    tmux -S "$tmp/tmux" kill-server
    patience_s=60 eventually test -s "$tmp/status"
    [[ $(<"$tmp/status") == 143 ]] || { cat "$tmp/status"; return 1; }
}

@test "a terminal that goes is an interruption: what was measured is drawn, exit status 143" {
    draw_only
    gated
    in_terminal no "${long_run[@]}" --no-install --out "$tmp/run"
    patience_s=60 eventually has_rows "$tmp/run/rows/latency.csv"
    ends_with_terminal
    [[ -s $tmp/run/index.html ]]
}

@test "a terminal that goes ends check and draw with 143, too" {
    gated
    rm "$bin/gate-fork.tsv"
    program gate "echo >'$tmp/begun'; exec sleep 50"
    in_terminal yes check fork --no-install
    patience_s=60 eventually test -e "$tmp/begun"
    ends_with_terminal
    copy_fixture "$tmp/fixture"
    mkdir "$tmp/slow"
    printf '#!/bin/sh\necho >"%s"; exec sleep 50\n' "$tmp/drawing" >"$tmp/slow/gnuplot"
    chmod +x "$tmp/slow/gnuplot"
    PATH=$tmp/slow:$PATH in_terminal yes draw "$tmp/fixture"
    patience_s=60 eventually test -e "$tmp/drawing"
    ends_with_terminal
}

@test "SIGTERM while hyperfine runs leaves neither server nor client" {
    gated
    C10K_ENTERED=$$ C10K_BIN=$bin setsid env --default-signal=INT ./run_all.sh quick cold_start --models fork --repeats 1000 --no-install \
        --out "$tmp/run" >"$tmp/log" 2>&1 3>&- &
    run_pid=$!
    client_runs() { [[ $(left_running) == *load\ --port* ]]; }
    patience_s=60 eventually client_runs
    ends_with 143 "$run_pid" TERM
}
