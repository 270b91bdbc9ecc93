# other_machine.awk -- what of a machine is another than it was, as words; nothing if it is the same.
#
# usage: awk -F': ' -f other_machine.awk BEFORE NOW      of machine.txt, whose first paragraph describes the machine
#
# What changes from one minute to the next, and what has nothing to do with measuring, may differ.
BEGIN { n = split("machine date host load_average revision gnuplot resumed", names, " "); for (i = 1; i <= n; i++) free[names[i]] = 1 }
FNR == 1 { file++; ended = 0 }
NF == 0 { ended = 1 }
ended || $1 in free { next }
{ value = substr($0, length($1) + 3) }
file == 1 { before[$1] = value; next }
{ if ($1 in before && before[$1] != value) tell($1 " was \"" before[$1] "\", is \"" value "\""); seen[$1] = 1 }
END { for (name in before) if (!(name in seen)) tell(name " is not known any more"); print "" }
function tell(words) { printf "%s%s", told++ ? "; " : "", words }
