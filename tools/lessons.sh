#!/usr/bin/env -S bash -p
# lessons.sh -- runs the command of each lesson as its page tells it, and keeps what the page quotes.
#
# usage: tools/lessons.sh [PAGE...]      [all pages of docs/ that quote a run]
#
# A page docs/PAGE.md that quotes a run has a mark <!-- BEGIN run SECTION -->; its command is the first one of
# run_all.sh on it.  Writes a run as that command does, keeps it as results/lessons/PAGE, and writes the marked parts
# of the docs.  Takes half an hour in all, on a machine that should be left alone meanwhile.
# Exit status: 0 done, 2 wrong usage, else that of the command that failed.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../harness/run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/lib.sh"

main() {
    local page command words
    local -a pages=("$@") known
    lines_into known all_lessons
    ((${#pages[@]} > 0)) || pages=("${known[@]}")
    for page in "${pages[@]}"; do
        is_one_of "$page" "${known[@]}" || die "no lesson \"$page\" quotes a run; there are: ${known[*]}"
    done
    handle_signals
    for page in "${pages[@]}"; do
        command=$(lesson_command "docs/$page.md")
        say "docs/$page.md: $command"
        lines_into words xargs printf '%s\n' <<<"$command" # As the shell reads it: quotes keep words together.
        run_child "${words[@]}" || exit
        run_child tools/publish.sh --lesson "$page" "$PWD/results/latest" || exit
    done
}

main "$@"
