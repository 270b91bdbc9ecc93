#!/usr/bin/env bats
# docs.bats -- guards against docs that no longer hold.

bats_require_minimum_version 1.5.0

setup() { cd "$BATS_TEST_DIRNAME/.." || return 1; }

pages() { git ls-files --cached --others --exclude-standard -- '*.md'; }

@test "every relative link leads to a file, every fragment to a heading" {
    wrong=0
    for page in $(pages); do
        while read -r link; do
            file=${link%%#*} fragment=${link#*#}
            [[ $link != *#* ]] && fragment=
            target=$page
            [[ -z $file ]] || target=$(dirname "$page")/$file
            [[ -e $target ]] || { echo "$page: no file $link"; wrong=1; continue; }
            [[ -z $fragment ]] || grep -E '^#+ ' "$target" | tr '[:upper:]' '[:lower:]' |
                sed -E 's/^#+ //; s/[^a-z0-9 _-]//g; s/ /-/g' | grep -qxF -- "$fragment" ||
                { echo "$page: no heading for $link"; wrong=1; }
        done < <(grep -oE '\]\([^)]+\)' "$page" | sed -E 's/^\]\(//; s/\)$//' | grep -vE '^(https?|mailto):' || true)
    done
    [[ $wrong == 0 ]]
}

@test "every anchor that docs quote exists once in the code, and ends, and none waits unquoted" {
    wrong=0
    anchored=$(git grep -hE "^//DOC: " -- "*.c" "*.h" | sed "s/.* //" | sort)
    for anchor in $(pages | xargs grep -ohE '<!-- BEGIN code [a-z-]+' | sed 's/.* //' | sort -u); do
        [[ $(git grep -hE "^//DOC: $anchor\$" -- '*.c' '*.h' | wc -l) == 1 ]] || { echo "anchor $anchor"; wrong=1; }
        [[ $(git grep -hE "^//DOC-END: $anchor\$" -- '*.c' '*.h' | wc -l) == 1 ]] || { echo "end of $anchor"; wrong=1; }
    done
    [[ $anchored == "$(pages | xargs grep -ohE '<!-- BEGIN code [a-z-]+' | sed 's/.* //' | sort -u)" ]] || { echo "anchored: $anchored"; wrong=1; }
    [[ $wrong == 0 ]]
}

@test "figures and costs in the docs are those of the reference run, and of today's sources" {
    git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- | tar --extract --directory "$BATS_TEST_TMPDIR"
    (cd "$BATS_TEST_TMPDIR" && git init --quiet && harness/publish.sh)
    for page in $(grep -l '^<!-- BEGIN ' $(pages)); do diff "$page" "$BATS_TEST_TMPDIR/$page"; done
}

@test "only a finished, committed run with a spread becomes the reference" {
    run -2 --separate-stderr harness/publish.sh /nonexistent
    [[ $stderr == *"no finished run"* ]]
    run -2 --separate-stderr harness/publish.sh results/reference
    [[ $stderr == *"is the reference already"* && -s results/reference/raw.csv ]]
    run=$BATS_TEST_TMPDIR/run
    cp -r results/reference "$run"
    sed -i 's/^profile standard/profile quick/' "$run/command.txt"
    run -2 --separate-stderr harness/publish.sh "$run"
    [[ $stderr == *"has a spread"* ]]
    sed -i 's/^profile quick/profile standard/; ' "$run/command.txt"
    sed -i 's/^revision:.*/& (dirty: changed since)/' "$run/machine.txt"
    run -2 --separate-stderr harness/publish.sh "$run"
    [[ $stderr == *"not committed"* && -s results/reference/raw.csv ]]
}

@test "every program has a help text that names its options, and ends with 0" {
    for program in build/release/server-* build/release/load build/release/chat build/release/chat-room build/release/measure build/release/gate build/release/switch_cost build/release/witness build/release/demo ./run_all.sh; do
        [[ -x $program && $program != *.d ]] || continue
        run -0 "$program" --help
        [[ $output == *usage:* && $output == *--help* ]] || { echo "$program"; return 1; }
    done
}

@test "every option of load is in its help, and the other way round" {
    help=$(build/release/load --help)
    declared=$(grep -oE '^ +\{"[a-z-]+", (no|required)_argument' clients/load_options.c | grep -oE '"[a-z-]+"' | tr -d '"' | sort)
    documented=$(grep -oE '^  --[a-z-]+' <<<"$help" | sed 's/  --//' | sort)
    also=$(grep -oE '(--short-lived|--interactive|--port)' <<<"$help" | sed 's/--//' | sort -u)
    [[ $declared == "$(sort -u <<<"$documented"$'\n'"$also")" ]]
}

@test "every option that README and docs show exists in some help text" {
    helps=$(for program in build/release/server-* build/release/load build/release/chat build/release/chat-room build/release/measure build/release/gate build/release/switch_cost build/release/witness build/release/demo ./run_all.sh tests/run.sh; do
        [[ -x $program && $program != *.d ]] || continue
        "$program" --help 2>&1 || true
    done)
    wrong=0
    for option in $(pages | xargs grep -ohE '(build/release/[a-z_-]+|run_all\.sh)[^`#]* --[a-z][a-z-]+' | grep -oE ' --[a-z][a-z-]+' | sort -u); do
        grep -qF -- "$option" <<<"$helps" || { echo "no program knows $option"; wrong=1; }
    done
    [[ $wrong == 0 ]]
}

@test "no path of a machine, no name of a registry, no mark of unfinished work in the tree" {
    run ! git grep -nIE '/(work|root|home/[a-z]+)/' -- .
    run ! git grep -nIE '\b(TODO|FIXME|XXX|HACK)\b' -- '*.c' '*.h' '*.sh' '*.awk' '*.gp' Makefile
}

# page<TAB>mark<TAB>command, for each command in a fenced block; the mark is what a comment above the
# block says of its commands.
documented_commands() {
    local page
    for page in $(pages); do
        awk -v page="$page" '
            /^```/ { inside = !inside; if (!inside) mark = ""; next }
            !inside && /^<!-- command: / { mark = substr($0, 15); next }
            !inside && NF { mark = "" }
            inside && /^(\.\/run_all\.sh|build\/release\/|harness\/|make( |$))/ { sub(/ +#.*/, ""); print page "\t" (mark == "" ? "-" : mark) "\t" $0 }' "$page"
    done
}

@test "every command in README and docs is one that is understood, or says who runs it instead" {
    local page mark command wrong=0 tried=0
    while IFS=$'\t' read -r page mark command; do
        # CONTRIBUTING.md is run as it stands by contributing.bats.
        [[ $page != CONTRIBUTING.md && $mark == - ]] || continue
        if [[ $command != ./run_all.sh* || $command =~ ^./run_all.sh\ (check|draw|show|doctor|compare|demo|trace) ]]; then
            echo "$page: nobody runs, and no comment marks: $command"
            wrong=1
            continue
        fi
        # What takes minutes to measure is planned: options, experiments and models are those there are.
        tried=$((tried + 1))
        bash -c "$command --no-install --plan" 3>&- >"$BATS_TEST_TMPDIR/said" 2>&1 || { echo "$page: $command"; cat "$BATS_TEST_TMPDIR/said"; wrong=1; }
    done < <(documented_commands)
    echo "$tried commands were planned"
    ((wrong == 0 && tried >= 20))
}

# Does what "Your own server" says, line by line, in a scratch copy.
@test "your own server: every command of the page does what the page says" {
    work=$BATS_TEST_TMPDIR/copy
    mkdir "$work"
    git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- | tar --extract --directory "$work"
    mkdir -p "$work/build/release"
    cp build/release/gate "$work/build/release"
    cd "$work"
    awk '/^<!-- command: run as it stands by tests\/docs.bats/ { ours = 1 }
         /^```/ { if (open) ours = 0; open = !open; next }
         open && ours && $0 != "make"' docs/your-own-server.md >commands
    [[ $(wc -l <commands) == 4 ]]
    while read -r line; do
        said=$(eval "$line" 2>&1 </dev/null) && status=0 || status=$?
        echo "\$ $line"; echo "$said"
        case $line in
        *'python3 mine.py {port}')
            if grep -q drain mine.py; then [[ $status == 0 && $said == *'mine: 2 passed'* ]]
            else [[ $status == 1 && $said == *'FAIL  never-reading '*'it holds'* && $said == *'pass  half-close'* ]]; fi ;;
        *) ((status == 0)) ;;
        esac
    done <commands
}
