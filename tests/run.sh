#!/usr/bin/env bash
# run.sh -- builds and runs every test of the suite; `make test` calls it.
#
# usage: tests/run.sh [--no-install] [PART...]
#   parts: format scripts docs warnings units fuzz load gate models guests harness controls crosschecks
#          compare suite handshakes chat demo   [all of them]
#
# Each part speaks TAP (ok / not ok); all of it goes to build/test/PART.tap, failures also to the
# screen.  The last line counts: "N passed, N failed, N skipped".  Exit status 1 if any failed.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly ALL_PARTS=(format scripts docs warnings units fuzz load gate models guests harness controls crosschecks compare suite handshakes chat demo)
# What asserts nothing that a busy machine spoils runs while the gate does, which mostly waits: in two rows,
# each one after the other, so that the machine is busy and not swamped.
readonly BESIDE_GATE=('suite handshakes chat scripts' 'guests compare docs')
readonly GATES_AT_ONCE=3
out=build/test

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
    for file in $(ours '*.sh' '.ci/run'); do tap "shellcheck $file" shellcheck -x "$file"; done
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

part_units() {
    local program
    for program in build/release/test_*; do
        [[ -x $program && $program != *.* ]] || continue
        CMOCKA_MESSAGE_OUTPUT=TAP "$program" 2>&1 | sed -E "s|^(not )?ok [0-9]+ - |&${program##*/}: |"
    done
}

part_fuzz() { tests/fuzz/run.sh 5; }

part_load() { bats --tap tests/load.bats; }

part_models() { bats --tap tests/models.bats tests/pools.bats; }

conform() { # conform BUILD MODEL
    MODEL=$2 BUILD=build/$1 bats --tap tests/conformance.bats | sed -E "s|^(not )?ok [0-9]+ |&$2 ($1): |"
}

# Every model through the conformance gate: plain and under both sanitizers.  Most of it is waiting,
# so that several go side by side.
part_gate() {
    local build model parts
    parts=$(mktemp -d)
    bats --tap tests/gate.bats >"$parts/gate" 2>&1 &
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
    rm -r "$parts"
}

part_guests() { bats --tap tests/guests.bats tests/contributing.bats; }

part_harness() { bats --tap tests/measure.bats tests/switch.bats tests/herd.bats tests/counters.bats tests/trace.bats; }

part_handshakes() { bats --tap tests/handshakes.bats; }

part_chat() { bats --tap tests/chat.bats; }

part_controls() { bats --tap tests/controls.bats; }

part_crosschecks() { bats --tap tests/crosschecks.bats; }

part_compare() { bats --tap tests/compare.bats; }

part_suite() { bats --tap tests/scripts.bats tests/report.bats; }

part_demo() { bats --tap tests/demo.bats; }

build_all() {
    make --jobs=2 programs tools
    make --jobs=2 SAN=address programs
    make --jobs=2 SAN=thread programs
    make --jobs=2 SAN=fuzz fuzzers
}

run_part() { # run_part PART
    local part_begin=$SECONDS
    # A shell of its own, so that a part sees only its own jobs; failures are counted from the lines.
    ("part_$1") >"$out/$1.tap" 2>&1 </dev/null || true
    printf '%-11s ' "$1"
    awk '/^ok/ && /# [Ss][Kk][Ii][Pp]/ { s++; next } /^ok/ { p++ } /^not ok/ { f++ }
         END { printf "%4d passed, %d failed, %d skipped", p, f, s }' "$out/$1.tap"
    echo "  ($((SECONDS - part_begin)) s)"
    awk '/^not ok/ { show = 1 } /^ok/ { show = 0 } show' "$out/$1.tap"
}

run_parts() { # run_parts PART...
    local part row beside
    read -r -a beside <<<"${BESIDE_GATE[*]}"
    for part in "$@"; do
        if [[ $part == gate ]]; then
            for row in "${BESIDE_GATE[@]}"; do run_row "$row" "$@" & done
            run_part gate
            wait
            for row in "${beside[@]}"; do [[ " $* " != *" $row "* ]] || cat "$out/$row.said"; done
        elif [[ " $* " != *' gate '* || " ${beside[*]} " != *" $part "* ]]; then
            run_part "$part"
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

main() {
    local install=() parts=() taps=() part begin=$SECONDS
    for part in "$@"; do
        if [[ $part == --no-install ]]; then install=(--no-install)
        elif [[ " ${ALL_PARTS[*]} " == *" $part "* ]]; then parts+=("$part")
        else
            echo "tests/run.sh: no part \"$part\"; there are: ${ALL_PARTS[*]}" >&2
            exit 2
        fi
    done
    ((${#parts[@]} > 0)) || parts=("${ALL_PARTS[@]}")
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
