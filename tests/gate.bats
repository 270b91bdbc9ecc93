#!/usr/bin/env bats
# bats file_tags=part:gate
# gate.bats -- guards against a gate whose rows, exceptions and exit status say what is not so, and against one that leaves
# processes behind.  That each trap can fail: gate_*.bats.

bats_require_minimum_version 1.5.0

setup() {
    load catching.bash
    load serving.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
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
    traps=() # One lasts two seconds, which may be over before a busy machine shows its server.
    for _ in {1..9}; do traps+=(--trap stalled-reader); done
    for signal in INT TERM; do
        # A job of a script ignores Ctrl-C, unless it is told not to.
        # shellcheck disable=SC2086
        env --default-signal=INT "$gate" --jobs 1 "${traps[@]}" -- $BIN/$ours >/dev/null 2>&1 3>&- &
        pid=$!
        patience_s=20 eventually server_and_child_run
        ends_by "$signal" "$pid"
        eventually gone "$ours"
    done
}

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
        C10K_ENTERED=$$ C10K_BIN=$BATS_TEST_TMPDIR/bin harness/gate/check.sh --cached "$BATS_TEST_TMPDIR" poll
        found+=$(cut -f 2 "$BATS_TEST_TMPDIR/poll.tsv")
    done
    [[ $found == FAILpasspass && $(wc -l <"$BATS_TEST_TMPDIR/asked") == 2 ]]
}
