#!/usr/bin/env -S bash -p
# mutate.sh -- asks whether the tests would notice: changes one line of the product at a time, as tests/mutants.tsv says, and runs
# the test that must fail then.
#
# usage: tests/mutate.sh [--again] [--list] [ID | FIRST..LAST | FILE]...      all mutants, if none is named
#   --again   forget what earlier calls found
#   --list    only say which mutants are meant
#
# Works in a copy of this tree, build/mutants/tree, with a build of its own.  Results are kept in build/mutants/results.tsv:
# a call goes on where the one before stopped, and tries again what was not found.  A mutant is
#   found      its test failed, or ran past its deadline (MUTANT_S, 120 s)
#   survived   its test passed: mend the test, or give a reason in the last column of tests/mutants.tsv
#   stale      its old text is not in the file exactly once
#   unbuilt    the changed tree does not compile, or not within BUILD_S
#   unproven   its test does not pass without the change, or runs nothing: its failure would say nothing
# Exit status 1 if there is anything but found mutants, and survivors with a reason.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../harness/run/enter.sh"
export LC_ALL=C
self=$(realpath "${BASH_SOURCE[0]}")
cd "${self%/tests/mutate.sh}"

readonly LIST=tests/mutants.tsv
readonly FOLDER=$PWD/build/mutants
readonly TREE=$FOLDER/tree RESULTS=$FOLDER/results.tsv LOG=$FOLDER/log
readonly MUTANT_S=120 BUILD_S=300

die() { echo "mutate.sh: $1" >&2; exit "${2:-1}"; }

help() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' tests/mutate.sh; }

# ---- the list ----

# Prints the lines that an argument means: id, file, old, new, test, reason.
chosen() { # chosen WORD
    awk -F'\t' -v word="$1" '
        BEGIN { split(word, end, /\.\./); range = word ~ /\.\./ }
        /^#/ || !NF { next }
        NF < 5 || NF > 6 { printf "%s: %d columns instead of 5 or 6\n", $1, NF >"/dev/stderr"; exit 1 }
        word == "" || $1 == word || $2 == word || (range && $1 == end[1]) || inside { print; hit = 1 }
        range && $1 == end[1] { inside = 1 }
        range && $1 == end[2] { inside = 0 }
        END { exit !hit }' "$LIST"
}

# A result counts as long as the mutant is the same.
mark_of() { cksum <<<"$1" | cut -d' ' -f1; } # mark_of LINE

verdict_of() { # verdict_of ID MARK -> the last verdict, or nothing
    awk -F'\t' -v id="$1" -v mark="$2" '$1 == id { verdict = $3 == mark ? $2 : "" } END { print verdict }' "$RESULTS"
}

# ---- the copy ----

sources_in() { git -C "$1" ls-files -z --cached --others --exclude-standard; } # sources_in FOLDER

# Makes the copy the same as this tree.  A file gets a new time, so that make sees that it is another one.
refresh_copy() {
    local file
    [[ -d $TREE/.git ]] || git clone --quiet --shared --no-checkout . "$TREE"
    while IFS= read -r -d '' file; do
        [[ -e $file ]] || rm -f "${TREE:?}/$file"
    done < <(sources_in "$TREE")
    while IFS= read -r -d '' file; do
        if [[ ! -e $file ]] || cmp --quiet "$file" "$TREE/$file"; then continue; fi
        mkdir -p "$TREE/$(dirname "$file")"
        rm -f "$TREE/$file"
        cp --no-dereference "$file" "$TREE/$file"
    done < <(sources_in .)
}

# Replaces the one place where the file says OLD; false if there is none, or more.  A line break in it is written as ⏎.
apply() { # apply FILE OLD NEW
    old=${2//⏎/$'\n'} new=${3//⏎/$'\n'} awk '
        { text = text $0 "\n" }
        END {
            old = ENVIRON["old"]
            at = index(text, old)
            if (!at || index(substr(text, at + 1), old)) exit 1
            printf "%s%s%s", substr(text, 1, at - 1), ENVIRON["new"], substr(text, at + length(old))
        }' "$1" >"$TREE/$1.mutant" || { rm -f "$TREE/$1.mutant"; return 1; }
    cat "$TREE/$1.mutant" >"$TREE/$1" # Its mode stays.
    rm "$TREE/$1.mutant"
}

put_back() { cat "$1" >"$TREE/$1"; } # put_back FILE

# ---- one mutant ----

# What the test needs: a unit program by itself, or all that a bats file may start.
build_for() { # build_for TEST
    local targets=(programs tools)
    [[ $1 != test_* ]] || targets=("build/release/${1%% *}")
    timeout "$BUILD_S" make --silent --jobs=2 --directory="$TREE" ECHO=: "${targets[@]}" >"$LOG" 2>&1
}

# Fails as the test does, and also if it passes without having run anything.
run_test() { # run_test TEST
    local command=$1 status=0
    [[ $command != test_* ]] || command=build/release/$command
    (cd "$TREE" && exec timeout --kill-after=10 "$MUTANT_S" bash -c "$command") >"$LOG" 2>&1 </dev/null || status=$?
    ((status == 0)) || return "$status"
    [[ $1 != *bats* ]] || grep '^ok' "$LOG" | grep -qiv '# skip' || return 99
}

declare -A proven=() # Whether a test passes without a change: asked once.

prove() { # prove TEST
    if [[ -z ${proven[$1]:-} ]]; then
        if build_for "$1" && run_test "$1"; then proven[$1]=yes; else proven[$1]=no; fi
    fi
    [[ ${proven[$1]} == yes ]]
}

judge() { # judge FILE OLD NEW TEST -> a verdict, in $verdict
    verdict=unproven
    prove "$4" || return 0
    verdict=stale
    apply "$1" "$2" "$3" || return 0
    verdict=unbuilt
    if build_for "$4"; then
        verdict=found
        if run_test "$4"; then verdict=survived; fi
    fi
    put_back "$1"
}

try() { # try LINE
    local id file old new test reason mark verdict begin=$SECONDS
    # A tab is a blank to read(1), of which it takes several for one: no column may be lost.
    IFS=$'\x1f' read -r id file old new test reason <<<"${1//$'\t'/$'\x1f'}"
    mark=$(mark_of "$1")
    verdict=$(verdict_of "$id" "$mark")
    if [[ $verdict != found ]]; then
        judge "$file" "$old" "$new" "$test"
        printf '%s\t%s\t%s\t%d\n' "$id" "$verdict" "$mark" "$((SECONDS - begin))" >>"$RESULTS"
        printf '%-8s  %-30s %s  (%d s)\n' "$verdict" "$id" "$file" "$((SECONDS - begin))"
    fi
    count[$verdict]=$((${count[$verdict]:-0} + 1))
    [[ $verdict == found ]] || missed+=("$verdict: $id: $file: \"$old\" as \"$new\"; $test${reason:+ -- $reason}")
    [[ $verdict == found || ($verdict == survived && -n $reason) ]] || status=1
}

# ---- all of them ----

summary() {
    local verdict total=0
    ((${#missed[@]} == 0)) || printf '%s\n' "${missed[@]}"
    for verdict in "${!count[@]}"; do total=$((total + count[$verdict])); done
    printf '%d mutants:' "$total"
    for verdict in found survived stale unbuilt unproven; do printf ' %d %s,' "${count[$verdict]:-0}" "$verdict"; done
    awk -v found="${count[found]:-0}" -v total="$total" 'BEGIN { printf " %.1f %% found\n", 100 * found / total }'
}

main() {
    local words=() word lines line list=false again=false
    for word in "$@"; do
        case $word in
        --help) help; exit ;;
        --list) list=true ;;
        --again) again=true ;;
        -*) die "no option $word; see --help" 2 ;;
        *) words+=("$word") ;;
        esac
    done
    ((${#words[@]} > 0)) || words=('')
    lines=$(for word in "${words[@]}"; do chosen "$word" || die "$LIST has no mutant \"$word\"" 2; done)
    if [[ $list == true ]]; then cut -f 1,2,5 <<<"$lines"; exit; fi
    mkdir -p "$FOLDER"
    exec 9>"$FOLDER/lock"
    flock --nonblock 9 || die 'another call works in build/mutants'
    [[ $again == false ]] || rm -f "$RESULTS"
    touch "$RESULTS"
    refresh_copy
    declare -gA count=()
    declare -ga missed=()
    declare -g status=0
    while IFS= read -r line; do try "$line" 9>&-; done <<<"$lines"
    summary
    return "$status"
}

main "$@"
