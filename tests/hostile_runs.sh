#!/usr/bin/env -S bash -p
# hostile_runs.sh -- runs and experiments of strangers: every cell, key and word of them in turn becomes one of twelve strings that would
# run, write elsewhere, or move the terminal, were they not looked at.  Then the run is drawn, shown and compared, the experiment
# listed and doctored.
#
# usage: tests/hostile_runs.sh [--again] [--sample COUNT SEED]
#   --again              forget what earlier calls tried
#   --sample COUNT SEED  only so many places, chosen by the seed, and nothing of it is kept
#
# Nothing may run, nothing may be written outside the run, and each string is refused in one line (exit 2) or shown escaped.
# All of it takes about an hour; a call goes on where the one before stopped: build/hostile_runs/tried.
# Exit status 1 if anything was found.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/enter.sh"
export LC_ALL=C
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/hostile_runs.sh}"

readonly STRINGS=12
readonly CANARY=/tmp/c10k_canary_$$ # No string can know a folder with blanks.
readonly folder=build/hostile_runs
found=0 found_here=0 tried=0 # In all, and in the pair of the moment.

# Prints one of the strings.
# shellcheck disable=SC2016  # they are not ours to expand
hostile() { # hostile NUMBER
    case $1 in
    1) printf "x';system(\"touch %s\");y=\"';touch %s;'" "$CANARY" "$CANARY" ;;
    2) printf '`touch %s`' "$CANARY" ;;
    3) printf '$(touch${IFS}%s)' "$CANARY" ;;
    4) printf 'a\nb;touch %s' "$CANARY" ;;
    5) printf '../../../..%s' "$CANARY" ;;
    6) printf '<script>alert(1)</script>' ;;
    7) printf '\033]0;owned\007\033[2J' ;;
    8) printf "=cmd|'/C touch %s'!A0" "$CANARY" ;;
    9) printf 'a\000b' ;;
    10) head -c 1048576 /dev/zero | tr '\000' A ;;
    11) printf 'a\302\233b\302\235c' ;;
    12) printf '%%n%%s%%n%%999999999d' ;;
    esac
}

# ---- places: "FILE LINE WORD SEPARATOR" ----

# A run with a row or two of every table.
make_run() { # make_run FOLDER
    local table
    mkdir -p "$1/gate" "$1/histograms"
    for table in raw cold_start switch_cost ready_cost; do cp "tests/fixtures/$table.csv" "$1/"; done
    cp tests/fixtures/histograms/*.hgrm "$1/histograms/"
    for table in why/counters chat/chat handshakes/handshakes reconnect-herd/herd reconnect-herd/herd_back; do
        sed 14q "results/lessons/$table.csv" >"$1/${table##*/}.csv"
    done
    head -n 6 results/reference/gate/poll.tsv >"$1/gate/poll.tsv"
    head -n 12 results/lessons/slow/machine.txt >"$1/machine.txt"
    head -n 8 results/lessons/slow/command.txt >"$1/command.txt"
}

places() { # places RUN
    local file
    (
        cd "$1"
        # Of tables the header and the first row; of the others the first lines.
        for file in *.csv; do awk -F, -v file="$file" 'NR <= 2 { for (i = 1; i <= NF; i++) print file, NR, i, "," }' "$file"; done
        for file in gate/*.tsv; do awk -F'\t' -v file="$file" 'NR == 1 { for (i = 1; i <= NF; i++) print file, NR, i, "t" }' "$file"; done
        for file in *.txt histograms/*-closed-1.hgrm; do
            awk -v file="$file" 'NR <= 8 { for (i = 1; i <= NF; i++) print file, NR, i, "w" }' "$file"
        done
    )
    awk '!/^#/ && NF { print "conf", NR, 1, "w"; print "conf", NR, 3, "w" }' harness/experiments/ramp.conf
    awk '/^#/ && NR <= 3 { print "conf", NR, 3, "w" }' harness/experiments/ramp.conf
}

# Writes the file with the string in that place; strings may hold what awk cannot.
plant() { # plant FILE LINE WORD SEPARATOR STRING TO
    awk -v line="$2" -v word="$3" -v separator="$4" -v before="$6.before" -v after="$6.after" '
        BEGIN { FS = separator == "," ? "," : separator == "t" ? "\t" : " "; between = separator == "t" ? "\t" : separator == "," ? "," : " "
                printf "" >before; printf "" >after }
        NR < line { print >before; next }
        NR > line { print >after; next }
        { for (i = 1; i < word; i++) printf "%s%s", $i, between >before
          for (i = word + 1; i <= NF; i++) printf "%s%s", between, $i >after
          print "" >after }' "$1"
    { cat "$6.before"; hostile "$5"; cat "$6.after"; } >"$6"
    rm "$6.before" "$6.after"
}

# ---- one try ----

complain() { # complain PLACE STRING WHAT
    echo "not ok - ${*:1:4}, string $5: $6"
    found=1 found_here=1
}

# Runs a command of ours in the box and looks at what it left.
try_command() { # try_command PLACE... STRING COMMAND...
    local place=("${@:1:4}") string=$5 status=0
    shift 5
    TMPDIR=$box/tmp timeout 60 "$@" >"$box/out" 2>"$box/err" </dev/null || status=$?
    [[ ! -e $CANARY ]] || { rm -f "$CANARY"; complain "${place[@]}" "$string" "it ran, by $1 ${2:-}"; }
    [[ -z $(ls -A "$box/tmp") ]] || complain "${place[@]}" "$string" "$1 ${2:-} left a file in TMPDIR"
    [[ $(ls -A "$box") == "$listing" ]] || complain "${place[@]}" "$string" "$1 ${2:-} wrote beside the run"
    ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$box/out" "$box/err" ||
        complain "${place[@]}" "$string" "a control character came through $1 ${2:-}"
    case $status in
    0 | 1) ;; # doctor says 1 where this machine is short of something.
    2) [[ $(wc -l <"$box/err") == 1 ]] || complain "${place[@]}" "$string" "$1 ${2:-} refused it in $(wc -l <"$box/err") lines" ;;
    *) complain "${place[@]}" "$string" "$1 ${2:-} ended with $status: $(tail -n 1 "$box/err" | cut -c 1-120)" ;;
    esac
    if ((status == 1)) && [[ $* != *doctor* ]]; then
        complain "${place[@]}" "$string" "$1 ${2:-} failed: $(tail -n 1 "$box/err" | cut -c 1-120)"
    fi
}

try_run() { # try_run FILE LINE WORD SEPARATOR STRING
    local file
    rm -rf "${box:?}"/{run,compared}
    cp -r "$box/clean" "$box/run"
    mkdir "$box/compared"
    plant "$box/clean/$1" "$2" "$3" "$4" "$5" "$box/run/$1"
    try_command "$@" ./run_all.sh draw "$box/run"
    for file in "$box/run/index.html" "$box/run/summary.md"; do
        [[ -e $file ]] || continue
        ! grep -qF '<script>' "$file" || complain "$@" "it is an element of $(basename "$file")"
        ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$file" || complain "$@" "$(basename "$file") has a control character"
    done
    try_command "$@" ./run_all.sh show "$box/run"
    try_command "$@" ./run_all.sh compare "$box/other" "$box/run" --out "$box/compared"
}

try_experiment() { # try_experiment conf LINE WORD SEPARATOR STRING
    plant harness/experiments/ramp.conf "$2" "$3" "$4" "$5" "$box/tree/harness/experiments/zz.conf"
    try_command "$@" "$box/tree/run_all.sh" list
    try_command "$@" "$box/tree/run_all.sh" doctor
    try_command "$@" build/release/check_conf "$box/tree/harness/experiments/zz.conf"
}

try_place() { # try_place "FILE LINE WORD SEPARATOR" STRING
    local place
    read -r -a place <<<"$1"
    tried=$((tried + 1))
    if [[ ${place[0]} == conf ]]; then try_experiment "${place[@]}" "$2"; else try_run "${place[@]}" "$2"; fi
}

# ---- all of them ----

# Of all pairs of a place and a string so many, and always the same for a seed.
sampled() { # sampled COUNT SEED
    awk -v count="$1" -v seed="$2" -v strings="$STRINGS" '{ place[NR] = $0 }
        END { srand(seed); for (i = 1; i <= count; i++) print place[int(rand() * NR) + 1] "|" int(rand() * strings) + 1 }'
}

every_pair() { awk -v strings="$STRINGS" '{ for (i = 1; i <= strings; i++) print $0 "|" i }'; }

make_box() {
    box=$(mktemp -d)
    trap 'rm -rf "$box"; rm -f "$CANARY"' EXIT
    mkdir "$box/tmp" "$box/tree" "$box/run" "$box/compared" "$box/other"
    make_run "$box/clean"
    cp tests/fixtures/cold_start.csv "$box/other"
    cp -r run_all.sh harness servers "$box/tree/"
    mkdir -p "$box/tree/docs" "$box/tree/tests"
    touch "$box/out" "$box/err"
    listing=$(ls -A "$box")
}

main() {
    local sample=() pairs pair
    while (($# > 0)); do
        case $1 in
        --again) rm -f "$folder/tried" ;;
        --sample) sample=("$2" "$3"); shift 2 ;;
        *) echo "hostile_runs.sh: unknown option $1; see its head" >&2; exit 2 ;;
        esac
        shift
    done
    mkdir -p "$folder"
    make_box
    places "$box/clean" >"$folder/places"
    if ((${#sample[@]} > 0)); then pairs=$(sampled "${sample[@]}" <"$folder/places"); else pairs=$(every_pair <"$folder/places"); fi
    touch "$folder/tried"
    while IFS= read -r pair; do
        if ((${#sample[@]} == 0)) && grep -qxF "$pair" "$folder/tried"; then continue; fi
        found_here=0
        try_place "${pair%|*}" "${pair##*|}"
        ((${#sample[@]} > 0 || found_here > 0)) || echo "$pair" >>"$folder/tried"
    done <<<"$pairs"
    ((found > 0)) || echo "ok - hostile runs: $tried strings in $(wc -l <"$folder/places") places: each was refused in one line or shown as text"
    exit "$found"
}

main "$@"
