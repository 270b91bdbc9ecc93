# chat.awk -- chat.csv in the form that summarise.awk reads: the room is the model, its members are
# connections, of which all speak in turn.
#
#   awk -f harness/analysis/chat.awk results/RUN/chat.csv > SCRAPS/chat.csv

BEGIN { FS = OFS = "," }
NR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    text = $0
    sub(/,members,/, ",connections_asked,", text)
    print "kind", "model", "connections_active", "connections_established", "arrival", text
    next
}
{
    ended = $column["disconnected"]
    print "chat", "room", $column["members"], ended == "" ? "" : $column["members"] - ended, "poisson", $0
}
