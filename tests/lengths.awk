# lengths.awk -- functions in C, shell and awk, and statements of SQL, that have more lines than are allowed.
#
#   awk -v most=45 -v most_sql=60 -f tests/lengths.awk FILE...
#
# Prints "LINES FILE NAME" of each.  A function reaches from the first line of its head to the brace that closes it, both counted; a
# block of awk from its pattern.  All of them begin and end at the left edge, as clang-format and our scripts have it.

FNR == 1 { type = FILENAME; sub(/.*\./, "", type); head = 0; begin = 0 }

function measure(name, lines, bound) {
    gsub(/^[ *]+|[({].*/, "", name)
    sub(/.* \*?/, "", name)
    if (lines > bound) print lines, FILENAME, name
}

# The lines since the last blank one, or the last one that ended something, are the head of a function.
type ~ /^[ch]$/ && !begin {
    if ($0 == "" || /^[#}\/ ]/ || /;$/) head = 0
    else if ($0 == "{") { begin = head ? head : FNR; what = first }
    else if (!head) { head = FNR; first = $0 }
    next
}
type ~ /^[ch]$/ && /^}/ { measure(what, FNR - begin + 1, most); begin = head = 0; next }

type ~ /^(sh|bash|bats)$/ || FILENAME ~ /(^|\/)\.ci\/run$/ {
    if (!begin && /^[a-z_]+\(\) [({]/ && !/[)}]( *#.*)?$/) { begin = FNR; what = $0; sub(/\(\).*/, "", what) }
    else if (begin && /^[)}]/) { measure(what, FNR - begin + 1, most); begin = 0 }
    next
}

type == "awk" {
    if (!begin && /\{$/ && /^[^ #]/) { begin = FNR; what = $0; sub(/^function /, "", what) }
    else if (begin && /^}/) { measure(what, FNR - begin + 1, most); begin = 0 }
    next
}

type == "sql" {
    if (!begin && /^[A-Z]/) { begin = FNR; what = $0 }
    if (begin && /;$/) { if (FNR - begin + 1 > most_sql) print FNR - begin + 1, FILENAME, substr(what, 1, 40); begin = 0 }
}
