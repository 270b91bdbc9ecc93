# conf_keys.awk -- makes C of the tables of keys, harness/kinds/*/keys.tsv and harness/measure/keys.tsv: a line of conf_keys[] for
# each key.  A table whose line has other than seven fields, or whose numbers are none, ends the build.
BEGIN { FS = "\t" }
FNR == 1 {
    kind = "NULL"
    if (split(FILENAME, part, "/") == 4 && part[2] == "kinds") kind = "\"" part[3] "\""
    next
}
NF != 7 || $3 !~ /^[0-9.]*$/ || $4 !~ /^[0-9.]*$/ || /["\\]/ {
    print FILENAME ":" FNR ": a key has seven fields: key, type, min, max, default, unit and meaning" >"/dev/stderr"
    exit 1
}
{ printf "{%s, \"%s\", \"%s\", %s, %s, %s},\n", kind, $1, $2, number($3), number($4), $5 == "-" ? "NULL" : "\"" $5 "\"" }

function number(text) { return text == "" ? 0 : text }
