# compare_setup.awk -- what differs between two runs besides what they measured.
#
#   awk -v blocked=FILE -f compare_setup.awk side=a FILE... side=b FILE... > setup.tsv
#       each FILE is a run's machine.txt, command.txt, raw.csv, cold_start.csv, handshakes.csv or chat.csv
#
# Writes "what<TAB>in A<TAB>in B" for each fact that differs, and to `blocked` the experiments whose
# rows must not be compared: "experiment<TAB>reason".

BEGIN {
    # Differs always, or says nothing about the measurement, or is told by another line.
    split("machine date load_average gnuplot", words, " ")
    for (i in words) ignored[words[i]] = 1
    global_count = split("schema profile switches_method", global, " ")
    local_count = split("offered_per_s message_b arrival warmup at_once requests window_s", locals, " ")
    # Other load, other question.
    split("offered_per_s message_b arrival at_once requests", words, " ")
    for (i in words) decisive[words[i]] = 1
    split("cost cost_us cost_percent deaf server_options", words, " ")
    for (i in words) decisive_key[words[i]] = 1
}

# Keeps the order in which facts were first heard of.
function note(name, text) {
    if (!(name in known)) { known[name] = 1; names[++name_count] = name }
    fact[name, side] = text
}

# One of several values of a column.
function note_value(name, text) {
    if (text == "" || (name, side, text) in seen) return
    seen[name, side, text] = 1
    note(name, fact[name, side] (fact[name, side] == "" ? "" : " or ") text)
}

FNR == 1 {
    file = FILENAME
    sub(/.*\//, "", file)
    conf = ""
    rows = file ~ /^(raw|cold_start|handshakes|chat)\.csv$/
    FS = rows ? "," : " "
    $0 = $0 # Again, with that separator.
    delete column
}

file == "machine.txt" {
    at = index($0, ": ")
    name = substr($0, 1, at - 1)
    if (at && !(name in ignored) && name !~ /^load average/) note(name, substr($0, at + 2))
    next
}

file == "command.txt" && FNR == 1 { note("command", $0); next }
file == "command.txt" && /^profile .*, seed [0-9]+/ {
    sub(",", "", $2)
    profile[side] = $2
    match($0, /seed [0-9]+/)
    note("seed", substr($0, RSTART + 5, RLENGTH - 5))
    next
}
file == "command.txt" && /^== / {
    conf = $2
    sub(/.*\//, "", conf)
    confs[conf, side] = 1
    next
}
file == "command.txt" && conf != "" && /^[a-z_.]+ *=/ {
    at = index($0, "=")
    name = $1
    text = substr($0, at + 1)
    gsub(/^ +| +$/, "", text)
    note(conf ": " name, text)
    conf_of[conf ": " name] = conf
    next
}

rows && FNR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
rows {
    for (i = 1; i <= global_count; i++) if (global[i] in column) note_value(global[i], $column[global[i]])
    if (!("experiment" in column)) next
    for (i = 1; i <= local_count; i++)
        # Of handshakes it is no setting, but how long they took.
        if (locals[i] in column && !(file == "handshakes.csv" && locals[i] == "window_s")) {
            name = $column["experiment"] ": " locals[i]
            experiment_of[name] = $column["experiment"]
            metric_of[name] = locals[i]
            text = $column[locals[i]]
            note_value(name, text ~ /^[0-9.]+$/ ? text + 0 : text)
        }
}

# Is it a setting of the load, or the server, that was in force in one of the runs?
function decides(name,    part) {
    split(substr(name, index(name, ": ") + 2), part, ".")
    return part[1] in decisive_key && (part[2] == "" || part[2] == profile["a"] || part[2] == profile["b"])
}

function block(experiment, what, a, b) {
    print experiment "\t" what " was " or_unknown(a) " in A and " or_unknown(b) " in B" > blocked
}

# An experiment, or its conf, that only one of them has is no difference of set-up: its points are told.
function one_sided(name,    experiment) {
    if (name in conf_of) return !((conf_of[name], "a") in confs && (conf_of[name], "b") in confs)
    return name in experiment_of && (fact[name, "a"] == "" || fact[name, "b"] == "")
}

# Of long lists only what differs.
function only_different(text, other,    count, item, i, out) {
    count = split(text, item, "; ")
    if (count < 4) return text
    for (i = 1; i <= count; i++) if (index("; " other "; ", "; " item[i] "; ") == 0) out = out (out == "" ? "" : "; ") item[i]
    return out
}

function or_unknown(text) { return text == "" ? "-" : text }

END {
    printf "" > blocked
    for (n = 1; n <= name_count; n++) {
        name = names[n]
        a = fact[name, "a"]
        b = fact[name, "b"]
        if (a == b || one_sided(name)) continue
        print name "\t" or_unknown(only_different(a, b)) "\t" or_unknown(only_different(b, a))
        if (name in metric_of && metric_of[name] in decisive) block(experiment_of[name], metric_of[name], a, b)
        if (name in conf_of && decides(name)) {
            experiment = conf_of[name]
            sub(/\.conf$/, "", experiment)
            block(experiment, substr(name, index(name, ": ") + 2), a, b)
        }
    }
}
