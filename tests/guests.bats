#!/usr/bin/env bats
# bats file_tags=part:guests,deadline:180,long:15
# guests.bats -- guards against servers from elsewhere that are measured untried, dropped without a
# word, started in the wrong folder, or taken for one of ours.

bats_require_minimum_version 1.5.0

setup() {
    load drawing.bash
    load refusing.bash
    load running.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    root=$PWD tmp=$BATS_TEST_TMPDIR
}

# Starts a server that is no program of ours.
start_command() { # start_command WORD...
    : >"$ready"
    "$@" >"$ready" 2>"$said" 3>&- &
    server=$!
    servers+=("$server")
    eventually said_ready_or_ended
    port=$(sed -n 's/^ready port=//p' "$ready")
}

teardown() {
    if declare -F end_servers >/dev/null; then end_servers; fi
}

# Everything but the languages of the guests.
without_languages() {
    mkdir -p "$tmp/bin"
    ln -s /usr/bin/* "$tmp/bin"
    rm -f "$tmp"/bin/{node,python3,go}
}

@test "list names the guests that can run here, and those that cannot with the reason" {
    without_languages
    PATH=$tmp/bin run -0 ./run_all.sh list
    for guest in node python go; do [[ $output == *"skipped: $guest: there is no "*" on this machine"* ]]; done
    ln -s "$(type -P true)" "$tmp/bin/node"
    PATH=$tmp/bin run -0 ./run_all.sh list
    [[ $output == *$'\nguests: node\n'* && $output != *'skipped: node'* ]]
}

@test "a guest is one file: it says itself how it is started and compiled" {
    # shellcheck source=/dev/null
    source harness/run/lib.sh && source harness/fleet/servers.sh
    for file in servers/guests/*; do
        name=$(basename "${file%.*}")
        [[ $(command_of "$name") == *"$file"* || $(guest_says "$name" Build) == *"$file"* ]]
    done
    mkdir -p "$tmp/servers/guests"
    printf '%s\n' '-- Build: cc -x c -o {program} {file}' '-- Start: {program} --port {port}' >"$tmp/servers/guests/lua2c.x"
    cd "$tmp"
    [[ $(all_guests) == lua2c && $(guest_runtime lua2c) == cc && $(command_of lua2c) == "$bin/guest-lua2c --port {port}" ]]
}

@test "a guest whose language is not here is told, and fails the check" {
    without_languages
    PATH=$tmp/bin run -1 ./run_all.sh check node --no-install
    [[ ${lines[-1]} == 'FAIL  start  there is no node on this machine' ]]
}

@test "a command without name or program, a name that is taken or that charts cannot hold, is told in one line" {
    while IFS='|' read -r word arguments; do
        eval "run -2 --separate-stderr ./run_all.sh $arguments"
        one_line_on_stderr "$word" || { echo "for: $arguments"; return 1; }
    done <<'END'
needs a value|quick --command
needs a value|check --command
NAME=|quick --command ./mine
NAME=|quick --command mine=
NAME=|check --command 'mine=  '
the name is|quick --command 'My Server=./mine 0'
the name is|quick --command '../x=./mine 0'
the name is|check --command '=./mine 0'
"poll" is taken|quick --command 'poll=./mine 0'
"node" is taken|quick --command 'node=./mine 0'
"all" is taken|quick --command 'all=./mine 0'
twice|quick --command 'mine=./mine 0' --command 'mine=./other 0'
one line|quick --command $'mine=./mine 0\nrm x'
there are|quick ramp --models "mine" --command 'other=./mine 0'
END
}

# `echo` in a folder of the user's is a server.
prepare_user() {
    mkdir "$tmp/user's own"
    cd "$tmp/user's own"
    ln -s "$root/build/release/server-poll" echo
}

@test "a server that dies or lies is excluded with the reason; the others are measured" {
    [[ -x build/release/liar-corrupt ]] || skip 'the liars are not built: make tools'
    build_of load
    quick_gate
    known_costs
    small_experiments
    draw_only capacity-messages_per_s
    prepare_user
    # 1: something was excluded; the rest is measured all the same.
    C10K_ENTERED=$$ C10K_BIN=$bin run -1 "$root/run_all.sh" quick capacity cold_start --models 'mine' --no-install --out "$tmp/run" \
        --command mine='./echo {port}' --command dead='false {port}' \
        --command liar="$root/build/release/liar-corrupt 0"
    [[ $output == *'excluded: dead: start: ended before it was ready: exit 1'* ]]
    [[ $output == *'excluded: liar: '* ]]
    cd "$tmp/run"
    [[ $(awk -F, 'FNR > 1 { print $5 }' rows/*.csv | sort -u) == mine ]]
    [[ $(awk -F, 'NR > 1 { print $5, $13 }' rows/cold_start.csv) == 'mine ok' ]]
    grep -q 'dead: excluded: start' figures/capacity-messages_per_s.svg
    grep -q "^mine is started with: env --chdir=.*own' ./echo {port}$" command.txt
}

@test "a guest that runs out of files says so once, and serves those who come when there is room again" {
    load serving.bash
    for guest in python go; do
        # shellcheck source=/dev/null
        line=$(source harness/run/lib.sh && source harness/fleet/servers.sh && build_guests "$guest" && [[ -z $(why_missing "$guest") ]] && command_of "$guest") ||
            continue # Its language is not here.
        # shellcheck disable=SC2086  # words are meant
        start_command $line
        prlimit --pid "$server" --nofile=12:
        run -1 build/release/load --port "$port" --connections 40 --closed --duration 0.5
        [[ $(wc -l <"$said") == 1 && $(<"$said") == *'oo many open files: new clients wait until something frees' ]] || { cat "$said"; return 1; }
        exec {client}<>"/dev/tcp/127.0.0.1/$port"
        echo hello >&"$client"
        IFS= read -r -t 60 answer <&"$client"
        [[ $answer == hello ]]
        exec {client}>&-
        stop
    done
}

# ---- cold_start ----

cold_start_of() { # cold_start_of COMMAND
    cd "$root"
    printf '%s\n' 'kind = cold_start' 'requests = 20' >"$tmp/cold_start.conf"
    run -0 harness/kinds/cold_start/measure.sh "$tmp/cold_start.conf" --model mine --out "$tmp/cold/cold_start.csv" --repeats 2 --command "$1"
    tail -n 1 "$tmp/cold/cold_start.csv"
}

@test "cold_start finds a server ready by its line, or by connecting, and tells why it does not" {
    [[ $(cold_start_of 'build/release/server-poll 0') == 4,cold_start,cold_start,standard,mine,,1,1,2,1,0,1,ok,,20,0.* ]]
    [[ $(cold_start_of 'build/release/server-poll {port}') == 4,cold_start,cold_start,standard,mine,,1,1,2,1,0,1,ok,,20,0.* ]]
    [[ $(cold_start_of 'build/release/server-poll {port} --bogus') == *',failed,ended before it was ready: exit 2: '*--bogus* ]]
}
