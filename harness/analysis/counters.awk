# counters.awk -- counters.csv to counters_summary.csv: the median of the repeats of each count.
#
#   awk -f harness/analysis/spread.awk -f harness/analysis/counters.awk results/RUN/counters.csv > results/RUN/counters_summary.csv
#
# Repeats that are not `ok` count only where none is: then the status and reason of the first of them
# stand there.

BEGIN { FS = OFS = "," }

NR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    header_size = NF
    next
}
NF != header_size {
    print "counters.awk: " FILENAME ": line " NR " has " NF " cells, the header has " header_size > "/dev/stderr"
    stopped = 2
    exit stopped
}
{
    key = value("experiment") OFS value("model") OFS value("connections_asked") OFS value("connections_active") \
          OFS value("pass") OFS value("counter") OFS value("method")
    if (!(key in seen)) keys[++key_count] = key
    seen[key] = 1
    good = value("status") == "ok"
    if (good && !(key in is_good)) { # What was kept for want of better ones is forgotten.
        is_good[key] = 1
        count[key] = 0
    }
    if (!good && key in is_good) next
    n = ++count[key]
    per_message[key, n] = value("per_message")
    failed[key, n] = value("failed_per_message")
    if (n > 1) next
    status[key] = value("status")
    reason[key] = value("reason")
}

function value(name) { return $column[name] }

# Returns "median,min,max" of the first `n` cells of a key, or ",," if they are empty.
function spread(cells, key, n,    i, sorted) {
    if (n == 0 || cells[key, 1] == "") return ",,"
    for (i = 1; i <= n; i++) spread_add(sorted, i - 1, cells[key, i])
    return spread_median(sorted, n) OFS sorted[1] OFS sorted[n]
}

END {
    if (stopped) exit stopped
    print "experiment,model,connections_asked,connections_active,pass,counter,method," \
          "per_message_median,per_message_min,per_message_max," \
          "failed_per_message_median,failed_per_message_min,failed_per_message_max,repeats_ok,status,reason"
    for (k = 1; k <= key_count; k++) {
        key = keys[k]
        print key, spread(per_message, key, count[key]), spread(failed, key, count[key]), key in is_good ? count[key] : 0, \
              status[key], reason[key]
    }
}
