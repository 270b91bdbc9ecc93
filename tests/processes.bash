# processes.bash -- finding what a process started.
# shellcheck shell=bash

# Prints all that a process started, and what those started; the deepest come first.
descendants_of() { # descendants_of PID
    local child children
    # Without a file, where the process has just ended, cat would read what is on our stdin.
    read -r -a children <<<"$(cat /dev/null "/proc/$1"/task/*/children 2>/dev/null)" || true
    for child in "${children[@]}"; do
        descendants_of "$child"
        echo "$child"
    done
}
