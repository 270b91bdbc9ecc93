#!/usr/bin/env bats
# bats file_tags=part:harness
# counters.bats -- guards against counts that are not those of a message: a call that is missed, one
# that the tracer made, a silent zero.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load serving.bash
    prepare_measuring
    counters=$BATS_TEST_TMPDIR/counters.csv
}

# Several tests look at one count.
setup_file() {
    load measuring.bash
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR prepare_measuring
    counters=$BATS_FILE_TMPDIR/counters.csv
    count_calls fork
    count_calls poll
}

teardown() { end_servers; }

# Counts 100 clients of a model: one has a message each 200 ms, so that it comes alone also where the client is late.
count_calls() { # count_calls MODEL
    tiny 'kind = counters' 'connections = 100' 'rate_per_s = 500' 'arrival = constant'
    run -0 "$measure" "$conf" --out "$counters" --model "$1"
    raw=$counters
}

# The first try looks at the count of the file, each further one at a count of its own.
counted() { # counted MODEL...
    local model
    if [[ ! -e $BATS_TEST_TMPDIR/tried ]]; then
        touch "$BATS_TEST_TMPDIR/tried"
        counters=$BATS_FILE_TMPDIR/counters.csv
        return
    fi
    rm -f "$counters"
    for model in "$@"; do count_calls "$model"; done
}

# The value of a counter of a pass.
value() { # value MODEL PASS COUNTER [METHOD]
    awk -F, -v model="$1" -v pass="$2" -v counter="$3" -v method="${4:-}" '
        NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["model"] == model && $c["pass"] == pass && $c["counter"] == counter && (method == "" || $c["method"] == method) {
            print $c["per_message"] }' "$counters"
}

one_read_one_write() {
    counted fork poll
    for model in fork poll; do
        for call in read write; do true_that "$(value $model calls $call) > 0.97 && $(value $model calls $call) < 1.03"; done
    done
    true_that "$(value poll calls poll) > 0.5 && $(value poll calls poll) <= 1.05"
    [[ $(awk -F, '$18 == "calls" && $20 == "ptrace" { print $5, $19 }' "$counters" | sort | one_line) == \
        'fork read fork write poll poll poll read poll write' ]]
}

@test "a blocking server reads and writes once for a message, a loop asks once more, and nothing else is counted" {
    in_one_of_or_weather 3 one_read_one_write
}

switches_agree() {
    local source
    counted fork
    for source in "plain taskstats" "events perf" "events taskstats" "calls taskstats"; do
        # shellcheck disable=SC2086  # words are meant
        seen=$(value fork ${source% *} context_switches ${source#* })
        [[ -n $seen || $source != *taskstats ]] || { touch "$BATS_TEST_TMPDIR/no_taskstats"; continue; }
        true_that "$seen > 0.9 && $seen < 1.1"
    done
    # A hardware event is a number above 0, or not available with a reason.
    awk -F, 'NR > 1 && $13 ~ /^(cycles|instructions)$/ { n++; if (!($14 > 0 || ($14 == "" && $17 == "not_available" && $18 != ""))) bad = 1 }
        END { exit bad || n < 2 || n % 2 }' "$counters"
}

@test "switches agree between the passes and methods; what cannot be counted says so" {
    in_one_of_or_weather 3 switches_agree
    [[ ! -e $BATS_TEST_TMPDIR/no_taskstats ]] || skip 'taskstats is not available here'
}

strace_agrees() {
    rm -f "$counters"
    count_calls epoll
    files_of() { find "/proc/$1/fd" -type l | wc -l; }
    alone=$(files_of "$server")
    strace -f -c -o "$BATS_TEST_TMPDIR/strace" -p "$server" 2>/dev/null 3>&- &
    tracer=$!
    # Also where a try fails half-way: it holds the server.
    trap 'if [[ -n $tracer ]]; then kill "$tracer"; wait "$tracer" || true; fi' EXIT
    eventually grep -q '^TracerPid:.*[1-9]' "/proc/$server/status"
    run -0 build/release/load --port "$port" --connections 100 --rate 500 --constant --duration 0.5 --warm 0 --output json
    # The clients are gone, but their last reads are counted only once the server has come to them.
    for ((i = 0; i < 500; i++)); do (($(files_of "$server") > alone)) || break; sleep 0.01; done
    [[ $(files_of "$server") == "$alone" ]]
    kill -INT "$tracer"
    wait "$tracer" || true
    tracer=''
    calls_of() { awk -v name="$1" '$NF == name { print $4 }' "$BATS_TEST_TMPDIR/strace"; }
    # On top come the first echo of each client, and its last read, which finds the end.  Two messages of
    # one client may share a call.
    echo "strace: read $(calls_of read), write $(calls_of write)"
    cat "$BATS_TEST_TMPDIR/strace"
    messages=$(jq .received <<<"$output")
    for call in read write; do
        extra=$([[ $call == read ]] && echo 200 || echo 100)
        true_that "$(calls_of $call) <= $messages + $extra && $(calls_of $call) >= 0.97 * $messages + $extra"
        # And so does ours, for each message.
        true_that "$(value epoll calls $call) > 0.97 && $(value epoll calls $call) < 1.03"
    done
}

@test "strace counts the same calls" {
    command -v strace >/dev/null || skip 'strace is not installed'
    start server-epoll
    in_one_of_or_weather 3 strace_agrees
}

@test "each column of counters.csv is documented, and the summary holds medians" {
    counters=$BATS_FILE_TMPDIR/counters.csv
    documented "$counters"
    {
        head -1 "$counters"
        for cell in 1,1,2 2,1,4 3,1,9; do
            awk -F, -v OFS=, -v repeat="${cell%%,*}" -v count="${cell##*,}" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
                NR == 2 { for (i = 1; i <= NF; i++) $i = ""; $c["schema"] = 4; $c["experiment"] = "why"; $c["kind"] = "counters"; $c["model"] = "poll"
                    $c["variant"] = "calls:read:ptrace"; $c["connections"] = $c["active"] = 100; $c["repeat"] = repeat; $c["status"] = "ok"; $c["superseded"] = 0
                    $c["pass"] = "calls"; $c["counter"] = "read"; $c["method"] = "ptrace"; $c["per_message"] = count; $c["failed_per_message"] = 0; print }' "$counters"
        done
    } >"$BATS_TEST_TMPDIR/three.csv"
    mkdir -p "$BATS_TEST_TMPDIR/run/rows"
    cp "$BATS_TEST_TMPDIR/three.csv" "$BATS_TEST_TMPDIR/run/rows/counters.csv"
    run -0 ./run_all.sh draw "$BATS_TEST_TMPDIR/run"
    [[ -s $BATS_TEST_TMPDIR/run/figures/why-calls_per_message.svg ]]
    grep -q '^why,counters,poll,calls:read:ptrace,100,100,ok,,3,3,.*,4,2,9,3,0,0,0,3,' "$BATS_TEST_TMPDIR/run/summary/counters.csv"
    grep -qF 'A message takes 4 system calls with poll' "$BATS_TEST_TMPDIR/run/summary.md"
}
