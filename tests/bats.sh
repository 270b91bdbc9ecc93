#!/usr/bin/env -S bash -p
# bats.sh -- runs one bats file, ends a test that runs past its deadline, and notes how long each took.
#
# usage: tests/bats.sh FILE [--tags TAGS] [--times TIMES]
#   --tags TAGS    only these tests, as `bats --filter-tags` takes them
#   --times TIMES  write "SECONDS tab NAME" of each test to this file
#
# Speaks TAP.  A test has 120 s; one that needs more says so in the line above it, a whole file in its
# head:   # bats test_tags=deadline:240      # bats file_tags=deadline:300
# A test that is ended is "not ok", and its line names the deadline.  setup_file has the file's time.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/enter.sh"
export LC_ALL=C
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/bats.sh}"
source tests/processes.bash

readonly GRACE_S=10 # For what a test does when it is ended: its teardown.
file_s=120          # The deadline of a test that declares none.
declare -A own_s=() # The others, by name.

# The deadlines that a file declares: "SECONDS tab NAME".
declared_deadlines() { # declared_deadlines FILE
    awk '
        /^# bats (file|test)_tags=/ && match($0, /deadline:[0-9]+/) {
            seconds = substr($0, RSTART + 9, RLENGTH - 9)
            if ($0 ~ /file_tags/) print seconds "\t"
            else mine = seconds
        }
        /^@test / {
            gsub(/^@test *["\047]|["\047] *\{.*/, "")
            if (mine) print mine "\t" $0
            mine = 0
        }' "$1"
}

read_deadlines() { # read_deadlines FILE
    local seconds name declared
    declared=$(declared_deadlines "$1")
    while IFS=$'\t' read -r seconds name; do
        if [[ -n $name ]]; then own_s["$name"]=$seconds
        elif [[ -n $seconds ]]; then file_s=$seconds; fi
    done <<<"$declared"
}

# What bats runs a test in: the first of its processes with that name, below this one.
test_process() {
    local pid line
    for pid in $(descendants_of $$); do
        line=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || continue
        [[ $line != *bats-exec-test* ]] || echo "$pid"
    done | tail -n 1 # Those above come last.
}

# Ends the test and what it started: bats then goes on with its teardown.  A second time leaves it no choice.
end_test() { # end_test SIGNAL
    local test started pid more
    test=$(test_process)
    [[ -n $test ]] || return 0
    started=$(descendants_of "$test")
    mapfile -t started <<<"$started"
    kill "-$1" "${started[@]}" "$test" 2>/dev/null || true
    for pid in "${started[@]}"; do
        for _ in {1..20}; do kill -0 "$pid" 2>/dev/null || continue 2; sleep 0.1; done
        more=$(descendants_of "$pid") # One that ignores SIGTERM may have started others since.
        # shellcheck disable=SC2086  # a list
        kill -KILL "$pid" $more 2>/dev/null || true
    done
}

# Passes on the TAP of bats without its words of its own, and ends what takes too long.
watch() { # watch TIMES
    local line name='' begin_us=0 overdue='' may_take_s=$file_s wait_s=$file_s status
    while :; do
        status=0
        IFS= read -r -t "$wait_s" line || status=$?
        if ((status > 128)); then # Nothing came in time.
            if [[ -z $overdue ]]; then end_test TERM; else end_test KILL; fi
            overdue=yes wait_s=$GRACE_S
            continue
        fi
        ((status == 0)) || break
        case $line in
        'suite '*) ;;
        'begin '*)
            name=${line#begin * } begin_us=${EPOCHREALTIME/./} overdue=''
            may_take_s=${own_s["$name"]:-$file_s} wait_s=$may_take_s
            ;;
        'ok '* | 'not ok '*)
            awk -v us="$((${EPOCHREALTIME/./} - begin_us))" -v name="$name" 'BEGIN { printf "%.2f\t%s\n", us / 1e6, name }' >>"$1"
            echo "$line${overdue:+ # ended: it was not through after $may_take_s s}"
            overdue='' wait_s=$file_s
            ;;
        *) echo "$line" ;;
        esac
    done
}

main() {
    local file=${1:?which file?} times=/dev/null tags=()
    shift
    while (($# > 0)); do
        case $1 in
        --tags) tags=(--filter-tags "${2:?}") ;;
        --times) times=${2:?} ;;
        *) echo "bats.sh: unknown option $1" >&2; exit 2 ;;
        esac
        shift 2
    done
    read_deadlines "$file"
    bats --formatter cat --print-output-on-failure "${tags[@]}" "$file" | watch "$times"
}

main "$@"
