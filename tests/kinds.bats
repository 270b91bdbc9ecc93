#!/usr/bin/env bats
# bats file_tags=part:suite
# kinds.bats -- guards against a kind of experiment that needs more than its folder: one that another place must name, or whose
# program is called in a way of its own.

bats_require_minimum_version 1.5.0

setup() {
    load drawing.bash
    load measuring.bash
    prepare_measuring
}

# The program of this kind, or its script.
program() { # program KIND
    if [[ -x harness/kinds/$1/measure.sh ]]; then echo "harness/kinds/$1/measure.sh"; else echo "build/release/measure-$1"; fi
}

# Expects what the program of a kind says of how long an experiment takes.
takes() { # takes SECONDS KIND LINE...
    printf '%s\n' "kind = $2" "${@:3}" >"$conf"
    run -0 "$(program "$2")" "$conf" --print estimate_s
    [[ $output == "$1" ]] || { echo "$2: $output s instead of $1 s"; return 1; }
}

@test "the estimate of each kind is worked out by hand" {
    # Half a second to begin with, 0.1 s around each window, 0.3 ms for each connection to come and to go.
    takes 7.3 latency 'connections = 10 1000' 'warmup_s = 1' 'window_s = 2'
    takes 15.3 capacity 'connections = 10 1000' 'warmup_s = 1' 'window_s = 2' 'warmup = steady'
    takes 7.3 omission 'connections = 1000' 'warmup_s = 1' 'window_s = 2' 'stop_ms = 200' # Both loops.
    takes 10.4 counters 'connections = 1000' 'warmup_s = 1' 'window_s = 2'                # Three passes.
    takes 13.2 memory 'connections = 100 1000' 'settle_s = 3'                             # Twice: 0.03 + 3 and 0.3 + 3.
    takes 2.0 cold_start 'requests = 500'
    takes 15.0 handshakes 'connections = 5' 'requests = 2000' # Ten variants.
    takes 11.0 walls 'connections = 100 1000' 'window_s = 2' 'limits = machine files=64'
    takes 16.0 walls 'connections = 100 1000' 'window_s = 2' 'limits = machine files=64 processes=5' 'connections_limited = 200'
    takes 21.6 herd 'connections = 1000' 'settle_s = 3' 'outage_s = 2' 'cap_ms = 4000' 'time_cap_s = 60'
    takes 5.1 chat 'connections = 1000 2000' 'warmup_s = 0.3' 'window_s = 1.3'
}

# Expects one line on stderr that ends so.
refused() { # refused WORDS KIND LINE...
    printf '%s\n' "kind = $2" "${@:3}" >"$conf"
    run -2 --separate-stderr "$(program "$2")" "$conf" --check
    [[ ${#stderr_lines[@]} == 1 && $stderr == *"$1" ]] || { echo "$2: $stderr"; return 1; }
}

@test "what one key of a kind demands of another is refused before anything is measured" {
    refused ": deaf needs one number in connections and no active" latency 'connections = 1 10' 'deaf = 0 5'
    refused ": deaf needs one number in connections and no active" latency 'connections = 10' 'active = 3' 'deaf = 0 5'
    refused ": stop_ms is at most half of window_s" omission 'connections = 1' 'window_s = 1' 'stop_ms = 501'
    printf '%s\n' 'kind = omission' 'connections = 1' 'window_s = 1' 'stop_ms = 500' >"$conf"
    run -0 build/release/measure-omission "$conf" --check
    refused ":3: requests is for kind cold_start or handshakes only, not for kind chat" chat 'connections = 1' 'requests = 5'
}

@test "each kind is called alike, prints the keys of its experiments and an estimate, and refuses another kind's" {
    for folder in harness/kinds/*/; do
        name=$(basename "$folder")
        printf '%s\n' "kind = $name" 'connections = 3' 'stop_ms = 5' >"$conf"
        [[ $name == omission ]] || sed -i /stop_ms/d "$conf"
        run -0 "$(program "$name")" "$conf" --profile quick --print all
        [[ ${lines[0]} == "kind=$name" && ${lines[-1]} == estimate_s=* ]] || { echo "$name: $output"; return 1; }
        run -0 "$(program "$name")" "$conf" --print window_s
        [[ $output == 2 ]]
        run -0 "$(program "$name")" "$conf" --check
        run -2 --separate-stderr "$(program "$name")" "$conf"
        [[ $stderr == *'--model is missing'* ]] || { echo "$name: $stderr"; return 1; }
        other=latency
        [[ $name != latency ]] || other=capacity
        sed -i "s/^kind .*/kind = $other/; /stop_ms/d" "$conf"
        run -2 --separate-stderr "$(program "$name")" "$conf" --check
        [[ $stderr == *"is of kind $other, and this "*" measures kind $name" ]] || { echo "$name: $stderr"; return 1; }
    done
}

@test "a kind that needs two CPUs says so to the run, and its program refuses one" {
    local says
    for program in build/release/measure-*; do
        [[ $program != *.d ]] || continue
        name=${program#build/release/measure-}
        printf '%s\n' "kind = $name" 'connections = 3' 'stop_ms = 5' >"$conf"
        [[ $name == omission ]] || sed -i /stop_ms/d "$conf"
        says=$(sed -n 's/^cpus\t//p' "harness/kinds/$name/kind.tsv" 2>/dev/null || true)
        run -2 --separate-stderr taskset --cpu-list "$(taskset --cpu-list --pid $$ | sed 's/.*: //; s/[,-].*//')" "$program" "$conf" --model nosuch --out "$BATS_TEST_TMPDIR/x.csv"
        [[ $stderr == *'only one CPU core: '* && $says == 2 || $stderr == *'there is no '*server-nosuch* && -z $says ]] || { echo "$name: $stderr"; return 1; }
    done
}

# Appends a row with row(1) and prints what it says of it.
row() { build/release/row --file "$BATS_TEST_TMPDIR/x.csv" --columns 'lost note' experiment=e kind=x profile=quick model=m "$@"; }

@test "a row of a script has the head of all rows, one schema, and the verdict of programs in C" {
    numbers=(--number offered_per_s=1000 --number sent_per_s=1000 --number achieved_per_s=1000)
    [[ $(row connections=5 active=5 repeat=2 seed=3 lost=0) == 'ok 0 ' ]]
    [[ $(row "${numbers[@]}" --noise '') == 'ok 0 ' ]]
    [[ $(row "${numbers[@]}" --noise 'other programs, used it' reason=words try=2) == 'noisy 1 other programs; used it; words' ]]
    [[ $(row "${numbers[@]}" --noise 'x' --last) == 'noisy 0 x' ]]
    [[ $(row --number offered_per_s=1000 --number sent_per_s=500 --noise x) == 'client_limited 1 client sent 500 of 1000 messages/s' ]]
    [[ $(row "${numbers[@]}" --number corrupt=1 --noise x) == 'corrupt 0 '* ]]
    [[ $(row --number lost= status=failed reason='it "ended", caf'$'\xc3\xa9') == "failed 0 it 'ended'; café" ]]
    head -n 2 "$BATS_TEST_TMPDIR/x.csv" | diff - <(
        echo schema,experiment,kind,profile,model,variant,connections,active,repeat,try,superseded,seed,status,reason,lost,note
        echo 4,e,x,quick,m,,5,5,2,1,0,3,ok,,0,)
    [[ $(awk -F, 'NF != 16' "$BATS_TEST_TMPDIR/x.csv" | wc -l) == 0 && $(wc -l <"$BATS_TEST_TMPDIR/x.csv") == 8 ]]
    for wrong in '--number x=1' '--number lost' '--number lost=many' 'lost' ''; do
        # shellcheck disable=SC2086  # words are meant
        run -2 --separate-stderr build/release/row ${wrong:+--file "$BATS_TEST_TMPDIR/y.csv"} $wrong
        [[ ${#stderr_lines[@]} == 1 && ! -e $BATS_TEST_TMPDIR/y.csv ]] || { echo "$wrong: $stderr"; return 1; }
    done
    run -1 --separate-stderr build/release/row --file "$BATS_TEST_TMPDIR/y.csv" colour=red
    [[ $stderr == 'row: there is no column "colour" in this table' ]]
    run -2 --separate-stderr build/release/row --file "$BATS_TEST_TMPDIR/x.csv" --columns other model=m
    [[ $stderr == *'has another header than schema 4'* ]]
}

# ---- a folder each, and no list ----

# A copy of this tree with its build and a history of its own, in $copy.
copy_tree() {
    copy=$BATS_TEST_TMPDIR/copy
    mkdir "$copy"
    git ls-files -z --cached --others --exclude-standard -- . ':!results/lessons' ':!results/reference*' | xargs -0 cp --parents --preserve=timestamps --target-directory="$copy"
    mkdir "$copy/build"
    cp --archive build/release "$copy/build"
    cd "$copy" || return 1
    measure=$copy/tests/measure
    git init --quiet
    git add --all
    git -c user.name=test -c user.email=test@example.org -c commit.gpgsign=false commit --quiet --message=begin
}

# A new kind is a copy of a folder, and an experiment of it.
add_kind() { # add_kind SKELETON NAME
    cp --recursive "harness/kinds/$1" "harness/kinds/$2"
    sed -i "s/\b$1\b/$2/g" harness/kinds/"$2"/*
    printf '%s\n' "# Question: does a copy of $1 measure?" "kind = $2" 'default = no' 'connections = 5' 'rate_per_s = 500' 'warmup_s = 0.1' \
        'window_s = 0.3' 'settle_s = 0.2' 'effort = 50' 'models = poll' >"harness/experiments/$2.conf"
}

@test "a kind that is copied from a skeleton, in C or as a script, is one folder and one experiment: it is built, listed, planned and measured" {
    copy_tree
    add_kind skeleton my_kind
    add_kind skeleton_shell your_kind
    run -0 make programs
    [[ $output != *warning* && -x build/release/measure-my_kind ]]
    run -0 ./run_all.sh list
    [[ $output == *'my_kind '*'does a copy of skeleton measure?'* && $output == *'your_kind '*'does a copy of skeleton_shell measure?'* ]]
    run -0 ./run_all.sh my_kind your_kind --plan --no-install
    [[ $output == *'my_kind: 3 x poll, about '* && $output == *'your_kind: 3 x poll, about '* ]]
    for name in my_kind your_kind; do
        run -0 "$measure" "harness/experiments/$name.conf" --profile quick --model poll --out "$BATS_TEST_TMPDIR/$name.csv"
        [[ $output == *"point poll 5 "* ]] || { echo "$output"; return 1; }
        awk -F, -v kind=$name 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
            $c["kind"] != kind || $c["effort"] != 50 || !($c["messages_per_connection"] > 5) { exit 1 } END { exit NR < 2 }' "$BATS_TEST_TMPDIR/$name.csv"
    done
    # A column, a chart and a sentence of its own are in the folder, too.
    printf '%s\n' '# Kinds: my_kind' '# Shows: what came back.' '# Read: more is more.' 'title_text = "Messages"' 'metric = "messages_per_connection"' 'divide = 1' 'y_label = "messages"' \
        'load "harness/report/plots/lines.gp"' >harness/kinds/my_kind/came_back.gp
    sed -i 's/\tmessages\/connection\t/\tsent by each\t/' harness/kinds/my_kind/metrics.tsv
    printf '%s\n' "INSERT INTO answer SELECT experiment, 2, 'It has {' || 2.0 || '} sentences.' FROM section WHERE kind = 'my_kind';" >>harness/kinds/my_kind/answer.sql
    mkdir -p "$BATS_TEST_TMPDIR/run/rows"
    cp "$BATS_TEST_TMPDIR"/{my,your}_kind.csv "$BATS_TEST_TMPDIR/run/rows/"
    cp --recursive "$BATS_TEST_TMPDIR/run" "$BATS_TEST_TMPDIR/again"
    run -0 ./run_all.sh draw "$BATS_TEST_TMPDIR/run"
    [[ -s $BATS_TEST_TMPDIR/run/figures/my_kind-came_back.svg ]]
    grep -q '^| model | connections | status | sent by each | p50 ms | runs | reason |$' "$BATS_TEST_TMPDIR/run/summary.md"
    grep -q '^| model | connections | status | messages/connection | p50 ms | runs | reason |$' "$BATS_TEST_TMPDIR/run/summary.md"
    grep -q 'It has 2 sentences\.$' "$BATS_TEST_TMPDIR/run/summary.md"
    run -0 ./run_all.sh compare "$BATS_TEST_TMPDIR"/{run,again} --out "$BATS_TEST_TMPDIR/compared"
    grep -q '^my_kind,my_kind,poll,[a-z]*,5,5,messages_per_connection,' "$BATS_TEST_TMPDIR/compared/compare.csv"
    run -0 ./run_all.sh query "$BATS_TEST_TMPDIR/run" "SELECT count(DISTINCT experiment) AS n FROM measured WHERE metric = 'effort'"
    [[ $output == *2 ]]
    diff <(git status --porcelain | sort) - <<END
?? harness/experiments/my_kind.conf
?? harness/experiments/your_kind.conf
?? harness/kinds/my_kind/
?? harness/kinds/your_kind/
END
}

@test "each kind can be taken away with its experiments: what is left is built and listed" {
    copy_tree
    for folder in harness/kinds/*/; do
        name=$(basename "$folder")
        rm -r "$folder"
        grep -lE "^kind *= *$name$" harness/experiments/*.conf | xargs -r rm
        run -0 make programs
        [[ $output != *warning* ]] || { echo "$name: $output"; return 1; }
        run -0 --separate-stderr ./run_all.sh list
        [[ -z $stderr && $output == *'models: '* ]]
        files=(harness/experiments/*.conf)
        run -0 build/release/check_conf "${files[@]}"
        # A run of another kind.
        left=capacity
        [[ $name != capacity ]] || left=memory
        for run in a b; do
            rm -rf "${BATS_TEST_TMPDIR:?}/$run"
            mkdir "$BATS_TEST_TMPDIR/$run"
            grep -E "^schema,|^[0-9]*,$left," tests/fixtures/raw.csv >"$BATS_TEST_TMPDIR/$run/raw.csv"
        done
        (draw_only; ./run_all.sh draw "$BATS_TEST_TMPDIR/a") >"$BATS_TEST_TMPDIR/said" 2>&1 || { echo "$name: $(<"$BATS_TEST_TMPDIR/said")"; return 1; }
        (draw_only; ./run_all.sh compare "$BATS_TEST_TMPDIR"/{a,b} --out "$BATS_TEST_TMPDIR/compared") >>"$BATS_TEST_TMPDIR/said" 2>&1 || { echo "$name: $(<"$BATS_TEST_TMPDIR/said")"; return 1; }
        grep -q "^## $left" "$BATS_TEST_TMPDIR/a/summary.md"
        run ! grep -w "$name" "$BATS_TEST_TMPDIR/said"
        printf 'kind = %s\nconnections = 1\n' "$name" >"$BATS_TEST_TMPDIR/gone.conf"
        run -2 build/release/check_conf "$BATS_TEST_TMPDIR/gone.conf"
        [[ $output == *", not \"$name\"" ]]
        git checkout --quiet -- .
    done
}
