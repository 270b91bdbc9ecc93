#!/usr/bin/env bats
# bats file_tags=part:gate,long:180
# gate.bats -- guards against a gate that cannot fail: each liar must turn its trap red.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load serving.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    BIN=build/release
    gate=$BIN/gate
}

# caught LIAR TRAP [WORDS]: the trap fails for this liar, and the evidence says WORDS.
caught() {
    run -1 "$gate" --name "$1" --trap "$2" -- "$BIN/liar-$1" 0
    [[ ${lines[0]} == "FAIL  $2 "* && ${lines[0]} == *"${3:-}"* ]] || { echo "$output"; return 1; }
    [[ ${lines[-1]} == "$1: 0 passed, 1 failed, 0 skipped" ]]
}

# caught_as TRAP WORDS LIAR [OPTION...]: the same for a liar with options of its own.
caught_as() {
    run -1 "$gate" --name liar --trap "$1" -- "$BIN/liar-$3" 0 "${@:4}"
    [[ ${lines[0]} == "FAIL  $1 "* && ${lines[0]} == *"$2"* ]] || { echo "$output"; return 1; }
}

@test "corrupt: a flipped bit is found" { caught corrupt large-message "came back wrong"; }
@test "truncate: a short write that is ignored is found" { caught truncate slow-reader; }
@test "drop: a message left out is found" { caught drop byte-by-byte; }
@test "stall: silence is found" { caught stall large-message; }
@test "die_on_reset: a server that ends with one client is found" { caught die_on_reset reset-mid-message "the server ended"; }
@test "die_on_reset: also when it was writing" { caught die_on_reset closed-peer; }
@test "leak_files: files that are not given back are found" { caught leak_files churn "left over"; }
@test "leak_memory: 256 bytes for each client are found" { caught leak_memory churn "memory grew"; }
@test "undetached: threads that are neither joined nor detached are found" { caught undetached churn "memory grew"; }
@test "double_close: a socket closed twice is found" { caught double_close churn; }
@test "zombies: children that are not reaped are found" { caught zombies no-zombies "left over"; }
@test "unbounded_queue: memory without a bound is found" { caught unbounded_queue never-reading "it holds"; }
@test "end_on_eagain: a full socket taken for the end is found" { caught end_on_eagain unread-burst; }
# Where the host takes the CPU away, a server cannot spin.
@test "spin: 100 % CPU without files is found" { in_one_of 3 caught spin few-files "spun"; }
@test "spin: 100 % CPU without processes is found" {
    [[ $EUID == 0 ]] || skip "needs root"
    in_one_of 3 caught spin few-processes "spun"
}
@test "lose_half_close: last bytes that are lost are found" { caught lose_half_close half-close; }
@test "reset_half_close: a reset instead of the end is found" { caught reset_half_close half-close "did not close"; }
@test "swap_buffers: bytes of another client are found" { caught swap_buffers tagged-payloads "came back wrong"; }
@test "block: one client that keeps the others waiting is found" { caught block half-message; }
@test "wait_for_rest: half a message that keeps the others waiting is found" { caught wait_for_rest half-message "another client"; }
@test "stall: the silence of a client in a crowd is found" { caught stall mixed-crowd "silent after"; }
@test "pay_twice: a cost paid twice is found" { caught pay_twice costs-paid; }
@test "pay_all: costs that are paid at once while all others wait are found" { caught pay_all costs-in-turns "costs of 1,000 s"; }
@test "hoard: 700 KiB of a client that never reads are found, by the one trap for that" {
    caught hoard one-non-reader "it holds 7"
    run -0 "$gate" --trap never-reading --trap four-non-readers -- "$BIN/liar-hoard" 0
}
@test "pay_always: a cost paid unasked is found" { caught pay_always costs-off; }
@test "line_buffer: bytes that wait for the end of their line are found" { caught line_buffer byte-by-byte; }
@test "burst: a server that ends when thousands come at once is found" { caught burst connect-burst "were too many"; }
@test "empty_pool: buffers that those who never read keep from others are found" { caught empty_pool four-non-readers; }
@test "stubborn: a server that ignores SIGTERM is found" { caught stubborn clean-end; }
@test "orphans: children left behind are found" { caught orphans clean-end "left behind"; }
@test "chatter: words on stderr are found" { caught chatter half-message "unexpected words"; }

# Whether a newcomer gets the very socket of one that was reset is chance.
@test "outlive: bytes kept for a client that is gone are found" { in_one_of 5 caught outlive reset-mid-message "came back wrong"; }

@test "a crowd of all kinds finds what goes wrong in company, and the seed tells which crowd" {
    caught swap_buffers mixed-crowd "seed "
    # What it was doing for the one that was reset, reading or writing, is chance.
    caught die_on_reset mixed-crowd ": Connection reset by peer"
    caught lose_half_close mixed-crowd "a half-closing one"
    run -0 "$gate" --trap mixed-crowd --seed 7 -- "$BIN/server-poll" 0
    [[ ${lines[0]} == *'; seed 7' ]]
}

@test "a server that does not start, or does not get ready, fails every trap with the reason" {
    run -1 "$gate" --trap half-close -- /bin/false
    [[ ${lines[0]} == FAIL*"ended before it was ready"* ]]
    run -1 "$gate" --trap half-close -- ./no-such-server
    [[ ${lines[0]} == FAIL* ]]
}

@test "a server that does not start is told once, and not tried on" {
    run -1 "$gate" --name dead -- /bin/false
    [[ ${lines[0]} == 'FAIL  start '*'ended before it was ready: exit 1' ]]
    [[ ${lines[1]} == 'dead: 0 passed, 1 failed, 0 skipped' && ${#lines[@]} == 2 ]]
}

@test "a guest that takes a port is found ready by connecting" {
    run -0 "$gate" --name guest --trap half-close -- "$BIN/server-poll" '{port}'
    [[ ${lines[-1]} == "guest: 1 passed, 0 failed, 0 skipped" ]]
}

@test "words of a runtime before the server is ready are no fault, nor is a guest's log; the fault's words are shown" {
    run -0 "$gate" --trap half-close -- sh -c "'echo a warning of the runtime >&2; exec $BIN/server-poll 0'"
    run -0 "$gate" --trap half-close -- "$BIN/liar-chatter" '{port}'
    run -1 "$gate" --trap half-close -- "$BIN/liar-chatter" 0
    [[ ${lines[0]} == *'unexpected words on stderr; the server said: a client came' ]]
}

@test "a guest may leave its end on SIGTERM to the signal, one of the suite's servers may not" {
    cat >"$BATS_TEST_TMPDIR/guest.pl" <<'END'
use Socket;
socket(my $listener, PF_INET, SOCK_STREAM, 0) or die $!;
setsockopt($listener, SOL_SOCKET, SO_REUSEADDR, 1) or die $!;
bind($listener, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) && listen($listener, 9) or die $!;
$| = 1;
print "ready port=", (sockaddr_in(getsockname $listener))[0], "\n";
while (accept(my $client, $listener)) {
    while (sysread($client, my $bytes, 9000)) { syswrite($client, $bytes) }
}
END
    run -0 "$gate" --trap byte-by-byte -- perl "$BATS_TEST_TMPDIR/guest.pl" '{port}'
    run -1 "$gate" --trap byte-by-byte -- perl "$BATS_TEST_TMPDIR/guest.pl" 0
    [[ ${lines[0]} == *"ended with signal 15"* ]]
}

@test "deaf: clients that are taken in and neither served nor refused are found" {
    caught deaf past-1024 "client 1001 was neither served nor refused"
}

@test "a server that says how many it serves is tried with so many, and not on what needs more" {
    run -0 "$gate" --name sequential --trap clean-end --trap half-message -- "$BIN/server-sequential" 0
    [[ ${lines[0]} == "pass  clean-end "*"SIGTERM with 1 "* ]]
    [[ ${lines[1]} == "skip  half-message "*"declared exception: serves 1 at once by design, this takes 6" ]]
    run -1 "$gate" --name block --trap half-message -- "$BIN/liar-block" 0 # The same server, but it says nothing.
}

@test "a declared exception is a skip with its reason" {
    run -0 "$gate" --name block --trap half-message --except "half-message=one at a time" -- "$BIN/liar-block" 0
    [[ ${lines[0]} == "skip  half-message "*"one at a time"* ]]
}

@test "a server that takes any option is not held to what an option promises" {
    cat >"$BATS_TEST_TMPDIR/lenient" <<END
#!/bin/sh
exec $PWD/$BIN/server-poll 0
END
    chmod +x "$BATS_TEST_TMPDIR/lenient"
    run -0 "$gate" --trap costs-paid --trap ipv6 -- "$BATS_TEST_TMPDIR/lenient"
    [[ ${lines[0]} == "skip  costs-paid "* && ${lines[1]} == "skip  ipv6 "* ]]
}

@test "a tab in the evidence does not split its row" {
    run -0 "$gate" --trap byte-by-byte --except $'byte-by-byte=a\ttab' --tsv "$BATS_TEST_TMPDIR/rows" -- "$BIN/server-poll" 0
    [[ $(<"$BATS_TEST_TMPDIR/rows") == $'byte-by-byte\tskip\tdeclared exception: a tab' ]]
}

@test "--tsv holds the same rows" {
    run -0 "$gate" --trap byte-by-byte --trap costs-off --tsv "$BATS_TEST_TMPDIR/rows" -- "$BIN/server-poll" 0
    [[ $(cut -f 1,2 "$BATS_TEST_TMPDIR/rows") == $'byte-by-byte\tpass\ncosts-off\tpass' ]]
}

@test "every trap is in the docs and is a test of conformance.sh, and no other" {
    traps=$("$gate" --list | cut -d ' ' -f 1 | sort)
    documented=$(grep -oE '^\| `[a-z0-9-]+`' docs/conformance.md | tr -d '|` ' | sort)
    run -1 tests/conformance.sh dead release /bin/false
    [[ ${lines[0]} == "1..$(wc -l <<<"$traps")" && ${lines[1]} == 'not ok 1 start' && ${lines[2]} == *'ended before it was ready'* ]]
    tested=$(sed -n 's/^not ok [0-9]* //p' <<<"$output" | sort)
    [[ $traps == "$documented" && $traps == "$tested" ]]
}

@test "wrong options end with one line and exit 2" {
    for wrong in "" "--bogus -- x" "--trap nothing -- x" "--except half-close -- x" "--jobs 0 -- x" "--seed x -- x" \
        "--tsv /nonexistent/file -- x" "--name"; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr "$gate" $wrong
        [[ -z $output && ${#stderr_lines[@]} == 1 ]] || { echo "for: $wrong"; return 1; }
    done
}

@test "Ctrl-C and SIGTERM leave no process behind" {
    ours="server-fork 0 --backlog $((100000 + BASHPID))" # Told apart from servers of other tests.
    server_and_child_run() { (($(pgrep --full --count -- "^$BIN/$ours") >= 2)); }
    for signal in INT TERM; do
        # A job of a script ignores Ctrl-C, unless it is told not to.
        # shellcheck disable=SC2086
        env --default-signal=INT "$gate" --trap stalled-reader -- $BIN/$ours >/dev/null 2>&1 3>&- &
        pid=$!
        patience_s=20 eventually server_and_child_run
        ends_by "$signal" "$pid"
        eventually gone "$ours"
    done
}

@test "forget: a single client of a burst that is left hanging is found" { caught forget connect-burst "of the burst hangs"; }

@test "a wrong value of a model's own option is told with the option's name, however it is written" {
    for value in "--workers x" --workers=x; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr "$BIN/server-epoll_workers" 0 $value
        [[ $stderr == *': --workers takes '* ]] || { echo "$stderr"; return 1; }
    done
}

@test "for a run a pass is kept until something is built anew; a model that failed is asked again" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    ln -s "$PWD/$BIN/server-poll" "$BATS_TEST_TMPDIR/bin"
    # shellcheck disable=SC2016  # for the script
    printf '#!/bin/sh\nuntil [ "$1" = --tsv ]; do shift; done\necho asked >>"%s"\ncp "%s" "$2"\n' \
        "$BATS_TEST_TMPDIR/asked" "$BATS_TEST_TMPDIR/answer" >"$BATS_TEST_TMPDIR/bin/gate"
    chmod +x "$BATS_TEST_TMPDIR/bin/gate"
    local found=''
    for result in FAIL pass FAIL; do
        printf 'half-close\t%s\tevidence\n' "$result" >"$BATS_TEST_TMPDIR/answer"
        C10K_ENTERED=$$ C10K_BIN=$BATS_TEST_TMPDIR/bin harness/check.sh --cached "$BATS_TEST_TMPDIR" poll
        found+=$(cut -f 2 "$BATS_TEST_TMPDIR/poll.tsv")
    done
    [[ $found == FAILpasspass && $(wc -l <"$BATS_TEST_TMPDIR/asked") == 2 ]]
}

# ---- one for each thing that a trap looks at ----

@test "forget: a server that is ready and does not serve its first client is found" { caught_as start "a first client" forget --forgotten 1; }
@test "impatient: a client that stops reading for a second and loses its bytes is found, by the one trap for that" {
    in_one_of 3 caught impatient stalled-reader "bytes" # On a busy machine the stall can be shorter than its second.
    run -0 "$gate" --trap slow-reader --trap unread-burst -- "$BIN/liar-impatient" 0
}
@test "double_first: more bytes than were sent are found" { caught double_first half-close "more came back than"; }
@test "over IPv6 a flipped bit, a reset and a server that does not listen there are found" {
    caught_as ipv6 "came back wrong" corrupt --victim 5000
    caught_as ipv6 "did not close" reset_half_close
    # shellcheck disable=SC2016  # for the script
    printf '#!/bin/sh\ncase $* in *no-such-option*) exit 2 ;; esac\nexec %s 0\n' "$PWD/$BIN/server-poll" >"$BATS_TEST_TMPDIR/deaf_to_v6"
    chmod +x "$BATS_TEST_TMPDIR/deaf_to_v6"
    run -1 "$gate" --trap ipv6 -- "$BATS_TEST_TMPDIR/deaf_to_v6"
    [[ ${lines[0]} == *"started with --host ::1, but nobody listens there"* ]] || { echo "$output"; return 1; }
}
@test "pay_wrong: costs that are not paid, slept instead of burnt, lost when split, or paid in mid-line are found" {
    in_one_of 3 caught_as costs-paid "sleep not paid" pay_wrong --how 1 # A busy machine can be late by as much as a cost.
    caught_as costs-paid "!spin 150000 burnt" pay_wrong --how 2
    in_one_of 3 caught_as costs-paid "split not paid" pay_wrong --how 3
    caught_as costs-paid "for a line that is no cost" pay_wrong --how 4
}
@test "full: a server that out of files ends, never accepts again, or lets a client go is found" {
    caught_as few-files "liar-full: accept: Too many open files" full --how 1
    caught_as few-files "half of those served left" full --how 2
    caught_as few-files "one that had been served" full --how 3
}
@test "chatter: more than the one line that something ran out is found" { caught chatter few-files "unexpected words"; }
@test "chatter: a single line is found, too" { caught chatter byte-by-byte "unexpected words"; }
@test "peername: a server that ends with a client that reset before it was accepted is found" { caught peername reset-at-once "the server ended"; }
@test "hog: memory of each client is found where it holds none of its bytes" {
    caught hog never-reading "each client that never reads costs"
    caught hog one-non-reader "one client that never reads costs"
}
@test "empty_pool: others that are not served beside clients that never read are found" { caught empty_pool never-reading "a newcomer beside clients that never read"; }
@test "die_on_reset: a server that ends only where a write fails is found by clients that leave bytes unread" {
    # On a busy machine the server may be reading when each of its clients goes.
    in_one_of 5 caught_as closed-peer "die_on_reset: write:" die_on_reset --only-writes 1
}
@test "displace: a client that loses its connection to a later one is found" { caught displace past-1024 "one that was inside"; }
@test "displace: also if it was there before a burst" { caught displace connect-burst "a client from before the burst"; }
@test "forget: a client that is not served among the first 900 is found" { caught_as past-1024 "client 20 was not served" forget --forgotten 20; }
@test "linger: threads of clients that are gone are found" { caught linger no-zombies "left over: files"; }
@test "bad_end: another exit status than 0 is found" { caught bad_end clean-end "ended with exit 3"; }
