# handshakes.awk -- handshakes.csv in the form that summarise.awk reads: a variant is the model, and those side by
# side are connections.
#
#   awk -f harness/analysis/variants.awk -f harness/analysis/handshakes.awk results/RUN/handshakes.csv > SCRAPS/handshakes.csv

BEGIN { FS = OFS = "," }
NR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    text = $0
    sub(/,model,/, ",model_behind,", text)
    print "kind", "model", "connections_asked", "connections_active", "connections_established", "arrival", text
    next
}
{
    print "handshakes", variant_word($column["path"], $column["tls"], $column["key"], $column["resumed_asked"]), \
          $column["at_once"], "", "", "", $0
}
