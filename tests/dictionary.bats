#!/usr/bin/env bats
# bats file_tags=part:suite
# dictionary.bats -- guards against a metric whose heading, unit or direction is written in a second place: what metrics.tsv says is
# changed in a copy of the tree, and each reader must follow.

bats_require_minimum_version 1.5.0

setup() {
    load drawing.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    copy=$BATS_TEST_TMPDIR/copy
    mkdir "$copy"
    git ls-files -z --cached --others --exclude-standard -- . ':!results/lessons' ':!servers' ':!clients' | xargs -0 cp --parents --target-directory="$copy"
    cd "$copy" || return 1
    mkdir "$BATS_TEST_TMPDIR"/{a,b}
    cp tests/fixtures/raw.csv "$BATS_TEST_TMPDIR/a"
    awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } NR > 1 && $c["latency_ns_p99"] != "" { $c["latency_ns_p99"] *= 9 } { print }' \
        tests/fixtures/raw.csv >"$BATS_TEST_TMPDIR/b/raw.csv"
}

# Another word, unit or direction in the entry of a metric.
entry() { # entry METRIC FIELD VALUE
    awk -F'\t' -v OFS='\t' -v metric="$1" -v field="$2" -v value="$3" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == field) c = i }
        $1 == metric { $c = value; done = 1 } { print } END { exit !done }' harness/analysis/metrics.tsv >metrics.new
    mv metrics.new harness/analysis/metrics.tsv
}

@test "a heading, a divisor and a direction that are changed in the dictionary change in table, chart, ranking, comparison and docs" {
    # Three repeats each, so that there is a ranking and a difference.
    for run in a b; do
        awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; print; next }
            $c["experiment"] == "ramp" && $c["connections_asked"] == 10 && $c["repeat"] == 1 && $c["superseded"] == 0 && $c["status"] == "ok" {
                for (r = 1; r <= 3; r++) { $c["repeat"] = r; print } }' "$BATS_TEST_TMPDIR/$run/raw.csv" >"$BATS_TEST_TMPDIR/$run/new"
        mv "$BATS_TEST_TMPDIR/$run/new" "$BATS_TEST_TMPDIR/$run/raw.csv"
    done
    draw_only ramp-latency_p99
    ./run_all.sh draw "$BATS_TEST_TMPDIR/a"
    grep -q '^| model .* | p99 ms |' "$BATS_TEST_TMPDIR/a/summary.md"
    grep -q '>p99 latency, lower is better<' "$BATS_TEST_TMPDIR/a/figures/ramp-latency_p99.svg"
    median=$(./run_all.sh query "$BATS_TEST_TMPDIR/a" "SELECT format('%.0f', median) AS ns FROM result WHERE metric = 'latency_ns_p99' AND model = 'poll'" --csv | tail -n 1)
    entry latency_ns_p99 heading 'tail us'
    entry latency_ns_p99 divide 1e3
    entry latency_ns_p99 shown_in us
    entry latency_ns_p99 name 'tail latency'
    entry latency_ns_p99 better higher
    ./run_all.sh draw "$BATS_TEST_TMPDIR/a"
    head=$(grep -m 1 '^| model .* | tail us |' "$BATS_TEST_TMPDIR/a/summary.md")
    grep -q "^| poll | .* | $((median / 1000)) |" "$BATS_TEST_TMPDIR/a/summary.md" || { echo "$head"; return 1; }
    grep -q '>Tail latency, higher is better<' "$BATS_TEST_TMPDIR/a/figures/ramp-latency_p99.svg"
    grep -q '>tail latency, us<' "$BATS_TEST_TMPDIR/a/figures/ramp-latency_p99.svg"
    grep -q '^The tail latency at 10 connections is [0-9]* us with ' "$BATS_TEST_TMPDIR/a/summary.md"
    grep -q '^- .*tail latency.* at 10 connections: ' "$BATS_TEST_TMPDIR/a/summary.md"
    ./run_all.sh compare "$BATS_TEST_TMPDIR"/{a,b} --out "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/said"
    grep -q '^- poll at 10 connections has a p99 latency that is 9 times .* as high in B, which is better (ramp)$' "$BATS_TEST_TMPDIR/said"
    grep -q "^| poll | 10 | tail latency us | $((median / 1000)) " "$BATS_TEST_TMPDIR/out/compare.md"
    grep -q '^## ramp: tail latency$' "$BATS_TEST_TMPDIR/out/compare.md"
    # Of the docs those that have no code and no other run in them.
    sed -n '/^write_metrics/,/^}/p' tools/publish.sh >"$BATS_TEST_TMPDIR/function"
    bash -c 'source "$1"; write_metrics traffic' - "$BATS_TEST_TMPDIR/function" | grep -q '^| latency_ns_p99 | ns | higher | '
}

@test "each entry of a dictionary is whole, and no kind has a metric twice" {
    for file in harness/analysis/metrics.tsv harness/kinds/*/metrics.tsv; do
        diff <(head -n 1 harness/analysis/metrics.tsv) <(head -n 1 "$file")
        awk -F'\t' -v file="$file" 'NR == 1 { fields = NF; for (i = 1; i <= NF; i++) c[$i] = i; next }
            function bad(why) { print file ": " $1 ": " why; wrong = 1 }
            NF != fields { bad("it has " NF " fields, the head has " fields); next }
            seen[$1]++ { bad("it is there twice") }
            $1 !~ /^[a-z][a-z0-9_]*$/ { bad("no name of a column") }
            $c["meaning"] == "-" || $c["part"] == "-" || $c["heading"] == "-" || $c["name"] == "-" { bad("a word is missing") }
            $c["unit"] !~ /^(name|text)$/ && $c["divide"] + 0 <= 0 { bad("divide is no number") }
            $c["better"] !~ /^(higher|lower|-)$/ { bad("better is higher, lower or -") }
            $c["words"] !~ /^(much|many|high|-)$/ { bad("words is much, many, high or -") }
            END { exit wrong }' "$file"
    done
    # What a table shows, and what is compared, is in the dictionary of its kind.
    for file in harness/kinds/*/table.tsv; do
        comm -23 <(tail -n +2 "$file" | cut -f 1 | sort -u) <(cut -f 1 harness/analysis/metrics.tsv "${file%/*}"/metrics.tsv 2>/dev/null | sort -u) | { ! grep . ; }
    done
}
