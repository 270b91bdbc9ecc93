#!/usr/bin/env -S bash -p
# machine_info.sh -- prints what a reader must know of the machine, one "name: value" a line.
#
# usage: harness/machine/machine_info.sh        Only reads.  A run keeps its output as machine.txt.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source=harness/run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../run/lib.sh"

row() { printf '%s: %s\n' "$1" "${2:-unknown}"; }
of_lscpu() { sed -n "/^$1: */ { s///p; q }" <<<"$cpu_facts"; }
version() { "$@" 2>/dev/null | head -n 1 || true; }

# Those that are reported of the kernel's options, which are in one of two files, or in none.
kernel_options() {
    local config wanted='^CONFIG_(HZ|IRQ_TIME_ACCOUNTING|PREEMPT(_[A-Z]+)?)='
    config=/boot/config-$(uname -r)
    if [[ -r $config ]]; then grep -E "$wanted" "$config"
    elif [[ -r /proc/config.gz ]]; then zcat /proc/config.gz | grep -E "$wanted"; fi
}

kernel_option() { # kernel_option REGEX
    local text
    [[ -n $kernel_facts ]] || { echo 'unknown (this kernel does not publish its options)'; return; }
    text=$(grep -E "^$1=" <<<"$kernel_facts" || true)
    echo "${text:-not set}"
}

mitigations() {
    local file
    for file in /sys/devices/system/cpu/vulnerabilities/*; do
        printf '%s=%s; ' "${file##*/}" "$(of_file "$file")"
    done | sed 's/; $//'
}

# What make wrote down when it built the programs that run.
built_with() { # built_with NAME
    [[ ! -r $bin/built_with.txt ]] || sed -n "s/^$1: *//p" "$bin/built_with.txt"
}

package() { sed -n "/^$1 / { s///p; q }" <<<"$packages"; } # package NAME -> its version

revision() {
    local commit dirty=
    commit=$(git rev-parse --short HEAD 2>/dev/null) || { echo 'not a git checkout'; return; }
    # What is kept for the docs, and the docs, change no measurement.
    [[ -z $(git status --porcelain -- . ':!*.md' ':!results' 2>/dev/null) ]] || dirty=' (dirty: changed since)'
    echo "$commit$dirty"
}

# Asked once.  Of what fails, the rows say that it is unknown.
cpu_facts=$(lscpu || true)
kernel_facts=$(kernel_options || true)
# shellcheck disable=SC2016  # for dpkg-query
packages=$(dpkg-query --show --showformat='${Package} ${Version}\n' libuv1 liburing2 2>/dev/null || true)

# Charts have this line below them.
row machine "$(of_lscpu 'Model name'), $(cpu_count) CPUs, $(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), Linux $(uname -r), $(of_lscpu 'Hypervisor vendor' | sed 's/$/ virtual machine/;s/^ virtual.*//')"
row date "$(date --utc '+%Y-%m-%d %H:%M:%S UTC')"
row host "$(hostname)"
row system "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)"
row kernel "$(uname -srv)"
row cpu "$(of_lscpu 'Model name')"
row cpus "$(cpu_count) usable of $(nproc --all)"
row threads_per_core "$(of_lscpu 'Thread(s) per core')"
row virtual_machine "$(of_lscpu 'Hypervisor vendor')"
row governor "$(of_file /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor)"
row memory_kib "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)"
row swap_kib "$(awk '/^SwapTotal/ { print $2 }' /proc/meminfo)"
row clock_source "$(of_file /sys/devices/system/clocksource/clocksource0/current_clocksource)"
row transparent_huge_pages "$(of_file /sys/kernel/mm/transparent_hugepage/enabled)"
row kernel_hz "$(kernel_option CONFIG_HZ)"
row kernel_irq_time_accounting "$(kernel_option CONFIG_IRQ_TIME_ACCOUNTING)"
row kernel_preempt "$(kernel_option 'CONFIG_PREEMPT(_[A-Z]+)?' | one_line)"
row mitigations "$(mitigations)"
row load_average "$(of_file /proc/loadavg)"
row file_limit "soft $(ulimit -Sn), hard $(ulimit -Hn)"
row servers_run_as "$("$bin/start" "${as_user[@]}" --print-user 2>/dev/null || true)"
row process_limit "soft $(ulimit -Su), hard $(ulimit -Hu)"
for key in kernel/pid_max kernel/threads-max vm/max_map_count vm/overcommit_memory fs/file-max \
    net/core/somaxconn net/ipv4/tcp_max_syn_backlog net/ipv4/ip_local_port_range net/ipv4/tcp_mem \
    net/ipv4/tcp_rmem net/ipv4/tcp_wmem; do
    row "sysctl_${key//\//.}" "$(of_file "/proc/sys/$key")"
done
row compiler "$(built_with compiler)"
row compiler_flags "CFLAGS=$(built_with CFLAGS) LDFLAGS=$(built_with LDFLAGS)"
row library_path "${LD_LIBRARY_PATH:-none}"
row c_library "$(version ldd --version)"
row libuv "$(package libuv1)"
row liburing "$(package liburing2)"
row openssl "$(version openssl version)"
row haproxy "$(PATH=$PATH:/usr/sbin version haproxy -v)"
row gnuplot "$(version gnuplot --version)"
row hyperfine "$(version hyperfine --version)"
row revision "$(revision)"
