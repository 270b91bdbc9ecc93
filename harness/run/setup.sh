#!/usr/bin/env -S bash -p
# setup.sh -- installs what the suite needs and this machine lacks, with apt-get.
#
# usage: harness/run/setup.sh [--no-install] [--for-demo | --for-tests | --for-kind KIND...]
#   --no-install   install nothing: list what is missing and how to get it, exit status 2
#   --for-demo     only what the live demo needs: no charts, no timing of commands
#   --for-kind KIND   also what experiments of this kind need: harness/kinds/KIND/needs.tsv; may be given again
#   --for-tests    also what `make test` and `make lint` need, and all kinds
#
# Says what it runs and why before it does.  Quiet when nothing is missing.  A service that a package brings along neither starts
# now nor at the next boot: it is masked, which is said, and which command undoes that.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages=() reasons=() as_root=()
readonly root=${C10K_ROOT:-} # In front of the paths below: for tests of this script.
readonly policy=$root/usr/sbin/policy-rc.d
PATH=$PATH:/usr/sbin # Where Debian keeps haproxy, and not all users look.

# lacks PACKAGE WHY TEST...: notes the package if the test fails.
lacks() {
    local package=$1 why=$2
    shift 2
    if is_one_of "$package" "${packages[@]}" || "$@" >/dev/null 2>&1; then return; fi
    packages+=("$package")
    reasons+=("$package: $why")
}

there_is() { [[ -e $1 ]]; } # Its argument may be a pattern without a match, which is then none.
has() { command -v "$1"; }

look_for_build() {
    lacks make 'builds the programs' has make
    lacks gcc 'compiles them' has gcc
    lacks libc6-dev 'headers of the C library' test -e /usr/include/stdio.h
    # Without a compiler, headers cannot be asked for by name.
    lacks libuv1-dev 'the library under the model libuv' test -e /usr/include/uv.h
    lacks liburing-dev 'the library under the model io_uring' test -e /usr/include/liburing.h
}

look_for_run() {
    lacks gnuplot-nox 'draws the charts' has gnuplot
    lacks fonts-dejavu-core 'letters for the charts' test -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
    lacks sqlite3 'makes numbers and sentences of what was measured' has sqlite3
    lacks util-linux 'pins programs to CPUs (taskset, setpriv)' has setpriv
}

look_for_demo() { lacks libncurses-dev 'draws the live demo' test -e /usr/include/ncurses.h; }

# A need is a package, the command or the file that shows whether it is there, and why.
look_for_kind() { # look_for_kind KIND
    local package sign why needs=harness/kinds/$1/needs.tsv
    [[ -f $needs ]] || return 0
    needs=$(tail -n +2 "$needs")
    while IFS=$'\t' read -r package sign why; do
        if [[ $sign == /* ]]; then lacks "$package" "$why ($1)" test -e "$sign"; else lacks "$package" "$why ($1)" has "$sign"; fi
    done <<<"$needs"
}

look_for_tests() {
    local runtime=(/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan*)
    lacks clang 'the second compiler that must not warn' has clang
    lacks libclang-rt-dev "clang's sanitizers" there_is "${runtime[0]:-}"
    lacks clang-format 'checks how the code is laid out' has clang-format
    lacks clang-tidy 'looks for mistakes in C (make lint)' has clang-tidy
    lacks cppcheck 'does so, too' has cppcheck
    lacks shellcheck 'checks the scripts' has shellcheck
    lacks bats 'runs the tests of programs and scripts' has bats
    lacks libcmocka-dev 'runs the unit tests' test -e /usr/include/cmocka.h
    lacks tmux 'a terminal for the tests of the live demo' has tmux
    lacks jq 'reads JSON in tests' has jq
    lacks procps 'sees what a run left behind' has ps
    lacks git 'knows which files are ours' has git
}

# ---- services ----

# Services that start at boot, one a line.
enabled_services() {
    local link
    for link in "$root"/etc/systemd/system/*.wants/*.service; do basename "$link"; done | sort -u
}

# Debian's tools ask this file before they start a service.  One of the administrator's is left as it is.
forbid_starts() {
    [[ ! -e $policy ]] || return 0
    say "no service may start meanwhile: $policy is there until the packages are"
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    trap allow_starts EXIT
    "${as_root[@]}" chmod 755 "$policy"
}

# shellcheck disable=SC2317  # called by the trap
allow_starts() { "${as_root[@]}" rm -f "$policy"; }

mask_new_services() { # mask_new_services SERVICES-BEFORE
    local service
    for service in $(comm -13 <(echo "$1") <(enabled_services)); do
        say "masked: $service, which no run uses as a service (undo: ${as_root[*]:+${as_root[*]} }systemctl unmask $service)"
        # What systemctl mask does, also where no systemd runs.
        "${as_root[@]}" ln --symbolic --force --no-dereference /dev/null "$root/etc/systemd/system/$service"
    done
}

install() { # install PACKAGE...
    local before
    before=$(enabled_services)
    forbid_starts
    "${update[@]}" -qq >&2 || fail 'apt-get update failed: is the network there?'
    "${get[@]}" -qq >&2 || fail "apt-get could not install: $*"
    mask_new_services "$before"
}

# Installs what is missing, or says how and ends.
install_missing() { # install_missing true|false
    local install=$1 reason
    local by=''
    if ((EUID != 0)); then
        if has sudo >/dev/null; then as_root=(sudo); else by=' as root: ask who administers this machine'; fi
    fi
    local update=("${as_root[@]}" apt-get update)
    # sudo keeps no variable of ours: env sets it behind sudo.
    local get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${packages[@]}")
    if [[ $install == false || -n $by ]] || ! has apt-get >/dev/null; then
        {
            echo "setup.sh: missing on this machine:"
            printf '  %s\n' "${reasons[@]}"
            echo "install them with:  ${update[*]} && ${get[*]}$([[ -z $by ]] || echo "  #$by")"
            has apt-get >/dev/null || echo "(there is no apt-get here: the names are those of Debian 12)"
        } >&2
        exit 2
    fi
    say "installing what is missing (--no-install refuses this):"
    for reason in "${reasons[@]}"; do echo "        $reason"; done
    say "running: ${update[*]} && ${get[*]}"
    install "${packages[@]}"
}

main() {
    local install=true for_demo=false for_tests=false kinds=() kind
    while (($# > 0)); do
        case $1 in
        --no-install) install=false ;;
        --for-demo) for_demo=true ;;
        --for-tests)
            for_tests=true
            for kind in harness/kinds/*/; do kinds+=("$(basename "$kind")"); done ;;
        --for-kind)
            (($# > 1)) || die "$1 needs a value"
            kinds+=("$2")
            shift ;;
        --help) sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) die "unknown option $1; there are --no-install, --for-demo, --for-kind and --for-tests" ;;
        esac
        shift
    done
    look_for_build
    [[ $for_demo == true ]] || look_for_run
    [[ $for_demo$for_tests == falsefalse ]] || look_for_demo
    for kind in "${kinds[@]}"; do look_for_kind "$kind"; done
    [[ $for_tests == false ]] || look_for_tests
    ((${#packages[@]} > 0)) || exit 0
    install_missing "$install"
}

main "$@"
