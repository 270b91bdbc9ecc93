#!/usr/bin/env bats
# bats file_tags=part:harness,long:40
# measure.bats -- guards against rows that are missing, wrong or left unexplained.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load refusing.bash
    load saying.bash
    load serving.bash
    prepare_measuring
    tiny 'kind = latency' 'connections = 1 20' 'rate_per_s = 1000'
}

refused() { refuses "$1" "$measure" "${@:2}"; } # refused WORDS ARGUMENT...

@test "a mistake in an experiment is told with file and line" {
    tiny 'kind = latency' 'connexions = 5'
    refused "$conf:3: unknown key \"connexions\"" "$conf" --check
    refused "$conf:3: unknown key" "$conf" --model poll --out "$raw"
    [[ ! -e $raw ]]
}

@test "wrong usage is one clear line, exit 2, and nothing is written" {
    refused 'no build/release/server-nonesuch' "$conf" --model nonesuch --out "$raw"
    refused 'not "../poll"' "$conf" --model ../poll --out "$raw"
    refused 'cannot write /nowhere/raw.csv' "$conf" --model poll --out /nowhere/raw.csv
    refused 'cannot read /nowhere.conf' /nowhere.conf --check
    refused '--model is missing' "$conf" --out "$raw"
    refused '--out is missing' "$conf" --model poll
    refused 'unknown option --fast' "$conf" --fast
    refused '--repeat takes a whole number' "$conf" --model poll --out "$raw" --repeat 0
    refused '--rate takes a number' "$conf" --model poll --out "$raw" --rate 1e3
    refused 'not "fast"' "$conf" --profile fast --check
    refused 'no "colour"' "$conf" --print colour
    [[ ! -e $raw ]]
}

@test "a file with another header is refused and left as it was" {
    echo 'a,b' >"$raw"
    refused 'another header' "$conf" --model poll --out "$raw"
    [[ $(<"$raw") == 'a,b' ]]
}

@test "values are printed as the profile sees them" {
    tiny 'kind = latency' 'connections = 1' 'rate_per_s = 5' 'rate_per_s.quick = 7'
    [[ $("$measure" "$conf" --print question) == 'does it work?' ]]
    [[ $("$measure" "$conf" --print rate_per_s) == 5 ]]
    [[ $("$measure" "$conf" --profile quick --print rate_per_s) == 7 ]]
    true_that "$("$measure" "$conf" --print estimate_s) > 0.4"
    [[ $("$measure" "$conf" --profile quick --print all) == 'kind=latency'$'\n'*$'\nrate_per_s=7\n'*$'\nestimate_s='* ]]
}

@test "all experiments of the suite are well written, for every profile" {
    local file profile
    for file in harness/experiments/*.conf; do
        for profile in quick standard full; do "$measure" "$file" --profile "$profile" --check; done
        [[ -n $("$measure" "$file" --print question) ]]
        [[ -n $("$measure" "$file" --print shows) ]]
        [[ -n $("$measure" "$file" --print does_not_show) ]]
    done
}

@test "every column of each kind is documented, and all tables have the same head" {
    local kind head=schema,experiment,kind,profile,model,variant,connections,active,repeat,try,superseded,seed,status,reason
    for kind in latency capacity memory omission walls herd counters; do
        tiny "kind = $kind" 'connections = 30' 'rate_per_s = 1000' "$([[ $kind != omission ]] || echo 'stop_ms = 50')"
        run -0 "$measure" "$conf" --model poll --out "$raw"
        documented "$raw"
        [[ $(head -n 1 "$raw") == "$head",* ]]
        # Rows are whole, and their head is filled; memory has no variant.
        awk -F, -v kind="$kind" 'NR == 1 { cells = NF; next }
            NF != cells { wrong = 1 }
            { for (i = 1; i <= 13; i++) if ($i == "" && !(kind == "memory" && i == 6)) wrong = 1 }
            $1 != 4 || $3 != kind { wrong = 1 }
            END { exit wrong || NR < 2 }' "$raw"
    done
}

leaves_complete_rows() {
    rm -f "$raw"
    run -0 --separate-stderr "$measure" "$conf" --model fork --repeat 3 --seed 9 --profile quick \
        --out "$raw" 3>&-
    [[ -z $stderr && ${#lines[@]} == 2 ]]
    [[ ${lines[1]} == "point fork 20 "*" achieved_per_s="[0-9]* ]]
    [[ $(rows) == 2 && $(column experiment 2) == tiny && $(column model 2) == fork ]]
    [[ $(column repeat 1) == 3 && $(column seed 1) == 9 && $(column profile 1) == quick ]]
    [[ $(column connections_established 2) == 20 && $(column processes 2) == 21 ]]
    [[ $(column corrupt 2) == 0 && $(column lost 2) == 0 && $(column variant 2) == poisson ]]
    true_that "$(column achieved_per_s 2) > 500 && $(column achieved_per_s 2) < 1500"
    true_that "$(column latency_ns_p50 2) > 1000 && $(column pss_kib 2) > 100"
    true_that "$(column rss_kib 2) > $(column pss_kib 2)"
    true_that "$(column server_cpu_us_per_message 2) > 1"
    [[ $(awk -F, '{ print NF }' "$raw" | sort -u | wc -l) == 1 ]]
}

@test "a small experiment leaves complete rows and one line per point" { in_one_of_or_weather 3 leaves_complete_rows; }

switches_once() {
    rm -f "$raw"
    run -0 "$measure" "$conf" --profile full --model fork --out "$raw"
    true_that "$(column switches_per_message 1) > 0.85 && $(column switches_per_message 1) < 1.2"
    true_that "$(column machine_switches_per_s 1) > $(column switches_voluntary_per_s 1)"
}

@test "a blocking server switches once per message, whoever counts" {
    # Blocking read, one message after the other: the process must sleep for each of them, unless the client is 20 ms late
    # and sends some of them together.
    tiny 'kind = latency' 'connections = 1' 'rate_per_s = 50' 'arrival = constant' 'window_s.full = 1'
    in_one_of_or_weather 5 switches_once
}

claims_no_latency() {
    rm -f "$raw"
    run -0 "$measure" "$conf" --model poll --out "$raw"
    [[ -z $(column latency_ns_p50 1) && -z $(column offered_per_s 1) && $(column variant 1) == closed ]]
    true_that "$(column achieved_per_s 1) > 1000 && $(column little_error_percent 1) < 5"
    true_that "$(column machine_cpu_us_per_message 1) > $(column server_cpu_us_per_message 1)"
}

tells_all_parts() {
    rm -f "$raw"
    run -0 "$measure" "$conf" --model thread --out "$raw"
    [[ $(column status 1) == ok && $(column threads 1) == 501 ]]
    true_that "$(column kernel_stack_kib 1) >= 4000 && $(column sockets_kib 1) > 500"
    true_that "$(column machine_lost_kib 1) > $(column pss_kib 1)"
}

own_command_is_ok() {
    rm -f "$raw"
    run -0 "$measure" "$conf" --model own --command "$PWD/build/release/server-poll 0" --out "$raw"
    [[ $(column status 1) == ok && -z $(column reason 1) ]]
}

# bats test_tags=quiet
@test "capacity rows claim no latency, memory rows tell all parts" {
    tiny 'kind = capacity' 'connections = 5'
    in_one_of_or_weather 3 claims_no_latency
    tiny 'kind = memory' 'connections = 500'
    in_one_of_or_weather 3 tells_all_parts
    tiny 'kind = memory' 'connections = 50'
    in_one_of_or_weather 3 own_command_is_ok
}

@test "no server is started before the machine is quiet after the one before" {
    local kind
    for kind in latency memory; do
        tiny "kind = $kind" 'connections = 5' 'rate_per_s = 1000'
        run -0 "$measure" "$conf" --model poll --out "$raw"
        [[ $kind != latency ]] || true_that "$(column quiet_s 1) >= 0.1 && $(column quiet_s 1) < 1"
    done
    true_that "$(column quiet_s 1) >= 0.25"
}

@test "a warm-up until steady takes five spells at least, a fixed one says how short it was" {
    tiny 'kind = latency' 'connections = 20' 'rate_per_s = 1000' 'warmup.full = steady'
    run -0 "$measure" "$conf" --profile quick --model poll --out "$raw"
    [[ $(column warmup 1) == fixed && $(column warmup_s 1) == 0.1 ]]
    run -0 "$measure" "$conf" --profile full --model poll --out "$raw"
    [[ $(column warmup 2) =~ ^(un)?steady$ ]] # A neighbour may keep it from getting there.
    true_that "$(column warmup_s 2) >= 0.5 && $(column warmup_s 2) <= 10"
}

# Whatever a neighbour adds, each window drifts: the delay doubles every 0.4 s.
measure_drift() {
    run -0 "$measure" "$conf" --profile full --model delay --out "$raw" \
        --command 'exec build/release/liar-delay {port} --delay-us 1000 --double-ms 400'
}

every_window_drifts() {
    rm -f "$raw"
    measure_drift
    [[ $(tries try | one_line) == '1 2 3 4' && $(tries superseded | one_line) == '1 1 1 0' ]]
    [[ ${#lines[@]} == 1 && ${lines[0]} == "point delay 20 $(column status 1) "* ]]
    run ! grep -E '^(ok|overloaded)$' <(tries status)
    # A neighbour's word may come first, and hide the drift of a window or two.
    (($(tries drift_percent | awk '$1 > 10 { count++ } END { print count + 0 }') >= 2))
    last=$(column latency_ns_p50 1)
    run -0 summarised "$raw"
    [[ ${lines[1]} == *",$last,$last,$last,1,"* && ${lines[1]} == "tiny,latency,delay,poisson,20,20,$(column status 1),$(column reason 1),0,1,"* ]]
}

@test "a window that drifts is tried three times more; every try is kept, the last one counts" {
    tiny 'kind = latency' 'connections = 20' 'rate_per_s = 400' 'window_s.full = 0.4' 'reruns = 3'
    in_one_of_or_weather 3 every_window_drifts
}

measures_again_once() {
    rm -f "$raw"
    measure_drift
    [[ $(tries connections | one_line) == '20 20 21' && $(tries try | one_line) == '1 2 1' ]]
}

@test "one ramp measures again only as often as its experiment allows" {
    tiny 'kind = latency' 'connections = 20 21' 'rate_per_s = 400' 'window_s.full = 0.4' 'reruns = 1'
    in_one_of 3 measures_again_once
}

closed_loop_hides() {
    rm -rf "$raw" "$BATS_TEST_TMPDIR/histograms"
    run -0 "$measure" "$conf" --profile full --model fork --out "$raw"
    [[ $(rows) == 2 && $(column variant 1) == closed && $(column variant 2) == poisson ]]
    [[ $(column stop_ms 1) == 200 && $(column offered_per_s 2) == "$(column achieved_per_s 1)" ]]
    # All processes stood still, in both; a fifth of the window had to wait.
    true_that "$(column latency_ns_max 1) >= 190e6 && $(column latency_ns_max 2) >= 190e6"
    true_that "$(column latency_ns_p99 1) < 50e6 && $(column latency_ns_p90 2) > 50e6"
    for loop in closed poisson; do
        grep -q 'Total count' "$BATS_TEST_TMPDIR/histograms/tiny-fork-2-$loop-1.hgrm"
    done
    [[ $(ls "$BATS_TEST_TMPDIR/histograms" | wc -l) == 2 ]]
}

@test "a stalled server: the closed loop hides at p99 what the open loop shows, at one rate" {
    tiny 'kind = omission' 'connections = 2' 'rate_per_s = 40000' 'stop_ms = 200' 'window_s.full = 1'
    in_one_of_or_weather 3 closed_loop_hides
}

# ss looks while the server serves for so long.
ss_counts_alike() { # ss_counts_alike WINDOW_S
    # Under a name of its own: others may run a server-poll at the same time.
    local bin=$BATS_TEST_TMPDIR/bin pid most=0 now
    tiny 'kind = latency' 'connections = 300' 'rate_per_s = 1000' "window_s.full = $1"
    mkdir -p "$bin"
    cp build/release/load "$bin"
    cp build/release/server-poll "$bin/server-counted"
    rm -f "$raw"
    "$measure" "$conf" --profile full --model counted --bin-dir "$bin" --out "$raw" \
        >/dev/null 3>&- &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        now=$(ss -Htnp state established | grep -c '"server-counted"' || true)
        ((now <= most)) || most=$now
        sleep 0.2
    done
    wait "$pid"
    echo "ss saw $most"
    [[ $most == 300 && $(column connections_established 1) == 300 ]]
}

@test "connections are as many as ss counts" {
    command -v ss >/dev/null || skip "ss (iproute2) is not installed"
    try_up_to 1 ss_counts_alike 1
    ((checked == 0)) || in_one_of 3 ss_counts_alike 6 # One look of ss takes longer than a second on a busy machine.
}

@test "a server of somebody else may say what it likes on stdout" {
    tiny 'kind = capacity' 'connections = 1'
    cat >"$BATS_TEST_TMPDIR/chatty.pl" <<'END'
use Socket;
socket(my $listener, PF_INET, SOCK_STREAM, 0) or die $!;
bind($listener, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) && listen($listener, 9) or die $!;
while (accept(my $client, $listener)) {
    while (sysread($client, my $bytes, 9000)) { syswrite(STDOUT, $bytes x 20); syswrite($client, $bytes) }
}
END
    run -0 "$measure" "$conf" --model chatty --out "$raw" --command "exec perl $BATS_TEST_TMPDIR/chatty.pl {port}"
    true_that "$(column received 1) > 60 && $(column lost 1) == 0" # Twenty times 64 bytes each: 52 of them fill a pipe of 64 KiB.
}

serves_3000() {
    rm -f "$raw"
    run -0 "$measure" "$conf" --model epoll_workers --out "$raw" 3>&-
    [[ $(column connections_established 1) == 3000 && $(column connections_in_kernel 1) == 3000 ]]
    true_that "$(column processes 1) >= 5" # 3,375 places in processes of 960 each, and the parent.
    true_that "$(column both_ends_slab_kib 1) > 3000 * 6 && $(column both_ends_lost_kib 1) > 3000 * 6"
    true_that "$(column client_pss_kib 1) > 100"
}

# What the machine has less of others take and give back, too.
# bats test_tags=quiet
@test "{workers} becomes as many processes as the limit of files demands, and both ends are told" {
    ulimit -n 1024 || skip 'the limit of open files cannot be lowered here'
    tiny 'kind = latency' 'connections = 3000' 'rate_per_s = 500' 'server_options = --workers {workers}'
    in_one_of_or_weather 3 serves_3000
}

tells_slow_apart() {
    rm -f "$raw"
    run -0 "$measure" "$conf" --model poll --out "$raw" 3>&-
    run -0 "$measure" "$conf" --model thread --out "$raw" 3>&-
    true_that "$(column slow_sent 1) >= 3 && $(column slow_sent 1) <= 35" # 15 of 1,500 are expected.
    local last
    last=$(rows) # The last row of each model counts.
    true_that "$(column latency_ns_p99 1) > 20e6"
    true_that "$(column latency_ns_p90 "$last") < $(column latency_ns_p90 1) / 3"
}

@test "messages that cost time are told apart, and stall only those who share a loop" {
    tiny 'kind = latency' 'connections = 100' 'rate_per_s = 5000' 'cost = sleep' 'cost_us = 50000' \
        'cost_percent = 1' 'timeout_ms = 3000'
    in_one_of_or_weather 3 tells_slow_apart # A hundred threads are late, too, where others have the CPU.
}

counts_what_is_not_read() {
    rm -f "$raw"
    run -0 "$measure" "$conf" --model poll --out "$raw" 3>&-
    [[ $(tries deaf_clients | one_line) == '0 1 3' && $(tries connections_established | one_line) == '5 6 8' ]]
    [[ $(tries active | one_line) == '5 5 5' && $(tries lost | one_line) == '0 0 0' ]]
    [[ $(column deaf_stuck_b 1) == 0 ]]
    true_that "$(column deaf_stuck_b 3) > 2 * $(column deaf_stuck_b 2) && $(column deaf_stuck_b 2) > 100000"
}

@test "clients that never read stand in the row" {
    tiny 'kind = latency' 'connections = 5' 'rate_per_s = 200' 'deaf = 0 1 3'
    in_one_of 3 counts_what_is_not_read # The third of them may have no time to send all that fits.
}

@test "a warm-up of so few messages that they take no time is made, too" {
    tiny 'kind = latency' 'connections = 10' 'rate_per_s = 20'
    run -0 "$measure" "$conf" --model poll --out "$raw" 3>&-
    [[ $(column connections_established 1) == 10 ]]
    true_that "$(column warmup_s 1) < 5"
}
