# serving.bash -- what the tests that start a server share: starting it, ending it, and waiting for
# facts instead of for time.
# shellcheck shell=bash disable=SC2034  # for the tests

server=''  # The pid of the server that was started last,
port=''    # its port,
servers=() # and all that were started.
ready=$BATS_TEST_TMPDIR/ready
said=$BATS_TEST_TMPDIR/said # What the server says on stderr.

# shellcheck source-path=SCRIPTDIR source=checking.bash
source "${BASH_SOURCE[0]%/*}/checking.bash"
# shellcheck source-path=SCRIPTDIR source=processes.bash
source "${BASH_SOURCE[0]%/*}/processes.bash"

# Waits until a command succeeds, for 10 s at most, or for patience_s.
eventually() { # eventually COMMAND...
    local end_us=$((${EPOCHREALTIME/./} + 1000000 * ${patience_s:-10}))
    while ((${EPOCHREALTIME/./} < end_us)); do
        if "$@"; then # Of a function only the last command counted here.
            check "$@"
            ((checked != 0)) || return 0
        fi
        sleep 0.02
    done
    echo "not in time: $*"
    return 1
}

# PROGRAM is a path, or a name in build/release.
start() { start_at 0 "$@"; } # start PROGRAM [OPTION...]

start_at() { # start_at PORT PROGRAM [OPTION...]
    local program=$2
    [[ $program == */* ]] || program=build/release/$program
    : >"$ready"
    "$program" "$1" "${@:3}" >"$ready" 2>"$said" 3>&- &
    server=$!
    servers+=("$server")
    eventually said_ready_or_ended
    port=$(sed -n 's/^ready port=//p' "$ready")
    [[ -n $port ]] || { echo "$2 did not get ready"; cat "$said"; return 1; }
}

said_ready_or_ended() { [[ -s $ready ]] || ! kill -0 "$server" 2>/dev/null; }

# Ends the server by SIGTERM: fails if it does not end in order.
stop() {
    local pid=$server
    server=''
    kill "$pid"
    wait "$pid"
}

# Sends the signal to a process of ours, which must end by it: with 130 or 143, as a shell says.
ends_by() { # ends_by SIGNAL PID
    local status=0
    kill "-$1" "$2"
    wait "$2" || status=$?
    ((status == 128 + $(kill -l "$1"))) || { echo "status $status after SIG$1"; return 1; }
}

# For teardown: in whatever state a test left them.
end_servers() {
    local pid
    for pid in "${servers[@]}"; do
        ! is_child "$pid" || kill -CONT "$pid" 2>/dev/null || true # A signal that had waited until then may end it.
        end_child "$pid"
    done
}

# Whether a process runs, or none does, whose command line matches.
runs() { pgrep --full -- "$1" >/dev/null; } # runs REGEX
gone() { ! runs "$1"; } # gone REGEX

# Fails, and names it, if a process is left whose command line matches.
nothing_left() { # nothing_left REGEX
    local left status=0
    left=$(pgrep --full --list-full -- "$1") || status=$?
    ((status == 1)) || { echo "left behind: $left"; return 1; } # 1: none.
}
