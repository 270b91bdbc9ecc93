#!/usr/bin/env bats
# bats file_tags=part:suite
# plan.bats -- guards against a run that offers another rate than it should, leaves out a repeat, a model or an experiment, or
# measures in another order: the functions of plan.sh and steps.sh, with experiments whose settings are given here.

bats_require_minimum_version 1.5.0

setup() {
    load saying.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    shopt -s nullglob # As the scripts have it.
    export C10K_ENTERED=$$ # As if one of our scripts had started us: the environment is clear.
    # shellcheck source=harness/run/lib.sh
    source harness/run/lib.sh
    # shellcheck source=harness/fleet/servers.sh
    source harness/fleet/servers.sh
    # shellcheck source=harness/analysis/take_run.sh
    source harness/analysis/take_run.sh
    # shellcheck source=harness/analysis/database.sh
    source harness/analysis/database.sh
    # shellcheck source=harness/run/plan.sh
    source harness/run/plan.sh
    # shellcheck source=harness/run/steps.sh
    source harness/run/steps.sh
    # As run.sh begins.
    profile=standard repeats='' rate='' seed=7 baseline='' models=() experiments=() chosen=0 plan_only=false out=$BATS_TEST_TMPDIR
    steps=0 planned_s=0 step=0 done_s=0 measure_begin=0 rate_now=''
    declare -gA commands=() setting=() # What a function sources is its own.
    conf() { echo "${setting[$1 $2]-${setting[$2]-}}"; }
    say() { echo "$*"; }
    setting=([models]=all [cost]=none [kind]=latency)
}

raw_head=schema,experiment,kind,profile,model,repeat,superseded,connections,active,variant,offered_per_s,achieved_per_s,status,reason

# Writes these rows to the tables of their kinds.
rows_of() { # rows_of ROW...
    local row kind
    rm -rf "$out/rows"
    mkdir "$out/rows"
    for row in "$@"; do
        IFS=, read -r _ _ kind _ <<<"$row"
        [[ -s $out/rows/$kind.csv ]] || echo "$raw_head" >"$out/rows/$kind.csv"
        echo "$row" >>"$out/rows/$kind.csv"
    done
}

# Rows in which poll is slowest at 100 connections, fork at 1,000.
measured_capacity() { # measured_capacity ROW...
    rows_of 3,c,capacity,q,poll,1,0,100,100,closed,,1000,ok, 3,c,capacity,q,fork,1,0,1000,1000,closed,,50000,ok, 3,c,capacity,q,fork,2,0,1000,1000,closed,,52000,ok, 3,c,capacity,q,fork,3,0,1000,1000,closed,,90000,ok, \
        3,c,capacity,q,poll,1,1,1000,1000,closed,,100,noisy,others 3,c,capacity,q,poll,1,0,1000,1000,closed,,91000,ok, 3,c,capacity,q,thread,1,0,1000,1000,closed,,200,noisy,others 3,r,latency,q,fork,1,0,2000,2000,poisson,300,300,ok, \
        3,c,capacity,q,fork,1,0,10,10,closed,,400,ok, "$@"
}

@test "all models are offered half of what the slowest does at the largest count, in two digits, if its conf asks for more" {
    setting[r rate_per_s]=30000
    measured_capacity
    set_rate r >"$BATS_TEST_TMPDIR/said"
    is 'r: 26000 messages/s for all, half of what the slowest model can do (its conf asks for 30000)' <"$BATS_TEST_TMPDIR/said"
    [[ $rate_now == 26000 ]]
    setting[r rate_per_s]=25000
    set_rate r | is_nothing
    set_rate r
    [[ $rate_now == 25000 ]]
    # A slower one at that count decides, rounded down.
    setting[r rate_per_s]=30000
    measured_capacity 3,c,capacity,q,select,1,0,1000,1000,closed,,3999,overloaded,
    set_rate r >/dev/null
    [[ $rate_now == 1900 ]]
    measured_capacity 3,c,capacity,q,select,1,0,1000,1000,closed,,199,ok,
    set_rate r >/dev/null
    [[ $rate_now == 99 ]]
}

@test "the rate is the user's, else the baseline's, else the conf's where no capacity is known" {
    setting[r rate_per_s]=30000
    set_rate r | is_nothing
    set_rate r
    [[ $rate_now == 30000 ]]
    rows_of 3,c,capacity,q,thread,1,0,1000,1000,closed,,200,noisy,others
    set_rate r | is 'r: 30000 messages/s for all, as its conf says: no undisturbed capacity is known to check it against'
    set_rate r >/dev/null
    [[ $rate_now == 30000 ]]
    measured_capacity
    baseline=$BATS_TEST_TMPDIR/before
    mkdir "$baseline"
    printf '%s\n' $raw_head 3,other,latency,q,fork,1,0,10,10,poisson,111,9,ok, 3,r,latency,q,fork,1,0,10,10,poisson,,9,failed, 3,r,latency,q,fork,1,0,10,10,poisson,1234,9,ok, 3,r,latency,q,fork,1,0,10,10,poisson,9999,9,ok, >"$baseline/raw.csv"
    set_rate r | is 'r: 1234 messages/s for all, as in the baseline'
    set_rate r >/dev/null
    [[ $rate_now == 1234 ]]
    set_rate z >/dev/null # Of an experiment that the baseline has not.
    [[ $rate_now != 1234 ]]
    rate=77
    set_rate r | is_nothing
    set_rate r
    [[ $rate_now == 77 ]]
}

@test "models: the core cast, all of them in profile full, those of the conf, and a server of the user's in each" {
    setting[one models]='epoll sequential' setting[chat kind]=chat setting[hs kind]=handshakes setting[hs models]=epoll
    commands[mine]='./mine {port}'
    default_models_of any | sort | is fork libuv mine poll thread
    default_models_of one | sort | is epoll mine sequential
    default_models_of chat | is_nothing
    default_models_of hs | is epoll
    profile=full
    default_models_of any | sort | diff - <({ all_models; echo mine; } | sort)
}

@test "of the models that are left each experiment takes its own; one that does not pay is left out where lines cost" {
    setting[one models]='epoll poll' setting[chat kind]=chat setting[hs kind]=handshakes setting[hs models]=epoll setting[slow cost]=sleep
    models=(fork poll epoll mine)
    commands[mine]='./mine {port}'
    chosen=4
    mkdir "$out/gate"
    printf 'costs-paid\tpass\t-\n' | tee "$out/gate/fork.tsv" >"$out/gate/mine.tsv"
    printf 'costs-paid\tskip\tnot known\n' | tee "$out/gate/poll.tsv" >"$out/gate/epoll.tsv"
    models_of any | is fork poll epoll mine
    models_of one | is poll epoll mine
    models_of hs | is epoll
    models_of chat | is chat-room
    models_of slow | is fork mine
    plan_only=true
    models_of slow | is fork poll epoll mine
    plan_only=false chosen=0
    models_of any | is fork poll mine # Of the core cast, and the user's.
}

@test "experiments: each once, capacity first, then latency, memory and the rest" {
    setting=([z kind]=capacity [a kind]=walls [b kind]=latency [c kind]=memory [d kind]=latency)
    experiments=(a d b c b z)
    read_conf() { :; }
    order_experiments
    printf '%s\n' "${experiments[@]}" | is z b d c a
}

@test "steps and seconds of a plan: models times repeats; cold starts repeat by themselves" {
    setting=([models]=all [cost]=none [repeats]=3 [kind]=latency [c kind]=capacity [c estimate_s]=4.2 [s kind]=cold_start [s estimate_s]=10 [o kind]=latency [o models]='poll' [o estimate_s]=1)
    models=(fork poll) experiments=(c s o) chosen=2
    plan >"$BATS_TEST_TMPDIR/said"
    ((steps == 3 * 2 + 2 + 3 * 1))
    ((planned_s == 6 * 5 + 2 * 10 + 3 * 1))
    is 'o: without fork: it is about poll' '11 steps: fork poll in c s o; about 1 min; seed 7' <"$BATS_TEST_TMPDIR/said"
    repeats=5 steps=0 planned_s=0
    plan >/dev/null
    ((steps == 5 * 2 + 2 + 5 && planned_s == 10 * 5 + 2 * 10 + 5))
}

@test "what is left of a plan is corrected by how it did until now" {
    planned_s=600 done_s=100 measure_begin=$((SECONDS - 200))
    [[ $(time_left) == '17 min' ]]
    done_s=590
    [[ $(time_left) == '3 s' ]]
    done_s=4 measure_begin=$((SECONDS - 500))
    [[ $(time_left) == '10 min' ]]
    planned_s=93
    [[ $(time_left) == '89 s' ]]
}

@test "an order has each model once; every place takes every model; seed and number change it" {
    local number
    orders() { for ((number = 0; number < 30; number++)); do paste -sd ' ' <(shuffled $number <<<$'a\nb\nc'); done; }
    orders >"$BATS_TEST_TMPDIR/orders"
    sort -u "$BATS_TEST_TMPDIR/orders" | is 'a b c' 'a c b' 'b a c' 'b c a' 'c a b' 'c b a'
    seed=8
    run ! diff <(orders) "$BATS_TEST_TMPDIR/orders"
    shuffled 1 </dev/null | is_nothing
}

# The steps that a function would run, as "EXPERIMENT, WHAT: ARGUMENTS".
noted() { # noted COMMAND...
    run_step() { echo "$1, $2: ${*:3}"; }
    "$@"
}

@test "each repeat measures every model once, with a seed and an order of its own, in its own table and at its rate" {
    local repeat order=()
    setting=([models]=all [cost]=none [repeats]=2 [r kind]=latency [why kind]=counters)
    models=(fork poll) chosen=2 rate_now=1500 as_user=()
    for repeat in 1 2; do
        while read -r model; do order+=("r, $model, repeat $repeat of 2: $bin/measure-latency harness/experiments/r.conf --model $model --repeat $repeat --profile standard --seed $((7 + repeat)) --bin-dir $bin --out $out/rows/latency.csv --rate 1500"); done \
            < <(printf '%s\n' fork poll | shuffled $((3 * 1000 + repeat)))
    done
    noted measure_blocks r 3 | is "${order[@]}"
    rate_now=''
    noted measure_one why fork 2 | is "why, fork, repeat 2 of 2: $bin/measure-counters harness/experiments/why.conf --model fork --repeat 2 --profile standard --seed 9 --bin-dir $bin --out $out/rows/counters.csv"
}

@test "kinds that are scripts are called as programs are; one may make its repeats by itself, or have no model, or one" {
    local common
    setting=([models]=all [cost]=none [repeats]=2 [hs kind]=handshakes [hs models]='epoll fork' [chat kind]=chat [s kind]=cold_start)
    models=(epoll)
    noted measure_blocks s 1 | is_nothing # It is about none of these models.
    chosen=1
    common="--profile standard --seed 8 --bin-dir $bin --out $out/rows"
    noted measure_blocks s 1 | is "s, epoll, 2 repeats: harness/kinds/cold_start/measure.sh harness/experiments/s.conf --model epoll --repeat 1 $common/cold_start.csv --repeats 2"
    noted measure_blocks hs 2 | is \
        "hs, epoll, repeat 1 of 2: harness/kinds/handshakes/measure.sh harness/experiments/hs.conf --model epoll --repeat 1 $common/handshakes.csv" \
        "hs, epoll, repeat 2 of 2: harness/kinds/handshakes/measure.sh harness/experiments/hs.conf --model epoll --repeat 2 ${common/seed 8/seed 9}/handshakes.csv"
    noted measure_blocks chat 2 | is \
        "chat, chat-room, repeat 1 of 2: harness/kinds/chat/measure.sh harness/experiments/chat.conf --model chat-room --repeat 1 $common/chat.csv" \
        "chat, chat-room, repeat 2 of 2: harness/kinds/chat/measure.sh harness/experiments/chat.conf --model chat-room --repeat 2 ${common/seed 8/seed 9}/chat.csv"
    models=(fork epoll) chosen=0
    models_of hs | is fork # The first one that is left.
}

# One step by a program that ends with STATUS.
step_of() { # step_of STATUS
    local broken=0 ends_with=$1
    was_finished() { return 1; }
    begin_step() { step=$((step + 1)); }
    estimate_of() { echo 1; }
    run_child() { return "$ends_with"; }
    record_step() { echo "noted: $*"; }
    run_step r 'poll, repeat 1 of 1' bin/measure || echo 'does not go on'
    echo "broken $broken"
}

@test "a step whose program broke is noted as broken, and a run that can write no more rows ends with what to do" {
    step_of 0 | is 'noted: step r, poll, repeat 1 of 1' 'broken 0'
    step_of 1 | is 'r, poll, repeat 1 of 1: measure itself broke (status 1): points are missing' 'noted: broken r, poll, repeat 1 of 1' 'broken 1'
    out=/proc # In which no file can be made.
    run -1 step_of 1
    is 'r, poll, repeat 1 of 1: measure itself broke (status 1): points are missing' 'nothing more can be written to /proc: what was measured is kept' \
        'with room again, go on with ./run_all.sh --resume /proc, or draw it with ./run_all.sh draw /proc' <<<"$output"
}

@test "lines are added whole or not at all, with the cause in one line" {
    local file=$BATS_TEST_TMPDIR/lines lines
    append "$file" first
    append "$file" $'second\nthird'
    is first second third <"$file"
    lines=$(seq 20000)
    # A file of a size that holds a part of them.
    run -1 --separate-stderr bash -c 'trap "" XFSZ; ulimit -f 8; export C10K_ENTERED=$$; source harness/run/lib.sh; append "$1" "$2"' bash "$file" "$lines"
    [[ $stderr == "bash: cannot write $file: File too large" ]] || { echo "$stderr"; return 1; }
    is first second third <"$file"
}

@test "an experiment is read once, as the profile sees it" {
    local programs=$BATS_TEST_TMPDIR/programs
    mkdir "$programs"
    printf '#!/bin/sh\necho "$*" >>"%s"\nexec "%s" "$@"\n' "$BATS_TEST_TMPDIR/asked" "$PWD/tests/measure" | tee "$programs/measure-latency" >"$programs/measure-memory"
    chmod +x "$programs"/measure-*
    # shellcheck disable=SC2016  # for the other shell
    C10K_BIN=$programs run -0 bash -c 'source harness/run/lib.sh; profile=quick
        read_conf memory; conf memory settle_s; conf memory server_options; conf memory kind; conf ramp window_s'
    is 0.5 '' memory 1 <<<"$output"
    is 'harness/experiments/memory.conf --profile quick --print all' 'harness/experiments/ramp.conf --profile quick --print window_s' <"$BATS_TEST_TMPDIR/asked"
}
