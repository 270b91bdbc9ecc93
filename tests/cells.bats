#!/usr/bin/env bats
# bats file_tags=part:suite,long:30
# cells.bats -- guards against a run that holds what it should not: a cell that is no number, a name that is code, a torn line, a
# link, a sequence that moves the terminal's cursor.

bats_require_minimum_version 1.5.0

setup() {
    load refusing.bash
    load drawing.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR
}

# A table as the gate lets it pass.
gate_of_cells() { # gate_of_cells FILE [TORN]
    awk -v shown="${1##*/}" -v torn="${2:-0}" -v dictionary="$(echo harness/analysis/metrics.tsv harness/kinds/*/metrics.tsv)" -f harness/report/plain.awk -f harness/analysis/cells.awk "$1"
}

# One of each kind of table that a run can hold: of each the header and two rows.
tables_of_runs() {
    local file
    for file in results/reference/raw.csv results/reference/cold_start.csv results/lessons/why/counters.csv \
        results/lessons/reconnect-herd/herd{,_back}.csv results/lessons/handshakes/handshakes.csv results/lessons/chat/chat.csv \
        results/lessons/slow/{switch_cost,ready_cost}.csv; do
        head -n 3 "$file" >"$tmp/${file##*/}"
        echo "$tmp/${file##*/}"
    done
}

# The table with another cell in a column of line 2.
with_cell() { # with_cell FILE COLUMN VALUE
    VALUE=$3 awk -F, -v OFS=, -v column="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) c = i }
        NR == 2 { $c = ENVIRON["VALUE"] } { print }' "$1"
}

@test "every table that is kept passes the gate unchanged" {
    for file in results/reference/*.csv results/lessons/*/*.csv tests/fixtures/*.csv; do
        gate_of_cells "$file" >"$tmp/passed" || { echo "$file"; return 1; }
        cmp "$file" "$tmp/passed"
    done
    for file in results/lessons/*/histograms/*.hgrm tests/fixtures/histograms/*.hgrm; do
        awk -v shown="$file" -f harness/report/plain.awk -f harness/analysis/hgrm_rows.awk "$file" | cmp "$file"
    done
    for file in results/*/gate/*.tsv results/lessons/*/gate/*.tsv; do
        awk -v shown="$file" -f harness/report/plain.awk -f harness/analysis/gate_rows.awk "$file" | cmp "$file"
    done
}

@test "a cell that is not a number is refused with file, line and column, in every table" {
    for file in $(tables_of_runs); do
        # What a number is, is the same in every table; where one must be, is not.
        values=(n/a 1,5)
        [[ $file != */raw.csv ]] || values+=(nan -inf 0x10 1e400 1. .5 +5 '1 2' ' 1' 1e)
        # The first numeric column that has a value, the last one, and one between.
        columns=$(awk -F, 'NR == 1 { split($0, name, ",") } NR == 2 { for (i = 1; i <= NF; i++) if ($i ~ /^-?[0-9.]+$/ && name[i] != "tls") print name[i] }' "$file")
        for column in $(sed -n '1p;$p' <<<"$columns"); do
            for value in "${values[@]}"; do
                with_cell "$file" "$column" "$value" >"$tmp/table.csv"
                status=0
                said=$(gate_of_cells "$tmp/table.csv" 2>&1 >/dev/null) || status=$?
                wanted="line 2: column $column: \"$value\" is not a number"
                [[ $value != 1,5 ]] || wanted='cells, the header has'
                [[ $status == 2 && $said == "refused: table.csv, "*"$wanted"* && $said != *$'\n'* ]] || { echo "$file $column $value: $said"; return 1; }
            done
        done
    done
}

@test "a name is of a small alphabet, and what must be there is there" {
    head -n 3 tests/fixtures/raw.csv >"$tmp/raw.csv"
    for value in '' "x'y" '$(id)' '`id`' '../up' '<b>' 'a b' Upper $'a\tb' -x '"x"' =cmd '%n'; do
        for column in experiment model status; do
            with_cell "$tmp/raw.csv" "$column" "$value" >"$tmp/table.csv"
            run -2 --separate-stderr gate_of_cells "$tmp/table.csv"
            [[ $stderr == *"line 2: column $column: "*'is not a name' && ${#stderr_lines[@]} == 1 ]] || { echo "$column $value: $stderr"; return 1; }
        done
    done
    with_cell tests/fixtures/raw.csv model thread_pool:workers=8+queue=100 >"$tmp/table.csv"
    gate_of_cells "$tmp/table.csv" | cmp "$tmp/table.csv"
}

@test "a line with other cells than the header, CR LF, a byte order mark and a column twice are refused" {
    refused() { # refused WORDS: table.csv
        run -2 --separate-stderr gate_of_cells "$tmp/table.csv"
        [[ $stderr == *"$1"* && ${#stderr_lines[@]} == 1 ]] || { echo "$stderr"; return 1; }
    }
    sed '2s/,/,,/' tests/fixtures/raw.csv >"$tmp/table.csv"
    refused 'line 2: '
    sed '3s/,[^,]*$//' tests/fixtures/raw.csv >"$tmp/table.csv"
    refused 'line 3: '
    sed '4d;3a\\' tests/fixtures/raw.csv >"$tmp/table.csv"
    refused 'line 4: 0 cells'
    sed 's/$/\r/' tests/fixtures/raw.csv >"$tmp/table.csv"
    refused 'CR LF'
    printf '\357\273\277' | cat - tests/fixtures/raw.csv >"$tmp/table.csv"
    refused 'byte order mark'
    sed '1s/,seed,/,repeat,/' tests/fixtures/raw.csv >"$tmp/table.csv"
    refused 'two columns repeat'
    sed '1s/,seed,/,$(id),/' tests/fixtures/raw.csv >"$tmp/table.csv"
    refused 'a column is called "$(id)"'
    { head -n 1 tests/fixtures/raw.csv; sed -n '2p' tests/fixtures/raw.csv | tr -d '\n'; head -c 1100 /dev/zero | tr '\0' x; echo; } >"$tmp/table.csv"
    refused 'characters are too many'
}

@test "a last line that was not written to its end is left out with a word, and the rows before it are drawn" {
    draw_only
    mkdir "$tmp/run"
    whole=$(wc -l <tests/fixtures/cold_start.csv)
    for torn in 'cold_start,newcomer,10,0.5' 'cold_start,newcomer,10,0.5,0.5,0.5,0.5,0.1,1000,ok,,3'; do
        { cat tests/fixtures/cold_start.csv; printf '%s' "$torn"; } >"$tmp/run/cold_start.csv"
        run -0 --separate-stderr ./run_all.sh draw "$tmp/run"
        [[ $stderr == *"cold_start.csv, line $((whole + 1)): was not written to its end, and is left out" ]] || { echo "$stderr"; return 1; }
        grep -q poll "$tmp/run/index.html"
        run ! grep -q newcomer "$tmp/run/index.html"
        # What was measured stays as it is.
        [[ $(tail -n 1 "$tmp/run/cold_start.csv") == "$torn" ]]
    done
}

@test "histograms and rows of the gate are looked at, too" {
    draw_only
    copy_fixture "$tmp/run"
    sed -i '3s/50.000/nan/' "$tmp"/run/histograms/omission-poll-1-closed-1.hgrm
    run -2 --separate-stderr ./run_all.sh draw "$tmp/run"
    one_line_on_stderr 'omission-poll-1-closed-1.hgrm, line 3: "nan" is not a number'
    rm -r "$tmp/run"
    copy_fixture "$tmp/run"
    printf 'half-close\tFAIL\n' >"$tmp/run/gate/broken.tsv"
    run -2 --separate-stderr ./run_all.sh draw "$tmp/run"
    one_line_on_stderr 'broken.tsv, line 1: 2 cells instead of 3'
    mv "$tmp/run/gate/broken.tsv" "$tmp/run/gate/\$(id).tsv"
    run -2 --separate-stderr ./run_all.sh draw "$tmp/run"
    one_line_on_stderr 'a file with an unusual name'
}

@test "a refused run is left as it was; a drawing that fails leaves no charts of before" {
    draw_only
    copy_fixture "$tmp/run"
    ./run_all.sh draw "$tmp/run"
    cp "$tmp/run/raw.csv" "$tmp/raw.csv"
    with_cell "$tmp/raw.csv" latency_ns_p99 n/a >"$tmp/run/raw.csv"
    run -2 ./run_all.sh draw "$tmp/run"
    [[ -s $tmp/run/index.html ]]
    cp "$tmp/raw.csv" "$tmp/run/raw.csv"
    mkdir "$tmp/bin"
    printf '#!/bin/sh\ncase "$*" in *load.awk*) exit 3 ;; esac\nexec %s "$@"\n' "$(command -v awk)" >"$tmp/bin/awk"
    chmod +x "$tmp/bin/awk"
    PATH=$tmp/bin:$PATH run ! ./run_all.sh draw "$tmp/run"
    for name in index.html summary.md summary figures; do [[ ! -e $tmp/run/$name ]]; done
    [[ -s $tmp/run/raw.csv && -d $tmp/run/histograms ]]
}

@test "no link in a run is followed, for reading or for writing" {
    draw_only
    echo 'private' >"$tmp/private"
    mkdir "$tmp/elsewhere" "$tmp/other"
    cp tests/fixtures/cold_start.csv "$tmp/other"
    for name in machine.txt raw.csv figures gate/x.tsv index.html; do
        rm -rf "$tmp/run"
        copy_fixture "$tmp/run"
        rm -rf "$tmp/run/$name"
        if [[ $name == figures ]]; then ln -s "$tmp/elsewhere" "$tmp/run/$name"; else ln -s "$tmp/private" "$tmp/run/$name"; fi
        for command in draw show "compare $tmp/other"; do
            # shellcheck disable=SC2086  # words are meant
            run -2 ./run_all.sh $command "$tmp/run"
        done
        [[ $(<"$tmp/private") == private && -z $(ls "$tmp/elsewhere") ]]
    done
    rm -rf "$tmp/run"
    copy_fixture "$tmp/run"
    mkfifo "$tmp/run/command.txt"
    run -2 --separate-stderr timeout 20 ./run_all.sh draw "$tmp/run"
    one_line_on_stderr 'neither a file nor a folder'
}

# Refused by draw, show and compare in one line that has the words and is text.
refused_by_all() { # refused_by_all WORDS RUN
    local command
    for command in draw show "compare $tmp/other"; do
        # shellcheck disable=SC2086  # words are meant
        run -2 --separate-stderr timeout 60 ./run_all.sh $command "$2"
        one_line_on_stderr "$1"
        [[ -z $output && $stderr != *[$'\e\a']* && $stderr != *$'\302\233'* ]]
    done
}

@test "what is read of a run before its tables is refused as text: the schema, names of files and folders, what is no file or too long" {
    draw_only
    esc=$'\e]0;owned\a\302\233' end=$'\n'
    mkdir "$tmp/other"
    cp tests/fixtures/cold_start.csv "$tmp/other"
    copy_fixture "$tmp/clean"
    touch "$tmp/clean/summary.csv"
    fresh() { rm -rf "$tmp/run"; cp -r "$tmp/clean" "$tmp/run"; }
    for schema in "$esc" 08x 99999999999999999999 -1 9; do
        fresh
        with_cell tests/fixtures/raw.csv schema "$schema" >"$tmp/run/raw.csv"
        refused_by_all 'raw.csv: this run has schema' "$tmp/run"
    done
    fresh
    ln -s /etc/passwd "$tmp/run/x$esc"
    refused_by_all 'x?]0;owned?? is neither a file nor a folder' "$tmp/run"
    fresh
    mkfifo "$tmp/run/gate/x${end}y"
    refused_by_all 'x?y is neither a file nor a folder' "$tmp/run"
    for name in "x$esc" "x${end}y" "x$end"; do
        cp -r "$tmp/clean" "$tmp/$name"
        refused_by_all 'characters that no text has; rename it' "$tmp/$name"
    done
    fresh
    echo drawn | tee "$tmp/run/summary.md" "$tmp/run/summary.csv" >"$tmp/run/machine.txt"
    rm "$tmp/run/raw.csv"
    mkdir "$tmp/run/raw.csv"
    refused_by_all 'raw.csv is no file that can be read' "$tmp/run"
    rmdir "$tmp/run/raw.csv"
    truncate --size=3G "$tmp/run/raw.csv"
    refused_by_all 'raw.csv has 3221225472 bytes' "$tmp/run"
    { cat tests/fixtures/raw.csv; head -c 70000 /dev/zero | tr '\0' ,; echo; } >"$tmp/run/raw.csv"
    refused_by_all 'characters are too many for a line' "$tmp/run"
}

@test "a run of more experiments than are read is refused, and one of so many is not" {
    many() { # many COUNT COLUMN
        awk -F, -v OFS=, -v count="$1" -v column="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) c = i; print }
            NR == 2 { for (k = 1; k <= count; k++) { $c = "e" k; print } }' tests/fixtures/raw.csv >"$tmp/run/raw.csv"
    }
    taking() { # taking COMMAND: with what reads a run
        C10K_ENTERED=$$ bash -c "set -euo pipefail; shopt -s inherit_errexit nullglob
            source harness/run/lib.sh; source harness/analysis/take_run.sh; $1" - "$tmp/run" "$tmp/copy"
    }
    mkdir -p "$tmp/run/gate" "$tmp/other"
    cp tests/fixtures/raw.csv "$tmp/other"
    cp tests/fixtures/raw.csv "$tmp/run/summary.csv" # show wants a run that was drawn.
    echo drawn >"$tmp/run/summary.md"
    for column in experiment model; do
        many 201 $column
        refused_by_all "has 201 ${column}s, and at most 200 are read" "$tmp/run"
        many 200 $column
        taking 'take_run "$1" "$2"'
        [[ $(wc -l <"$tmp/copy/raw.csv") == 201 ]]
        rm -r "$tmp/copy"
    done
    (cd "$tmp/run/gate" && seq -f 'm%g.tsv' 2001 | xargs touch)
    refused_by_all 'gate has 2001 files, and at most 2000 are read' "$tmp/run"
    grep -qF "$(taking 'echo "$((TABLE_B_MAX >> 20)) MiB of a table, $((TEXT_B_MAX >> 20)) MiB of a text, $NAMES_MAX experiments, $NAMES_MAX models, ${FILES_MAX/%000/,000} files"')" SECURITY.md
}

@test "a file of a run that becomes a link or a pipe while the run is read shows nothing of another file, and is not waited for" {
    draw_only
    mkdir "$tmp/bin"
    echo 'machine: private' >"$tmp/private"
    # Between the look at the file and its reading.
    printf '#!/bin/sh\n%s "$@" || exit\ncase $* in */run/machine.txt) rm "$TARGET"; eval "$BECOMES" ;; esac\n' "$(command -v stat)" >"$tmp/bin/stat"
    chmod +x "$tmp/bin/stat"
    for becomes in "ln -s $tmp/private" mkfifo; do
        rm -rf "$tmp/run"
        copy_fixture "$tmp/run"
        echo 'machine: ours' >"$tmp/run/machine.txt"
        status=0
        TARGET=$tmp/run/machine.txt BECOMES="$becomes $tmp/run/machine.txt" PATH=$tmp/bin:$PATH \
            timeout 60 ./run_all.sh draw "$tmp/run" >"$tmp/said" 2>&1 || status=$?
        [[ ! -f $tmp/run/machine.txt || -L $tmp/run/machine.txt ]] # It was replaced.
        [[ $status != 124 ]] || { echo "waited for a pipe"; return 1; }
        run ! grep -r 'machine: private' "$tmp/said" "$tmp/run"
    done
}

@test "text of strangers is plain: no escape sequence, no C1, no text that is none" {
    draw_only
    copy_fixture "$tmp/run"
    esc=$'\e]0;owned\a'
    printf 'machine: a %s b \302\233 c \377 d µ\n' "$esc" | tee "$tmp/run/machine.txt" >"$tmp/run/command.txt"
    printf 'half-close\tFAIL\t%s gone\n' "$esc" >"$tmp/run/gate/broken.tsv"
    with_cell tests/fixtures/raw.csv reason "$esc why" | sed '2s/,ok,/,failed,/' >"$tmp/run/raw.csv"
    run -0 ./run_all.sh draw "$tmp/run"
    [[ $output == *'broken: excluded: half-close: ?]0;owned? gone'* ]]
    run ! grep -lrP '[\x00-\x08\x0b-\x1f\x7f]' "$tmp/run" --include='*.html' --include='*.md' --include='summary'
    grep -q 'a ?\]0;owned? b ? c' "$tmp/run/index.html" || grep -q 'a ?\]0;owned? b' "$tmp/run/index.html"
    run -0 bash -c "printf 'a\377\302\233 µ\n' | awk -f harness/report/plain.awk -f harness/report/plain_text.awk"
    [[ $output == 'a??? ??' ]]
    run -0 bash -c "printf 'a\302\233 µ\342\200\256\n' | LC_ALL=C awk -f harness/report/plain.awk -f harness/report/plain_text.awk"
    [[ $output == 'a? µ?' ]]
}

@test "text of a run is no markup, in HTML and in Markdown" {
    draw_only
    copy_fixture "$tmp/run<b>&\"x'"
    folder="$tmp/run<b>&\"x'"
    evil="<script>alert(1)</script> [x](javascript:1) \`c\` | \"q\" & 'a'"
    # A comma would be a cell of its own.
    with_cell tests/fixtures/raw.csv reason "$evil" | sed '2s/,ok,/,failed,/' >"$folder/raw.csv"
    printf 'half-close\tFAIL\t%s\n' "$evil" >"$folder/gate/broken.tsv"
    printf 'machine: %s\n' "$evil" | tee "$folder/machine.txt" >"$folder/command.txt"
    run -0 ./run_all.sh draw "$folder"
    grep -qF '&lt;script&gt;alert(1)&lt;/script&gt;' "$folder/index.html"
    run ! grep -iE '<script|<b>&|javascript:1\)"' "$folder/index.html"
    grep -qF "content=\"default-src 'none';" "$folder/index.html"
    # Of the page's own elements none is of another kind than before.
    [[ -z $(grep -oE '<[a-z0-9]+' "$folder/index.html" | sort -u | grep -vxE '<(html|head|meta|title|style|body|h[123]|p|a|nav|ul|ol|li|main|div|table|caption|tr|t[hd]|section|b|details|summary|figure|figcaption|br|svg|g|path|defs|text|rect|use|circle|polygon|pre|code|dl|dt|dd|em|i|footer)') ]]
    grep -qF '&lt;script&gt;' "$folder/summary.md"
    grep -qF 'run&lt;b&gt;&amp;' "$folder/summary.md"
    run ! grep -E '<script|\]\(javascript|[^\\]`c' "$folder/summary.md"
    mkdir "$tmp/other"
    cp tests/fixtures/raw.csv "$tmp/other"
    ./run_all.sh compare "$tmp/other" "$folder" --out "$tmp/compared"
    run ! grep -E '<script|\]\(javascript|[^\\]`c' "$tmp/compared/compare.md"
}

# bats test_tags=deadline:240
@test "a sample of hostile strings in a run and an experiment: nothing runs, nothing is written elsewhere, each is refused or shown" {
    # tests/hostile_runs.sh without --sample tries all of them.
    run -0 tests/hostile_runs.sh --sample 6 2077
    [[ $output == 'ok - hostile runs: 6 strings in '* ]] || { echo "$output"; return 1; }
}
