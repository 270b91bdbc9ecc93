#!/usr/bin/env bats
# bats file_tags=part:harness,long:20
# switch.bats -- guards against a cost of a context switch, or of asking who is ready, that is the cost of
# something else.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    rows=$BATS_TEST_TMPDIR/switch_cost.csv
}

possible_numbers() {
    build/release/switch_cost --turns 500 --repeats 3 >"$rows"
    [[ $(cut -d, -f2,3 "$rows" | tr '\n' ' ') == 'between,working_set_kib thread,0 process,0 thread,16 process,16 nobody,16 '*' nobody,65536 ' ]]
    awk -F, '$2 ~ /thread|process/ && !($7 <= $6 && $6 <= $8 && $9 $10 $11 == "") { print; wrong = 1 }
        $2 ~ /thread|process/ && $3 == 0 && !($6 > 200 && $6 < 100000) { print; wrong = 1 }
        $2 == "nobody" && !($10 <= $9 && $9 <= $11 && $4 $6 $7 $8 == "") { print; wrong = 1 }
        END { exit wrong || NR != 13 }' "$rows"
}

@test "threads and processes are measured with each working set, and numbers are possible ones" {
    in_one_of_or_weather 10 possible_numbers
}

memory_is_slower() {
    build/release/switch_cost --turns 100 --repeats 5 >"$rows"
    awk -F, '$2 == "nobody" { touch[$3] = $9 }
        END { print touch[16], touch[512], touch[65536]; exit !(touch[16] > 0.2 && touch[512] > touch[16] && touch[65536] > 8 * touch[16]) }' "$rows"
}

@test "a touch costs a cycle or more from the caches, and many times that from memory" {
    in_one_of_or_weather 10 memory_is_slower
}

@test "each column of switch_cost.csv is documented" {
    build/release/switch_cost --turns 100 --repeats 3 >"$rows"
    documented "$rows"
}

counts_as_the_kernel_does() {
    # Each measurement has ten turns more, to get warm; a turn is a pass there and a pass back.
    /usr/bin/time --format '%w %c' --output "$BATS_TEST_TMPDIR/switches" build/release/switch_cost --turns 1000 --repeats 3 >"$rows"
    awk -F, 'NR == FNR { split($0, n, " "); counted = n[1] + n[2]; next }
        $4 > 0 { expected += 2 * ($4 + 10) * $5 }
        END { print counted, "switches for", expected, "passes"; exit !(counted > 0.95 * expected && counted < 1.1 * expected) }' \
        "$BATS_TEST_TMPDIR/switches" "$rows"
}

@test "each pass is one switch, as the kernel's account at exit says" {
    [[ -x /usr/bin/time ]] || skip 'GNU time (package time) is not installed'
    in_one_of_or_weather 10 counts_as_the_kernel_does
}

# Tasks that sleep on two CPUs switch as often, and wake each other through an interrupt.
@test "both tasks are held on one CPU" {
    load serving.bash
    build/release/switch_cost --turns 1000000 >"$rows" 3>&- & # Its end does not come before our look.
    servers=($!)
    held_on_one() { [[ $(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/${servers[0]}/status") =~ ^[0-9]+$ ]]; }
    eventually held_on_one
    end_servers
}

grows_with_what_is_watched() {
    rows=$BATS_TEST_TMPDIR/ready_cost.csv
    build/release/ready_cost --repeats 3 >"$rows"
    documented "$rows"
    [[ $(cut -d, -f2,3 "$rows" | tr '\n' ' ') == 'interface,watched select,10 poll,10 epoll,10 select,100 '*' poll,10000 epoll,10000 ' ]]
    awk -F, 'NR > 1 && !($7 <= $6 && $6 <= $8 && $4 == 5) { print; wrong = 1 }
        { least[$2, $3] = $7 }
        END { print least["poll", 100], least["poll", 10000], least["epoll", 10], least["epoll", 10000]
              exit wrong || !(least["poll", 10000] > 20 * least["poll", 100] && least["epoll", 10000] < 5 * least["epoll", 10] &&
                              least["select", 1000] > 5 * least["select", 10]) }' "$rows"
}

@test "to ask costs poll and select more with each socket that is watched, and epoll not" {
    in_one_of_or_weather 10 grows_with_what_is_watched
}

@test "whoever may open few files asks about fewer" {
    run -0 bash -c 'ulimit -n 500 && build/release/ready_cost --repeats 1'
    [[ ${lines[-1]} == *,epoll,100,5,1,* ]]
}

@test "a call takes as long as Python's own call of the same, give or take" {
    command -v python3 >/dev/null || skip 'python3 is not installed'
    cat >"$BATS_TEST_TMPDIR/ask.py" <<'END'
import resource, select, socket, time
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
asker = select.poll()
sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(10000)]
for i, one in enumerate(sockets):
    asker.register(one, select.POLLIN)
    if i % 2000 == 0:
        one.bind(("127.0.0.1", 0))
        one.sendto(b"!", one.getsockname())
best = 1e9
for _ in range(50):
    begin = time.perf_counter_ns()
    ready = asker.poll()
    best = min(best, time.perf_counter_ns() - begin)
    assert len(ready) == 5
print(best)
END
    agree() {
        python=$(python3 -I "$BATS_TEST_TMPDIR/ask.py")
        build/release/ready_cost >"$rows"
        awk -F, -v python="$python" '$2 == "poll" && $3 == 10000 { print $7, python; exit !(python > 0.75 * $7 && python < 1.5 * $7) }' "$rows"
    }
    in_one_of_or_weather 20 agree
}

@test "wrong usage is one clear line, exit 2" {
    while IFS='|' read -r word arguments; do
        # shellcheck disable=SC2086  # words are meant
        run -2 --separate-stderr build/release/switch_cost $arguments
        [[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == *"$word"* ]] || { echo "for: $arguments: $stderr"; return 1; }
    done <<'END'
--turns takes a whole number|--turns 10
an odd number|--repeats 2
unknown option --fast|--fast
"now" is not an option|now
needs a value|--turns
END
}
