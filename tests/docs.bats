#!/usr/bin/env bats
# bats file_tags=part:docs,long:50
# docs.bats -- guards against docs that no longer hold.

bats_require_minimum_version 1.5.0

setup() {
    load refusing.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
}

pages() { git ls-files --cached --others --exclude-standard -- '*.md'; }

# page<TAB>link, for each link that stays in this tree.
links() { pages | xargs grep -HoE '\]\([^)]+\)' | sed -E 's/:\]\(/\t/; s/\)$//' | grep -vP '\t(https?|mailto):'; }

# page#fragment, for each heading.
headings() {
    pages | xargs awk '/^#+ / {
        text = tolower($0)
        sub(/^#+ /, "", text)
        gsub(/[^a-z0-9 _-]/, "", text)
        gsub(/ /, "-", text)
        print FILENAME "#" text }'
}

@test "every relative link leads to a file, every fragment to a heading" {
    local page link file target headings links wrong=0
    headings=$'\n'$(headings)$'\n'
    links=$(links)
    while IFS=$'\t' read -r page link; do
        file=${link%%#*} target=$page
        [[ -z $file ]] || target=${page%"${page##*/}"}$file
        [[ -e $target ]] || { echo "$page: no file $link"; wrong=1; continue; }
        [[ $link == *#* ]] || continue
        target=$(realpath --relative-to=. "$target")
        [[ $headings == *$'\n'"$target#${link#*#}"$'\n'* ]] || { echo "$page: no heading for $link"; wrong=1; }
    done <<<"$links"
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
    (cd "$BATS_TEST_TMPDIR" && git init --quiet && tools/publish.sh)
    for page in $(grep -l '^<!-- BEGIN ' $(pages)); do diff "$page" "$BATS_TEST_TMPDIR/$page"; done
}

@test "only a finished, committed run with a spread becomes the reference" {
    refuses 'no finished run' tools/publish.sh /nonexistent
    refuses 'is the reference already' tools/publish.sh results/reference
    [[ -s results/reference/raw.csv ]]
    run=$BATS_TEST_TMPDIR/run
    cp -r results/reference "$run"
    sed -i 's/^profile standard/profile quick/' "$run/command.txt"
    refuses 'has a spread' tools/publish.sh "$run"
    sed -i 's/^profile quick/profile standard/; ' "$run/command.txt"
    sed -i 's/^revision:.*/& (dirty: changed since)/' "$run/machine.txt"
    refuses 'not committed' tools/publish.sh "$run"
    [[ -s results/reference/raw.csv ]]
}

@test "a lesson keeps only a finished, committed run of its own command" {
    run=$BATS_TEST_TMPDIR/run
    cp -r results/reference "$run"
    refuses 'there is no lesson docs/nonesuch.md' tools/publish.sh --lesson nonesuch "$run"
    refuses 'but the command of docs/memory.md is ./run_all.sh ' tools/publish.sh --lesson memory "$run"
    sed -i 's/^revision:.*/& (dirty: changed since)/' "$run/machine.txt"
    refuses 'not committed' tools/publish.sh --lesson memory "$run"
    refuses 'no finished run' tools/publish.sh --lesson memory /nonexistent
    refuses 'usage: ' tools/publish.sh --lesson memory
    refuses 'no lesson "nonesuch" quotes a run; there are: ' tools/lessons.sh nonesuch
}

@test "a lesson quotes the run that was kept for it" {
    copy=$BATS_TEST_TMPDIR/copy run=$BATS_TEST_TMPDIR/run
    mkdir "$copy"
    git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- | tar --extract --directory "$copy"
    cp -r results/reference "$run"
    cd "$copy"
    git init --quiet
    # Other pages are not written here: their runs may not be there yet.
    grep -rl '^<!-- BEGIN ' --include='*.md' . | grep -vx ./docs/memory.md | xargs rm
    # shellcheck source=harness/run/lib.sh
    command=$(source harness/run/lib.sh && lesson_command docs/memory.md)
    sed -i "1s|.*|$command|" "$run/command.txt"
    tools/publish.sh --lesson memory "$run"
    [[ -s results/lessons/memory/raw.csv && ! -e results/lessons/memory/index.html ]]
    sed -n '/^<!-- BEGIN run memory -->/,/^<!-- END -->/p' docs/memory.md >"$BATS_TEST_TMPDIR/quoted"
    grep -qF "From the run run: $command -->" "$BATS_TEST_TMPDIR/quoted"
    grep -q '^| fork | ' "$BATS_TEST_TMPDIR/quoted"
}

programs_with_help() {
    local program
    for program in build/release/{server-*,load,chat,chat-room,measure-*,gate,switch_cost,ready_cost,witness,start,demo} ./run_all.sh tests/run.sh; do
        [[ ! -x $program || $program == *.d ]] || echo "$program"
    done
}

@test "every program has a help text that names its options, and ends with 0" {
    for program in $(programs_with_help); do
        run -0 "$program" --help
        [[ $output == *usage:* && $output == *--help* ]] || { echo "$program"; return 1; }
    done
}

@test "the help of the tests names every part, and what is no part is told" {
    run -2 --separate-stderr tests/run.sh nonesuch
    one_line_on_stderr 'no part "nonesuch"; there are: '
    parts=$(sed 's/.*there are: //' <<<"$stderr")
    [[ $(tests/run.sh --help | sed -n '/^  parts: /,/^$/p' | sed 's/^  parts: //; s/\[.*//' | xargs) == "$parts" ]]
}

@test "every option of load is in its help, and the other way round" {
    help=$(build/release/load --help)
    declared=$(grep -oE '^ +\{"[a-z-]+", (no|required)_argument' clients/load_options.c | grep -oE '"[a-z-]+"' | tr -d '"' | sort)
    documented=$(grep -oE '^  --[a-z-]+' <<<"$help" | sed 's/  --//' | sort)
    also=$(grep -oE '(--short-lived|--interactive|--port)' <<<"$help" | sed 's/--//' | sort -u)
    [[ $declared == "$(sort -u <<<"$documented"$'\n'"$also")" ]]
}

@test "every option that README and docs show exists in some help text" {
    helps=$(for program in $(programs_with_help); do "$program" --help; done)
    wrong=0
    for option in $(pages | xargs grep -ohE '(build/release/[a-z_-]+|run_all\.sh)[^`#]* --[a-z][a-z-]+' | grep -oE -- '--[a-z][a-z-]+' | sort -u); do
        grep -qE -- "(^|[^a-z-])$option([^a-z-]|\$)" <<<"$helps" || { echo "no program knows $option"; wrong=1; }
    done
    [[ $wrong == 0 ]]
}

@test "no path of a machine, no name of a registry, no mark of unfinished work in the tree" {
    run ! git grep -nIE '/(work|root|home/[a-z]+)/' -- .
    run ! git grep -nIE '\b(TODO|FIXME|XXX|HACK)\b' -- '*.c' '*.h' '*.sh' '*.awk' '*.gp' Makefile
}

@test "README's table names what a plain run measures, and says of others, as list does, that they wait to be named" {
    run -0 ./run_all.sh list
    # name<TAB>named or plain
    listed=$(awk '!NF { exit } { print $1 "\t" (/\(only when named\)$/ ? "named" : "plain") }' <<<"$output" | sort)
    in_readme=$(awk -F'|' '/^\| experiment /, /^$/ { if ($2 ~ /`/) { gsub(/[` ]/, "", $2); print $2 "\t" ($3 ~ /Only when named/ ? "named" : "plain") } }' README.md | sort)
    echo "$in_readme"
    [[ -z $(comm -23 <(echo "$in_readme") <(echo "$listed")) ]]
    [[ $(grep 'plain$' <<<"$in_readme") == "$(grep 'plain$' <<<"$listed")" ]]
}

@test "every experiment has a page that README or docs/index.md links, or a row in README" {
    local conf name wrong=0
    mapfile -t linked < <({ grep -oE '\]\(docs/[a-z-]+\.md' README.md | sed 's/](//'; grep -oE '\]\([a-z-]+\.md' docs/index.md | sed 's|](|docs/|'; } | sort -u)
    for conf in harness/experiments/*.conf; do
        name=$(basename "$conf" .conf)
        # In a command of the page, or between the marks that quote a run of it.
        grep -q "^| \`$name\` |" README.md ||
            grep -qE "^(\./run_all\.sh .*|<!-- BEGIN run )\b$name\b|\`\./run_all\.sh [^\`]*\b$name\b|experiments/$name\.conf" "${linked[@]}" || { echo "no page tells of $name"; wrong=1; }
    done
    ((wrong == 0))
}

# What stands between backticks in prose and tables; a word in capitals stands for one of the reader's.
commands_in_prose() {
    pages | xargs awk '/^```/ { inside = !inside } !inside' | grep -oE '`\./run_all\.sh [^`]+`' | tr -d '`' | grep -vE '\<[A-Z]+\>' | sort -u
}

# What takes minutes to measure is planned: options, experiments and models are those there are.  The programs are built.
plans() { # plans COMMAND
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    ln -sf "$(type -P true)" "$BATS_TEST_TMPDIR/bin/make"
    # The run before, which the reader has made, stands for any.
    PATH=$BATS_TEST_TMPDIR/bin:$PATH bash -c "${1/results\/before/results/reference} --no-install --plan" 3>&- >"$BATS_TEST_TMPDIR/said" 2>&1 || { cat "$BATS_TEST_TMPDIR/said"; return 1; }
}

@test "every command in prose and tables is one that is understood" {
    local command wrong=0 tried=0
    while read -r command; do
        # Words, which `usage.bats` holds against the help: what they do is tested elsewhere.
        [[ ! $command =~ ^./run_all.sh\ (check|draw|show|doctor|compare|query|demo|trace|list|--help) ]] || continue
        tried=$((tried + 1))
        plans "$command" || { echo "$command"; wrong=1; }
    done < <(comm -23 <(commands_in_prose) <(documented_commands | cut -f3 | sort -u)) # The others are tried below.
    echo "$tried commands were planned"
    ((wrong == 0 && tried >= 10))
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
        tried=$((tried + 1))
        plans "$command" || { echo "$page: $command"; wrong=1; }
    done < <(documented_commands | sort --field-separator=$'\t' --key=2,3 --unique) # Each once.
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
            # What it holds is its own memory or the kernel's, by how fast it reads.
            else [[ $status == 1 && $said == *'FAIL  never-reading '*'never reads '*' KiB'* && $said == *'pass  half-close'* ]]; fi ;;
        *) ((status == 0)) ;;
        esac
    done <commands
}
