#!/usr/bin/env -S bash -p
# elsewhere.sh -- both commands of the README in another place than here: `./run_all.sh quick` and `make test`.
#
# usage: tests/elsewhere.sh --debian 12|13 [PART...]   a Debian with nothing but git, made by debootstrap; as root
#        tests/elsewhere.sh --user [PART...]           an ordinary user; as root, or as one
#        tests/elsewhere.sh --container [PART...]      namespaces of their own for users, processes and mounts: no
#                                                      process of the machine is visible, and the only user is root
#   PART   only these parts of the tests, and no `./run_all.sh quick`
#
# What is committed here is cloned into a temporary folder, which is removed in the end; what the commands say is kept
# in build/elsewhere.  Packages come from where this machine's apt has them.  A quarter of an hour and more: not part of
# `make test`.
#
# Exit status: 0 both commands succeeded, 1 one did not, 2 wrong usage, 129, 130 or 143 after a signal.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/enter.sh"
export LC_ALL=C
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/elsewhere.sh}"

folder='' # Temporary; all of the other place is in it.
log=''

say() { printf '%4d s  %s\n' "$SECONDS" "$*"; }
fail() { echo "elsewhere.sh: $2" >&2; exit "$1"; }
help() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' tests/elsewhere.sh; }

# Its mounts are gone by now, with the namespace that they were made in; --one-file-system, should one not be.
clean_up() { [[ $folder != */c10k-elsewhere.* ]] || rm -rf --one-file-system -- "$folder"; }

make_folder() {
    folder=$(mktemp --directory --tmpdir c10k-elsewhere.XXXXXX)
    chmod 755 "$folder"
    mkdir -p build/elsewhere
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# Runs both commands, or the tests' parts, by COMMAND...: a shell in the other place, in the clone.
run_both() { # run_both COMMAND...
    local status=0 line lines=('./run_all.sh quick' 'make test')
    ((${#parts[@]} == 0)) || lines=("tests/run.sh ${parts[*]}")
    for line in "${lines[@]}"; do
        say "$line"
        if "$@" "$line" </dev/null >>"$log" 2>&1; then say "done: $(tail -n 1 "$log")"; else status=1; say "FAILED, see $log: $(tail -n 1 "$log")"; fi
    done
    return "$status"
}

# ---- the places ----

# Debian's names of its versions.
suite_of() {
    case $1 in
    12) echo bookworm ;;
    13) echo trixie ;;
    *) fail 2 "--debian takes 12 or 13, not \"$1\"" ;;
    esac
}

on_debian() { # on_debian VERSION
    local suite mirror
    suite=$(suite_of "$1")
    ((EUID == 0)) || fail 2 'debootstrap needs root'
    command -v debootstrap >/dev/null || fail 2 'debootstrap is not installed'
    # shellcheck disable=SC2016  # apt's own variable
    mirror=$(apt-get indextargets --format '$(SITE)' | sed -n 1p)
    [[ -n $mirror ]] || fail 2 'this machine has no source of Debian packages'
    make_folder
    log=build/elsewhere/debian$1.log
    say "debootstrap $suite: two minutes"
    debootstrap --variant=minbase --include=git,ca-certificates "$suite" "$folder/debian" "$mirror" >"$log" 2>&1 ||
        fail 1 "debootstrap failed, see $log: $(tail -n 1 "$log")"
    apt-config dump Acquire::http::Proxy >"$folder/debian/etc/apt/apt.conf.d/99proxy"
    cp /etc/resolv.conf "$folder/debian/etc/resolv.conf"
    git clone --quiet . "$folder/debian/srv/c10k-bench"
    # shellcheck disable=SC2016  # for the shells in there
    run_both unshare --mount --pid --fork --kill-child bash -c '
        mount --bind "$1" "$1" # A mount point, as the root folder of a machine is.
        cd "$1"
        mount --types proc proc proc
        mount --rbind /sys sys
        mount --rbind /dev dev
        exec chroot . /usr/bin/env --ignore-environment HOME=/root TERM=dumb \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash -c "cd /srv/c10k-bench && $2"' elsewhere "$folder/debian"
}

as_user() {
    local change=()
    make_folder
    log=build/elsewhere/user.log
    : >"$log"
    git clone --quiet . "$folder/c10k-bench"
    if ((EUID == 0)); then
        change=(setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all --bounding-set=-all)
        chown -R nobody:nogroup "$folder"
    fi
    # shellcheck disable=SC2016  # for the shell in there
    run_both "${change[@]}" env HOME="$folder" bash -c 'cd "$1/c10k-bench" && eval "$2"' elsewhere "$folder"
}

in_container() {
    make_folder
    log=build/elsewhere/container.log
    : >"$log"
    git clone --quiet . "$folder/c10k-bench"
    # shellcheck disable=SC2016  # for the shell in there
    run_both unshare --user --map-root-user --mount --pid --fork --kill-child --mount-proc \
        env HOME="$folder" bash -c 'mount --types proc --options hidepid=2 proc /proc && cd "$1/c10k-bench" && eval "$2"' elsewhere "$folder"
}

main() {
    local place=${1:-} version=''
    [[ $place != --help ]] || { help; exit; }
    shift "$(($# > 0))"
    if [[ $place == --debian ]]; then
        version=${1:-}
        shift "$(($# > 0))"
    fi
    parts=("$@")
    case $place in
    --debian) on_debian "$version" ;;
    --user) as_user ;;
    --container) in_container ;;
    *) fail 2 "where? --debian 12|13, --user or --container, not \"$place\"; see --help" ;;
    esac
}

main "$@"
