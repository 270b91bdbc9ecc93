# comparing.bash -- what the tests that compare two runs in $tmp share.
# shellcheck shell=bash disable=SC2154  # tmp is of the tests

compare() { ./run_all.sh compare "$tmp/$1" "$tmp/$2" --out "$tmp/out" "${@:3}"; }

# How many rows of compare.csv there are for which a condition over its columns, as c["verdict"], holds.
compared() { # compared CONDITION
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) n[$i] = i; next }
        { for (name in n) c[name] = $n[name] } '"$1"' { count++ } END { print count + 0 }' "$tmp/out/compare.csv"
}
