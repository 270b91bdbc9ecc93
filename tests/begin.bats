#!/usr/bin/env bats
# bats file_tags=part:suite,long:30
# begin.bats -- guards against a run that begins where it must not: in the folder of another run or of another user, without
# room, or without what it needs.

bats_require_minimum_version 1.5.0

setup() {
    load refusing.bash
    load running.bash
    load serving.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR
    made=()
}

teardown() { ((${#made[@]} == 0)) || rm -rf "${made[@]}"; }

# A build in which a run is over at once: poll has passed the gate, and nothing is measured.
nothing_to_measure() {
    build_of gate load server-poll
    known_costs
    measures "case \" \$* \" in *' --print '* | *' --check '*) exec '$PWD/tests/measure' \"\$@\" ;; esac"
    printf 'half-close\tpass\t-\n' >"$bin/gate-poll.tsv"
}

poll_runs() { C10K_ENTERED=$$ C10K_BIN=$bin ./run_all.sh quick capacity --models poll --no-install "$@"; } # poll_runs OPTION...

# ---- two at once ----

@test "two runs that begin in the same second have a folder each, with the record of their own" {
    nothing_to_measure
    mkdir "$tmp/clock"
    # shellcheck disable=SC2016  # for the other shell
    printf '#!/bin/sh\ncase $* in *%%H%%M%%S*) echo 2001-02-03_040506 ;; *) exec %s "$@" ;; esac\n' "$(command -v date)" >"$tmp/clock/date"
    chmod +x "$tmp/clock/date"
    made=("results/2001-02-03_040506_$(uname -n)" "results/2001-02-03_040506_$(uname -n)_2")
    rm -rf "${made[@]}"
    PATH=$tmp/clock:$PATH poll_runs --seed 111 >"$tmp/a" 2>&1 3>&- &
    PATH=$tmp/clock:$PATH poll_runs --seed 222 >"$tmp/b" 2>&1 3>&- || true
    wait $! || true
    seeds=$(head -qn 1 "${made[0]}/command.txt" "${made[1]}/command.txt" | sed 's/.*--seed //' | sort | tr '\n' ' ')
    [[ $seeds == '111 222 ' ]] || { cat "$tmp/a" "$tmp/b"; return 1; }
}

@test "of two runs with one --out, one has the folder, and the other says so in one line" {
    nothing_to_measure
    mkdir "$tmp/run" # Empty, so that both find it fit.
    poll_runs --out "$tmp/run" --seed 111 >"$tmp/a" 2>&1 3>&- &
    poll_runs --out "$tmp/run" --seed 222 >"$tmp/b" 2>&1 3>&- || true
    wait $! || true
    cat "$tmp/a" "$tmp/b"
    [[ $(grep -hc 'choose another --out' "$tmp/a" "$tmp/b" | sort | tr '\n' ' ') == '0 1 ' ]]
    [[ -s $tmp/run/command.txt ]]
}

@test "two checks at once leave a whole report" {
    build_of load server-poll
    program gate "while [ \"\$1\" != --tsv ]; do shift; done; for i in 1 2 3 4 5 6 7 8; do printf 'trap%s\tpass\t-\n' \$i; sleep 0.02; done >\"\$2\""
    C10K_ENTERED=$$ C10K_BIN=$bin ./run_all.sh check poll --no-install >"$tmp/a" 2>&1 3>&- &
    C10K_ENTERED=$$ C10K_BIN=$bin run -0 ./run_all.sh check poll --no-install
    wait $!
    [[ $(grep -c pass "$bin/gate-poll.tsv") == 8 && $(echo "$bin"/gate-poll.tsv*) == "$bin/gate-poll.tsv" ]]
}

@test "a build waits for one that is under way, and says so" {
    nothing_to_measure
    exec 8>>build/lock
    flock 8
    poll_runs --plan >"$tmp/said" 2>&1 3>&- 8>&- &
    patience_s=60 eventually grep -q 'another build is under way: waiting for it' "$tmp/said"
    patience_s=60 eventually runs '^flock 8$' # For as long as the lock is held.
    exec 8>&-
    wait $!
    grep '1 steps: ' "$tmp/said"
}

# ---- what cannot be written ----

@test "a user with read-only access to the checkout can measure: the pass of the gate counts" {
    ((EUID == 0)) || skip 'only root can become another user'
    made=("$(mktemp -d)") # The folder of the tests is closed to others.
    chmod 755 "${made[0]}"
    setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$PWD/run_all.sh" || skip 'other users cannot reach this checkout'
    bin=${made[0]}/bin
    build_of load measure server-poll
    quick_gate
    known_costs
    small_experiments
    mkdir "${made[0]}/mine"
    chown 65534 "${made[0]}/mine"
    cp -r "$BATS_TEST_TMPDIR/experiments" "${made[0]}"
    sed -i "s|$BATS_TEST_TMPDIR|${made[0]}|" "$bin"/measure-* "$bin/check_conf"
    C10K_ENTERED=$$ C10K_BIN=$bin run -0 setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent \
        ./run_all.sh quick capacity --models poll --no-install --out "${made[0]}/mine/run"
    [[ -s ${made[0]}/mine/run/gate/poll.tsv && ! -e $bin/gate-poll.tsv ]]
}

@test "output that cannot be written ends a run before it began, and says why" {
    nothing_to_measure
    status=0
    poll_runs --out "$tmp/run" >/dev/full 2>"$tmp/said" || status=$?
    ((status == 1))
    [[ $(<"$tmp/said") == *'the output cannot be written to /dev/full'* && ! -e $tmp/run ]]
    exec {gone}> >(true) # Its reader has gone: an interruption.
    wait $!
    status=0
    poll_runs --out "$tmp/run" >&"$gone" 2>"$tmp/said" || status=$?
    ((status == 143)) || { echo "status $status"; cat "$tmp/said"; return 1; }
}

# ---- what is not there is said before the first second of work ----

@test "with one CPU an experiment of latencies is refused, or left out if it was not named" {
    one=$(taskset --cpu-list --pid $$ | sed 's/.*: //; s/[,-].*//')
    refuses 'latencies cannot be measured with one CPU' taskset --cpu-list "$one" ./run_all.sh quick ramp --no-install --out "$tmp/run"
    [[ ! -e $tmp/run ]]
    run -0 taskset --cpu-list "$one" ./run_all.sh quick --models poll --no-install --plan
    [[ $output == *'left out, because latencies cannot be measured with one CPU: '*ramp* && $output != *'ramp: 1 x'* ]]
}

@test "a user that does not exist is refused before the gate, and the card says what servers run as" {
    ((EUID == 0)) || skip 'only root has servers of another user'
    nothing_to_measure
    run -2 --separate-stderr poll_runs --user nosuch --out "$tmp/run"
    [[ $stderr == *'--user'*nosuch* && ! -e $tmp/run ]]
    poll_runs --user nobody --out "$tmp/run" || true
    grep -q "^servers_run_as: user $(id --user nobody)" "$tmp/run/machine.txt"
}

@test "a build that fails is reported with its first error, whatever make says behind it" {
    mkdir "$tmp/bin"
    printf '%s\n' '#!/bin/sh' 'echo "  CC  common/x.c"' 'echo "common/x.c:7:1: error: no such type" >&2' 'echo "make: *** [x.o] Error 1" >&2' 'exit 2' >"$tmp/bin/make"
    chmod +x "$tmp/bin/make"
    PATH=$tmp/bin:$PATH run -1 --separate-stderr bash -c 'source harness/run/lib.sh; build_programs "$1"' bash "$tmp/log"
    [[ ${stderr_lines[-1]} == *': the build failed: common/x.c:7:1: error: no such type' ]]
    printf '#!/bin/sh\nexit 2\n' >"$tmp/bin/make"
    PATH=$tmp/bin:$PATH run -1 --separate-stderr bash -c 'source harness/run/lib.sh; build_programs "$1"' bash "$tmp/log"
    [[ ${stderr_lines[-1]} == *': the build failed: make said nothing' ]]
}

@test "a temporary folder that cannot be used, or is full, is reported before the build" {
    for folder in "$tmp/none" /proc; do
        TMPDIR=$folder run -1 --separate-stderr ./run_all.sh quick capacity --no-install --out "$tmp/run"
        one_line_on_stderr 'no temporary folder: '
        [[ ! -e $tmp/run && -z $output ]]
    done
    can_mount
    mkdir "$tmp/small"
    # shellcheck disable=SC2016  # for the other shell
    run -1 unshare --mount sh -c 'mount -t tmpfs -o size=8m none "$1" || exit 77; TMPDIR=$1 exec ./run_all.sh quick capacity --no-install --out "$2"' \
        sh "$tmp/small" "$tmp/run"
    [[ $output == *"has 8 MiB free; a run needs 16 MiB"* && ! -e $tmp/run ]]
}

@test "a folder that the rows of a script cannot go to is refused before a server is started" {
    echo >"$tmp/file"
    for name in handshakes cold_start chat; do
        PATH=$PATH:/usr/sbin run -2 --separate-stderr "harness/kinds/$name/measure.sh" "harness/experiments/$name.conf" --model epoll --out "$tmp/file/run/rows.csv"
        one_line_on_stderr "cannot write to $tmp/file/run" || { echo "$name"; return 1; }
    done
}

@test "a script that finds the disk full names the file and the cause in one line, and leaves no part of a row" {
    can_mount
    mkdir "$tmp/full"
    printf '%s\n' 'kind = cold_start' 'requests = 2' >"$tmp/cold_start.conf"
    cp harness/experiments/handshakes.conf "$tmp"
    while read -r file name words; do
        # shellcheck disable=SC2016,SC2086  # for the other shell; words are meant
        PATH=$PATH:/usr/sbin run -1 --separate-stderr unshare --mount sh -c '
            folder=$1
            mount -t tmpfs -o size=1m none "$folder" && mkdir "$folder/cold_start" || exit 77
            head -c 2M /dev/zero 2>/dev/null >"$folder/filler"
            shift
            "$@" && exit
            [ -z "$(cat "$folder"/*.csv 2>/dev/null)" ] || exit 78
            exit 1' sh "$tmp/full" "harness/kinds/$name/measure.sh" "$tmp/$name.conf" --out "$tmp/full/$name.csv" $words
        one_line_on_stderr ": cannot write $tmp/full/$file: No space left on device"
    done <<'TRIES'
cold_start/poll.json cold_start --repeats 2 --model poll
handshakes.csv handshakes --model epoll --requests 2 --connections 1 direct,none,none,0
TRIES
}

@test "without /proc a script says so" {
    can_mount
    run -1 unshare --mount sh -c 'umount -l /proc 2>/dev/null || mount -t tmpfs none /proc || exit 77; exec ./run_all.sh list'
    [[ $output == *'/proc is not mounted'* ]]
}

@test "a mistake in an experiment is refused before any work, on a fresh clone too" {
    local clone=$tmp/clone bad=harness/experiments/capacity.conf
    mkdir "$clone"
    git ls-files -z --cached --others --exclude-standard -- run_all.sh Makefile harness common clients servers tests/*.c | xargs -0 cp --parents --target-directory="$clone"
    cd "$clone" || return 1
    echo 'windows_s = 2' >>"$bad"
    for request in 'quick capacity' 'quick' 'full memory capacity --plan'; do
        # shellcheck disable=SC2086  # words
        refuses "$bad:$(wc -l <"$bad"): unknown key \"windows_s\"" ./run_all.sh $request --no-install
    done
    [[ ! -e results && ! -e build/release/measure-latency && ! -e build/release/server-poll ]]
    sed -i '$s/.*/deaf = -1/' "$bad"
    refuses "$bad:$(wc -l <"$bad"): deaf " ./run_all.sh quick capacity --no-install
}

# ---- folders of others ----

@test "root does not write into a folder that another user owns or may write to" {
    ((EUID == 0)) || skip 'only root can make folders of another user'
    mkdir "$tmp/open" "$tmp/theirs"
    chmod 777 "$tmp/open"
    chown 65534 "$tmp/theirs"
    refuses 'other users may write to' ./run_all.sh quick capacity --no-install --out "$tmp/open"
    refuses 'belongs to another user' ./run_all.sh quick capacity --no-install --out "$tmp/theirs"
    refuses 'belongs to another user' ./run_all.sh quick capacity --no-install --out "$tmp/theirs/run"
    refuses 'could put links' ./run_all.sh quick capacity --no-install --out "$tmp/open/run"
    ln -s theirs "$tmp/link"
    refuses 'is a link' ./run_all.sh quick capacity --no-install --out "$tmp/link"
    [[ ! -e $tmp/open/run && -z $(ls "$tmp/theirs") ]]
}

@test "the folder of a run is closed to others while it runs, and open afterwards" {
    nothing_to_measure
    program switch_cost "stat --format=%a '$tmp/run' >'$tmp/mode'; cat tests/fixtures/switch_cost.csv"
    poll_runs --out "$tmp/run" || true
    [[ $(<"$tmp/mode") == 700 && $(stat --format=%a "$tmp/run") == 755 ]]
}

@test "a run that ends before it began leaves no folder, also none on the way to its own" {
    nothing_to_measure
    poll_runs --plan --out "$tmp/a/b/run"
    [[ ! -e $tmp/a ]]
    mkdir "$tmp/mine" # It was there before: it stays.
    poll_runs --plan --out "$tmp/mine"
    [[ -d $tmp/mine && -z $(ls -A "$tmp/mine") ]]
}
