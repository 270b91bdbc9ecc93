# spread.awk -- median, lowest and highest of the repeats of a point.
#
# Functions only, for summarise.awk, counters.awk, rows_table.awk, claims.awk and plots/handshakes.awk: each of them is given after it.

# Adds `value` to `sorted`, in which `count` numbers rise from [1] on.  Returns how many there are now.
function spread_add(sorted, count, value,    i) {
    for (i = count; i > 0 && sorted[i] > value + 0; i--) sorted[i + 1] = sorted[i]
    sorted[i + 1] = value + 0
    return count + 1
}

# The one in the middle, or the mean of the two there.
function spread_median(sorted, count,    i) {
    i = int((count + 1) / 2)
    return count % 2 ? sorted[i] : (sorted[i] + sorted[i + 1]) / 2
}
