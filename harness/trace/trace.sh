#!/usr/bin/env -S bash -p
# trace.sh -- what one echo really does, from SYN to the last ACK: system calls, packets and wake-ups
# of one client and one server, as the kernel tells them, with their times.
#
# usage: harness/trace/trace.sh [--from FOLDER] [--model M] [--text TEXT] [--out DIR]
#   --model M      of our servers [epoll]
#   --text TEXT    what the client says [hello]
#   --out DIR      relative to FOLDER [results/trace_<model>]
#
# perf(1) listens to trace points of the kernel while build/release/hello says TEXT to the server once; an
# echo before that has warmed both.  Writes one_echo.csv (results/README.md tells its columns) and
# one_echo.svg.  Needs linux-perf, and root or kernel.perf_event_paranoid = -1.  What listening costs is in
# the times: about a microsecond for each line of the figure.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../fleet/servers.sh
source harness/fleet/servers.sh
# shellcheck source-path=SCRIPTDIR source=../fleet/start.sh
source harness/fleet/start.sh
# shellcheck source-path=SCRIPTDIR source=../run/folder.sh
source harness/run/folder.sh
# shellcheck source-path=SCRIPTDIR source=../report/plot.sh
source harness/report/plot.sh

# All that our models call between a connect(2) and a close(2).
readonly calls=(socket connect accept accept4 epoll_wait epoll_pwait epoll_ctl poll ppoll select pselect6 read write readv writev recvfrom
    sendto recvmsg sendmsg close shutdown clone clone3 futex io_uring_enter)
readonly points=(sched:sched_process_fork sched:sched_waking sched:sched_switch net:net_dev_start_xmit net:netif_receive_skb
    sock:inet_sock_set_state)
readonly tracefs=/sys/kernel/tracing
from=$caller_folder model=epoll text=hello out='' work=''

finish() {
    remove_made_folders
    [[ -z $server ]] || end_servers "$server" || true
    [[ -z $work ]] || rm -rf "$work"
}

read_options() {
    while (($# > 0)); do
        case $1 in
        --from | --model | --text | --out) (($# > 1)) || die "$1 needs a value; see ./run_all.sh trace --help" ;;&
        --from) from=$2; shift ;;
        --model) model=$2; shift ;;
        --text) text=$2; shift ;;
        --out) out=$2; shift ;;
        *) die "unknown option $1; see ./run_all.sh trace --help" ;;
        esac
        shift
    done
    need_models "$model"
    : "${out:=$PWD/results/trace_$model}"
    [[ $out == /* ]] || out=$from/$out
    [[ -n $text && ${#text} -le 1000 ]] || die '--text takes 1 to 1000 bytes'
}

# Before anything is measured.
need_folder() {
    [[ ! -e $out || -d $out ]] || die "$out is a file; --out wants a folder"
    make_path "$out" --out
    [[ -w $out ]] || die "cannot write to $out; choose another --out"
    need_safe_path "$out" --out
}

need_perf() {
    command -v perf >/dev/null || die 'perf is missing: apt-get install linux-perf'
    perf record --quiet --all-cpus --event sched:sched_switch --output "$work/try" -- true >/dev/null 2>&1 ||
        die 'perf may not listen to trace points here: run this as root, or first: sysctl kernel.perf_event_paranoid=-1'
}

# The trace points that this kernel has, as perf wants them.
events() {
    local call point list=("${points[@]}")
    for call in "${calls[@]}"; do
        for point in "sys_enter_$call" "sys_exit_$call"; do
            [[ ! -d $tracefs/events/syscalls/$point ]] || list+=("syscalls:$point")
        done
    done
    (IFS=,; echo "${list[*]}")
}

# The server's processes; trace.awk learns of those that it forks later.
processes_of() { # processes_of PID
    local child children
    echo "$1"
    read -r -a children <<<"$(cat "/proc/$1"/task/*/children 2>/dev/null | one_line)"
    for child in "${children[@]}"; do processes_of "$child"; done
}

# What perf runs: the client, and until the server has closed, too, which on a busy machine is later.
# shellcheck disable=SC2016  # for the other shell
readonly say_once='
    "${@:3}" & echo $! >"$1"; wait $! || exit
    for ((try = 0; try < 1000; try++)); do grep -qE "$2" /proc/net/tcp || exit 0; sleep 0.01; done'

record() {
    local open hello=(taskset --cpu-list "$client_cpus" "$bin/hello" --port "$port" --text "$text")
    printf -v open ':%04X [0-9A-F]+:[0-9A-F]+ 0[1-57-9]' "$port" # Not 06, TIME_WAIT, nor 0A, LISTEN.
    "${hello[@]}" >/dev/null
    run_child perf record --quiet --all-cpus --event "$(events)" --exclude-perf --clockid CLOCK_MONOTONIC \
        --output "$work/data" -- bash -c "$say_once" client "$work/client" "$open" "${hello[@]}" >"$work/took" 2>"$work/said" || {
        ((what_stopped == 0)) || exit "$what_stopped"
        fail "perf could not listen: $(head -n 1 "$work/said")"
    }
    perf script --input "$work/data" --ns --fields comm,pid,tid,cpu,time,event,trace 2>/dev/null |
        awk -v port="$port" -v client="$(<"$work/client")" -v servers="$(processes_of "$server_pid" | one_line)" \
            -f harness/trace/trace.awk >"$work/one_echo.csv"
}

main() {
    trap finish EXIT
    handle_signals
    read_options "$@"
    work=$(mktemp -d)
    need_folder
    need_perf
    build_programs "$work/build.log"
    set_cpus
    start_server "$(command_of "$model")" "$work" || fail "$model: $(why_not_ready "$work")"
    record
    LC_ALL=C.UTF-8 plot harness/trace/trace.gp data="$work/one_echo.csv" output="$work/one_echo.svg" model="$model" text="$text"
    mv "$work"/one_echo.{csv,svg} "$out/"
    echo "what happened: $out/one_echo.svg and $out/one_echo.csv"
}

main "$@"
