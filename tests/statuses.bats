#!/usr/bin/env bats
# bats file_tags=part:suite,long:25
# statuses.bats -- guards against a script that goes on after a command of it has failed.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR
}

# Lines of scripts in which the failure of a command would not be seen.
unseen() { # unseen FILE...
    # Process substitution; a command in a declaration, in a list of "for", or in the text of "<<<".
    grep -nE '[^<]<\(|^ *(local|readonly|export|declare)( -[a-zA-Z]+)* [^#]*=("?)\$\([^(]|for [a-z_]+ in [^#;]*\$\([^(]|<<<"?\$\(' -- "$@" |
        # Comments, builtins and best effort:
        #   echo of a variable does not fail; compgen says 1 where there is none; what ends processes goes on with those that it finds; show_points only prints;
        #   a pid's children may be gone; stat is of a path whose parts were found before.
        grep -vE ':[0-9]+: *#|<\(echo |compgen -e|exported_like|descendants_of|> >\(show_points\)|task/\*/children|stat --format='
}

@test "no script has a command whose failure is not seen" {
    run unseen run_all.sh harness/*/*.sh harness/kinds/*/*.sh tools/*.sh tests/run.sh tests/fuzz/*.sh .ci/run
    [[ -z $output ]] || { echo "$output"; return 1; }
    # The check sees each kind.
    printf '%s\n' 'mapfile -t a < <(b)' 'local x=$(b)' 'local x y="$(b)"' 'for x in $(b); do' 'read -r x <<<"$(b)"' 'diff <(a) b' >"$tmp/bad.sh"
    [[ $(unseen "$tmp/bad.sh" | wc -l) == 6 ]]
    printf '%s\n' 'x=$(b)' 'local x=$((1 + 2))' 'for x in $list; do' 'read -r x <<<"$y"' 'a <<<"$b"' >"$tmp/good.sh"
    [[ $(unseen "$tmp/good.sh" | wc -l) == 0 ]]
}

@test "lines_into fails as its command does, also in the middle of it" {
    run -7 bash -c 'set -euo pipefail; shopt -s inherit_errexit; source harness/run/lib.sh
        command() { echo one; (exit 7); echo two; }
        lines_into found command; echo "went on with ${found[*]}"'
    [[ -z $output ]]
    run -0 bash -c 'set -euo pipefail; shopt -s inherit_errexit; source harness/run/lib.sh
        lines_into found printf "a b\n\nc\n"; echo "${#found[@]}"; lines_into found true; echo "${#found[@]}"'
    [[ $output == $'3\n0' ]]
}

# An awk that fails where its words are, and is itself elsewhere.
failing_awk() { # failing_awk WORDS
    mkdir -p "$tmp/bin"
    printf '#!/bin/sh\ncase "$*" in *'"'%s'"'*) echo "awk: broken" >&2; exit 2 ;; esac\nexec %s "$@"\n' "$1" "$(command -v awk)" >"$tmp/bin/awk"
    chmod +x "$tmp/bin/awk"
}

@test "a drawing ends with the first awk that fails, whichever that is, and leaves no report" {
    load drawing.bash
    draw_only
    # The shortest table that comes to each: a few rows of it are drawn as all of them.
    while IFS='|' read -r table part; do
        rm -rf "$tmp/run"
        mkdir -p "$tmp/run/gate"
        sed 14q "$table.csv" >"$tmp/run/${table##*/}.csv"
        printf 'half-close\tFAIL\t8388608 bytes in, 8381952 out\n' >"$tmp/run/gate/broken.tsv"
        cp results/lessons/slow/command.txt "$tmp/run/"
        failing_awk "$part"
        run env PATH="$tmp/bin:$PATH" ./run_all.sh draw "$tmp/run"
        ((status != 0)) || { echo "draw went on although awk failed for: $part"; return 1; }
        [[ $output == *'awk: broken'* ]] || { echo "$part: $output"; return 1; }
        [[ ! -e $tmp/run/index.html ]] || { echo "a report is left although awk failed for: $part"; return 1; }
    done <<'END'
tests/fixtures/cold_start|cells.awk
tests/fixtures/cold_start|plain_text.awk
tests/fixtures/raw|old_rows.awk
tests/fixtures/raw|load.awk
results/lessons/why/counters|kind = FILENAME
tests/fixtures/cold_start|in_words.awk
tests/fixtures/raw|folder "/" $1 ".csv"
tests/fixtures/cold_start|report_markdown.awk
tests/fixtures/cold_start|tabindex
tests/fixtures/cold_start|$1 == experiment
tests/fixtures/cold_start|toupper($2) == "FAIL"
tests/fixtures/cold_start|has(kinds, kind)
tests/fixtures/cold_start|html.awk
tests/fixtures/cold_start|figure.awk
END
}

@test "a comparison ends with the first awk that fails" {
    mkdir "$tmp/a" "$tmp/b"
    cp tests/fixtures/raw.csv "$tmp/a"
    cp tests/fixtures/raw.csv "$tmp/b"
    for part in cells.awk old_rows.awk load.awk in_words.awk compare_report.awk markup.awk plots/compare.awk; do
        failing_awk "$part"
        run env PATH="$tmp/bin:$PATH" ./run_all.sh compare "$tmp/a" "$tmp/b" --out "$tmp/compared"
        ((status != 0)) || { echo "compare went on although awk failed for: $part"; return 1; }
        [[ ! -e $tmp/compared/compare.md ]]
    done
}

@test "a drawing and a comparison end with an error of SQL, and leave no report" {
    load drawing.bash
    draw_only
    mkdir -p "$tmp"/{a,b,bin}
    cp tests/fixtures/raw.csv "$tmp/a"
    cp tests/fixtures/raw.csv "$tmp/b"
    # Of each file one statement is broken: what comes after it is not read.
    while read -r file; do
        printf '#!/bin/sh\nsed "/^-- %s -- /s/.*/SELECT broken FROM no_such_table;/" | exec %s "$@"\n' "${file##*/}" "$(command -v sqlite3)" >"$tmp/bin/sqlite3"
        chmod +x "$tmp/bin/sqlite3"
        run env PATH="$tmp/bin:$PATH" ./run_all.sh compare "$tmp/a" "$tmp/b" --out "$tmp/compared"
        [[ $status != 0 && $output == *'no such table: no_such_table'* && ! -e $tmp/compared/compare.md ]] || { echo "compare went on: $file: $output"; return 1; }
        [[ $file != */compare* ]] || continue
        run env PATH="$tmp/bin:$PATH" ./run_all.sh draw "$tmp/a"
        [[ $status != 0 && $output == *'no such table: no_such_table'* && ! -e $tmp/a/index.html ]] || { echo "draw went on: $file: $output"; return 1; }
    done < <(ls harness/analysis/*.sql | grep -v 'query.sql')
}

@test "a list of experiments or models that cannot be made is a failure" {
    mkdir "$tmp/bin"
    for program in grep sort; do # One is needed for the experiments, the other for the models.
        printf '#!/bin/sh\nexit 3\n' >"$tmp/bin/$program"
        chmod +x "$tmp/bin/$program"
        run env PATH="$tmp/bin:$PATH" ./run_all.sh list
        ((status != 0)) || { echo "list went on without $program"; return 1; }
        rm "$tmp/bin/$program"
    done
}
