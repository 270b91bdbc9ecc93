# checking.bash -- runs a function of several commands so that each of them counts.
# shellcheck shell=bash

# Runs a command in a subshell that ends at the first failure, and sets `checked` to its status.
#
# bash forgets about errexit in all that is behind `if`, `while`, `!`, or before `&&` and `||`, also in functions and
# subshells: `f && return` with f() { false; true; } returns.  So this must be a command of its own, and says so.
check() { # check COMMAND...
    local flags=$-
    set +eET
    (set -e; false; true)
    checked=$?
    if ((checked == 0)); then
        echo "$1 is checked where errexit does not count: behind if, while, ! or run, or before && or ||" >&2
        exit 1
    fi
    (trap - DEBUG; set -eE; trap 'echo "false: $BASH_COMMAND" >&2' ERR; "$@")
    checked=$?
    set "-$flags"
}
