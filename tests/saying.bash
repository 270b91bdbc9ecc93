# saying.bash -- what the tests of sentences, tables and picked points share: each program of a report, given the rows of a table.
# shellcheck shell=bash disable=SC2154  # BATS_TEST_TMPDIR is of bats

# Fails unless the input has exactly these lines.
is() { diff <(printf '%s\n' "$@") -; } # is LINE... <OUTPUT

is_nothing() { [[ $(wc -c) == 0 ]]; } # is_nothing <OUTPUT

# The programs of the harness, each with what it is given after.
program_of() { # program_of FILE... -> the options of awk, a line each
    local file files
    for file in "$@"; do
        files=$(find harness/analysis harness/report harness/kinds tools -path "*/$file.awk" -print -quit)
        [[ -n $files ]] || files=$(find harness/kinds -name "${file#plots/}.awk" -print -quit)
        printf '%s\n' -f "$files"
    done
}

run_awk() { # run_awk "FILE..." [OPTION...] [TABLE...]
    local files options
    read -r -a files <<<"$1"
    mapfile -t options < <(program_of "${files[@]}")
    awk "${options[@]}" "${@:2}"
}

# Writes a table with these lines; prints its path.
table() { # table NAME LINE...
    printf '%s\n' "${@:2}" >"$BATS_TEST_TMPDIR/$1"
    echo "$BATS_TEST_TMPDIR/$1"
}

# One header or row of many words, as {latency,size}_{min,max} makes them.
commas() { # commas WORD...
    local IFS=,
    echo "$*"
}

# Each is given the path of a table or several.
summarised() { run_awk 'spread summarise' -v runs=1 "$@"; }
answers_in() { run_awk 'numbers headline decide variants answer' "$@"; }
ranks_in() { run_awk 'numbers headline decide rank' "$@"; }
tables_in() { run_awk 'numbers tables' "$@"; }
rows_tables_in() { run_awk 'numbers spread variants rows_table' "$@"; }
counters_tables_in() { run_awk 'numbers counters_table' "$@"; }

# One column of what one of them printed, by its heading.  Cells are separated by commas.
column_of() { # column_of NAME <TABLE
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next } { print $c }'
}

# The cells of the row of a table whose first cells are these: "heading: cell", a line each.
cells_of() { # cells_of EXPERIMENT CELL... <TABLES
    awk -F'\t' -v wanted="$(printf '\t%s' "${@:2}")" -v experiment="$1" '
        $1 == "T" { here = $3 == experiment; next }
        $1 == "H" { split($0, heading); next }
        here && index($0 "\t", "R" wanted "\t") == 1 { for (i = 2; i <= NF; i++) print heading[i] ": " $i }'
}

# Picks what a chart draws: files in $BATS_TEST_TMPDIR/picks.
pick() { # pick "FILE..." EXPERIMENT "MODEL..." [OPTION...] TABLE...
    mkdir -p "$BATS_TEST_TMPDIR/picks"
    run_awk "numbers plots/values $1" -v experiment="$2" -v known="$3" -v work="$BATS_TEST_TMPDIR/picks" "${@:4}"
}
picked() { cat "$BATS_TEST_TMPDIR/picks/$1"; } # picked FILE
given() { awk -F'\t' -v name="$1" '$1 == name { print $2 }' "$BATS_TEST_TMPDIR/picks/values.txt"; } # given NAME

# "label at place" of each tic of an axis, by place.
tics() { # tics x|y
    awk -F'\t' -v at="$1_tic_at_" -v tic="$1_tic_" 'index($1, at) == 1 { place[substr($1, length(at) + 1)] = $2; next }
        index($1, tic) == 1 { label[substr($1, length(tic) + 1)] = $2 }
        END { for (i in label) print place[i] "\t" label[i] " at " place[i] }' "$BATS_TEST_TMPDIR/picks/values.txt" | sort -g | cut -f 2
}

# Draws a figure of harness/report/plots from a table; prints what is in its picture, $BATS_TEST_TMPDIR/chart.svg.
picture() ( # picture FIGURE EXPERIMENT "MODEL..." TABLE [NAME=VALUE...]
    work=$BATS_TEST_TMPDIR/picks known=$3 chart=$BATS_TEST_TMPDIR/chart.svg
    mkdir -p "$work"
    touch "$work"/{caption,remarks}.txt
    # shellcheck source=harness/report/plot.sh
    source harness/report/plot.sh
    fail() { echo "$1"; exit 1; }
    plot "$(find harness/kinds harness/report/plots -name "$1.gp")" format=svg output="$chart" data="$4" experiment="$2" "${@:5}"
    awk -f tests/svg.awk "$chart"
)
