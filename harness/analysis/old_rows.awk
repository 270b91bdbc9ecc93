# old_rows.awk -- a table of a run of schema 1 to 3 as rows/KIND.csv of schema 4.
#
#   awk -v table=raw -v folder=COPY/rows -f harness/analysis/old_rows.awk COPY/raw.csv
#
# The head comes first, in its order; the other columns keep their names and their order.  raw.csv holds several kinds.

BEGIN {
    FS = OFS = ","
    head_count = split("schema experiment kind profile model variant connections active repeat try superseded seed status reason", head, " ")
    for (i = 1; i <= head_count; i++) in_head[head[i]] = 1
    # Columns that became a part of the head, or of a variant.
    split("connections_asked connections_active members at_once tries arrival limits policy path tls key resumed_asked", words, " ")
    for (i in words) in_head[words[i]] = 1
}

NR == 1 {
    for (i = 1; i <= NF; i++) {
        column[$i] = i
        # Of handshakes `connections` was the number of all that were opened, and `at_once` of those side by side.
        if (!($i in in_head) || (table == "handshakes" && $i == "connections")) kept[++kept_count] = i
    }
    for (i = 1; i <= kept_count; i++)
        rest = rest OFS new_name($kept[i])
    next
}
{
    kind = table == "raw" ? old("kind") : table
    if (!(kind in known)) {
        known[kind] = 1
        print join_head() rest >(folder "/" kind ".csv")
    }
    text = ""
    for (i = 1; i <= head_count; i++) text = text (i == 1 ? "" : OFS) head_value(head[i])
    for (i = 1; i <= kept_count; i++) text = text OFS $kept[i]
    print text >(folder "/" kind ".csv")
}

# hyperfine's runs were told as their median, lowest and highest.
function new_name(name) {
    if (table == "handshakes" && name == "connections") return "opened"
    if (table != "cold_start") return name
    return name == "time_s_median" ? "time_s" : name == "repeats" ? "time_s_runs" : name
}

function join_head(    i, text) {
    for (i = 1; i <= head_count; i++) text = text (i == 1 ? "" : OFS) head[i]
    return text
}

function old(name) { return name in column ? $column[name] : "" }

function either(a, b) { return a in column ? $column[a] : old(b) }

function head_value(name) {
    if (name == "kind") return kind
    if (name == "schema") return old("schema") == "" ? 1 : old("schema")
    if (name == "model" && table == "chat") return "chat-room"
    if (name == "connections") return table == "handshakes" ? old("at_once") : either("connections_asked", "members")
    if (name == "active") return table == "chat" ? old("members") : table == "handshakes" ? old("at_once") : old("connections_active")
    if (name == "variant") return variant()
    if (name == "repeat") return old("repeat") == "" ? 1 : old("repeat")
    if (name == "try") return either("try", "tries") == "" ? 1 : either("try", "tries")
    if (name == "superseded") return old("superseded") == "" ? 0 : old("superseded")
    return old(name)
}

function variant() {
    if (table == "herd") return old("policy")
    if (table == "counters") return old("pass") (old("counter") == "" ? "" : ":" old("counter") ":" old("method"))
    if (table == "handshakes")
        return old("tls") == "none" ? old("path") : old("path") ":" old("tls") ":" old("key") ":" (old("resumed_asked") == 1 ? "resumed" : "full")
    return kind == "walls" ? old("limits") : old("arrival")
}
