#!/usr/bin/env bash
# run.sh -- builds and runs every test of the suite; `make test` calls it.
#
# usage: tests/run.sh [--no-install] [PART...] | --help
#   parts: format scripts docs warnings units fuzz load gate models guests harness controls crosschecks
#          compare suite handshakes chat lessons broken pools screens demo   [all of them]
#
# Each part speaks TAP (ok / not ok); all of it goes to build/test/PART.tap, failures also to the
# screen.  The last line counts: "N passed, N failed, N skipped".  Exit status 1 if any failed, and
# a test that was planned and did not run is one that failed; 130 after Ctrl-C, which leaves nothing
# running.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../harness/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/enter.sh"
export LC_ALL=C
# The slowest test takes a minute: one that hangs is ended, and failed, instead of keeping all others waiting.
export BATS_TEST_TIMEOUT=300
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/run.sh}"

readonly ALL_PARTS=(format scripts docs warnings units fuzz load gate models guests harness controls crosschecks compare suite handshakes chat lessons broken pools screens demo)
# What asserts nothing that a busy machine spoils runs while the gate does, which mostly waits: in two rows,
# each one after the other, so that the machine is busy and not swamped.
readonly BESIDE_GATE=('suite handshakes lessons' 'guests compare docs chat broken pools screens scripts')
readonly GATES_AT_ONCE=3
out=build/test

# ---- what runs: every group ends before we do ----

declare -A running=() # Process groups, by the pid of their first process.

# Starts a job as a process group of its own, so that it can be ended with all that it started.  As a
# plain job of a script it would ignore Ctrl-C, and so would every server below it.
start_group() { # start_group COMMAND...
    set -m
    # The signal goes to bats at the same time, which ends its test in order: no other one begins then.
    (set +m; trap 'exit 130' INT TERM; "$@") &
    set +m
    running[$!]=1
}

await_groups() { # await_groups PID...
    local pid
    for pid in "$@"; do
        wait "$pid" || true
        unset "running[$pid]"
    done
}

# A test that is interrupted ends what it started: it gets the time to.
end_groups() {
    local signal pid try
    trap '' INT TERM HUP
    for signal in INT TERM KILL; do
        for pid in "${!running[@]}"; do kill "-$signal" -- "-$pid" 2>/dev/null || unset "running[$pid]"; done
        for ((try = 0; try < 50 && ${#running[@]} > 0; try++)); do
            sleep 0.1
            for pid in "${!running[@]}"; do kill -0 -- "-$pid" 2>/dev/null || unset "running[$pid]"; done
        done
    done
}

# ---- the parts ----

# Prints one TAP line for a command: ok if it succeeds and, with --silent, prints nothing.
tap() { # tap [--silent] NAME COMMAND...
    local silent=false log status=0
    [[ $1 != --silent ]] || { silent=true; shift; }
    local name=$1; shift
    log=$("$@" 2>&1) || status=$?
    if ((status == 0)) && { [[ $silent == false ]] || [[ -z $log ]]; }; then
        echo "ok - $name"
    else
        echo "not ok - $name (exit $status)"
        echo "#   ${log//$'\n'/$'\n#   '}"
    fi
}

ours() { git ls-files --cached --others --exclude-standard -- "$@"; }

part_format() {
    local files
    mapfile -t files < <(ours '*.c' '*.h')
    tap 'all C files are formatted as .clang-format says' clang-format --dry-run --Werror "${files[@]}"
}

part_scripts() {
    local file
    for file in $(ours '*.sh' 'tests/*.bash' '.ci/run'); do tap "shellcheck $file" shellcheck -x "$file"; done
    # Of the rest only what a test must not do: "! command" in the middle of one cannot fail.
    for file in $(ours '*.bats'); do tap "shellcheck $file" shellcheck --include=SC2314,SC2315 "$file"; done
}

part_docs() { bats --tap tests/docs.bats tests/adoption.bats; }

# Zero warnings, with both compilers, in folders of their own.
part_warnings() {
    local compiler
    for compiler in gcc clang; do
        tap --silent "$compiler builds everything without a warning" \
            make --silent --jobs=2 CC="$compiler" BUILD="build/test/$compiler" ECHO=: programs tools
    done
}

# Passes on the TAP of a program with a name before each test, and tells if the program ended badly
# without having said so.
named() { # named NAME COMMAND...
    local name=$1 said status=0
    shift
    said=$("$@" 2>&1) || status=$?
    sed -E "s|^(not )?ok [0-9]+ (- )?|&$name: |" <<<"$said"
    ((status == 0)) || grep -q '^not ok' <<<"$said" || echo "not ok - $name ended with $status"
}

part_units() {
    local program
    export CMOCKA_MESSAGE_OUTPUT=TAP
    for program in build/release/test_*; do
        [[ -x $program && $program != *.* ]] || continue
        named "${program##*/}" "$program"
    done
}

part_fuzz() { tests/fuzz/run.sh 5; }

part_load() { bats --tap tests/load.bats tests/programs.bats; }

part_models() { bats --tap tests/models.bats; }

part_pools() { bats --tap tests/pools.bats tests/trace.bats; }

# A job of a script ignores Ctrl-C, and what it starts would, too.
heeding_ctrl_c() { env --default-signal=INT "$@"; }

conform() { # conform BUILD MODEL
    MODEL=$2 BUILD=build/$1 named "$2 ($1)" heeding_ctrl_c bats --tap tests/conformance.bats
}

# Every model through the conformance gate: plain and under both sanitizers.  Most of it is waiting,
# so that several go side by side.
part_gate() {
    local build model parts=$out/gate
    rm -rf "$parts"
    mkdir "$parts"
    heeding_ctrl_c bats --tap tests/gate.bats >"$parts/gate" 2>&1 &
    for build in thread address release; do
        for model in servers/*.c; do
            model=$(basename "$model" .c)
            [[ -x build/$build/server-$model ]] || continue
            while (($(jobs -pr | wc -l) >= GATES_AT_ONCE)); do wait -n; done
            conform "$build" "$model" >"$parts/$build-$model" 2>&1 &
        done
    done
    wait
    cat "$parts"/*
}

part_guests() { bats --tap tests/guests.bats tests/contributing.bats; }

part_harness() { bats --tap tests/measure.bats tests/walls.bats tests/switch.bats tests/herd.bats tests/counters.bats; }

part_broken() { bats --tap tests/broken.bats; }

part_handshakes() { bats --tap tests/handshakes.bats; }

part_chat() { bats --tap tests/chat.bats; }

part_controls() { bats --tap tests/controls.bats; }

part_crosschecks() { bats --tap tests/crosschecks.bats; }

part_compare() { bats --tap tests/compare.bats; }

part_suite() { bats --tap tests/entry.bats tests/summary.bats tests/charts.bats tests/usage.bats tests/begin.bats tests/runs.bats tests/claims.bats tests/report.bats \
    tests/answers.bats tests/ranks.bats tests/tables.bats tests/resume.bats; }

part_lessons() { bats --tap tests/lessons.bats; }

part_screens() { bats --tap --filter-tags '!quiet' tests/demo.bats; }

part_demo() { bats --tap --filter-tags quiet tests/demo.bats; }

build_all() {
    make --jobs=2 programs tools
    make --jobs=2 SAN=address programs
    make --jobs=2 SAN=thread programs
    make --jobs=2 SAN=fuzz fuzzers
}

# Who dies leaves no "not ok": of what was planned ("1..N"), how much never ran.
missing_tests() { # missing_tests FILE
    awk '/^1\.\.[0-9]+/ { planned += substr($1, 4) } /^(not )?ok [0-9]/ { ran++ }
         END { if (ran < planned) print "not ok - " planned - ran (planned - ran == 1 ? " test" : " tests") " did not run" }' "$1"
}

run_part() { # run_part PART
    local begin=$SECONDS status=0 missing
    # A shell of its own, so that a part sees only its own jobs; failures are counted from the lines.
    (trap 'exit 130' INT TERM; "part_$1") >"$out/$1.tap" 2>&1 </dev/null || status=$?
    missing=$(missing_tests "$out/$1.tap")
    [[ -z $missing ]] || echo "$missing" >>"$out/$1.tap"
    ((status == 0)) || grep -q '^not ok' "$out/$1.tap" || echo "not ok - $1 ended with $status" >>"$out/$1.tap"
    printf '%-11s ' "$1"
    awk '/^ok/ && /# [Ss][Kk][Ii][Pp]/ { s++; next } /^ok/ { p++ } /^not ok/ { f++ }
         END { printf "%4d passed, %d failed, %d skipped", p, f, s }' "$out/$1.tap"
    echo "  ($((SECONDS - begin)) s)"
    awk '/^not ok/ { show = 1 } /^ok/ { show = 0 } show' "$out/$1.tap"
}

run_parts() { # run_parts PART...
    local part row beside rows=()
    read -r -a beside <<<"${BESIDE_GATE[*]}"
    for part in "$@"; do
        if [[ $part == gate ]]; then
            for row in "${BESIDE_GATE[@]}"; do start_group run_row "$row" "$@"; rows+=($!); done
            start_group run_part gate
            await_groups $! "${rows[@]}"
            for row in "${beside[@]}"; do [[ " $* " != *" $row "* ]] || cat "$out/$row.said"; done
        elif [[ " $* " != *' gate '* || " ${beside[*]} " != *" $part "* ]]; then
            start_group run_part "$part"
            await_groups $!
        fi
    done
}

# Those of a row that are wanted; what they say is kept until the gate has spoken.
run_row() { # run_row ROW PART...
    local part
    for part in $1; do
        if [[ " ${*:2} " == *" $part "* ]]; then run_part "$part" >"$out/$part.said"; fi
    done
}

help() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' tests/run.sh; }

main() {
    local install=() parts=() taps=() part begin=$SECONDS
    for part in "$@"; do
        if [[ $part == --help ]]; then help; exit
        elif [[ $part == --no-install ]]; then install=(--no-install)
        elif [[ " ${ALL_PARTS[*]} " == *" $part "* ]]; then parts+=("$part")
        else
            echo "tests/run.sh: no part \"$part\"; there are: ${ALL_PARTS[*]}" >&2
            exit 2
        fi
    done
    ((${#parts[@]} > 0)) || parts=("${ALL_PARTS[@]}")
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap end_groups EXIT
    harness/setup.sh --for-tests "${install[@]}"
    mkdir -p "$out"
    build_all >"$out/build.log" 2>&1 || { cat "$out/build.log"; echo '0 passed, 1 failed'; exit 1; }
    for part in "${parts[@]}"; do taps+=("$out/$part.tap"); done
    run_parts "${parts[@]}"
    awk -v ran="${parts[*]}" -v seconds="$((SECONDS - begin))" '
        /^ok/ && /# [Ss][Kk][Ii][Pp]/ { s++; next }
        /^ok/ { p++; seen[FILENAME] = 1 }
        /^not ok/ { f++; seen[FILENAME] = 1 }
        END {
            for (i = 1; i < ARGC; i++)
                if (!(ARGV[i] in seen)) { f++; print "not ok - " ARGV[i] " holds no test" }
            printf "%d s for: %s\n%d passed, %d failed, %d skipped\n", seconds, ran, p, f, s
            exit f > 0
        }' "${taps[@]}"
}

main "$@"
