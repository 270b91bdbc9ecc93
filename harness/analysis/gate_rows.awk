# gate_rows.awk -- a gate/MODEL.tsv as it was read, its evidence made plain; or refuses it in one line, exit 2.
#
#   awk -v shown=RUN/gate/poll.tsv -f harness/report/plain.awk -f harness/analysis/gate_rows.awk <poll.tsv
BEGIN { FS = OFS = "\t" }
function refuse(text) {
    print "refused: " shown ", line " NR ": " text >"/dev/stderr"
    exit 2
}
NF != 3 { refuse(NF " cells instead of 3: trap, verdict, evidence") }
$1 !~ /^[a-z0-9][a-z0-9-]*$/ { refuse("\"" plain(substr($1, 1, 40)) "\" is not the name of a trap") }
toupper($2) !~ /^(PASS|FAIL|SKIP|INFO)$/ { refuse("\"" plain(substr($2, 1, 40)) "\" is not a verdict") }
{ $3 = plain(substr($3, 1, 1000)); print }
