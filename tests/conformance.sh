#!/usr/bin/env -S bash -p
# conformance.sh -- every trap of the gate for one server, each a test of its own.
#
# usage: tests/conformance.sh MODEL [BUILD [COMMAND]]      [release, build/BUILD/server-MODEL 0]
#   tests/conformance.sh poll address
#   tests/conformance.sh node release 'node servers/guests/node.js 0'
#
# Prints TAP, a line for each trap that the gate lists; a trap of which the gate says nothing has failed.  A trap that cannot be
# tried here is skipped with the reason, and so are all traps of a server that cannot run on this machine.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/enter.sh"
export LC_ALL=C
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/conformance.sh}"

readonly DEADLINE_S=300
readonly gate=build/release/gate

# The rows of the gate as tests, in the order of its list, which comes on stdin.
as_tap() { # as_tap ROWS
    awk -F'\t' '
        FILENAME != "-" { tried[$1]; result[$1] = $2; evidence[$1] = $3; next }
        { split($0, word, " "); traps[++count] = word[1] }
        END {
            missing = evidence["start"] ~ /not on this machine/
            print "1.." count
            for (i = 1; i <= count; i++) {
                trap = traps[i]
                if (missing) print "ok " i " " trap " # skip " evidence["start"]
                else if (result[trap] == "skip") print "ok " i " " trap " # skip " evidence[trap]
                else if (result[trap] == "pass") print "ok " i " " trap
                else print "not ok " i " " trap "\n#   " (trap in tried ? evidence[trap] : "the gate has no row for it")
                failed += !missing && result[trap] !~ /^(pass|skip)$/
            }
            exit failed > 0
        }' "$1" -
}

main() {
    local model=${1:?which server?} build=${2:-release} options=() rows traps
    local command=${3:-build/$build/server-$model 0}
    [[ $build == release ]] || options=(--instrumented)
    rows=$(mktemp)
    # shellcheck disable=SC2064  # this one
    trap "rm -f '$rows'" EXIT
    traps=$("$gate" --list)
    # What it exits with, each row says for itself.
    timeout --foreground "$DEADLINE_S" "$gate" --name "$model" --jobs 3 --tsv "$rows" "${options[@]}" -- "$command" >/dev/null || true
    as_tap "$rows" <<<"$traps"
}

main "$@"
