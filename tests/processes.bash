# processes.bash -- finding what a process started, and ending it.
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

# Whether a process is a child of this shell.  The number of one that has ended may soon be that of another program.
is_child() { # is_child PID
    local stat parent
    stat=$(cat "/proc/$1/stat" 2>/dev/null || true)
    read -r _ parent _ <<<"${stat##*) }"
    [[ $parent == "$BASHPID" ]]
}

# Ends a child of this shell by SIGTERM, and waits for it; does nothing if there is none, or if it has ended.
end_child() { # end_child PID|''
    [[ -n $1 ]] && is_child "$1" || return 0
    kill "$1" 2>/dev/null || true
    wait "$1" || true
}
