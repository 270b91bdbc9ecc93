# scenarios.bash -- what tests/faults.sh lets the programs do while a call of theirs fails.
#
# Each scenario_NAME runs in a folder of its own and calls complain for each thing that is wrong.
# `ours PROGRAM` is a program in which the call may fail, `other PROGRAM` one in which none does.
# shellcheck shell=bash disable=SC2034,SC2154  # bin, faults and others are of tests/faults.sh, expected and status for judge.bash

# Every scenario with its argument, cheap ones first: a call site is tried in the first that
# reaches it.
scenarios() {
    local program model kind trap
    for program in "${programs[@]}"; do printf '%s\n' "help $program" "misuse $program"; done
    for model in "${models[@]}"; do printf '%s\n' "serve $model" "fill $model"; done
    printf '%s\n' room greet 'costs switch_cost' 'costs ready_cost' witness
    printf '%s\n' 'chat csv' 'chat check' 'load human' 'load json' load_files load_once load_talk load_killed load_herd
    [[ ! -s $work/ca.pem ]] || printf '%s\n' 'load_tls 1.2' 'load_tls 1.3'
    for kind in latency guest workers deaf capacity memory omission walls counters herd; do echo "experiment $kind"; done
    echo print
    for trap in "${traps[@]}"; do echo "trap $trap"; done
    [[ ! -x $bin/demo ]] || echo show
}

ours() { timeout --kill-after=1 "$deadline_s" env "${faults[@]}" "$bin/$1" "${@:2}"; }
other() { timeout --kill-after=1 "$deadline_s" "$bin/$1" "${@:2}"; }

# Runs a program to its end: its output is in `out`, what it says in `said`.
finish() { # finish PROGRAM [ARGUMENT...]
    status=0
    ours "$@" >out 2>said || status=$?
    judge_exit "$1" said
}

# ---- servers ----

# Starts a server that may have files_max files; its port goes to $port.  False: it ended, with $status.
start() { # start ours|other PROGRAM [OPTION...]
    local wrap=()
    [[ $1 != ours ]] || wrap=("${faults[@]}")
    (
        [[ -z ${files_max:-} ]] || ulimit -n "$files_max"
        exec timeout --kill-after=1 "$deadline_s" env "${wrap[@]}" "$bin/$2" 0 "${@:3}"
    ) >ready 2>said &
    server=$! status=0
    for ((i = 0; i < 400; i++)); do
        port=$(sed -n 's/^ready port=//p' ready)
        [[ -z $port ]] || return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.02
    done
    wait "$server" || status=$?
    return 1
}

# Ends the server; its exit status is in $ended.
stop() {
    ended=0
    kill "$server" 2>/dev/null || true
    wait "$server" || ended=$?
}

# The server went on: it serves, also when each worker had its turn, and ends in order.
served_on() { # served_on PROGRAM
    for _ in 1 2 3; do other hello --port "$port" >greeting 2>&1 || complain "serves no more: $(one_line greeting)"; done
    judge_end "$1"
}

knobs_of() { # knobs_of MODEL
    case $1 in
    epoll) echo --buffer-kib 4 ;;
    prefork | epoll_workers | thread_pool) echo --workers 2 ;;
    esac
}

start_model() { # start_model MODEL
    local knobs
    read -r -a knobs <<<"$(knobs_of "$1")"
    start ours "server-$1" --costs "${knobs[@]}"
}

# Messages that cost, larger than a socket takes; and clients that do not read.
scenario_serve() { # MODEL
    local clients=3 deaf='deaf 1'
    [[ $1 != sequential ]] || clients=1 deaf='deaf 0'
    start_model "$1" || { judge_exit "server-$1" said; return; }
    printf '%s\n' "connect $clients" "$deaf" closed 'window 0.1' quit |
        other load --port "$port" --interactive --message-b 300000 --timeout-ms 300 --patience-ms 500 \
            --cost spin --cost-us 50 --cost-percent 20 >traffic 2>&1 || true
    ! grep -q 'corrupt=[1-9]' traffic || complain "echoes other bytes: $(one_line traffic)"
    # A worker that is killed is replaced.
    [[ $1 != prefork && $1 != epoll_workers ]] || kill_a_worker "$server"
    served_on "server-$1"
}

# Kills a worker of the program that a timeout(1) started, as soon as there is one.  False: the program ended before.
kill_a_worker() { # kill_a_worker PID, of timeout(1)
    local program pids=()
    while ((${#pids[@]} == 0)); do
        kill -0 "$1" 2>/dev/null || return 1
        program=$(pgrep --parent "$1") || { sleep 0.01; continue; }
        mapfile -t pids < <(pgrep --parent "$program")
    done
    kill -KILL "${pids[0]}"
    for ((i = 0; i < 100; i++)); do kill -0 "${pids[0]}" 2>/dev/null || break; sleep 0.01; done # It may serve no client now.
}

# More clients than it may have files: they wait, and are served in the end.
scenario_fill() { # MODEL
    [[ $1 != epoll_workers ]] || knobs_of() { echo --workers 0; } # As many as CPUs.
    files_max=30 start_model "$1" || { judge_exit "server-$1" said; return; }
    other load --port "$port" --connections 40 --duration 0.1 --warm 0 --patience-ms 150 --timeout-ms 100 >traffic 2>&1 || true
    served_on "server-$1"
}

scenario_room() {
    files_max=12 start ours chat-room --queue-kib 1 || { judge_exit chat-room said; return; }
    other chat --port "$port" --members 4 --check 5 >chatter 2>&1 || true
    # One that does not read is let go; more than may come in wait.
    other chat --port "$port" --members 10 --rate 2000 --message-b 1000 --duration 0.1 --patience-ms 200 >chatter 2>&1 || true
    (exec 5<>"/dev/tcp/127.0.0.1/$port"; head -c 400000 /dev/zero | tr '\0' '\n' >&5 || true)
    other chat --port "$port" --members 2 --check 2 >chatter 2>&1 || complain "serves no more: $(one_line chatter)"
    judge_end chat-room
}

# ---- programs that end by themselves ----

scenario_help() { # PROGRAM
    finish "$1" --help
    ((status != 0)) || [[ -s out ]] || complain 'exit 0 without the help'
}

scenario_misuse() { # PROGRAM
    local expected=2
    if [[ $1 == witness ]]; then finish witness "$PWD/missing/file" true; else finish "$1" --no-such-option; fi
    ((status != 0)) || complain 'exit 0'
}

scenario_greet() {
    start other server-epoll
    finish hello --port "$port"
    stop
}

scenario_costs() { # PROGRAM
    finish "$1" --repeats 1
    ((status != 0)) || same_shape out "$reference/out" || complain "exit 0 and other rows: $(one_line out)"
}

scenario_witness() {
    finish witness around.csv sleep 0.2
    judge_rows around.csv
}

scenario_chat() { # csv|check
    local how=(--check 4)
    [[ $1 == check ]] || how=(--duration 0.1 --warm 0.05 --output csv --server-pid $$)
    start other chat-room
    finish chat --port "$port" --members 4 "${how[@]}"
    ((status != 0)) || same_shape out "$reference/out" || complain "exit 0 and another result: $(one_line out)"
    stop
}

# ---- the load client ----

# Measures against a server of its own; what comes out must be all, or the exit status says so.
load() { # load OPTION...
    start other server-epoll --costs
    finish load --port "$port" "$@"
    stop
    judge_load
}

scenario_load() { load --connections 5 --duration 0.1 --warm 0.05 --output "$1"; } # human|json

scenario_load_files() {
    load --connections 6 --active 2 --processes 2 --duration 0.1 --warm 0.05 --output csv --hgrm h.hgrm \
        --message-b 100000 --spin
    ((status != 0)) || [[ -s h.hgrm ]] || complain 'exit 0 without its files'
}

scenario_load_once() { load --short-lived 20 --connections 3 --output csv; }

scenario_load_talk() {
    start other server-epoll --costs
    printf '%s\n' 'connect 4' 'active 2' 'cost spin 50 10' 'warm 0.05' 'deaf 1' 'deaf 0' 'window 0.05' closed 'merge 2' 'window 0.05' 'window 0.05' 'connect 2' quit >commands
    finish load --port "$port" --interactive --processes 2 <commands
    stop
    ((status != 0)) || (($(wc -l <out) == 13)) || complain "exit 0 and $(wc -l <out) answers: $(one_line out)"
    judge_load
}

# A client process that is killed ends the others, and the program says so.
scenario_load_killed() {
    local client expected=1
    start other server-epoll
    (exec timeout --kill-after=1 "$deadline_s" env "${faults[@]}" "$bin/load" --port "$port" --connections 4 --processes 2 --duration 5) >out 2>said &
    client=$! status=0
    kill_a_worker "$client" || true
    wait "$client" || status=$?
    judge_exit load said
    [[ $status != 1 || -n $failed_call ]] || grep -q 'client process .* was ended by signal 9' said || complain "ends without a worker: $(one_line said)"
    stop
}

scenario_load_herd() {
    local herd
    start other server-epoll
    ours load --port "$port" --connections 5 --reconnect jitter --base-ms 10 --cap-ms 50 --duration 0.8 --timeline t.csv --output csv >out 2>said &
    herd=$!
    sleep 0.2
    stop
    timeout --kill-after=1 "$deadline_s" "$bin/server-epoll" "$port" >ready 2>/dev/null &
    server=$!
    status=0
    wait "$herd" || status=$?
    judge_exit load said
    judge_load
    stop
}

# Through a proxy that ends TLS; some connections take up the session of the one before.
scenario_load_tls() { # VERSION
    local behind
    start other server-epoll
    behind=$server
    { cat "$work/haproxy.conf"; printf '%s\n' "    server model 127.0.0.1:$port"; } >haproxy.conf
    port=$(free_port)
    FRONT_PORT=$port timeout "$deadline_s" haproxy -db -f haproxy.conf >proxy 2>&1 &
    server=$!
    for ((i = 0; i < 200; i++)); do (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.02; done
    finish load --port "$port" --tls "$1" --ca "$work/ca.pem" --resume --short-lived 6 --connections 2 --output csv
    judge_load
    stop
    server=$behind
    stop
}

# A port that is free now.
free_port() {
    start other server-epoll && echo "$port"
    stop
}

# ---- the harness ----

kind_lines() { # kind_lines KIND
    case $1 in
    latency) echo 'connections = 1 4' ;;
    omission) printf '%s\n' 'connections = 2' 'stop_ms = 60' ;;
    walls) printf '%s\n' 'connections = 5 80' 'limits = files=64 machine' ;;
    memory) echo 'connections = 20' ;;
    workers) printf '%s\n' 'connections = 3' 'server_options = --workers={workers}' ;;
    deaf) printf '%s\n' 'connections = 3' 'deaf = 1' 'cost = sleep' ;;
    herd) printf '%s\n' 'connections = 5' 'outage_s = 0.1' 'base_ms = 10' 'cap_ms = 50' 'time_cap_s = 2' ;;
    *) echo 'connections = 3' ;;
    esac
}

# The server: a model, or a command as of a guest, which is ready once a connect(2) succeeds.
server_of() { # server_of KIND
    case $1 in
    guest) server_words=(--model guest --command "exec '$bin/server-epoll' {port}") ;;
    memory) server_words=(--model fork) ;;
    counters) server_words=(--model thread_pool) ;;
    workers) server_words=(--model epoll_workers) ;;
    *) server_words=(--model epoll) ;;
    esac
}

scenario_experiment() { # KIND
    local file kind=$1 server_words
    [[ $kind != @(guest|workers|deaf) ]] || kind=latency
    printf '%s\n' '# Question: does it work?' "kind = $kind" 'rate_per_s = 1000' 'warmup_s = 0.05' 'window_s = 0.15' \
        'settle_s = 0.05' 'reruns = 0' >tiny.conf
    kind_lines "$1" >>tiny.conf
    server_of "$1"
    finish "measure-$kind" tiny.conf "${server_words[@]}" --out raw.csv --bin-dir "$bin"
    ((status != 0)) || [[ -e raw.csv ]] || complain 'exit 0 without a row'
    for file in raw.csv timelines/herd.csv; do judge_rows "$file"; done
}

scenario_print() {
    printf '%s\n' 'kind = memory' 'connections = 20' >tiny.conf
    finish measure-memory tiny.conf --print connections
    ((status != 0)) || [[ $(<out) == 20 ]] || complain "exit 0 and $(one_line out)"
}

scenario_trap() { # TRAP
    finish gate --trap "$1" --seed 1 --tsv rows.tsv -- "$bin/server-epoll" 0
    judge_gate
}

# The demo in a terminal, which plays a script.
scenario_show() {
    printf '%s\n' '0.3 +' '0.5 i' '0.6 s' '0.7 k' '0.9 r' '1.2 n' '1.3 q' >keys.txt
    status=0
    timeout --kill-after=1 "$deadline_s" script --quiet --return --command \
        "stty rows 40 columns 100; env TERM=xterm $(printf '%q ' "${faults[@]}") $bin/demo --models 'epoll fork' --bin-dir $bin --connections 10 --rate 200 --script keys.txt" \
        screen </dev/null >drawn || status=$?
    sed 's/demo: /\n&/g' drawn >said # Behind what draws the screen.
    judge_exit demo said
}
