#!/usr/bin/env -S bash -p
# run.sh -- builds and runs every test of the suite; `make test` calls it.
#
# usage: tests/run.sh [--no-install] [PART|FILE...] | --help
#   parts: @PARTS@ [all of them]
#
# FILE is one bats file of tests/, by its name: tests/run.sh --no-install pools
#
# A bats file needs no entry here.  Its head says which part it is of and how it runs, as
# `# bats file_tags=part:suite,long:60`; without a part it is a part of its own.
#   long:SECONDS      about how long it takes, if that is much: the longest begin first, because all wait for the last
#   quiet             runs alone after all others; also for one test: # bats test_tags=quiet
#   deadline:SECONDS  see tests/bats.sh
#
# Each job speaks TAP (ok / not ok); all of it goes to build/test/JOB.tap, failures also to the screen.  The
# last lines give the time and CPU time of each part, the ten slowest tests and, in the last one, the counts:
# "N passed, N failed, N skipped".  Exit status 1 if any failed, and a test that was planned and did not run
# is one that failed; 130 after Ctrl-C, which leaves nothing running.
# shellcheck disable=SC2317  # jobs call their functions by name
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/enter.sh"
export LC_ALL=C
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/run.sh}"
source tests/jobs.bash

readonly AT_ONCE=7 # Jobs mostly wait: so many keep two CPUs busy.
readonly out=build/test

# ---- the parts that are no bats files ----

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

# Other versions lay some lines out otherwise.
format() {
    local files named found
    named=$(sed -n 's/^# Of clang-format \([0-9]*\).*/\1/p' .clang-format)
    found=$(clang-format --version | sed -E 's/.*version ([0-9]+).*/\1/')
    if [[ $found != "$named" ]]; then
        echo "ok - all C files are formatted as .clang-format says # skip clang-format $named decides, and this is $found"
        return
    fi
    files=$(ours '*.c' '*.h')
    mapfile -t files <<<"$files"
    tap 'all C files are formatted as .clang-format says' clang-format --dry-run --Werror "${files[@]}"
}

scripts() {
    local file scripts tests
    scripts=$(ours '*.sh' 'tests/*.bash' '.ci/run')
    tests=$(ours '*.bats')
    # One call reads what they share once.  Only if it finds something, each is looked at by itself.
    # shellcheck disable=SC2086  # a list
    if shellcheck --norc -x $scripts >/dev/null 2>&1; then printf 'ok - shellcheck %s\n' $scripts
    else for file in $scripts; do tap "shellcheck $file" shellcheck --norc -x "$file"; done; fi
    # Of the rest only what a test must not do: "! command" in the middle of one cannot fail.
    for file in $tests; do
        if has_negation "$file"; then
            tap "shellcheck $file" shellcheck --norc --include=SC2314,SC2315 "$file"
        else
            echo "ok - shellcheck $file" # There is nothing to find.
        fi
    done
}

# Whether a command of the file may begin with "!".
has_negation() { grep -qE '(^|[;&|(){]|\b(then|do|else))[[:space:]]*![[:space:]]' "$1"; } # has_negation FILE

# Zero warnings, with both compilers.  Clang links nothing: the linker is the same.
warnings() {
    tap --silent 'gcc builds everything without a warning' warnings_of gcc programs tools
    tap --silent 'clang builds everything without a warning' warnings_of clang objects
}

# What the tests use is built already, and its warnings were kept.
warnings_of() { # warnings_of COMPILER TARGET...
    local folder=build/test/$1 flags=(CFLAGS=-O2)
    ! grep -qx "CC: $1" build/release/built_with.txt || { folder=build/release; flags=(); }
    make --silent --jobs=2 CC="$1" BUILD="$folder" "${flags[@]}" ECHO=: "${@:2}" || return
    find "$folder/warnings" -type f -size +0 -printf 'kept in %p:\n' -exec cat {} \;
}

# Passes on the TAP of a program with a name before each test, and tells if the program ended badly
# without having said so.
named() { # named NAME COMMAND...
    local name=$1 said status=0
    shift
    said=$("$@" 2>&1) || status=$?
    # cmocka says "not ok ... # SKIP" of a test that was skipped.
    sed -E "s|^not (ok [0-9]+ # SKIP)|\\1|; s|^(not )?ok [0-9]+ (- )?|&$name: |" <<<"$said"
    ((status == 0)) || grep -q '^not ok' <<<"$said" || echo "not ok - $name ended with $status"
}

units() {
    local program
    export CMOCKA_MESSAGE_OUTPUT=TAP
    for program in build/release/test_*; do
        [[ -x $program && $program != *.* ]] || continue
        named "${program##*/}" "$program"
    done
}

fuzz() { tests/fuzz/run.sh 2; } # `make fuzz` looks for longer.

# One model through the conformance gate.
conform() { # conform BUILD MODEL
    [[ -x build/$1/server-$2 ]] || { echo "ok - $2 ($1) # skip it was left out of the build"; return; }
    local command="build/$1/server-$2 0"
    # So that a small crowd finds the pool of buffers and the ring used up, as thousands do.
    [[ $2 != io_uring || $1 == release ]] || command+=' --buffers 64 --ring 64'
    named "$2 ($1)" tests/conformance.sh "$2" "$1" "$command"
}

of_file() { tests/bats.sh "$@" --times "$out/$job.times"; } # job: of run_job()

# ---- all jobs: "beside|alone SECONDS JOB PART COMMAND...", and those of more seconds begin earlier ----

all_jobs() {
    local build file
    echo 'beside 999 format format format' # What is wrong most often is said first.
    echo 'beside 45 scripts scripts scripts'
    echo 'beside 20 warnings warnings warnings'
    echo 'beside 20 units units units'
    echo 'beside 20 fuzz fuzz fuzz'
    for file in servers/*.c; do
        file=$(basename "$file" .c)
        echo "beside 15 gate-release-$file gate conform release $file"
        for build in thread address; do echo "beside 5 gate-$build-$file gate conform $build $file"; done
    done
    for file in tests/*.bats; do jobs_of_file "$file"; done
}

# A bats file; its quiet tests are a job of their own.
jobs_of_file() { # jobs_of_file FILE
    local name tags part seconds=10
    name=$(basename "$1" .bats)
    tags=,$(sed -n 's/^# bats file_tags=//p' "$1"),
    part=$name
    [[ ! $tags =~ ,part:([a-z_]+), ]] || part=${BASH_REMATCH[1]}
    [[ ! $tags =~ ,long:([0-9]+), ]] || seconds=${BASH_REMATCH[1]}
    if [[ $tags == *,quiet,* ]]; then
        echo "alone $seconds $name $part of_file $1"
    elif grep -q '^# bats test_tags=.*\<quiet\>' "$1"; then
        echo "beside $seconds $name $part of_file $1 --tags !quiet"
        echo "alone $seconds $name-quiet $part of_file $1 --tags quiet"
    else
        echo "beside $seconds $name $part of_file $1"
    fi
}

parts_of() { awk '!seen[$4]++ { print $4 }' <<<"$1" | xargs; } # parts_of JOBS

# Of all jobs those of the wanted parts and files; all, if none is named.
choose() { # choose JOBS WANTED...
    awk -v wanted="${*:2}" -v parts="$(parts_of "$1")" '
        BEGIN { count = split(wanted, list, " ") }
        {
            mine = !count
            for (i = 1; i <= count; i++)
                if ($4 == list[i] || $3 == list[i] || $3 == list[i] "-quiet") known[i] = mine = 1
            if (mine) print
        }
        END {
            for (i = 1; i <= count; i++)
                if (!known[i]) {
                    print "tests/run.sh: no part \"" list[i] "\"; there are: " parts >"/dev/stderr"
                    exit 2
                }
        }' <<<"$1"
}

help() { # help PARTS
    awk -v parts="$1" 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); sub("@PARTS@", parts); print }' tests/run.sh
}

# What the chosen jobs run: few of them need the sanitizers' programs, and the fuzzers build theirs.
build() { # build JOBS
    make --jobs=2 programs tools
    [[ $1 =~ \ (gate|chat)\  ]] || return 0
    make --jobs=2 SAN=address servers
    make --jobs=2 SAN=thread servers
}

main() {
    local install=() wanted=() word jobs chosen status=0 begin_us=${EPOCHREALTIME/./}
    jobs=$(all_jobs | sort --stable --key=2,2nr)
    for word in "$@"; do
        case $word in
        --help) help "$(parts_of "$jobs")"; exit ;;
        --no-install) install=(--no-install) ;;
        *) wanted+=("$word") ;;
        esac
    done
    chosen=$(choose "$jobs" "${wanted[@]}") || exit
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap end_groups EXIT
    harness/run/setup.sh --for-tests "${install[@]}"
    rm -rf "$out"/*.{tap,times,took}
    # jq, shellcheck and others read files of the user's home, each without an option against it.
    export HOME=$PWD/$out/home
    unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME
    rm -rf "${out:?}/home"
    mkdir -p "$out/home"
    build "$chosen" >"$out/build.log" 2>&1 || { cat "$out/build.log"; echo '0 passed, 1 failed, 0 skipped'; exit 1; }
    run_jobs "$AT_ONCE" "$(sed -n 's/^beside //p' <<<"$chosen")"
    run_jobs 1 "$(sed -n 's/^alone //p' <<<"$chosen")"
    times >"$out/all.took"
    awk -v all_us="$((${EPOCHREALTIME/./} - begin_us))" -f tests/counts.awk "$out"/*.{took,times,tap} || status=$?
    exit "$status"
}

main "$@"
