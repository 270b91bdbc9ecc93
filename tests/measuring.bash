# measuring.bash -- what the tests that measure share: a small experiment, and reading its rows.
# shellcheck shell=bash

prepare_measuring() {
    cd "$BATS_TEST_DIRNAME/.." || return 1
    # shellcheck disable=SC2034  # for the tests
    measure=$PWD/build/release/measure
    raw=$BATS_TEST_TMPDIR/raw.csv
    conf=$BATS_TEST_TMPDIR/tiny.conf
}

# Writes an experiment that takes half a second a point, also where a neighbour disturbs it.
tiny() { # tiny LINE...
    printf '%s\n' '# Question: does it work?' "$@" 'warmup_s = 0.1' 'window_s = 0.3' \
        'settle_s = 0.2' >"$conf"
    grep -q '^reruns' "$conf" || echo 'reruns = 0' >>"$conf"
}

# Prints a column of every row of raw.csv.
tries() { # tries NAME
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next } { print $c[name] }' "$raw"
}

one_line() { tr '\n' ' ' | sed 's/ $//'; }

# The rows that count: a disturbed window is tried again, and then the try before does not.
last_tries() { awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } NR == 1 || !$c["superseded"]' "$raw"; }

# Prints column NAME of row N (1 is the first) of those that count.
column() { # column NAME N
    last_tries | awk -F, -v name="$1" -v row="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
        NR == row + 1 { print $c }'
}

rows() { last_tries | awk 'END { print NR - 1 }'; }

true_that() { awk "BEGIN { exit !($1) }" || { echo "false: $1"; return 1; }; }

# Neighbours can spoil any try, and none can make a wrong program right every time: what holds in one
# of several tries holds.
in_one_of() { # in_one_of TRIES COMMAND...
    local try
    for ((try = 1; try < $1; try++)); do "${@:2}" && return; done
    "${@:2}"
}

# Holds the columns of a file against its table in results/README.md: the one that names it, or the
# first one under a heading that does.
documented() { # documented FILE
    local names
    names=$(awk -F'|' -v file="${1##*/}" '
        /^#/ { here = $0 == "## " file }
        /^\| column / { inside = $2 == " column of " file " " || here && $2 == " column "; next }
        !/^\|/ { if (inside) here = 0; inside = 0 }
        inside && /^\| [a-z]/ { gsub(/ /, "", $2); gsub(",", "\n", $2); print $2 }' results/README.md | sort)
    [[ -n $names ]] || { echo "results/README.md tells nothing of ${1##*/}"; return 1; }
    diff <(head -1 "$1" | tr , '\n' | sort) - <<<"$names"
}
