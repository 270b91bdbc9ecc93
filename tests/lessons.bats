#!/usr/bin/env bats
# lessons.bats -- guards against lessons that cannot be followed: the command of each is run as its page tells it,
# in a copy of the tree whose experiments are small, and must leave what the page quotes.

bats_require_minimum_version 1.5.0

setup_file() {
    cd "$BATS_TEST_DIRNAME/.." || return 1
    export COPY="$BATS_FILE_TMPDIR/copy"
    mkdir "$COPY"
    git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- | tar --extract --directory "$COPY"
    mkdir "$COPY/build"
    cp -r --preserve=timestamps build/release "$COPY/build" # Nothing is compiled again.
    cd "$COPY" || return 1
    git init --quiet
    local conf
    for conf in harness/experiments/*.conf; do shrink "$conf"; done
    pass_the_gate
    stand_in
}

# The same question with a few clients and short windows, each with enough messages for a p99; what makes it
# another question stays.
shrink() { # shrink CONF
    awk '
        BEGIN {
            split("warmup_s=0.05 window_s=0.1 settle_s=0 repeats=1 reruns=0 requests=200 outage_s=0.3 base_ms=50 cap_ms=200 " \
                  "stop_ms=50 time_cap_s=10 connections_limited=20 warmup=fixed cost_us=100 rate_per_s=15000", pairs, " ")
            for (i in pairs) { split(pairs[i], pair, "="); small[pair[1]] = pair[2] }
        }
        function few(list,    i, count, number, text) {
            count = split(list, number, " ")
            for (i = 1; i <= count && i <= 2; i++) text = text " " 10 * i
            return text
        }
        /^#/ || !NF { print; next }
        {
            key = $1
            sub(/\..*/, "", key)
            value = $0
            sub(/^[^=]*= */, "", value)
            if (key in small) value = small[key]
            if (key == "connections") value = few(value)
            if (key == "active") value = value ~ / / ? "5 10" : 5
            print $1 " = " value
        }' "$1" >"$1.small"
    mv "$1.small" "$1"
}

# That models keep the protocol is the gate's to say, not ours: here each of them has passed it.
pass_the_gate() {
    local model
    for model in $(sed -n 's/^models[a-z.]* *= *//p' harness/experiments/*.conf | tr ' ' '\n' | sort -u) $(basename --suffix=.c servers/*.c); do
        printf 'half-close\tpass\t-\ncosts-paid\tpass\t-\n' >"build/release/gate-$model.tsv"
    done
}

# What others test: what the machine takes by itself, whether a neighbour disturbs, and how a chart is drawn.
stand_in() {
    program switch_cost "cat '$PWD/tests/fixtures/switch_cost.csv'"
    program ready_cost "cat '$PWD/tests/fixtures/ready_cost.csv'"
    # shellcheck disable=SC2016  # for the program
    program witness 'file=$1; shift; echo 0.00,0.10,ok, >"$file"; exec "$@"'
    mkdir "$BATS_FILE_TMPDIR/bin"
    cat >"$BATS_FILE_TMPDIR/bin/gnuplot" <<'END'
#!/usr/bin/env bash
[[ "$*" =~ output=\'([^\']*)\' ]] && echo '<svg>not drawn</svg>' >"${BASH_REMATCH[1]}"
END
    chmod +x "$BATS_FILE_TMPDIR/bin/gnuplot"
    export PATH=$BATS_FILE_TMPDIR/bin:$PATH
}

# A program of the build that only does what it is told to.
program() { # program NAME COMMANDS
    rm "build/release/$1"
    printf '#!/bin/sh\n%s\n' "$2" >"build/release/$1"
    chmod +x "build/release/$1"
    touch --date=tomorrow "build/release/$1" # Newer than its sources: nobody makes it again.
}

setup() {
    cd "$COPY" || return 1
    # shellcheck source=harness/lib.sh
    source harness/lib.sh
}

# Runs the command of a page, and looks for all that the page quotes of it.
follow() { # follow PAGE
    local page=docs/$1.md out=$COPY/results/$1 command words section figure failed
    command=$(lesson_command "$page")
    mapfile -t words < <(xargs printf '%s\n' <<<"$command")
    run "${words[@]}" --no-install --out "$out" 3>&-
    echo "$command"
    echo "$output"
    ((status == 0)) || return 1
    [[ -s $out/index.html && -s $out/summary.md ]]
    # sequential serves one client, and says so where others are asked for more.
    failed=$(awk 'FNR > 1' "$out"/*.csv | grep -v ',sequential,' | grep -E ',(failed|corrupt),' || true)
    [[ -z $failed ]] || { echo "$failed"; return 1; }
    for section in $(sed -n 's/^<!-- BEGIN run \(.*\) -->$/\1/p' "$page"); do
        awk -v section="$section" -f harness/quote.awk "$out/summary.md" | grep -q '^| ' || { echo "$page quotes $section"; return 1; }
    done
    for figure in $(sed -n 's/^<!-- BEGIN figure \(.*\) -->$/\1/p' "$page"); do
        [[ -s $out/figures/$figure.svg ]] || { echo "$page shows $figure"; return 1; }
    done
}

@test "the lesson memory: its command leaves what the page quotes" { follow memory; }
@test "the lesson switches: its command leaves what the page quotes" { follow switches; }
@test "the lesson slow: its command leaves what the page quotes" { follow slow; }
@test "the lesson crowd: its command leaves what the page quotes" { follow crowd; }
@test "the lesson workers: its command leaves what the page quotes" { follow workers; }
@test "the lesson walls: its command leaves what the page quotes" { follow walls; }
@test "the lesson million: its command leaves what the page quotes" { follow million; }
@test "the lesson reconnect-herd: its command leaves what the page quotes" { follow reconnect-herd; }
@test "the lesson buffers: its command leaves what the page quotes" { follow buffers; }
@test "the lesson chat: its command leaves what the page quotes" { follow chat; }
@test "the lesson why: its command leaves what the page quotes" { follow why; }
@test "the lesson handshakes: its command leaves what the page quotes" { follow handshakes; }
@test "the lesson coordinated-omission: its command leaves what the page quotes" { follow coordinated-omission; }
@test "the lesson essay: its command leaves what the page quotes" { follow essay; }

@test "every lesson that quotes a run is followed here" {
    diff <(all_lessons) <(sed -n 's/^@test .*{ follow \(.*\); }$/\1/p' "$BATS_TEST_FILENAME" | sort)
}
