#!/usr/bin/env -S bash -p
# csv.sh -- the readers of a table of rows: whatever is in the file, they make summaries of whole rows and real
# numbers, or refuse it in one line.
#
# usage: tests/fuzz/csv.sh SECONDS [SEED]       prints a line; exit status 1 if something was found
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../../harness/run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../harness/run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../harness/analysis/take_run.sh
source harness/analysis/take_run.sh
# shellcheck source-path=SCRIPTDIR source=../../harness/analysis/database.sh
source harness/analysis/database.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

found() { # found WHAT: keeps nothing but the seed, from which the file can be made again.
    echo "not ok - csv: seed $seed: $1"
    echo "#   awk -v seed=$seed -f tests/fuzz/mutate.awk tests/fixtures/raw.csv"
    exit 1
}

# True if every row has as many cells as the header, and every number is one.
is_sound() { # is_sound SUMMARY
    awk -F, 'NR == 1 { cells = NF; for (i = 1; i <= NF; i++) number[i] = $i ~ /_(median|min|max)$/; next }
        NF != cells { bad = 1 }
        { for (i = 1; i <= NF; i++) if (number[i] && $i !~ /^(-?[0-9.]+([eE][-+]?[0-9]+)?)?$/) bad = 1 }
        END { exit bad }' "$1"
}

# Does a step of the analysis in a shell of its own: what ends it must not end the fuzzer.
step() { # step COMMAND... -> status; what it says is in $work/said
    set +e
    (
        set -e
        "$@"
    ) 2>"$work/said"
    status=$?
    set -e
}

# What must not fail, nor complain, once the file was let in.
need_step() { # need_step NAME COMMAND...
    step "${@:2}"
    ((status == 0)) || found "$1 ended with $status: $(head -n 1 "$work/said")"
    [[ ! -s $work/said ]] || found "$1 said: $(head -n 1 "$work/said")"
}

try_seed() {
    local summary
    rm -rf "${work:?}"/*
    mkdir "$work/run" "$work/database"
    awk -v seed="$seed" -f tests/fuzz/mutate.awk tests/fixtures/raw.csv >"$work/run/raw.csv"
    step take_tables "$work/run" "$work/copy"
    if ((status == 2)); then
        [[ $(wc -l <"$work/said") == 1 ]] || found "refused, but not in one line: $(head -n 3 "$work/said")"
        return
    fi
    ((status == 0)) || found "take_tables ended with $status: $(head -n 1 "$work/said")"
    passed_count=$((passed_count + 1))
    need_step make_database make_database "$work/copy" "$work/database"
    need_step write_summaries write_summaries "$work/database/run.db" "$work/summary"
    for summary in "$work"/summary/*.csv; do
        is_sound "$summary" || found 'a summary with a torn row, or with a number that is none'
    done
    need_step tables tables_of "$work/database/run.db"
}
tables_of() { said "$1" 'SELECT text FROM line ORDER BY section, place' >"$work/tables.tsv"; } # tables_of RUN_DB

seconds=$1 first=${2:-1} status=0 passed_count=0
for ((seed = first; SECONDS < seconds; seed++)); do try_seed; done
# Where every file is refused, nothing but the gate was tried.
((passed_count > 0 || seed - first < 20)) || found 'not one file was let in'
echo "ok - csv: $((seed - first)) damaged files, $passed_count of them let in, seeds $first to $((seed - 1)), no finding"
