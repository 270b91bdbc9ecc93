# start.sh -- how scripts start a server: on CPUs of its own, and waited for until it is ready.
#
# Sourced after lib.sh by scripts that measure; measure.c has its own way.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of lib.sh, and for the scripts

readonly READY_S=10 # An interpreter with a large library needs a second or two.
server='' port=''

# Ends servers: who is still there 2 s after SIGTERM is killed.  Returns the status of the last one.
end_servers() { # end_servers PID...
    local pid try status=0
    for pid in "$@"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "$@"; do
        for ((try = 0; try < 200; try++)); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.01
        done
        kill -KILL "$pid" 2>/dev/null || true
        status=0
        wait "$pid" 2>/dev/null || status=$?
    done
    return "$status"
}

# As the harness deals them out: the first half to the server.  One CPU is shared.
set_cpus() {
    local cpus half
    lines_into cpus usable_cpus
    half=$((${#cpus[@]} / 2))
    server_cpus=$(IFS=,; echo "${cpus[*]:0:half}")
    client_cpus=$(IFS=,; echo "${cpus[*]:half}")
    ((half > 0)) || server_cpus=$client_cpus
}

# A port that is free now, apart from those that the kernel usually deals out to clients.
free_port() {
    local port try
    for ((try = 0; try < 100; try++)); do
        port=$((RANDOM % 10000 + 20000))
        can_connect "$port" || { echo "$port"; return; }
    done
    return 1
}

# Runs a client with a witness, on the CPUs of clients; what it says on stderr goes to SCRAPS/client.  Sets `machine` to
# "steal_percent,foreign_cpu_percent", and `noise` to why the machine was not ours meanwhile, or to nothing.
readonly TRIES_MAX=3 # Of a point that something else disturbed, as measure does.
run_client() { # run_client SCRAPS PROGRAM [ARGUMENT...]
    local rc=0 steal foreign status
    machine=, noise=''
    run_child "$bin/witness" "$1/around.csv" taskset --cpu-list "$client_cpus" "${@:2}" 2>"$1/client" || rc=$?
    ((what_stopped == 0)) || return "$rc"
    IFS=, read -r steal foreign status noise < <(tail -n 1 "$1/around.csv") || fail "the witness saw nothing: $1/around.csv"
    [[ $status == noisy ]] || noise=''
    machine=$steal,$foreign
    return "$rc"
}

can_connect() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Starts the server and sets `server` and `port`.  Nothing of ours outlives the script, however it ends.
start_server() { # start_server COMMAND SCRAPS
    local line="exec setpriv --pdeathsig TERM taskset --cpu-list $server_cpus $1" ready try
    if [[ $1 != *'{port}'* ]]; then
        coproc SERVER { eval "$line" 2>"$2/said"; }
        server=$! # Not SERVER_PID: it is gone, as SERVER is, when bash learns that a server ended at once.
        { read -r -t "$READY_S" ready <&"${SERVER[0]:-}"; } 2>/dev/null && [[ $ready =~ ^ready\ port=([0-9]+)$ ]] || return 1
        port=${BASH_REMATCH[1]}
        return
    fi
    port=$(free_port) || return 1
    line=${line//'{port}'/$port}
    eval "$line" >/dev/null 2>"$2/said" &
    server=$!
    for ((try = 0; try < READY_S * 100; try++)); do
        ! can_connect "$port" || return 0
        kill -0 "$server" 2>/dev/null || return 1
        sleep 0.01
    done
    return 1
}
