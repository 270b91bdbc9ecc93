#!/usr/bin/env -S bash -p
# bench.sh -- what only a quiet machine can show: tests whose limits are wide in `make test`, with their sharp ones.
#
# usage: tests/bench.sh | --help
#
# By hand, with nothing else at work; needs what `make test` has built.  Half a minute.
#   demo     latencies and memory that the demo calls ok are those of an experiment, within 15 %
#   models   epoll costs at most 5 % more CPU per message than a bare loop, in one of five tries
# Exit status 1 if one of them misses its limit or finds no quiet moment, 2 for wrong usage.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/enter.sh"
export LC_ALL=C
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/bench.sh}"

help() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' tests/bench.sh; }

# Runs one test; a skip is a miss, because it showed nothing.
sharply() { # sharply FILE TEST NAME=VALUE
    local said status=0
    said=$(env "$3" bats --filter "^$2" "tests/$1.bats") || status=1
    echo "$said"
    [[ $status == 0 && $said != *'# skip'* ]]
}

main() {
    local status=0
    case ${1:-} in
    --help) help; exit ;;
    '') ;;
    *) echo "bench.sh: takes no \"$1\"; see --help" >&2; exit 2 ;;
    esac
    sharply demo 'what the demo calls ok' AGREES_WITHIN=1.15 || status=1
    sharply models 'epoll costs at most 5 %' TRIES=5 || status=1
    exit "$status"
}

main "$@"
