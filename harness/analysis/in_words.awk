# in_words.awk -- numbers in braces as people read them.
#
#   ... | awk -f harness/analysis/numbers.awk -f harness/analysis/in_words.awk
#
# {1234.5} becomes 1234; {1234567,} becomes 1,234,567; a median with its lowest and highest, {12.34|11|14}, becomes
# "12.3 (11-14)", or "12.3" where all three look the same.

function one(text) { return sub(/,$/, "", text) ? with_commas(text) : short(text + 0) }

function shown(text,    part) {
    if (split(text, part, "|") == 1) return one(text)
    if (one(part[2]) == one(part[3])) return one(part[1])
    return one(part[1]) " (" one(part[2]) "-" one(part[3]) ")"
}

{
    out = ""
    while (match($0, /\{[-+0-9.e]+(,|\|[-+0-9.e]+\|[-+0-9.e]+)?\}/)) {
        out = out substr($0, 1, RSTART - 1) shown(substr($0, RSTART + 1, RLENGTH - 2))
        $0 = substr($0, RSTART + RLENGTH)
    }
    print out $0
}
