#!/usr/bin/env -S bash -p
# query.sh -- asks the numbers of one run, or of several, in SQL.
#
# usage: harness/analysis/query.sh [--from FOLDER] RUN... ["SQL"] [--csv | --json]      RUN is relative to FOLDER
#
#   result    medians of points, in the metric's unit: run experiment kind model variant connections active metric unit
#             median low high runs; a number that is no result (see point.status) is not among them
#   point     what was measured: run experiment kind model variant connections active status reason repeats good
#   measured  every try of every repeat: as result, with profile repeat try superseded status reason metric value
#   metric    what each metric is, of each kind: kind metric unit divide shown_in heading name better matters meaning empty
#
# SQL is that of SQLite.  Without it: three examples, with what they give for these runs.  Nothing is changed: the question is
# asked of a copy, opened for reading only, and can reach no other file.  A table, or --csv or --json.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=take_run.sh
source harness/analysis/take_run.sh
# shellcheck source-path=SCRIPTDIR source=database.sh
source harness/analysis/database.sh

readonly usage='usage: ./run_all.sh query RUN... ["SQL"] [--csv | --json]'
readonly RUNS_MAX=20
readonly examples=(
    "SELECT model, connections, median / 1e6 AS p99_ms FROM result WHERE metric = 'latency_ns_p99' ORDER BY connections, p99_ms"
    "SELECT experiment, model, connections, status, reason FROM point WHERE status <> 'ok' ORDER BY experiment, model, connections"
    "SELECT experiment, metric, count(*) AS points, min(median) AS least, max(median) AS most, unit FROM result GROUP BY experiment, metric"
)
runs=() question='' form=(-column -header) work=''

read_options() {
    local from=$caller_folder word
    if [[ ${1:-} == --from ]]; then from=$2; shift 2; fi
    for word in "$@"; do
        case $word in
        --csv) form=(-csv -header -newline $'\n') ;;
        --json) form=(-json) ;;
        -*) die "query has no option $word; $usage" ;;
        *) take_word "$from" "$word" ;;
        esac
    done
    ((${#runs[@]} > 0)) || die "$usage"
    ((${#runs[@]} <= RUNS_MAX)) || die "${#runs[@]} runs are too many: at most $RUNS_MAX at once"
}

# What is no folder is the question, and it is the last word.
take_word() { # take_word FOLDER WORD
    local path=$2
    [[ $path == /* ]] || path=$1/$path
    [[ -z $question ]] || die "one question is enough, $(plain_name "$2") is too much; $usage"
    if [[ -d $path ]]; then
        runs+=("$(measured_run "$1" "$2")")
    else
        ((${#runs[@]} > 0)) || die "there is no folder $(plain_name "$2"); $usage"
        question=$2
    fi
}

add_run() { # add_run RUN NUMBER
    local name
    name=$(basename "$1")
    mkdir "$work/$2"
    number_database "$1" "$work/$2"
    {
        printf '%s\n' "ATTACH '$2/run.db' AS one;" 'CREATE TABLE named (run TEXT);' "INSERT INTO named VALUES ('${name//\'/\'\'}');"
        cat harness/analysis/query.sql
        echo 'DROP TABLE named;'
    } | (cd "$work" && sql query.db)
}

# Without the rights that a question could misuse: no other file, no program, no change.
ask() { # ask SQL
    local error status=0
    error=$( { sql -safe -readonly "${form[@]}" "$work/query.db" "$1" >&3; } 2>&1) || status=$?
    ((status == 0)) || die "SQL: ${error%%$'\n'*}; the tables: ./run_all.sh query --help"
} 3>&1

main() {
    local number=0 run example
    read_options "$@"
    need_tools sqlite3
    work=$(mktemp -d) || fail 'no room for a temporary folder'
    trap 'rm -rf "$work"' EXIT
    end_on_signals
    for run in "${runs[@]}"; do
        number=$((number + 1))
        add_run "$run" "$number"
    done
    if [[ -n $question ]]; then ask "$question"; return; fi
    sed -n '/^#   result/,/^#$/s/^# \{0,1\}//p' "$self"
    for example in "${examples[@]}"; do
        printf '\n> %s\n' "$example"
        ask "$example LIMIT 5"
    done
}

self=$(realpath "${BASH_SOURCE[0]}")
main "$@"
