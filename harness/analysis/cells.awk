# cells.awk -- the gate of every table of a run: prints the table as it was read, or refuses it in one line, exit 2.
#
#   awk -v shown=RUN/rows/latency.csv -v torn=0 -v dictionary='METRICS.tsv...' -f harness/report/plain.awk -f harness/analysis/cells.awk <raw.csv >copy.csv
#
# Names are of a small alphabet, numbers are numbers, text becomes plain.  `shown` is the name of the file for people.  A last
# line that was not written to its end (torn=1: it has no newline; or it has too few cells) is left out with a word.

BEGIN {
    FS = OFS = ","
    NAME = "^[a-z0-9][a-z0-9_:=+.-]*$"
    NUMBER = "^-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9][0-9]?)?$"
    CELL_MAX = 1000 # A reason has at most some hundred characters.
    LINE_MAX = 65536 # A row has a hundred columns at most; a line is as long as the file may be.
    count = split("experiment kind profile model variant policy path tls key arrival limits status", words, " ")
    for (i = 1; i <= count; i++) is_name[words[i]] = 1
    is_text["reason"] = 1
    count = split(dictionary, words, " ")
    for (i = 1; i <= count; i++) read_dictionary(words[i])
    count = split("experiment model status", words, " ")
    for (i = 1; i <= count; i++) must_be[words[i]] = 1
}

# Of the columns that a dictionary has, those that are no numbers.
function read_dictionary(path,    line, part) {
    while ((getline line < path) > 0) {
        split(line, part, "\t")
        if (part[2] == "name") is_name[part[1]] = 1
        if (part[2] == "text") is_text[part[1]] = 1
    }
    close(path)
}

function refuse(text) {
    print "refused: " shown ", line " line_number ": " text >"/dev/stderr"
    refused = 2
    exit refused
}

# What a message quotes of a cell.
function quoted(text) { return "\"" plain(substr(text, 1, 40)) (length(text) > 40 ? "..." : "") "\"" }

function read_header(    i) {
    line_number = 1
    if ($0 ~ /^\357\273\277/) refuse("it begins with a byte order mark; save it as plain UTF-8")
    if ($0 ~ /\r$/) refuse("lines end in CR LF; save it with the line ends of Unix")
    columns = NF
    for (i = 1; i <= NF; i++) {
        if ($i !~ /^[a-z][a-z0-9_]*$/) refuse("a column is called " quoted($i))
        if ($i in place) refuse("there are two columns " $i)
        place[$i] = i
        column[i] = $i
    }
    print
}

function check_cell(name, cell) {
    if (cell == "" && !(name in must_be)) return cell
    if (length(cell) > CELL_MAX) refuse("column " name ": " length(cell) " characters are too many")
    if (name in is_text) return plain(cell)
    if (name in is_name) {
        if (cell !~ NAME) refuse("column " name ": " quoted(cell) " is not a name")
    } else if (cell !~ NUMBER || length(cell) > 40) refuse("column " name ": " quoted(cell) " is not a number")
    return cell
}

# A line is checked when the next one is there: the last one may be torn.
function check_line(text, number,    i) {
    line_number = number
    $0 = text
    if (NF != columns) refuse(NF " cells, the header has " columns)
    for (i = 1; i <= NF; i++) $i = check_cell(column[i], $i)
    print
}

# Before a line is split: millions of cells would fill the memory.
length($0) > LINE_MAX { line_number = NR; refuse(length($0) " characters are too many for a line") }
NR == 1 { read_header(); next }
{
    this = $0
    if (NR > 2) check_line(held, NR - 1)
    held = this
}
END {
    if (refused) exit refused
    if (NR < 2) exit
    if (torn || split(held, cells, ",") < columns)
        print shown ", line " NR ": was not written to its end, and is left out" >"/dev/stderr"
    else check_line(held, NR)
}
