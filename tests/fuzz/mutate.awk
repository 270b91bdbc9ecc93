# mutate.awk -- damages a CSV file as a torn disk, an editor or a stray program might.
#
#   awk -v seed=7 -f tests/fuzz/mutate.awk tests/fixtures/raw.csv      the same seed, the same damage

function chance(n) { return int(rand() * n) + 1 }

# A cell becomes something that a number is not, or hardly is.
function change_cell(i,    cells, count, at, j, text) {
    count = split(line[i], cells, ",")
    if (count == 0) return
    at = chance(count)
    cells[at] = words[chance(word_count)]
    for (j = 1; j <= count; j++) text = text (j > 1 ? "," : "") cells[j]
    line[i] = text
}

# What remains of a line when a byte of it is changed, lost, or one comes to it.
function change_byte(i,    at, kind) {
    at = chance(length(line[i]) + 1)
    kind = chance(3)
    line[i] = substr(line[i], 1, at - 1) (kind < 3 ? sprintf("%c", 32 + int(rand() * 95)) : "") \
              substr(line[i], at + (kind != 2))
}

BEGIN {
    srand(seed)
    word_count = split("|-|nan|inf|-inf|1e999|-1e999|1e-400|-1|0|0x10|1e3|+5|99999999999999999999|.|1.2.3|ok|failed|" \
                       "corrupt|unknown| |a b|%s|$(id)|<b>|&amp;|'", words, "|")
}
{ line[NR] = $0 }
END {
    for (left = chance(4); left > 0; left--) {
        i = chance(NR)
        kind = chance(10)
        if (kind <= 5) change_cell(i)
        else if (kind <= 7) change_byte(i)
        else if (kind == 8) line[i] = line[chance(NR)]
        else if (kind == 9) line[i] = ""
        else line[i] = substr(line[i], 1, chance(length(line[i]) + 1) - 1)
    }
    for (i = 1; i <= NR; i++) print line[i]
}
