# start.sh -- how scripts start a server: on CPUs of its own, by build/release/start, which says when it is ready.
#
# Sourced after lib.sh by scripts that measure; measure.c has its own way.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of lib.sh, and for the scripts

# Of the server that was started last: the process that answers for it (start.c), its own first process, and its port.
server='' server_pid='' port=''

# Ends servers: each ends all that its server started, within 3 s.  Returns the status of the last one.
end_servers() { # end_servers PID...
    local pid try status=0
    for pid in "$@"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "$@"; do
        for ((try = 0; try < 500; try++)); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.01
        done
        kill -KILL "$pid" 2>/dev/null || true
        status=0
        wait "$pid" 2>/dev/null || status=$?
    done
    return "$status"
}

# Before anything is measured: makes the folder that the rows go to, or dies with the cause.
need_out() { # need_out FOLDER
    local why
    why=$(mkdir -p "$1" 2>&1) || die "cannot write to $1: ${why##*: }; choose another --out"
    [[ -w $1 ]] || die "cannot write to $1; choose another --out"
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

# Runs a client with a witness, on the CPUs of clients; what it says on stderr goes to SCRAPS/client.  Sets `machine` to
# "steal_percent,foreign_cpu_percent", and `noise` to why the machine was not ours meanwhile, or to nothing.
readonly TRIES_MAX=3 # Of a point that something else disturbed, as measure does.
run_client() { # run_client SCRAPS PROGRAM [ARGUMENT...]
    local rc=0 seen steal foreign status
    machine=, noise=''
    run_child "$bin/witness" "$1/around.csv" taskset --cpu-list "$client_cpus" "${@:2}" 2>"$1/client" || rc=$?
    ((what_stopped == 0)) || return "$rc"
    seen=$(tail -n 1 "$1/around.csv")
    [[ -n $seen ]] || fail "the witness saw nothing: $1/around.csv"
    IFS=, read -r steal foreign status noise <<<"$seen"
    [[ $status == noisy ]] || noise=''
    machine=$steal,$foreign
    return "$rc"
}

# Starts the server and sets `server`, `server_pid` and `port`; what it says on stderr goes to SCRAPS/said, and the reason if it does
# not get ready.  Nothing of it outlives the script, however that ends.
start_server() { # start_server COMMAND SCRAPS
    local ready=''
    server_pid=''
    rm -f "$2/ready"
    mkfifo "$2/ready"
    "$bin/start" "${as_user[@]}" --cpus "$server_cpus" "exec $1" >"$2/ready" 2>"$2/said" &
    server=$!
    read -r ready <"$2/ready" || return 1 # The end of start closes it.
    [[ $ready =~ ^ready\ port=([0-9]+)\ pid=([0-9]+)$ ]] || return 1
    port=${BASH_REMATCH[1]} server_pid=${BASH_REMATCH[2]}
}

# Why a server did not get ready, in one line.
why_not_ready() { # why_not_ready SCRAPS
    tail -n 1 "$1/said" | sed 's/^start: //'
}

# Of a server that has ended: what its row says where it wrote more than is kept, else nothing.
chatter_of() { # chatter_of SCRAPS
    sed -n 's/^start: the server was chatty: \([0-9]*\) bytes.*/the server was chatty: it wrote \1 bytes/p' "$1/said" | tail -n 1
}
