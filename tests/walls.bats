#!/usr/bin/env bats
# bats file_tags=part:harness,long:15
# walls.bats -- guards against a wall that is not found, laid at the wrong door, or found where none is.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load serving.bash
    prepare_measuring
    raw=$BATS_TEST_TMPDIR/walls.csv
}

# Ramps up to the wall: [rate_per_s=R] [window_s=S] walls LIMITS MODEL OPTION...
walls() {
    tiny 'kind = walls' 'connections = 20 120' "limits = $1" "rate_per_s = ${rate_per_s:-1000}"
    sed -i "s/^window_s = .*/window_s = ${window_s:-0.3}/" "$conf"
    run -0 "$measure" "$conf" --model "$2" --out "$raw" "${@:3}"
}

# How many row N held, and why no more.
wall() { echo "$(column connections_established "$1") $(column wall "$1") $(column wall_limit "$1")"; }

@test "a limit of its own binds the server and not the client, and is named with what would move it" {
    walls 'files=64 machine' poll
    [[ $(rows) == 2 && $(wall 1) =~ ^(5[0-9]|60)' EMFILE RLIMIT_NOFILE 64'$ && $(wall 2) == '120 none ' ]]
    [[ $(column variant 1) == files=64 && $(column wall_advice 1) == 'ulimit -n 65536 (in a root shell)' ]]
    [[ $(column wall_evidence 1) == 'server-poll: accept: Too many open files'* && $(column status 1) == ok ]]
    mkdir "$BATS_TEST_TMPDIR/bin" # Other tests may have a server-fork of the build.
    cp build/release/{server-fork,load} "$BATS_TEST_TMPDIR/bin"
    walls files=64 fork --bin-dir "$BATS_TEST_TMPDIR/bin"
    [[ $(wall 3) == '120 none ' ]] # A process each; and the client holds more than 64.
    nothing_left "^$BATS_TEST_TMPDIR/bin/"
}

@test "a limit of processes binds the server alone" {
    ((EUID == 0)) || skip 'RLIMIT_NPROC counts all processes of a user: needs root'
    walls processes=40 thread
    [[ $(wall 1) == '39 EAGAIN RLIMIT_NPROC 40' && $(column wall_advice 1) == 'ulimit -u '* ]]
    walls processes=40 fork --command 'exec build/release/server-fork {port}'
    [[ $(wall 2) == '39 EAGAIN RLIMIT_NPROC 40' && $(column wall_evidence 2) == *'fork: Resource temp'* ]]
}

# The kernel counts overflows of accept queues for all programs together: those of others would be taken for the reason.
own_limits_are_told() {
    rm -f "$raw"
    walls machine liar --command 'exec build/release/liar-refuse {port} --most 37'
    [[ $(wall 1) == "37 refused none: the server's own" && $(column wall_advice 1) == none:* ]]
    walls machine sequential
    [[ $(wall 2) == "1 unanswered none: the server's own" && $(column status 2) =~ ^(ok|noisy)$ ]]
}

# It ends once it has more than the first step's connections, and before the second step's window is over.
its_end_is_told() {
    rm -f "$raw"
    window_s=0.6 walls machine dies --command 'bash -c "build/release/server-poll {port} &
        until files=(/proc/\$!/fd/*); ((\${#files[@]} > 40)); do sleep 0.02; done; echo no more >&2; kill \$!; exit 3"'
    [[ $(column wall 1) == ended && $(column wall_evidence 1) == 'exit 3: no more' ]]
}

# bats test_tags=quiet
@test "a server that closes on newcomers, serves one only, or ends, met no limit of the kernel's" {
    in_one_of 5 own_limits_are_told
    in_one_of 5 its_end_is_told
}

@test "a p99 over a second is a wall, and so is the time that an experiment may take" {
    # A p99 needs 1,000 samples.
    rate_per_s=4000 walls machine late --command 'exec build/release/liar-delay {port} --delay-us 100 --late-every 40 --late-us 1200000'
    [[ $(column wall 1) == latency && $(column wall_evidence 1) == 'p99 1.'* ]]
    tiny 'kind = walls' 'connections = 10 20 30 40 50 60 70 80' 'time_cap_s = 1'
    run -0 "$measure" "$conf" --model poll --out "$raw"
    [[ $(column wall 2) == time && $(column wall_evidence 2) == 'time_cap_s = 1' ]]
    true_that "$(column connections_established 2) < 80"
}

@test "a server under limits is started with the options of one without: workers and costs" {
    tiny 'kind = walls' 'connections = 5 20' 'rate_per_s = 100' 'limits = files=100' 'cost = sleep' \
        'server_options = --workers {workers}'
    run -0 "$measure" "$conf" --model epoll_workers --out "$raw" 3>&-
    [[ $(column status 1) == ok && $(column connections_established 1) == 20 ]]
    cat >"$BATS_TEST_TMPDIR/server" <<END
#!/bin/sh
echo "\$*" >>"$BATS_TEST_TMPDIR/options"
exec $PWD/build/release/server-poll 0
END
    chmod +x "$BATS_TEST_TMPDIR/server"
    install -m 666 /dev/null "$BATS_TEST_TMPDIR/options" # The server has another user than a test by root.
    echo 'connections_limited = 12' >>"$conf" # Where a ramp under a limit of its own ends.
    run -0 "$measure" "$conf" --model mine --command "$BATS_TEST_TMPDIR/server" --out "$raw" 3>&-
    [[ $(column connections_established 2) == 12 && $(column wall 2) == none ]]
    [[ $(<"$BATS_TEST_TMPDIR/options") == "--workers "[0-9]*" --costs" ]]
}
