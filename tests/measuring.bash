# measuring.bash -- what the tests that measure share: a small experiment, and reading its rows.
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=checking.bash
source "${BASH_SOURCE[0]%/*}/checking.bash"

prepare_measuring() {
    cd "$BATS_TEST_DIRNAME/.." || return 1
    # shellcheck disable=SC2034  # for the tests
    measure=$PWD/tests/measure
    raw=$BATS_TEST_TMPDIR/latency.csv
    conf=$BATS_TEST_TMPDIR/tiny.conf
}

# Writes an experiment that takes half a second a point, also where a neighbour disturbs it.  Its rows go to the table of its kind.
tiny() { # tiny 'kind = KIND' LINE...
    raw=$BATS_TEST_TMPDIR/${1#kind = }.csv
    printf '%s\n' '# Question: does it work?' "$@" 'warmup_s = 0.1' 'window_s = 0.3' \
        'settle_s = 0.2' >"$conf"
    grep -q '^reruns' "$conf" || echo 'reruns = 0' >>"$conf"
}

# Makes a file for what a server writes: servers of root run as another user.
writable_by_servers() { # writable_by_servers FILE
    : >"$1"
    chmod a+w "$1"
}

# Prints a column of every row of the table.
tries() { # tries NAME
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next } name in c { print $c[name] }' "$raw"
}

# How many rows of the table are of undisturbed windows.
ok_rows() { tries status | awk '$1 == "ok" { count++ } END { print count + 0 }'; }

one_line() { tr '\n' ' ' | sed 's/ $//'; }

# The rows that count: a disturbed window is tried again, and then the try before does not.
last_tries() { awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } NR == 1 || !$c["superseded"]' "$raw"; }

# Prints column NAME of row N (1 is the first) of those that count.
column() { # column NAME N
    last_tries | awk -F, -v name="$1" -v row="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
        NR == row + 1 && c { print $c }'
}

rows() { last_tries | awk 'END { print NR - 1 }'; }

true_that() { awk "BEGIN { exit !($1) }" || { echo "false: $1"; return 1; }; }

# Tries a command up to so often, until it holds; the last status is in `checked`.  What a try sets is lost.
try_up_to() { # try_up_to TRIES COMMAND...
    local try
    for ((try = 1; try <= $1; try++)); do
        check "${@:2}"
        ((checked != 0)) || break
    done
}

# Neighbours can spoil any try, and none can make a wrong program right every time: what holds in one
# of several tries holds.
in_one_of() { # in_one_of TRIES COMMAND...
    try_up_to "$@"
    return "$checked"
}

# As in_one_of, for what a busy machine spoils every time: where no try holds and other programs are seen at work, the
# test is skipped.
in_one_of_or_weather() { # in_one_of_or_weather TRIES COMMAND...
    try_up_to "$@"
    ((checked == 0)) || skip_in_bad_weather
    return "$checked"
}

# Skips the test if other programs, or other guests of the host, use this machine: by its own rows, or by a look now.
skip_in_bad_weather() {
    local around=$BATS_TEST_TMPDIR/weather.csv
    if [[ -s $raw ]] && [[ $(tries status | sort -u) == noisy ]]; then skip "weather: $(tries reason | tail -n 1)"; fi
    build/release/witness "$around" sleep 0.5
    ! grep -q ',noisy,' "$around" || skip "weather: $(sed -n 's/.*,noisy,//p' "$around")"
}

# Every column of a table must be explained in results/README.md, or in a dictionary of metrics that it is made from.
documented() { # documented FILE
    local name missing=()
    for name in $(head -n 1 "$1" | tr , ' '); do
        cat results/README.md harness/kinds/*/README.md | grep -qE "^\|[^|]*\b$name\b[^|]*\|" || cut -f 1 harness/analysis/metrics.tsv harness/kinds/*/metrics.tsv 2>/dev/null | grep -qx "$name" ||
            missing+=("$name")
    done
    [[ ${#missing[@]} == 0 ]] || { echo "no word about the columns ${missing[*]} of $1"; return 1; }
}
