# measured.awk -- one median of a run, for a page that tells it.
#
#   awk -F, -v experiment=ramp -v model=fork -v connections=100 -v metric=latency_ns_p99 -v divide=1e6 -v format='%.2f ms' \
#       -f harness/analysis/numbers.awk -f harness/analysis/measured.awk RUN/summary.csv
#
# Prints "-" where there is none; a number that is no result is followed by its verdict.

NR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}
$column["experiment"] == experiment && $column["model"] == model && $column["connections_asked"] == connections &&
    (metric "_median") in column && $column[metric "_median"] != "" {
    status = $column["status"]
    text = sprintf(format, $column[metric "_median"] / divide) (is_result(status, metric) ? "" : " (" status ")")
    gsub(/_/, " ", text)
}
END { print text == "" ? "-" : text }
