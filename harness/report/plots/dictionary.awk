# dictionary.awk -- what metrics.tsv says of a metric of a kind, for a chart: a line "FIELD<TAB>TEXT" of each.
#
#   awk -v kind=latency -v metric=latency_ns_p99 -f harness/report/plots/dictionary.awk harness/analysis/metrics.tsv harness/kinds/*/metrics.tsv
#
# An entry of the kind goes before that of all kinds.  Fields: divide, name, y (the name with its unit), better ("lower is better").

BEGIN {
    FS = "\t"
    less["much"] = "less"; less["many"] = "fewer"; less["high"] = less["-"] = "lower"
    more["much"] = more["many"] = "more"; more["high"] = more["-"] = "higher"
}
FNR == 1 {
    for (i = 1; i <= NF; i++) c[$i] = i
    own = index(FILENAME, "/kinds/" kind "/") > 0
    shared = FILENAME !~ /\/kinds\//
    next
}
$1 == metric && (own || (shared && !found)) {
    found = 1
    divide = $c["divide"]
    name = $c["name"]
    unit = $c["shown_in"] == "-" ? "" : ", " $c["shown_in"]
    better = $c["better"] == "-" ? "" : ", " ($c["better"] == "lower" ? less[$c["words"]] : more[$c["words"]]) " is better"
}
END {
    printf "divide\t%.10g\n", divide + 0 ? divide : 1 # gnuplot does not read 1e6.
    print "title\t" (name ~ /^[a-z][a-z]/ ? toupper(substr(name, 1, 1)) : substr(name, 1, 1)) substr(name, 2)
    print "y\t" name unit
    print "better\t" better
}
