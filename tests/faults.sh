#!/usr/bin/env -S bash -p
# faults.sh -- lets every call of the C library that can fail fail once, in every program, and judges
# what comes of it: a clear word and the right exit status, never a wrong row, a crash or a hang.
#
#   usage: tests/faults.sh [--seconds S] [--seed N] [--jobs N] [PROGRAM...]
#          tests/faults.sh --try PROGRAM OFFSET ERROR
#
#   --seconds S   as many as fit into S seconds, chosen at random [all that are not tried yet]
#   --seed N      of that choice [a random one, shown]
#   --jobs N      at a time [one for each CPU]
#   --try         one call again, with all that the program says
#   PROGRAM       calls of this program only; load, measure-latency, server-epoll, ...
#
# A call is a call site in a program: where its machine code calls a library.  The programs are built
# into build/faults for this, without optimisation, so that each call in the source is one site.
#
# tests/faults/: calls.tsv has the functions, and how they can fail; scenarios.bash what programs do
# meanwhile; judge.bash what is a wrong outcome; never.tsv why some sites are in no scenario.
# build/faults/tried.tsv keeps what was tried: a run that was cut off goes on where it was.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/enter.sh"
export LC_ALL=C

self=$(realpath "${BASH_SOURCE[0]}")
root=${self%/tests/faults.sh}
cd "$root"
bin=$root/build/faults work=$root/build/faults/work
calls=tests/faults/calls.tsv
# shellcheck source=tests/faults/scenarios.bash
source tests/faults/scenarios.bash
# shellcheck source=tests/faults/judge.bash
source tests/faults/judge.bash

say() { printf '%4d s  %s\n' "$SECONDS" "$*"; }
die() { echo "tests/faults.sh: $*" >&2; exit "${2:-1}"; }

# ---- what there is ----

build() {
    make --silent --jobs=2 BUILD=build/faults CFLAGS='-O0 -g -Wno-frame-larger-than' ECHO=: programs build/faults/faults.so
    mkdir -p "$work"
    local server program
    models=()
    for server in "$bin"/server-*; do models+=("${server#"$bin"/server-}"); done
    programs=("${models[@]/#/server-}" load gate switch_cost ready_cost witness hello chat chat-room)
    for program in "$bin"/measure-*; do [[ $program == *.d ]] || programs+=("${program##*/}"); done
    [[ ! -x $bin/demo ]] || programs+=(demo)
    mapfile -t traps < <("$bin/gate" --list | awk '{ print $1 }')
    ((${#traps[@]} > 0)) || die 'gate names no traps'
}

# Every function that a program calls is in calls.tsv, and has a stand-in if it can fail.
check_calls() {
    local missing
    missing=$(nm --dynamic --undefined-only "${programs[@]/#/$bin/}" | awk 'NF == 2 { sub(/@.*/, "", $2); print $2 }' | sort -u |
        awk -F'\t' 'FNR == NR { known[$1] = 1; next } !($1 in known)' "$calls" -)
    [[ -z $missing ]] || die "not in $calls: ${missing//$'\n'/ }"
    missing=$(nm --dynamic --defined-only "$bin/faults.so" | awk '{ print $3 }' |
        awk -F'\t' 'FNR == NR { there[$1] = 1; next } !/^#/ && $2 != "-" && !($1 in there) { print $1 }' - "$calls")
    [[ -z $missing ]] || die "no stand-in for: ${missing//$'\n'/ }"
}

# Prints "PROGRAM OFFSET FUNCTION FILE LINE PLACE" for each call site of a function that can fail: OFFSET is the
# address that the call returns to, PLACE the function that it is in.
sites_of() { # sites_of PROGRAM
    local list=$work/sites.$1
    objdump --disassemble --no-show-raw-insn "$bin/$1" |
        awk 'FNR == NR { if ($0 !~ /^#/ && $2 != "-") fails[$1] = 1; next }
             { sub(/:$/, "", $1) }
             site != "" { print at, $1, site; site = "" }
             match($0, /<[A-Za-z0-9_]+@plt>$/) && $2 !~ /^j/ {
                 at = $1
                 site = substr($0, RSTART + 1, RLENGTH - 6)
                 if (!(site in fails)) site = "" }' "$calls" - >"$list"
    cut -d ' ' -f 1 "$list" | addr2line --functions --exe="$bin/$1" | sed "s| (discriminator.*||; s|^$root/||" | paste -d ' ' - - |
        paste -d ' ' "$list" - | awk -v program="$1" '{ sub(/:/, " ", $5); print program, $2, $3, $5, $4 }' | without_messages
}

# What a program says on stderr is no call that can be told to have failed: calls.tsv.
without_messages() {
    awk '$3 ~ /^(fprintf|fwrite|fputs|fputc|fflush)$/ {
             text = ""
             for (at = 1; (getline line <$4) > 0; at++) if (at >= $5 - 1 && at <= $5 + 3) text = text line
             close($4)
             if (text ~ /stderr/) next
         }
         { print }'
}

# ---- scenarios ----

# Runs a scenario in a folder of its own, with `faults` as it is; what is wrong is in its file complaints.
play() { # play FOLDER SCENARIO [ARGUMENT]
    rm -rf "${1:?}"
    mkdir -p "$1"
    truncate --size=64K "$1/notes"
    chmod 666 "$1/notes" # Servers may run as another user.
    (
        cd "$1"
        reference=$work/references/${2}_${3:-}
        server='' status=0
        trap '[[ -z $server ]] || kill "$server" 2>/dev/null || true' EXIT
        set +e
        "scenario_$2" "${@:3}"
    ) >"$1/printed" 2>&1 || true
}

notes() { head --bytes=64000 "$1/notes" | tr -d '\0'; } # notes FOLDER: what the library noted

# Runs a scenario without a failure, keeps what came out, and notes which call sites it reaches; once.
record() { # record SCENARIO [ARGUMENT]
    local folder=$work/references/${1}_${2:-}
    [[ ! -e $folder/reached ]] || return 0
    faults=(LD_PRELOAD="$bin/faults.so" FAULTS_FOLDER="$bin" FAULTS_NOTES="$folder/notes")
    local error='' deadline_s=120 begin=$SECONDS
    play "$folder" "$@"
    echo "$((SECONDS - begin))" >"$folder/took_s"
    [[ ! -s $folder/complaints ]] || die "$* goes wrong without a failure: $(<"$folder/complaints")"
    notes "$folder" | sort -u | sed "s/\$/ $*/" >"$folder/reached"
}

record_all() { # record_all JOBS
    local scenario words
    while read -r scenario; do
        while (($(jobs -pr | wc -l) >= $1)); do wait -n; done
        read -r -a words <<<"$scenario"
        record "${words[@]}" &
    done < <(scenarios)
    while (($(jobs -pr | wc -l) > 0)); do wait -n; done
}

# Prints "PROGRAM OFFSET FUNCTION ERROR SCENARIO" for everything to be tried: each site that is reached, in the first
# of these scenarios that reaches it, with each of its errors.
pairs() { # pairs SCENARIO... (with "_" before its argument)
    awk 'FILENAME == ARGV[1] { if (!/^#/) errors[$1] = $2; next }
         FILENAME == ARGV[2] { never[$1, $2, $3] = 1; next }
         FILENAME == ARGV[3] { if (($4, $6, $3) in never) seen[$1, $2] = 1; next }
         ($1, $2) in seen || errors[$3] == "-" { next }
         { seen[$1, $2] = 1
           count = split(errors[$3], list, ",")
           for (i = 1; i <= count; i++) print $1, $2, $3, list[i], $4 ($5 != "" ? " " $5 : "") }' \
        "$calls" tests/faults/never.tsv "$work/sites.tsv" "${@/%//reached}"
}

# The folders of all scenarios, in their order.
all_references() { scenarios | awk -v folder="$work/references" '{ print folder "/" $1 "_" $2 }'; }

# ---- trying ----

# Lets one call fail, and adds "PROGRAM OFFSET FUNCTION ERROR ok|..." to tried.tsv.
try() { # try PROGRAM OFFSET FUNCTION ERROR SCENARIO [ARGUMENT]
    local folder=$work/tries/$1-$2-$4-${5}_${6:-} outcome=ok # Two scenarios may try one call at once.
    local error=$4 deadline_s
    deadline_s=$((10 + 10 * $(<"$work/references/${5}_${6:-}/took_s"))) # A hang is one also on a busy machine.
    place=$(awk -v program="$1" -v offset="$2" '$1 == program && $2 == offset { print $6 }' "$work/sites.tsv")
    faults=(LD_PRELOAD="$bin/faults.so" FAULTS_FOLDER="$bin" FAULTS_AT="$1 $2" FAULTS_ERROR="$4" FAULTS_NOTES="$folder/notes")
    play "$folder" "${@:5}"
    notes "$folder" | grep -v '^failed' >>"$work/reached_after.tsv" || true
    grep -q '^failed' < <(notes "$folder") || outcome='not reached' # No pipe: it fails if grep ends first.
    [[ ! -s $folder/complaints ]] || outcome=$(sort -u "$folder/complaints" | paste -s -d ';' | cut -c 1-600)
    printf '%s\t' "$1" "$2" "$3" "$4" "$5 ${6:-}" >"$folder/row"
    printf '%s\n' "$outcome" >>"$folder/row"
    cat "$folder/row" >>"$work/tried.tsv"
    [[ $outcome != ok ]] || rm -rf "$folder"
}

# Everything that is left to try.
campaign() { # campaign JOBS PROGRAM...
    local row words folders
    record_all "$1"
    mapfile -t folders < <(all_references)
    pairs "${folders[@]}" | left_of "${@:2}" >"$work/plan"
    say "$(wc -l <"$work/plan") calls to try"
    while read -r row; do
        while (($(jobs -pr | wc -l) >= $1)); do wait -n || true; done
        read -r -a words <<<"$row"
        try "${words[@]}" &
    done <"$work/plan"
    wait
}

# Scenarios at random, and in each some calls at random, until the time is over.
sample() { # sample SECONDS JOBS SEED
    local end=$((SECONDS + $1)) scenario words
    mapfile -t order < <(scenarios | shuffle "$3")
    for ((i = 0; SECONDS < end; i++)); do
        while (($(jobs -pr | wc -l) >= $2)); do wait -n || true; done
        try_some_of "$3.$i" "${order[i % ${#order[@]}]}" &
    done
    wait
}

try_some_of() { # try_some_of SEED SCENARIO
    local words row
    read -r -a words <<<"$2"
    record "${words[@]}"
    while read -r row; do
        read -r -a words <<<"$row"
        try "${words[@]}"
    # A server's calls have scenarios of their own; elsewhere, what comes of them is judged as another program's.
    done < <(pairs "$work/references/${words[0]}_${words[1]:-}" | awk '$1 !~ /^server-/ || $5 ~ /^(serve|fill|help|misuse)$/' | left_of | shuffle "$1" | head -n 3)
}

# What a busy machine did to a program is not its answer to a failed call: a finding counts if it comes each of three times, the
# last two with nothing else at work.
confirm() {
    local program offset function error scenario outcome words
    for _ in 2 3; do
        awk -F'\t' -v wrong="$work/wrong.tsv" -v right="$work/right.tsv" 'BEGIN { printf "" >wrong; printf "" >right }
            { print >($6 == "ok" || $6 == "not reached" ? right : wrong) }' "$work/tried.tsv"
        mv "$work/right.tsv" "$work/tried.tsv"
        while IFS=$'\t' read -r program offset function error scenario outcome; do
            read -r -a words <<<"$scenario"
            try "$program" "$offset" "$function" "$error" "${words[@]}"
            # A call that was not reached this time says nothing of the time before.
            if [[ $(tail -n 1 "$work/tried.tsv") == *$'\tnot reached' ]]; then
                printf '%s\t' "$program" "$offset" "$function" "$error" "$scenario" >>"$work/tried.tsv"
                echo "$outcome" >>"$work/tried.tsv"
            fi
        done <"$work/wrong.tsv"
    done
}

# Those of these programs (none: of all) that were not tried.
left_of() { # left_of PROGRAM...
    touch "$work/tried.tsv"
    awk -v wanted=" $* " 'FILENAME == ARGV[1] { split($0, cell, "\t"); tried[cell[1], cell[2], cell[4]] = 1; next }
        !(($1, $2, $4) in tried) && (wanted == "  " || index(wanted, " " $1 " "))' "$work/tried.tsv" -
}

shuffle() { awk -v seed="$1" 'BEGIN { srand(seed) } { printf "%.9f %s\n", rand(), $0 }' | sort | cut -d ' ' -f 2-; } # shuffle SEED

# ---- what came of it ----

# Sites that no try let fail, in no program: those without a reason in never.tsv, or with --all every one.
never_failed() {
    awk -F'\t' 'FILENAME == ARGV[1] { if (!/^#/) reason[$1, $2, $3] = $4; next }
         FILENAME == ARGV[2] { if ($6 != "not reached") failed[$1, $2] = 1; next }
         { split($0, site, " ") }
         (site[1], site[2]) in failed { at_place[site[4], site[5], site[3]] = 1 }
         { list[FNR] = $0; count = FNR }
         END {
             for (i = 1; i <= count; i++) {
                 split(list[i], site, " ")
                 if ((site[4], site[5], site[3]) in at_place || said[site[4], site[5], site[3]]++) continue
                 why = reason[site[4], site[6], site[3]]
                 print site[4] ":" site[5] "\t" site[6] "\t" site[3] "\t" why
             }
         }' tests/faults/never.tsv "$work/tried.tsv" "$work/sites.tsv" | sort -V
}

# Prints the findings and the counts; false if there is something to be done.
report() { # report all|some
    local left
    awk -F'\t' 'FILENAME == ARGV[1] { split($0, site, " "); at[site[1], site[2]] = site[4] ":" site[5] " " site[6]; next }
        { tried++ }
        $6 != "ok" && $6 != "not reached" { wrong++; print "WRONG  " $1 "  " at[$1, $2] "  " $3 " " $4 " (" $5 "): " $6 "  [--try " $1 " " $2 " " $4 "]" }
        $6 == "not reached" { missed++ }
        END { printf "%d calls tried, %d wrong, %d not reached again\n", tried, wrong, missed; exit wrong > 0 }' \
        "$work/sites.tsv" "$work/tried.tsv" || failed=true
    [[ $1 == all ]] || return 0
    never_failed >"$work/never"
    awk -F'\t' '{ print $4 == "" ? "NEVER FAILED  " $1 " " $2 " " $3 : "never failed  " $1 " " $2 " " $3 ": " $4 }' "$work/never"
    left=$(awk -F'\t' '$4 == "" { n++ } END { print n + 0 }' "$work/never")
    echo "$(awk '{ print $4, $5, $3 }' "$work/sites.tsv" | sort -u | wc -l) call sites in the source, $(wc -l <"$work/sites.tsv") in the programs; $(wc -l <"$work/never") never failed, $left of them without a reason"
    ((left == 0)) || failed=true
}

# What was found holds for these programs and this list only.
forget_old() {
    local now
    now=$(cat "${programs[@]/#/$bin/}" "$bin/faults.so" tests/faults/*.bash tests/faults/*.awk tests/faults/*.tsv | sha256sum)
    [[ -e $work/of && $(<"$work/of") == "$now" ]] && return
    rm -rf "${work:?}"/*
    make_authority
    local program
    for program in "${programs[@]}"; do sites_of "$program"; done >"$work/sites.tsv"
    echo "$now" >"$work/of"
}

# For TLS: an authority, a certificate of its making, and a proxy that uses it.
make_authority() {
    if ! command -v haproxy >/dev/null || ! command -v openssl >/dev/null; then say 'no TLS: haproxy or openssl is not installed'; return; fi
    printf '%s\n' '[req]' 'distinguished_name = name' '[name]' '[authority]' 'basicConstraints = critical,CA:true' \
        '[server]' 'subjectAltName = DNS:localhost' >"$work/openssl.conf"
    local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -config "$work/openssl.conf")
    openssl req -x509 "${key[@]}" -extensions authority -subj /CN=authority -keyout "$work/ca.key" -out "$work/ca.pem"
    openssl req -x509 "${key[@]}" -extensions server -subj /CN=localhost -CA "$work/ca.pem" -CAkey "$work/ca.key" \
        -keyout "$work/server.key" -out "$work/server.crt"
    cat "$work/server.crt" "$work/server.key" >"$work/server.pem"
    printf '%s\n' global '    nbthread 1' defaults '    mode tcp' '    timeout connect 5s' '    timeout client 5s' '    timeout server 5s' \
        'frontend front' "    bind \"127.0.0.1:\${FRONT_PORT}\" ssl crt \"$work/server.pem\"" '    default_backend behind' 'backend behind' >"$work/haproxy.conf"
} 2>"$work/openssl.log"

# One call again, to look at.
try_again() { # try_again PROGRAM OFFSET ERROR
    local words row folders
    record_all "$(nproc)"
    mapfile -t folders < <(all_references)
    row=$(pairs "${folders[@]}" | awk -v program="$1" -v offset="$2" -v error="$3" '$1 == program && $2 == offset && $4 == error')
    [[ -n $row ]] || die "no scenario reaches $1 $2, or it cannot fail with $3" 2
    read -r -a words <<<"$row"
    echo "$row"
    grep "^$1 $2 " "$work/sites.tsv"
    try "${words[@]}"
    tail -n 1 "$work/tried.tsv"
    local folder=$work/tries/$1-$2-$3-${words[4]}_${words[5]:-}
    for row in said out printed complaints; do
        [[ ! -s $folder/$row ]] || { echo "--- $row"; head -c 3000 "$folder/$row"; }
    done
}

help() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' tests/faults.sh; }

main() {
    local seconds='' seed=$RANDOM jobs again=() wanted=() failed=false
    jobs=$(nproc)
    while (($# > 0)); do
        case $1 in
        --help) help; exit ;;
        --seconds) seconds=${2:?} ;;
        --seed) seed=${2:?} ;;
        --jobs) jobs=${2:?} ;;
        --try) again=("${@:2:3}"); set -- x ;;
        -*) die "unknown option $1; see --help" 2 ;;
        *) wanted+=("$1"); set -- x "$@" ;;
        esac
        shift $(($# > 1 ? 2 : 1))
    done
    build
    check_calls
    forget_old
    ((${#again[@]} == 0)) || { try_again "${again[@]}"; exit; }
    if [[ -n $seconds ]]; then sample "$seconds" "$jobs" "$seed"; else campaign "$jobs" "${wanted[@]}"; fi
    confirm
    [[ -z $seconds ]] || echo "seed $seed"
    if [[ -n $seconds || ${#wanted[@]} -gt 0 ]]; then report some; else report all; fi
    [[ $failed == false ]]
}

main "$@"
