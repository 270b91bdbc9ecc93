# quote.awk -- one section of a run's summary.md, for a page that quotes it.
#
#   awk -v section=NAME -f tools/quote.awk RUN/summary.md
#
# Prints its answer and its tables.  Columns but the first two are left out if they are empty, or say the same in
# every row.  Exit status 1: there is no such section.

function flush_table(    r, c, line, rule, says) {
    for (r = 1; r <= rows; r++) {
        line = rule = "|"
        for (c = 1; c <= columns; c++) {
            if (!keeps(c)) continue
            line = line " " cell[r, c] " |"
            rule = rule " --- |"
        }
        print line
        if (r == 1) print rule
    }
    if (rows) print ""
    rows = 0
}

function keeps(c,    r) {
    if (c <= 2) return 1
    for (r = 3; r <= rows; r++) if (cell[r, c] != cell[2, c]) return 1
    return rows == 2 && cell[2, c] !~ /^-?$/
}

/^## / {
    if (here) flush_table()
    here = $0 == "## " section || index($0, "## " section ":") == 1
    found = found || here
    next
}
!here || /^\| ---/ { next }
/^\| / {
    columns = split($0, part, / *\| */) - 2
    rows++
    for (c = 1; c <= columns; c++) cell[rows, c] = part[c + 1]
    next
}
/^(!\[|- )/ { next } # Charts have marks of their own; who is shown to differ stands in the report.
NF { flush_table(); print $0 "\n" }
END {
    if (here) flush_table()
    exit !found
}
