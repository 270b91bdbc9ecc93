#!/usr/bin/env bats
# bats file_tags=part:suite
# start.bats -- guards against servers that outlive the script that started them, that inherit our
# state or our rights, that say a port which is not theirs, or whose words have no bound.

bats_require_minimum_version 1.5.0

setup() {
    load refusing.bash
    load serving.bash
    load processes.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    bin=$PWD/build/release
    mark=$BATS_TEST_TMPDIR/mark
    install -m 666 /dev/null "$mark" # Servers have another user where a test is run by root.
}

teardown() { end_servers; }

# Starts a server by `start`; sets server, port, and pid of the server itself.
begin() { # begin ARGUMENT...
    : >"$ready"
    "$bin/start" "$@" >"$ready" 2>"$said" 3>&- &
    server=$!
    servers+=("$server")
    eventually said_ready_or_ended
    port=$(sed -n 's/^ready port=\([0-9]*\) pid=.*/\1/p' "$ready")
    pid=$(sed -n 's/.* pid=//p' "$ready")
    [[ -n $port ]] || { cat "$said"; return 1; }
}

# A server in Python, as a command: what it does before it serves, then serves.
python_that() { # python_that LINES
    printf '%s\n' 'import os, signal, socket, sys, time' 's = socket.create_server(("127.0.0.1", int(sys.argv[1])))' "$1" \
        'time.sleep(100)' >"$BATS_TEST_TMPDIR/server.py"
    echo "exec python3 $BATS_TEST_TMPDIR/server.py {port}"
}

ended() { [[ ! -e /proc/$1 ]] || grep -q '^State:[[:space:]]*[ZX]' "/proc/$1/status" 2>/dev/null; }

marks_are() { (($(wc -l <"$mark") == $1)); } # marks_are COUNT

all_ended() { local one; while read -r one; do ended "$one" || return 1; done <"$mark"; }

@test "ready comes with port and pid; SIGTERM ends the server in order, with its own exit status" {
    begin "exec $bin/server-fork 0"
    [[ $(</proc/"$pid"/comm) == server-fork ]]
    "$bin/load" --port "$port" --connections 3 --rate 300 --duration 0.1 --warm 0 --output csv >/dev/null
    stop
    ended "$pid"
    [[ ! -s $said ]]
    local status=0
    "$bin/start" "exec $bin/server-poll 0 --nonsense" 3>&- 2>"$said" || status=$?
    [[ $status == 1 && $(<"$said") == *'ended before it was ready: exit 2'* ]]
}

@test "the CPU time of a process holds its threads and children, also those that have ended" {
    command -v python3 >/dev/null || skip 'needs python3'
    local said_ns found_ns
    # What Python itself is told of it, by clock_gettime and getrusage: an independent count.
    cat >"$BATS_TEST_TMPDIR/burn.py" <<'END'
import os, resource, threading, time
def burn(clock):
    until = clock() + 0.2
    while clock() < until:
        pass
thread = threading.Thread(target=burn, args=(time.thread_time,))
thread.start()
thread.join()
if os.fork() == 0:
    burn(time.process_time)
    os._exit(0)
os.wait()
children = resource.getrusage(resource.RUSAGE_CHILDREN)
print(time.process_time_ns() + int((children.ru_utime + children.ru_stime) * 1e9), flush=True)
time.sleep(100)
END
    python3 "$BATS_TEST_TMPDIR/burn.py" >"$ready" 3>&- &
    server=$!
    servers+=("$server")
    said_all() { [[ -s $ready ]]; }
    eventually said_all
    said_ns=$(<"$ready")
    found_ns=$("$bin/start" --cpu-ns "$server")
    echo "$found_ns ns; the process itself counts $said_ns ns"
    # Of the child, user and system time are cut off to whole ticks of 10 ms each.
    ((said_ns > 400000000 && found_ns > said_ns - 25000000 && found_ns < said_ns + 5000000))
    kill -KILL "$server"
    wait "$server" || true
    servers=()
    [[ $("$bin/start" --cpu-ns "$server") == 0 ]]
    run -2 --separate-stderr "$bin/start" --cpu-ns none
    [[ $stderr == *'--cpu-ns takes '* ]]
}

@test "a process that a server split off does not outlive it, whatever ends it" {
    command -v python3 >/dev/null || skip 'needs python3'
    local command how
    command=$(python_that "
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open('$mark', 'a').write('%d\\n' % os.getpid())
    time.sleep(100)
open('$mark', 'a').write('%d\\n' % os.getpid())")
    for how in TERM KILL server; do
        : >"$mark"
        begin "$command"
        eventually marks_are 2 # Its port is open before both have written their pids.
        if [[ $how == server ]]; then kill -KILL "$pid"; else kill "-$how" "$server"; fi
        patience_s=5 eventually all_ended
        wait "$server" || true
        server=''
    done
}

@test "a script that is killed takes its server along" {
    bash -c '"$1" "exec $2 0" >"$3" & echo $! >"$4"; wait' - "$bin/start" "$bin/server-epoll_workers" "$ready" "$mark" 3>&- &
    local script=$!
    eventually [ -s "$ready" ]
    pid=$(sed -n 's/.* pid=//p' "$ready")
    kill -KILL "$script"
    patience_s=5 eventually ended "$pid"
    patience_s=5 eventually all_ended
}

@test "a port of another program is refused, and so is one where no process listens" {
    start server-epoll
    run -1 timeout 20 "$bin/start" "echo ready port=$port; exec sleep 100"
    [[ $output == "start: does not listen on port $port: another program does" ]]
    run -1 timeout 20 "$bin/start" 'echo ready port=1; exec sleep 100'
    [[ $output == 'start: says port 1, but does not listen there' ]]
    run -1 timeout 20 "$bin/start" --port "$port" 'exec sleep 100'
    [[ $output == *"another program does" ]]
    # One that listens, too, but elsewhere.
    run -1 timeout 20 "$bin/start" "$bin/server-poll 0 >/dev/null & sleep 0.3; echo ready port=$port; wait"
    [[ $output == *'another program does' ]]
    stop
}

@test "a server finds no state of ours: signals, limits, files, umask and terminal are as at a first start" {
    command -v python3 >/dev/null || skip 'needs python3'
    local command
    command=$(python_that "
import resource
f = open('$mark', 'w')
for line in open('/proc/self/status'):
    if line.startswith(('SigBlk', 'SigIgn', 'Cpus_allowed_list', 'NoNewPrivs')): f.write(line)
f.write('files %s\\n' % sorted(int(x) for x in os.listdir('/proc/self/fd'))[:4])
f.write('core %d stack %d\\n' % (resource.getrlimit(resource.RLIMIT_CORE)[0], resource.getrlimit(resource.RLIMIT_STACK)[0]))
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
f.write('all %s umask %o ' % (soft == hard, os.umask(0)))
f.write('own session %s\\n' % (os.getsid(0) != $$))
f.close()")
    ( trap '' HUP USR1 CHLD
      ulimit -S -s 256; ulimit -S -n 100; ulimit -S -c 1000 2>/dev/null || true; umask 077
      exec 7</dev/null 8>"$BATS_TEST_TMPDIR/held"
      exec "$bin/start" --cpus 0 "$command" >"$ready" 2>"$said" 3>&- ) &
    server=$!
    servers+=("$server")
    eventually grep -q session "$mark"
    cat "$mark"
    # Python itself ignores SIGPIPE (13) and SIGXFSZ (25), and holds its socket and the folder.
    grep -q '^SigBlk:.0000000000000000$' "$mark"
    grep -q '^SigIgn:.0000000001001000$' "$mark"
    grep -q '^Cpus_allowed_list:.0$' "$mark"
    grep -q '^files \[0, 1, 2, 3\]$' "$mark"
    grep -q '^core 0 stack 8388608$' "$mark"
    grep -q '^all True umask 22 own session True$' "$mark"
}

@test "root's servers have a user of their own and no capability, others that of the caller; --user chooses" {
    begin "exec $bin/server-poll 0"
    if ((EUID != 0)); then
        [[ $(awk '/^Uid:/ { print $2 }' "/proc/$pid/status") == "$EUID" ]]
        refuses 'only root can start servers as nobody' "$bin/start" --user nobody true
        skip 'another user needs root'
    fi
    awk '/^Uid:/ { exit !($2 >= 61184 && $2 <= 65183 && $2 == $3 && $3 == $4) }' "/proc/$pid/status"
    grep -q '^CapEff:.0*$' "/proc/$pid/status"
    grep -q '^Groups:[[:space:]]*$' "/proc/$pid/status"
    stop
    [[ $("$bin/start" --print-user) == 'a user of its own each, 61184 to 65183, without capabilities' ]]
    begin --user nobody "exec $bin/server-poll 0"
    [[ $(awk '/^Uid:/ { print $2 }' "/proc/$pid/status") == "$(id -u nobody)" ]]
    stop
    begin --user root "exec $bin/server-poll 0"
    [[ $(awk '/^Uid:/ { print $2 }' "/proc/$pid/status") == 0 ]]
    stop
    # A word that is no file gives no right.
    begin ": /no/such/file; exec $bin/server-poll 0"
    grep -q '^CapEff:.0*$' "/proc/$pid/status"
    stop
    refuses 'not "no such user"' "$bin/start" --user 'no such user' true
}

@test "a server in a folder that only root may enter can be started, and gets no other right" {
    ((EUID == 0)) || skip 'needs root: another user has no such folder'
    install -d -m 700 "$BATS_TEST_TMPDIR/closed"
    cp "$bin/server-poll" "$BATS_TEST_TMPDIR/closed/"
    begin "exec $BATS_TEST_TMPDIR/closed/server-poll 0"
    grep -q '^CapEff:.0000000000000004$' "/proc/$pid/status" # CAP_DAC_READ_SEARCH
    stop
}

# Whether one of the server's processes has written much: a busy machine lets it wait.
flooding() {
    local pid
    for pid in $(descendants_of "$server"); do
        ! grep -qs '^wchar: [0-9]\{6\}' "/proc/$pid/io" || return 0
    done
    return 1
}

shmem_mib() { awk '/^Shmem:/ { print int($2 / 1024) }' /proc/meminfo; }

@test "a server's words are plain, the first ones and the last; a flood takes no memory and is said" {
    begin "printf 'one \\033[2Jtwo\\n' >&2; exec $bin/server-poll 0"
    stop
    [[ $(<"$said") == 'one ?[2Jtwo' ]]
    local before most=0 now
    before=$(shmem_mib)
    begin "yes 'a line for each message' >&2 & exec $bin/server-poll 0"
    eventually flooding
    for _ in {1..10}; do
        sleep 0.1
        now=$(shmem_mib)
        ((now <= most)) || most=$now
    done
    stop
    ((most - before < 150)) || { echo "$((most - before)) MiB"; false; }
    (($(wc -c <"$said") < 8192))
    [[ $(tail -n 1 "$said") == 'start: the server was chatty: '*' bytes; the last line: '* ]]
}

@test "a server that floods its stdout is neither held up nor ended by it" {
    begin "(sleep 0.2; exec yes) & exec $bin/server-poll 0"
    eventually flooding
    "$bin/load" --port "$port" --connections 3 --rate 300 --duration 0.1 --warm 0 --output csv >/dev/null
    stop
    [[ $(tail -n 1 "$said") == 'start: the server was chatty: '* ]]
}

@test "wrong words are one line, and exit 2" {
    refuses 'which COMMAND?' "$bin/start"
    refuses 'one COMMAND is enough' "$bin/start" true false
    refuses '--port takes a whole number' "$bin/start" --port 0 true
    refuses '--cpus takes a whole number' "$bin/start" --cpus 1-x true
    refuses 'unknown option --fast' "$bin/start" --fast true
}
