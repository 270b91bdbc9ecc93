# following.bash -- what the tests of lessons share: a copy of the tree whose experiments are small, and in which the command
# of a page is run as the page has it.
# shellcheck shell=bash disable=SC2154  # output and status are of bats

setup_file() {
    load running.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    export COPY="$BATS_FILE_TMPDIR/copy"
    mkdir "$COPY"
    # Without kept results and without the programs of other tests, which no lesson reads.
    git ls-files -z --cached --others --exclude-standard -- . ':!results/*/*' | tar --create --null --files-from=- | tar --extract --directory "$COPY"
    mkdir -p "$COPY/build/release"
    find build/release -maxdepth 1 -type f ! -name 'test_*' ! -name '*liar-*' ! -name '*.a' -exec cp -t "$COPY/build/release" {} +
    cd "$COPY" || return 1
    git init --quiet
    shrink_all harness/experiments
    pass_the_gate
    stand_in
}

# That models keep the protocol is the gate's to say, not ours: here each of them has passed it.
pass_the_gate() {
    local model
    for model in $(sed -n 's/^models[a-z.]* *= *//p' harness/experiments/*.conf | tr ' ' '\n' | sort -u) $(basename --suffix=.c servers/*.c); do
        printf 'half-close\tpass\t-\ncosts-paid\tpass\t-\n' >"build/release/gate-$model.tsv"
    done
}

# What others test: how programs are built, what the machine takes by itself, whether a neighbour disturbs, and how a chart is drawn.
stand_in() {
    bin=build/release
    known_costs
    # shellcheck disable=SC2016  # for the program
    program witness 'file=$1; shift; echo 0.00,0.10,ok, >"$file"; exec "$@"'
    # A client that polls sends at sharper moments, and burns a CPU for it.
    # shellcheck disable=SC2016  # for the program
    program load 'for word; do shift; [ "$word" = --spin ] || set -- "$@" "$word"; done; exec '"'$BATS_TEST_DIRNAME/../build/release/load'"' "$@"'
    mkdir "$BATS_FILE_TMPDIR/bin"
    printf '#!/bin/sh\n' >"$BATS_FILE_TMPDIR/bin/make" # All is built.
    cat >"$BATS_FILE_TMPDIR/bin/gnuplot" <<'END'
#!/bin/sh
[ -z "${output:-}" ] || echo '<svg>not drawn</svg>' >"$output"
END
    chmod +x "$BATS_FILE_TMPDIR/bin"/*
    export PATH=$BATS_FILE_TMPDIR/bin:$PATH
}

setup() {
    cd "$COPY" || return 1
    # shellcheck source=harness/run/lib.sh
    source harness/run/lib.sh
}

# Runs the command of a page, and looks for all that the page quotes of it.
follow() { # follow PAGE
    local page=docs/$1.md out=$COPY/results/$1 command words sections section figures figure failed
    command=$(lesson_command "$page")
    mapfile -t words < <(xargs printf '%s\n' <<<"$command")
    run "${words[@]}" --no-install --out "$out" 3>&-
    echo "$command"
    echo "$output"
    ((status == 0)) || return 1
    [[ -s $out/index.html && -s $out/summary.md ]]
    # As it stands on the page: publish.sh takes no other run for it.
    [[ $(head -n 1 "$out/command.txt") == "$command --no-install --out $out" ]]
    # sequential serves one client, and says so where others are asked for more.
    failed=$(awk 'FNR > 1' "$out"/*.csv | grep -v ',sequential,' | grep -E ',(failed|corrupt),' || true)
    [[ -z $failed ]] || { echo "$failed"; return 1; }
    lines_into sections sed -n 's/^<!-- BEGIN run \(.*\) -->$/\1/p' "$page"
    for section in "${sections[@]}"; do
        awk -v section="$section" -f tools/quote.awk "$out/summary.md" | grep -q '^| ' || { echo "$page quotes $section"; return 1; }
    done
    lines_into figures sed -n 's/^<!-- BEGIN figure \(.*\) -->$/\1/p' "$page"
    for figure in "${figures[@]}"; do
        [[ -s $out/figures/$figure.svg ]] || { echo "$page shows $figure"; return 1; }
    done
}
