# load.awk -- the tables of a run as lines for SQL, with tabs between the values.
#
#   awk -v folder=WORK -f harness/analysis/load.awk METRICS.tsv... ROWS.csv... [machine.txt command.txt]
#
# Writes WORK/row.tsv (the head of each row), WORK/cell.tsv (numbers), WORK/word.tsv (texts) and WORK/fact.tsv (what the run
# records of itself).  A number may be the median of
# several runs: X_min, X_max and X_runs beside X, or beside X_median.  What has no value is left out.

BEGIN {
    OFS = "\t"
    head_count = split("schema experiment kind profile model variant connections active repeat try superseded seed status reason", head, " ")
    for (i = 1; i <= head_count; i++) in_head[head[i]] = 1
    printf "" >(folder "/row.tsv")
    printf "" >(folder "/cell.tsv")
    printf "" >(folder "/word.tsv")
    printf "" >(folder "/fact.tsv")
}

FNR == 1 {
    type = FILENAME ~ /\.tsv$/ ? "metrics" : FILENAME ~ /\.csv$/ ? "rows" : "text"
    FS = type == "metrics" ? "\t" : type == "rows" ? "," : ": "
    $0 = $0 # Again, with that separator.
    source = FILENAME
    gsub(/.*\/|\.[a-z]*$/, "", source)
    if (type == "rows") { read_header(); next }
}
type == "metrics" { if ($2 == "text" || $2 == "name") is_word[$1] = 1; next }
type == "text" { if (source == "command") read_command(); else if (NF > 1) note($1, "", "", substr($0, length($1) + 3)); next }
NF { read_row() }

function note(name, experiment, key, words) { print ++facts, name, experiment, key, words >(folder "/fact.tsv") }

# The command, the seed, and the experiments as they were, each behind "== FILE".
function read_command(    key) {
    if (FNR == 1) note("command", "", "", $0)
    else if (/^profile .*, seed [0-9]+/) { sub(/.*, seed /, ""); note("seed", "", "", $0 + 0) }
    else if (/^== /) { conf = $0; gsub(/.*\/|\.conf$/, "", conf); note("experiment", conf, "", "") }
    else if (conf != "" && match($0, /^[a-z_.]+ *=/)) {
        key = substr($0, 1, index($0, "=") - 1)
        gsub(/ +/, "", key)
        gsub(/^[a-z_.]+ *= *| +$/, "", $0)
        note(conf ".conf: " key, conf, key, $0)
    }
}

function read_header(    i, base) {
    split("", place)
    for (i = 1; i <= NF; i++) place[$i] = i
    for (i = 1; i <= NF; i++) {
        base = $i
        summed[i] = sub(/_median$/, "", base) || (base "_runs") in place
        if (summed[i]) name[i] = base
        else name[i] = sub(/_(min|max|runs)$/, "", base) && ((base "_runs") in place || (base "_median") in place) ? "" : $i
    }
}

function read_row(    i) {
    if ("kind" in place) {
        printf "%s\t%d", source, FNR >(folder "/row.tsv")
        for (i = 1; i <= head_count; i++) printf "\t%s", head[i] in place ? $place[head[i]] : "" >(folder "/row.tsv")
        print "" >(folder "/row.tsv")
    }
    for (i = 1; i <= NF; i++) {
        if ($i == "" || name[i] == "" || (name[i] in in_head && "kind" in place)) continue
        if (name[i] in is_word) print source, FNR, name[i], $i >(folder "/word.tsv")
        else print source, FNR, name[i], $i, beside(i, "min"), beside(i, "max"), beside(i, "runs") >(folder "/cell.tsv")
    }
}

function beside(i, what) {
    what = name[i] "_" what
    return summed[i] && what in place ? $place[what] : what ~ /_runs$/ ? 1 : $i
}
