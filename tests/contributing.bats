#!/usr/bin/env bats
# bats file_tags=part:guests,deadline:180,long:40
# contributing.bats -- guards against a guide whose examples do not work: each file and each command of
# CONTRIBUTING.md is tried in a copy of the tree.

bats_require_minimum_version 1.5.0

setup_file() {
    load running.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    export COPY="$BATS_FILE_TMPDIR/copy"
    mkdir "$COPY"
    git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- | tar --extract --directory "$COPY"
    mkdir "$COPY/build"
    cp -r --preserve=timestamps build/release "$COPY/build" # Nothing is compiled again but what is new.
    cd "$COPY" || return 1
    # What the machine takes by itself is not of the guide.
    bin=build/release
    known_costs # Newer than their sources: nothing makes them again.
    git init --quiet
    git add --all
    git -c user.name=x -c user.email=x@localhost commit --quiet --message=before
}

setup() {
    load measuring.bash
    load drawing.bash
    cd "$COPY" || return 1
}

# Writes the file that the section tells to save.
save() { # save SECTION
    awk -v section="## $1" '
        /^## / { here = $0 == section }
        here && /^Save it as `/ { split($0, part, "`"); file = part[2]; next }
        here && file != "" && /^```/ { if (inside) exit; inside = 1; next }
        inside { print > file }
        END { exit file == "" }' CONTRIBUTING.md
}

# Runs the commands of the section as they stand.
run_commands() { # run_commands SECTION
    awk -v section="## $1" '
        /^## / { here = $0 == section }
        here && /^```sh$/ { inside = 1; next }
        /^```/ { inside = 0 }
        here && inside' CONTRIBUTING.md >"$BATS_TEST_TMPDIR/commands"
    [[ -s $BATS_TEST_TMPDIR/commands ]]
    bash -euo pipefail "$BATS_TEST_TMPDIR/commands" 3>&-
}

new_files() { git status --short --untracked-files=all | one_line; }

@test "a kind of experiment is one new folder: it is built, planned and measured with an experiment of its own" {
    save 'A kind of experiment'
    run run_commands 'A kind of experiment'
    echo "$output"
    ((status == 0))
    [[ $output != *warning* && $output == *'half_rate: 3 x epoll poll, about '* ]]
    [[ $output == *'point poll 100 '* && $(head -n 1 build/halves.csv) == *,effort,* ]]
    [[ $(new_files) == '?? harness/experiments/half_rate.conf ?? harness/kinds/halves/'* && $(new_files) != *'? harness/measure'* ]]
    [[ $(git status --short | wc -l) == 2 ]]
    rm -r harness/kinds/halves harness/experiments/half_rate.conf
}

@test "a model is one new file, passes the gate, compiles without a warning and is laid out as ours" {
    save 'A model'
    run run_commands 'A model'
    echo "$output"
    ((status == 0))
    [[ $output == *'c11_thread: '*' passed, 0 failed'* && $output != *warning* ]]
    [[ $(new_files) == '?? servers/c11_thread.c' ]]
    clang-format --dry-run --Werror servers/c11_thread.c
    [[ $(./run_all.sh list) == *c11_thread* ]]
}

@test "an experiment is one new file, and its report quotes its question" {
    [[ -f servers/c11_thread.c ]]
    save 'An experiment'
    draw_only # No chart of this run is looked at.
    run run_commands 'An experiment'
    echo "$output"
    ((status == 0))
    [[ $output == *'== big_messages'* ]]
    grep -q 'what does a message of 16 KiB cost' results/big/index.html
    [[ $(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next } { print $c["model"], $c["connections_established"], $c["message_b"], $c["corrupt"] }' \
        results/big/rows/*.csv | sort -u | one_line) == 'c11_thread 1 16384 0 c11_thread 10 16384 0' ]]
}

@test "a chart is one new file, and is drawn from what was measured before" {
    [[ -d results/big ]]
    save 'A chart'
    draw_only big_messages-client_cpu
    run run_commands 'A chart'
    echo "$output"
    ((status == 0))
    grep -q 'Client CPU per message' results/big/figures/big_messages-client_cpu.svg
    grep -q 'where this rises with the server' results/big/index.html
}

@test "a guest is one new file, and passes the gate" {
    command -v python3 >/dev/null || skip 'python3 is not installed'
    save 'A guest'
    run run_commands 'A guest'
    echo "$output"
    ((status == 0))
    [[ $output == *'python_threads: '*' passed, 0 failed'* ]]
    [[ $(new_files) == *'?? servers/guests/python_threads.py'* ]]
}
