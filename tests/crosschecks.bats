#!/usr/bin/env bats
# bats file_tags=part:crosschecks,long:20
# crosschecks.bats -- guards against probes that agree with themselves only: each number is held
# against that of a tool which is not ours.  A tool that is missing skips its test.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load serving.bash
    prepare_measuring
    # Under a name of its own: others may run servers at the same time.
    bin=$BATS_TEST_TMPDIR/bin
    mkdir "$bin"
    cp build/release/load "$bin"
    started=()
}

teardown() {
    local pid
    for pid in "${started[@]}"; do end_child "$pid"; done
    end_servers
}

need() { command -v "$1" >/dev/null || skip "$1 is not installed"; }

# Measures MODEL in the background, as the server "watched".
measure_watched() { # measure_watched MODEL
    cp "build/release/server-$1" "$bin/server-watched"
    "$measure" "$conf" --profile full --model watched --bin-dir "$bin" --out "$raw" >/dev/null 3>&- &
    started+=($!)
}

watched() { pgrep --full "^$bin/server-watched" || true; }

# Waits until the server has so many processes.
await_processes() { # await_processes COUNT
    local i
    for ((i = 0; i < 200; i++)); do
        (($(watched | wc -l) < $1)) || return 0
        sleep 0.1
    done
    echo "the server has $(watched | wc -l) processes"
    return 1
}

# Within PERCENT of each other.
alike() { # alike PERCENT A B
    true_that "$2 > 0 && $3 > 0 && $2 <= $3 * (1 + $1 / 100) && $3 <= $2 * (1 + $1 / 100)"
}

# Busy CPUs of somebody else, by the shell's own account of who was busy.
@test "the witness tells neighbours from the caller's own programs, and passes the exit status on" {
    local around=$BATS_TEST_TMPDIR/around.csv i theirs
    spin() { timeout 4 bash -c 'while :; do :; done' 3>&- & started+=($!); }
    foreign() { awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } NR == 2 { print $c["foreign_cpu_percent"] }' "$around"; }
    tells_theirs() {
        started=()
        for ((i = 0; i < $(nproc); i++)); do spin; done
        bash -c "build/release/witness '$around' sleep 0.5; :"
        theirs=$(foreign)
        for i in "${started[@]}"; do kill "$i" || true; done
        for i in "${started[@]}"; do wait "$i" || true; done
        tail -n 1 "$around"
        grep -q ',noisy,other programs used' "$around" # The host may have taken more.
        echo "theirs $theirs %"
        # The two looks at hundreds of busy processes take time themselves: up to a tenth of so short a while.
        true_that "$theirs > 80 && $theirs < 125"
    }
    # As busy, but children of the caller: where all CPUs are busy, of others is what these leave.
    cpu_ms() { cat $(printf '/proc/%s/stat ' "$@") | awk -v tick_ms=$((1000 / $(getconf CLK_TCK))) '{ n += $14 + $15 } END { print n * tick_ms }'; }
    leaves_out_ours() {
        local pids=() before_ms begin_us ours end_s=$((SECONDS + 20))
        for ((i = 0; i < 4 * $(nproc); i++)); do # So many that they have a share beside others.
            while ((SECONDS < end_s)); do :; done 3>&- & pids+=($!)
        done
        begin_us=${EPOCHREALTIME/./} before_ms=$(cpu_ms "${pids[@]}")
        build/release/witness "$around" sleep 0.6
        ours=$((100000 * ($(cpu_ms "${pids[@]}") - before_ms) / (${EPOCHREALTIME/./} - begin_us) / $(nproc)))
        kill "${pids[@]}"
        echo "ours $ours %, theirs $(foreign) %"
        true_that "$ours > 12 && $ours + $(foreign) < 105"
    }
    run -7 build/release/witness "$around" sh -c 'exit 7'
    # shellcheck disable=SC2016  # for the other shell
    run -137 build/release/witness "$around" sh -c 'kill -KILL $$'
    run -127 --separate-stderr build/release/witness "$around" no-such-program
    [[ $stderr == 'witness: no-such-program: No such file or directory' ]]
    for wrong in '' "$around" "/nowhere/file true"; do
        # shellcheck disable=SC2086  # words are meant
        run -2 --separate-stderr build/release/witness $wrong
        ((${#stderr_lines[@]} == 1))
    done
    [[ $(tail -n 1 "$around") =~ ,(ok,|noisy,.+)$ ]] # It knows of no messages, and judges none.
    in_one_of_or_weather 6 tells_theirs
    in_one_of_or_weather 4 leaves_out_ours
}

# In a container /proc shows our own programs only: who else is busy, the CPUs' idle time says.
@test "neighbours that /proc hides are noise for measure and witness, and their share is reported" {
    ((EUID == 0)) && unshare --pid --fork --mount-proc true 2>/dev/null || skip 'needs the right to make a PID namespace'
    local around=$BATS_TEST_TMPDIR/around.csv i hidden=(unshare --pid --fork --mount-proc)
    tiny 'kind = capacity' 'connections = 8'
    hidden_are_noise() { # Where the host takes CPU time in a window, that is the reason.
        rm -f "$raw"
        run -0 "${hidden[@]}" "$measure" "$conf" --model fork --out "$raw" 3>&-
        "${hidden[@]}" bash -c "build/release/witness '$around' sleep 0.5; :"
        echo "status $(column status 1), foreign $(column foreign_cpu_percent 1); $(tail -n 1 "$around")"
        [[ $(column status 1) == noisy && $(column reason 1) == 'other programs used '* ]]
        true_that "$(column foreign_cpu_percent 1) > 15 && $(column foreign_cpu_percent 1) < 101"
        grep -q ',noisy,other programs used' "$around"
        true_that "$(tail -n 1 "$around" | cut -d, -f2) > 60"
    }
    for ((i = 0; i < $(nproc); i++)); do
        timeout 40 bash -c 'while :; do :; done' 3>&- & started+=($!)
    done
    try_up_to 5 hidden_are_noise
    for i in "${started[@]}"; do kill "$i" || true; done
    started=()
    ((checked == 0)) || skip_in_bad_weather
    ((checked == 0))
}

# A server that sleeps once per message, and 1,000 of them a second, also when nothing is measured.
# bats test_tags=quiet
@test "context switches are as many as perf stat and pidstat count" {
    local counted
    need perf
    need pidstat
    counted=$(perf stat --field-separator , --event context-switches -- sleep 0.05 2>&1 | cut -d, -f1)
    [[ $counted =~ ^[1-9] ]] || skip "perf may not count context switches here: ${counted:0:60}"
    tiny 'kind = latency' 'connections = 5' 'rate_per_s = 1000' 'arrival = constant' 'window_s.full = 1.7'
    in_one_of_or_weather 3 switches_alike
}

switches_alike() {
    local pids seen counted
    rm -f "$raw"
    measure_watched fork
    await_processes 6
    sleep 0.2
    pids=$(watched | paste --serial --delimiters ,)
    pidstat -w -p "$pids" 1 1 >"$BATS_TEST_TMPDIR/pidstat" 3>&- &
    perf stat --field-separator , --event context-switches --pid "$pids" --output "$BATS_TEST_TMPDIR/perf" -- sleep 1
    wait $!
    wait "${started[0]}"
    seen=$(awk -v a="$(column switches_voluntary_per_s 1)" -v b="$(column switches_involuntary_per_s 1)" 'BEGIN { print a + b }')
    counted=$(awk -F, '/context-switches/ { print $1 }' "$BATS_TEST_TMPDIR/perf")
    echo "measure $seen, perf $counted, and pidstat:"
    cat "$BATS_TEST_TMPDIR/pidstat"
    alike 5 "$seen" "$counted"
    alike 5 "$seen" "$(awk '$1 == "Average:" && $4 ~ /^[0-9]/ { sum += $4 + $5 } END { print sum }' "$BATS_TEST_TMPDIR/pidstat")"
}

# By hand, while the server lives for SETTLE_S: the last complete sum is of the time when it was measured.
memory_agrees() { # memory_agrees SETTLE_S
    local pids pid files pss='' private='' tables='' now
    trap teardown EXIT # The shell of a try.
    # Many, so that it matters little how many strangers share the C library's pages just now.
    tiny 'kind = memory' 'connections = 500'
    sed -i "s/^settle_s.*/settle_s = $1/" "$conf"
    rm -f "$raw"
    measure_watched fork
    await_processes 501
    sleep 0.3
    while pids=$(watched) && (($(wc -w <<<"$pids") == 501)); do
        # One cat for all: 500 of them take longer than the server lives where other programs are busy.
        files=()
        for pid in $pids; do files+=("/proc/$pid/smaps" "/proc/$pid/status"); done
        now=$({ cat "${files[@]}" 2>/dev/null || true; } | awk '
            $1 == "Pss:" { pss += $2 } /^Private_(Clean|Dirty):/ { private += $2 }
            $1 == "VmPTE:" { tables += $2; n++ } END { if (n == 501) print pss, private, tables + 4 * n }')
        [[ -z $now ]] || read -r pss private tables <<<"$now"
        sleep 0.5
    done
    wait "${started[0]}"
    echo "measure: PSS $(column pss_kib 1), private $(column private_kib 1), page tables $(column page_tables_kib 1)"
    echo "by hand: PSS $pss, private $private, page tables $tables"
    [[ -n $pss ]] # Else a sum took longer than the server lived.
    # By hand, the kernel rounds each mapping's share down to a KiB: about one for each process.
    alike 4 "$(column pss_kib 1)" "$pss"
    alike 1 "$(column private_kib 1)" "$private"
    alike 1 "$(column page_tables_kib 1)" "$tables"
}

# bats test_tags=deadline:240
@test "memory is as much as smaps and status say, summed by hand" {
    local settle_s
    for settle_s in 2 4 8; do
        check memory_agrees $settle_s
        ((checked != 0)) || return 0
    done
    skip_in_bad_weather
    false
}

# bats test_tags=quiet
@test "the parts of memory add up to what the machine lost, within 10 %" {
    adds_up() { # adds_up MODEL
        rm -f "$raw"
        run -0 "$measure" "$conf" --model "$1" --out "$raw"
        local parts=0 part
        for part in pss page_tables kernel_stack task_frag sockets slab; do parts="$parts + $(column "${part}_kib" 1)"; done
        echo "$1: $parts of $(column machine_lost_kib 1) KiB; send blocks $(column task_frag_kib 1)"
        true_that "($parts) > 0.9 * $(column machine_lost_kib 1) && ($parts) < 1.1 * $(column machine_lost_kib 1)"
    }
    tiny 'kind = memory' 'connections = 1000'
    in_one_of_or_weather 5 adds_up fork
    tiny 'kind = memory' 'connections = 2000'
    in_one_of_or_weather 5 adds_up thread
}

time_agrees() {
    rm -f "$raw"
    run -0 "$measure" "$conf" --profile full --model timed --out "$raw" --command "exec bash $BATS_TEST_TMPDIR/timed {port}"
    read -r user system <"$BATS_TEST_TMPDIR/time"
    cpu_s=$(awk -v us="$(column server_cpu_us_per_message 1)" -v n="$(column received 1)" 'BEGIN { print us * n / 1e6 }')
    echo "measure $cpu_s s in a window of 1 s; time $user + $system s in all"
    true_that "$cpu_s > 0.15" # Else the hundredths of time(1) would not tell.
    # In all is what the window is, what begin and end cost, and two hundredths that are cut off.
    true_that "$cpu_s < $user + $system + 0.02 && $user + $system < 1.03 * $cpu_s + 0.05"
}

@test "CPU time is as much as /usr/bin/time tells of the server's whole life" {
    [[ -x /usr/bin/time ]] || skip '/usr/bin/time (time) is not installed'
    tiny 'kind = capacity' 'connections = 20' 'warmup_s.full = 0' 'window_s.full = 1'
    writable_by_servers "$BATS_TEST_TMPDIR/time"
    writable_by_servers "$BATS_TEST_TMPDIR/pid"
    # time(1) ends on SIGTERM without a word, so the signal goes to the server instead.
    cat >"$BATS_TEST_TMPDIR/timed" <<END
/usr/bin/time --format '%U %S' --output '$BATS_TEST_TMPDIR/time' \\
    sh -c 'echo \$\$ >"$BATS_TEST_TMPDIR/pid"; exec build/release/server-poll "\$0"' "\$1" &
trap 'kill "\$(cat "$BATS_TEST_TMPDIR/pid")"' TERM
wait
wait
END
    in_one_of_or_weather 3 time_agrees
}

# Both clients in turn; sets p50 and p99 of each, in ns.
ask_both() { # ask_both RATE SECONDS
    read -r second_p50 second_p99 _ <<<"$(build/release/second_client "$port" "$1" "$2")"
    read -r p50 p99 <<<"$(build/release/load --port "$port" --constant --rate "$1" --warm 0.2 --duration "$2" \
        --output json | jq --raw-output '"\(.latency_ns_p50) \(.latency_ns_p99)"')"
    echo "load: p50 $p50, p99 $p99; the second client: $second_p50, $second_p99"
}

# bats test_tags=quiet
@test "a second client, built differently, reads the same latencies" {
    # What a wake-up costs depends on how a client sleeps: a real server agrees roughly ...
    start server-poll
    agree_roughly() { ask_both 1000 0.3; alike 40 "$p50" "$second_p50"; }
    in_one_of_or_weather 8 agree_roughly
    # ... and one whose delays are much longer closely, at p50 and, two in a hundred late, at p99.
    start liar-delay --delay-us 3000
    agree_at_p50() { ask_both 250 0.4; alike 5 "$p50" "$second_p50"; }
    in_one_of_or_weather 8 agree_at_p50
    start liar-delay --delay-us 0 --late-every 50 --late-us 20000
    agree_at_p99() { ask_both 2000 0.6; alike 3 "$p99" "$second_p99"; }
    in_one_of_or_weather 8 agree_at_p99
}
