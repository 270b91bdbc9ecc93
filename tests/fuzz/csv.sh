#!/usr/bin/env -S bash -p
# csv.sh -- the readers of raw.csv: whatever is in the file, they make a table of whole rows and real
# numbers, or refuse it in one line.
#
# usage: tests/fuzz/csv.sh SECONDS [SEED]       prints a line; exit status 1 if something was found
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../harness/run/enter.sh"
export LC_ALL=C
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/fuzz/csv.sh}"

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

try_seed() {
    local status=0
    awk -v seed="$seed" -f tests/fuzz/mutate.awk tests/fixtures/raw.csv >"$work/raw.csv"
    awk -v shown=raw.csv -f harness/report/plain.awk -f harness/analysis/cells.awk "$work/raw.csv" >"$work/passed.csv" 2>"$work/refused" || status=$?
    if ((status == 0)); then
        awk -f harness/analysis/spread.awk -f harness/analysis/summarise.awk "$work/passed.csv" >"$work/summary.csv" 2>"$work/said" || status=$?
    else
        mv "$work/refused" "$work/said"
    fi
    if ((status == 2)); then
        [[ $(wc -l <"$work/said") == 1 ]] || found "refused, but not in one line: $(head -n 3 "$work/said")"
        return
    fi
    ((status == 0)) || found "summarise.awk ended with $status"
    [[ ! -s $work/said ]] || found "summarise.awk said: $(head -n 1 "$work/said")"
    is_sound "$work/summary.csv" || found 'a summary with a torn row, or with a number that is none'
    awk -f harness/analysis/numbers.awk -f harness/report/tables.awk "$work/summary.csv" >"$work/tables.tsv" 2>"$work/said" || found "tables.awk failed: $(head -n 1 "$work/said")"
    [[ ! -s $work/said ]] || found "tables.awk said: $(head -n 1 "$work/said")"
}

seconds=$1 first=${2:-1}
for ((seed = first; SECONDS < seconds; seed++)); do try_seed; done
echo "ok - csv: $((seed - first)) damaged files, seeds $first to $((seed - 1)), no finding"
