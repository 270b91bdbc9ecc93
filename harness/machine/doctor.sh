#!/usr/bin/env -S bash -p
# doctor.sh -- what can this machine reach, what stops it, and which command would lift that.
#
# usage: harness/machine/doctor.sh [--from FOLDER]        Only reads; changes nothing.
#
# Exit status: 0 every experiment of the standard profile fits, 1 something is short.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../run/lib.sh"

# Descriptors that a program holds beside its connections, and processes of everybody else.
readonly OTHER_FILES=64 OTHER_TASKS=64
# Memory per idle client, both ends of its connection included, as measured with four models
# (KiB, rounded up): the kernel's part is most of it.
readonly CONNECTION_KIB=12 THREAD_KIB=80 PROCESS_KIB=180
# Addresses of loopback are many; from each about this many ports can be used.
readonly CLIENT_ADDRESSES=250

short=0

row() { printf '  %-28s %s\n' "$1" "$2"; }
or_many() { if [[ $1 == unlimited ]]; then echo 1000000000; else echo "$1"; fi; }
number_in() { # number_in FILE ELSE
    local text
    text=$(of_file "$1")
    if [[ $text =~ ^[0-9]+$ ]]; then echo "$text"; else echo "$2"; fi
}

# The folder that caps us in either kind of control group, if any does.
cgroup_file() { # cgroup_file V2_NAME V1_CONTROLLER V1_NAME
    local path
    path=$(sed -n 's/^0:://p' /proc/self/cgroup)
    [[ ! -r /sys/fs/cgroup$path/$1 ]] || { echo "/sys/fs/cgroup$path/$1"; return; }
    path=$(sed -n "s/^[0-9]*:$2://p" /proc/self/cgroup)
    [[ ! -r /sys/fs/cgroup/$2$path/$3 ]] || echo "/sys/fs/cgroup/$2$path/$3"
}

read_limits() {
    local file low high
    files=$(or_many "$(ulimit -Hn)")
    pid_max=$(number_in /proc/sys/kernel/pid_max 32768)
    threads_max=$(number_in /proc/sys/kernel/threads-max 1000000000)
    map_count=$(number_in /proc/sys/vm/max_map_count 65530)
    user_tasks=$(or_many "$(ulimit -Hu)")
    file=$(cgroup_file pids.max pids pids.max)
    group_tasks=$(number_in "${file:-/nonexistent}" 1000000000)
    group_tasks_file=${file:-none}
    available_kib=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
    file=$(cgroup_file memory.max memory memory.limit_in_bytes)
    group_kib=$(($(number_in "${file:-/nonexistent}" 9000000000000000000) / 1024))
    ((group_kib >= available_kib)) || available_kib=$group_kib
    read -r low high </proc/sys/net/ipv4/ip_local_port_range
    ports=$(((high - low + 1) * CLIENT_ADDRESSES))
    tasks_now=$(awk '{ split($4, part, "/"); print part[2] }' /proc/loadavg)
}

# Each limit: how many connections it allows, its name, the command that lifts it.
limits_of() { # limits_of SHAPE   ->  lines "CONNECTIONS<TAB>NAME<TAB>COMMAND"
    local root=()
    ((EUID == 0)) || root=(sudo)
    local memory="$((available_kib / 1024)) MiB of free memory"
    limit() { printf '%s\t%s\t%s\n' "$1" "$2" "$3"; }
    case $1 in
    one | thread)
        limit "$((files - OTHER_FILES))" "open files per process ($files)" \
            "ulimit -Hn 1048576 in a root shell, or nofile in /etc/security/limits.conf" ;;
    esac
    case $1 in
    thread | process)
        limit "$((pid_max - tasks_now - OTHER_TASKS))" "pid_max ($pid_max)" \
            "${root[*]:+${root[*]} }sysctl kernel.pid_max=4194304"
        limit "$((threads_max - tasks_now - OTHER_TASKS))" "threads-max ($threads_max)" \
            "${root[*]:+${root[*]} }sysctl kernel.threads-max=1000000"
        ((EUID == 0)) || limit "$((user_tasks - OTHER_TASKS))" "processes per user ($user_tasks)" \
            "nproc in /etc/security/limits.conf"
        limit "$((group_tasks - OTHER_TASKS))" "pids.max of the control group ($group_tasks)" \
            "echo max | ${root[*]:+${root[*]} }tee $group_tasks_file" ;;
    esac
    case $1 in
    one) limit "$((available_kib / CONNECTION_KIB))" "$memory" 'more memory' ;;
    thread)
        # A stack and its guard page are two mappings.
        limit "$(((map_count - 200) / 2))" "max_map_count ($map_count)" \
            "${root[*]:+${root[*]} }sysctl vm.max_map_count=2000000"
        limit "$((available_kib / THREAD_KIB))" "$memory" 'more memory' ;;
    process) limit "$((available_kib / PROCESS_KIB))" "$memory" 'more memory' ;;
    esac
    limit "$ports" "client ports on $CLIENT_ADDRESSES addresses" \
        "${root[*]:+${root[*]} }sysctl net.ipv4.ip_local_port_range='1024 65535'"
}

# The largest count of an experiment's standard profile, as `wanted`; 0 if it has none.
read_wanted() { # read_wanted EXPERIMENT
    local line count counts
    wanted=0
    line=$(conf_text "$1" connections)
    read -r -a counts <<<"$line"
    for count in "${counts[@]}"; do
        [[ $count =~ ^[0-9]{1,7}$ ]] || die "harness/experiments/$1.conf: connections: \"$count\" is not a number"
        ((10#$count <= wanted)) || wanted=$((10#$count))
    done
}

tell_shape() { # tell_shape SHAPE WORDS
    local count name command wanted experiment experiments tightest misses=()
    tightest=$(limits_of "$1" | sort -n | sed -n 1p)
    IFS=$'\t' read -r count name command <<<"$tightest"
    lines_into experiments default_experiments
    for experiment in "${experiments[@]}"; do
        read_wanted "$experiment"
        ((wanted <= count)) || misses+=("$experiment ($wanted)")
    done
    row "$2" "about $count connections, then: $name"
    row '' "to lift it: $command"
    if ((${#misses[@]} > 0)); then
        row '' "SHORT for: ${misses[*]}: further points will be marked \"failed\""
        short=1
    fi
}

tell_measuring() {
    local governor capabilities
    if (($(cpu_count) < 2)); then
        row CPUs 'SHORT: only one: latency cannot be measured; capacity and memory can'
        short=1
    else
        row CPUs "$(cpu_count): $(($(cpu_count) / 2)) for the server, the rest for the client"
    fi
    capabilities=$((16#$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)))
    if (((capabilities >> 12) & 1)); then
        row 'context switches' 'taskstats: exact'
    else
        row 'context switches' 'from /proc (taskstats needs root): exact while no thread ends'
    fi
    governor=$(of_file /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor)
    row 'CPU frequency' "${governor:-not told (usual in virtual machines)}"
    [[ -z $governor || $governor == performance ]] ||
        row '' 'for steadier figures: cpupower frequency-set --governor performance'
    row 'load now' "$(cut -d' ' -f1-3 /proc/loadavg) (near 0 is right for measuring)"
    row 'accept queue' "$(of_file /proc/sys/net/core/somaxconn) connections (net.core.somaxconn)"
}

main() {
    if [[ ${1:-} == --from ]]; then shift 2; fi
    (($# == 0)) || die "doctor takes no \"$1\"; usage: ./run_all.sh doctor"
    read_limits
    echo 'What this machine can reach, by how a model serves its clients:'
    tell_shape process 'a process per client'
    tell_shape thread 'a thread per client'
    tell_shape one 'all clients in one process'
    echo
    echo 'What measuring needs:'
    tell_measuring
    echo
    echo 'Programs:'
    if harness/run/setup.sh --no-install 2>/dev/null; then
        row 'for a run' 'all there'
    else
        short=1
        harness/run/setup.sh --no-install 2>&1 | sed '1s/.*/missing for a run:/; s/^/  /' || true
    fi
    if ((short == 0)); then echo $'\nEvery experiment of the standard profile fits.'; fi
    exit "$short"
}

main "$@"
