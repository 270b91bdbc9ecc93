#!/usr/bin/env bats
# bats file_tags=deadline:180,long:200
# lessons.bats -- guards against lessons that cannot be followed: the command of each is run as its page tells it,
# in a copy of the tree whose experiments are small, and must leave what the page quotes.

bats_require_minimum_version 1.5.0

setup_file() {
    load running.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    export COPY="$BATS_FILE_TMPDIR/copy"
    mkdir "$COPY"
    git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- | tar --extract --directory "$COPY"
    mkdir "$COPY/build"
    cp -r --preserve=timestamps build/release "$COPY/build" # Nothing is compiled again.
    cd "$COPY" || return 1
    git init --quiet
    shrink_all harness/experiments
    pass_the_gate
    stand_in
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
    bin=build/release
    known_costs
    # shellcheck disable=SC2016  # for the program
    program witness 'file=$1; shift; echo 0.00,0.10,ok, >"$file"; exec "$@"'
    touch --date=tomorrow $bin/{switch_cost,ready_cost,witness} # Newer than their sources: nobody makes them again.
    mkdir "$BATS_FILE_TMPDIR/bin"
    cat >"$BATS_FILE_TMPDIR/bin/gnuplot" <<'END'
#!/bin/sh
[ -z "${output:-}" ] || echo '<svg>not drawn</svg>' >"$output"
END
    chmod +x "$BATS_FILE_TMPDIR/bin/gnuplot"
    export PATH=$BATS_FILE_TMPDIR/bin:$PATH
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
    # As it stands on the page: publish.sh takes no other run for it.
    [[ $(head -n 1 "$out/command.txt") == "$command --no-install --out $out" ]]
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
