# hgrm_rows.awk -- a histogram as it was read, or refuses it in one line, exit 2.
#
#   awk -v shown=RUN/histograms/NAME.hgrm -f harness/report/plain.awk -f harness/analysis/hgrm_rows.awk <NAME.hgrm
function refuse(text) {
    print "refused: " shown ", line " NR ": " text >"/dev/stderr"
    exit 2
}
/^#/ || NR == 1 || NF == 0 { print plain($0); next }
{
    for (i = 1; i <= NF; i++) if ($i !~ /^([0-9]+([.][0-9]+)?|inf)$/) refuse("\"" plain(substr($i, 1, 40)) "\" is not a number")
    if (NF < 3 || NF > 4 || $1 == "inf") refuse(NF " cells instead of value, percentile, count and 1/(1-percentile)")
    print
}
