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

# What a function of harness/analysis/database.sh, given a database first, prints of tables, each given by its path: of rows, of a
# table of schema 1 to 3, or of medians (X_median, X_min, X_max, X_runs).  What else a run has lies beside the first of them.
analysed() { # analysed FUNCTION ARGUMENT... -- TABLE...
    local words=() work
    while [[ $1 != -- ]]; do words+=("$1"); shift; done
    work=$(mktemp -d "$BATS_TEST_TMPDIR/analysed.XXXX")
    mkdir -p "$work/run/rows"
    as_rows "$work/run/rows" "${@:2}"
    # shellcheck disable=SC2016  # of the inner shell
    C10K_ENTERED=$$ bash -p -c 'set -euo pipefail; shopt -s nullglob inherit_errexit
        source harness/run/lib.sh; source harness/analysis/take_run.sh; source harness/analysis/database.sh
        for file in "$2"/{switch_cost.csv,ready_cost.csv,machine.txt,command.txt}; do [[ ! -e $file ]] || cp "$file" "$1/run/"; done
        make_database "$1/run" "$1"
        "$3" "$1/run.db" "${@:4}"' - "$work" "$(dirname "$2")" "${words[@]}"
}

as_rows() { # as_rows FOLDER TABLE...
    local table name
    for table in "${@:2}"; do
        name=$(head -n 1 "$table")
        case ,$name, in
        *,schema,*,kind,*,variant,*) cp "$table" "$1/" ;;
        *,kind,*) renew "$1" raw "$table" ;;
        *,policy,*) renew "$1" herd "$table" ;;
        *,path,*) renew "$1" handshakes "$table" ;;
        *,pass,*) renew "$1" counters "$table" ;;
        *,members,*) renew "$1" chat "$table" ;;
        *) renew "$1" cold_start "$table" ;;
        esac
    done
}
renew() { awk -v table="$2" -v folder="$1" -f harness/analysis/old_rows.awk "$3"; } # renew FOLDER TABLE FILE

# What a function of harness/analysis/database.sh, given the database of a comparison first, prints of two runs.
compared_by() { # compared_by FUNCTION ARGUMENT... -- RUN RUN
    local words=() work
    while [[ $1 != -- ]]; do words+=("$1"); shift; done
    work=$(mktemp -d "$BATS_TEST_TMPDIR/compared.XXXX")
    mkdir "$work"/{a,b}
    # shellcheck disable=SC2016  # of the inner shell
    C10K_ENTERED=$$ work=$work a=$2 b=$3 bash -p -c 'set -euo pipefail; shopt -s nullglob inherit_errexit
        source harness/run/lib.sh; source harness/analysis/take_run.sh; source harness/analysis/database.sh
        for side in a b; do
            take_run "${!side}" "$work/$side/run"
            make_database "$work/$side/run" "$work/$side"
        done
        compare_databases "$work"
        "$1" "$work/compare.db" "${@:2}"' - "${words[@]}"
}

# What the rule of difference.sql says of pairs: lines of METRIC RUNS LOW HIGH RUNS LOW HIGH, with tabs between.
by_rule() { # by_rule SQL LINES
    {
        awk -F'\t' -v OFS='\t' 'FNR == 1 && FILENAME != "-" { for (i = 1; i <= NF; i++) c[$i] = i; next }
            FILENAME != "-" { if ($c["matters"] != "-") matters[$1] = $c["matters"]; if ($c["runs_max"] != "-") runs_max[$1] = $c["runs_max"]; next }
            { print FNR, matters[$1], runs_max[$1], $2, $3, $4, $5, $6, $7 }' harness/analysis/metrics.tsv harness/kinds/cold_start/metrics.tsv - <<<"$2" >"$BATS_TEST_TMPDIR/pair.tsv"
        echo 'CREATE TABLE pair (pair INTEGER, matters REAL, runs_max INTEGER, runs_a INTEGER, low_a REAL, high_a REAL, runs_b INTEGER, low_b REAL, high_b REAL);'
        printf '.mode ascii\n.separator "\\t" "\\n"\n.import "%s/pair.tsv" pair\n' "$BATS_TEST_TMPDIR"
        echo "UPDATE pair SET matters = nullif(matters, ''), runs_max = nullif(runs_max, '');"
        cat harness/analysis/difference.sql
        printf '.mode list\n%s;\n' "$1"
    } | sqlite3 -init /dev/null -batch -bail
}

summarised() { analysed write_summaries "$BATS_TEST_TMPDIR/summary" -- "$@" && cat "$BATS_TEST_TMPDIR"/summary/*.csv; }
answers_in() { analysed said 'SELECT experiment, sentences FROM answers ORDER BY section' -- "$@"; }
ranks_in() { analysed said 'SELECT experiment, sentence FROM ranks ORDER BY experiment, rank' -- "$@"; }
tables_in() { analysed said 'SELECT text FROM line ORDER BY section, place' -- "$@"; }
claims_in() { tables_in "$@" | awk -F'\t' '$1 == "T" { here = $3 == "claims" } here'; }

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

# Metrics that a disturbed point still has, as the dictionary marks them.
robust=$(awk -F'\t' 'FNR == 1 { for (i = 1; i <= NF; i++) if ($i == "robust") c = i } $c == "yes" { printf "%s ", $1 }' "$BATS_TEST_DIRNAME"/../harness/{analysis,kinds/*}/metrics.tsv)

# Picks what a chart draws: files in $BATS_TEST_TMPDIR/picks.
pick() { # pick "FILE..." EXPERIMENT "MODEL..." [OPTION...] TABLE...
    mkdir -p "$BATS_TEST_TMPDIR/picks"
    run_awk "numbers plots/values $1" -v experiment="$2" -v known="$3" -v work="$BATS_TEST_TMPDIR/picks" -v robust="$robust" "${@:4}"
}
picked() { cat "$BATS_TEST_TMPDIR/picks/$1"; } # picked FILE
given() { awk -F'\t' -v name="$1" '$1 == name { print $2 }' "$BATS_TEST_TMPDIR/picks/values.txt"; } # given NAME

# "label at place" of each tic of an axis, by place.
tics() { # tics x|y
    awk -F'\t' -v at="$1_tic_at_" -v tic="$1_tic_" 'index($1, at) == 1 { place[substr($1, length(at) + 1)] = $2; next }
        index($1, tic) == 1 { label[substr($1, length(tic) + 1)] = $2 }
        END { for (i in label) print place[i] "\t" label[i] " at " place[i] }' "$BATS_TEST_TMPDIR/picks/values.txt" | sort -g | cut -f 2
}

# Draws a figure from a table, or from a folder with the tables of a run; prints what is in its picture, $BATS_TEST_TMPDIR/chart.svg.
picture() ( # picture FIGURE EXPERIMENT "MODEL..." TABLE|FOLDER [NAME=VALUE...]
    local figure kind
    work=$BATS_TEST_TMPDIR/picks known=$3 chart=$BATS_TEST_TMPDIR/chart.svg run=$4
    figure=$(find harness/kinds harness/report/plots -name "$1.gp")
    kind=$(sed -n 's/^# Kinds: \([a-z_]*\).*/\1/p' "$figure")
    mkdir -p "$work"
    touch "$work"/{caption,remarks}.txt
    if [[ ! -d $4 ]]; then
        run=$work/run
        mkdir -p "$run/summary"
        cp "$4" "$run/summary/$kind.csv"
    fi
    # shellcheck source=harness/report/plot.sh
    source harness/report/plot.sh
    fail() { echo "$1"; exit 1; }
    plot "$figure" format=svg output="$chart" run="$run" kind="$kind" data="$4" experiment="$2" "${@:5}"
    awk -f tests/svg.awk "$chart"
)
