#!/usr/bin/env -S bash -p
# lint.sh -- lets clang-tidy and cppcheck look for mistakes in C files; `make lint` calls it.
#
# usage: tests/lint.sh [FILE...] | --help      [every C file of the project]
#
# .clang-tidy says what clang-tidy looks for, and why it looks for nothing else.  A finding that is a false alarm has its reason in a
# comment above the line: NOLINTNEXTLINE(check) of clang-tidy, cppcheck-suppress of cppcheck.  The versions that .clang-tidy names
# decide: of another one, which finds other things, a line says that it is skipped.
#
# Exit status 1 if anything is found.  All of it takes two minutes of CPU time.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/enter.sh"
export LC_ALL=C
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/lint.sh}"

readonly MADE=build/release # The Makefile writes a header there.
export FLAGS="-std=c17 -D_GNU_SOURCE -I. -I$MADE -pthread"

die() { echo "lint.sh: $1" >&2; exit "$2"; }

# True if the installed version of PROGRAM is the one that .clang-tidy names.
decides() { # decides PROGRAM
    local named found
    named=$(sed -nE "1s/.*\<$1 ([0-9.]*[0-9]).*/\1/p" .clang-tidy)
    found=$("$1" --version | sed -nE 's/.*(LLVM version|Cppcheck) ([0-9.]+).*/\2/p')
    [[ "$found." != "$named".* ]] || return 0
    echo "skipped: $1 $named decides, and this is $found"
    return 1
}

# Prints the findings of one file in one piece: others are looked at beside it.
tidy() { # tidy FILE
    local found status=0
    # shellcheck disable=SC2086  # several flags
    found=$(clang-tidy --quiet "$1" -- $FLAGS 2>&1) || status=$?
    # It also counts what it does not show.
    grep -vE '^[0-9]+ (warning|error)s? |^$' <<<"$found" || true
    return "$status"
}
export -f tidy

tidy_all() { # tidy_all FILE...
    # shellcheck disable=SC2016  # the argument is the inner shell's
    printf '%s\0' "$@" | xargs --null --max-args=1 --max-procs="$(nproc)" bash -c 'tidy "$1" || exit 1' _
}

# Version 2.10 knows neither C17, nor that what is _Noreturn does not return.
check_all() { # check_all FILE...
    cppcheck --quiet --std=c11 -D_GNU_SOURCE '-D_Noreturn=__attribute__((noreturn))' -I. -j "$(nproc)" --inline-suppr \
        --enable=warning,performance,portability --error-exitcode=1 --template='{file}:{line}: {message} [{id}]' "$@"
}

main() {
    local program files=("$@") all status=0 looked=0
    [[ ${1:-} != --help ]] || { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$self"; exit; }
    for program in clang-tidy cppcheck; do
        command -v "$program" >/dev/null || die "$program is not installed: harness/run/setup.sh --for-tests installs it" 2
    done
    if (($# == 0)); then
        all=$(git ls-files --cached --others --exclude-standard -- '*.c')
        mapfile -t files <<<"$all"
    fi
    make --silent "$MADE/harness/probes/call_names.inc"
    if decides clang-tidy; then looked=1; tidy_all "${files[@]}" || status=1; fi
    if decides cppcheck; then looked=1; check_all "${files[@]}" || status=1; fi
    ((status == 0)) || die 'mistakes were found: see above' 1
    ((looked == 0)) || echo "lint.sh: ${#files[@]} C files, nothing found"
}

main "$@"
