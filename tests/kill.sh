#!/usr/bin/env -S bash -p
# kill.sh -- kills a part of a measurement outright, at moments that a seed tells, and holds what is left against what may be.
#
# usage: tests/kill.sh [--moments N] [--seed N] [PART...]        [10 moments, seed 1, all parts]
#   parts: run measure load handshakes chat cold_start
#
# After 5 s no process may be left of those that the part had started; rows that were there are still there, each whole; and a run
# that was killed goes on with --resume and has all its points.  Exit status 1 if anything of that did not hold.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/enter.sh"
export LC_ALL=C
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/kill.sh}"

readonly ALL_PARTS=(run measure load handshakes chat cold_start)
readonly POINTS=6 # Of the run: 3 models, 2 points each.
moments=10 seed=1 parts=() faults=0
BATS_TEST_TMPDIR=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=running.bash
source tests/running.bash
# shellcheck source-path=SCRIPTDIR source=drawing.bash
source tests/drawing.bash
# In the environment of all that is started here, and of nothing else.
readonly mark=KILL_MARK=$BATS_TEST_TMPDIR
export "${mark?}" C10K_ENTERED=$$ C10K_BIN=$bin

# Every process that has the mark, as "PID:START", so that a number which is used again is not taken for it.
marked() {
    local file pid
    grep -lsz "^$mark$" /proc/[0-9]*/environ | while read -r file; do
        pid=${file#/proc/}
        identity "${pid%/environ}"
    done || true
}

# Nothing of one that has ended, or is a zombie.
identity() { # identity PID
    local state fields
    { read -r state <"/proc/$1/stat"; } 2>/dev/null || return 0
    read -r -a fields <<<"${state##*) }"
    [[ ${fields[0]} == [ZX] ]] || echo "$1:${fields[19]}"
}

# A process of that name that has the mark.
find_one() { # find_one NAME
    local file name pid
    for file in /proc/[0-9]*/comm; do
        { read -r name <"$file"; } 2>/dev/null || continue
        [[ $name == "$1" ]] || continue
        pid=${file#/proc/} pid=${pid%/comm}
        if grep -qsz "^$mark$" "/proc/$pid/environ"; then echo "$pid"; return; fi
    done
    return 1
}

wait_for() { # wait_for NAME
    local try
    for ((try = 0; try < 300; try++)); do find_one "$1" && return; sleep 0.05; done
    return 1
}

begin() { # begin PART: in the background, as `started`
    local run=$BATS_TEST_TMPDIR/run
    local command=(./run_all.sh quick ramp --models 'poll fork prefork' --repeats 1 --rate 2000 --seed 3 --no-install --out "$run")
    case $1 in
    handshakes) command=(harness/kinds/handshakes/measure.sh harness/experiments/handshakes.conf --out "$run/rows/handshakes.csv" --requests 3000 --model fork 'proxy,1.3,p256,0' 'proxy,none,none,0') ;;
    chat) command=(harness/kinds/chat/measure.sh harness/experiments/chat.conf --model chat-room --profile quick --out "$run/rows/chat.csv") ;;
    cold_start) command=(harness/kinds/cold_start/measure.sh harness/experiments/cold_start.conf --model fork --out "$run/rows/cold_start.csv" --repeats 20) ;;
    esac
    "${command[@]}" >"$BATS_TEST_TMPDIR/said" 2>&1 </dev/null &
    started=$!
}

fault() {
    faults=$((faults + 1))
    echo "not ok - $*"
    tail -n 3 "$BATS_TEST_TMPDIR/said" | sed 's/^/#   /'
}

# Of these processes, those that still run.
still() { # still IDENTITY...
    local one
    for one in "$@"; do
        [[ $(identity "${one%:*}") != "$one" ]] || echo "$one"
    done
}

# Five seconds for the end of what must end; those are all but what goes on.
look_for_left() { # look_for_left PART IDENTITY...
    local left=() try
    for ((try = 0; try < 50; try++)); do
        mapfile -t left < <(still "${@:2}")
        ((${#left[@]} > 0)) || return 0
        sleep 0.1
    done
    fault "$1: left after 5 s: $(for one in "${left[@]}"; do tr '\0' ' ' <"/proc/${one%:*}/cmdline"; echo -n "(${one%:*}); "; done)"
    for one in "${left[@]}"; do kill -KILL "${one%:*}" || true; done
}

# All rows that were there before are there, and each has as many cells as the header.
look_at_rows() { # look_at_rows PART TABLE
    [[ ! -s $2.before ]] || cmp -s -n "$(stat --format=%s "$2.before")" "$2.before" "$2" || fault "$1: rows have changed"
    [[ ! -s $2 ]] || awk -F, 'NR == 1 { cells = NF } NF != cells { exit 1 }' "$2" || fault "$1: a row is torn"
}

try_moment() { # try_moment PART DELAY_S
    local victim table=$BATS_TEST_TMPDIR/run/rows/latency.csv part=$1 first=load started before=() one
    rm -rf "$BATS_TEST_TMPDIR/run"
    for model in poll fork prefork; do printf 'half-close\tpass\t-\n' >"$bin/gate-$model.tsv"; done
    begin "$part"
    [[ $part != chat ]] || first=chat
    wait_for "$first" >/dev/null || { fault "$part: did not begin"; kill "$started" 2>/dev/null || true; wait "$started" || true; return; }
    sleep "$2"
    victim=$started
    if [[ $part == [ml]* ]]; then victim=$(wait_for "${part/#measure/measure-latency}") || { fault "$part: it has ended before it was killed"; wait "$started" || true; return; }; fi
    [[ $part != load ]] || first=$(identity "$(find_one measure-latency)")
    for one in $(marked); do
        [[ $one == "$(identity "$started")" && $part == [ml]* || $one == "$first" ]] || before+=("$one")
    done
    [[ ! -s $table ]] || cp "$table" "$table.before"
    kill -KILL "$victim" 2>/dev/null || true # It may have ended in this moment.
    look_for_left "$part" "${before[@]}"
    kill -TERM "$started" 2>/dev/null || true # A run goes on without its client; all that we want to know is known.
    wait "$started" 2>/dev/null || true
    look_at_rows "$part" "$table"
    look_at_rows "$part" "$BATS_TEST_TMPDIR/run/rows/$part.csv"
    [[ $part != run || ! -s $BATS_TEST_TMPDIR/run/progress.tsv ]] || resume
    echo "ok - $part killed after $2 s: ${#before[@]} processes have ended"
}

resume() {
    ./run_all.sh --resume "$BATS_TEST_TMPDIR/run" --no-install >"$BATS_TEST_TMPDIR/said" 2>&1 || fault 'run: --resume failed'
    [[ $(wc -l <"$BATS_TEST_TMPDIR/run/rows/latency.csv") == $((POINTS + 1)) ]] || fault 'run: points are missing after --resume'
}

main() {
    local part moment
    while (($# > 0)); do
        case $1 in
        --moments) moments=$2; shift ;;
        --seed) seed=$2; shift ;;
        --help) sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit ;;
        *)
            [[ " ${ALL_PARTS[*]} " == *" $1 "* ]] || { echo "tests/kill.sh: no part \"$1\"; there are: ${ALL_PARTS[*]}" >&2; exit 2; }
            parts+=("$1") ;;
        esac
        shift
    done
    ((${#parts[@]} > 0)) || parts=("${ALL_PARTS[@]}")
    trap 'rm -rf "$BATS_TEST_TMPDIR"' EXIT
    PATH=$PATH:/usr/sbin
    build_of load witness chat chat-room server-{poll,fork,prefork}
    known_costs
    small_experiments
    draw_only none
    sed -i 's/^\(window_s.*=\).*/\1 0.4/' "$BATS_TEST_TMPDIR/experiments/ramp.conf"
    RANDOM=$seed
    for part in "${parts[@]}"; do
        for ((moment = 0; moment < moments; moment++)); do try_moment "$part" "$((RANDOM % 2)).$((RANDOM % 900 + 100))"; done
    done
    echo "$faults faults in $((moments * ${#parts[@]})) moments"
    ((faults == 0))
}

main "$@"
