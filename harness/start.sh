# start.sh -- how scripts start a server: on CPUs of its own, and waited for until it is ready.
#
# Sourced after lib.sh by scripts that measure; measure.c has its own way.
# shellcheck shell=bash

readonly READY_S=10 # An interpreter with a large library needs a second or two.
server='' port=''

end_server() { [[ -z $server ]] || kill -TERM "$server" 2>/dev/null || true; }

# As the harness deals them out: the first half to the server.  One CPU is shared.
set_cpus() {
    local cpus range cpu half
    cpus=()
    IFS=, read -r -a ranges <<<"$(taskset --cpu-list --pid $$ | sed 's/.*: //')"
    for range in "${ranges[@]}"; do
        for ((cpu = ${range%-*}; cpu <= ${range#*-}; cpu++)); do cpus+=("$cpu"); done
    done
    half=$((${#cpus[@]} / 2))
    server_cpus=$(IFS=,; echo "${cpus[*]:0:half}")
    # shellcheck disable=SC2034  # for the scripts
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

can_connect() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Starts the server and sets `server` and `port`.
start_server() { # start_server COMMAND SCRAPS
    local line=$1 ready try
    if [[ $1 != *'{port}'* ]]; then
        coproc SERVER { eval "exec taskset --cpu-list $server_cpus $line" 2>"$2/said"; }
        server=$SERVER_PID
        read -r -t "$READY_S" ready <&"${SERVER[0]}" && [[ $ready =~ ^ready\ port=([0-9]+)$ ]] || return 1
        port=${BASH_REMATCH[1]}
        return
    fi
    port=$(free_port) || return 1
    line=${line//'{port}'/$port}
    eval "exec taskset --cpu-list $server_cpus $line" >/dev/null 2>"$2/said" &
    server=$!
    for ((try = 0; try < READY_S * 100; try++)); do
        ! can_connect "$port" || return 0
        kill -0 "$server" 2>/dev/null || return 1
        sleep 0.01
    done
    return 1
}
