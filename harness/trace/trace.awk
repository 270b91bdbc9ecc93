# trace.awk -- what perf script prints to one_echo.csv: what client and server did, a row for each event.
#
#   awk -v port=PORT -v client=PID -v servers="PID..." -f harness/trace/trace.awk
#
# step, us (since the client's connect), at (client or server), event, what
#   call     a system call, with its result, in which nothing else happened
#   enter    a system call begins, in which something else happens;  return: it ends
#   packet   goes from `at` to the other end
#   wakeup   `at` makes the other one ready to run
#   sleep    `at` gives its CPU away, for want of anything to do;  preempted: it had to
#   state    the TCP state of this end
#
# Loopback is synchronous: a packet is received, and answered, within the sender's system call.  So
# packets of one call go to and fro, beginning at the caller.

BEGIN {
    count_servers = split(servers, list, " ")
    for (i = 1; i <= count_servers; i++) side_of[list[i]] = "server"
    side_of[client] = "client"
}

# Field by field, as names may hold blanks:  COMM PID/TID [CPU] TIME: EVENT: DETAILS
match($0, /\[[0-9]+\] +[0-9]+\.[0-9]+: +[a-z_]+:[a-z0-9_]+:/) {
    who_count = split(substr($0, 1, RSTART - 1), who, " ")
    pid = who[who_count]
    sub(/\/.*/, "", pid)
    split(substr($0, RSTART, RLENGTH), head, " ")
    details = substr($0, RSTART + RLENGTH)
    now = seconds(head[2])
    event = head[3]
    sub(/^[a-z_]+:/, "", event)
    sub(/:$/, "", event)
    at = side_of[pid]
    if (at != "") take()
}

# Nanoseconds of the day's clock need more digits than a double of seconds has after a year.
function seconds(text,    part) {
    sub(/:$/, "", text)
    split(text, part, ".")
    return (part[1] % 100000) * 1e6 + substr(part[2] "000000000", 1, 9) / 1e3
}

function other(end) { return end == "client" ? "server" : "client" }

function field(name,    rest) {
    if (!match(details, name "=[^ ]*")) return ""
    rest = substr(details, RSTART, RLENGTH)
    sub(/^[^=]*=/, "", rest)
    return rest
}

function add(end, kind, text) {
    count++
    time[count] = now
    ends[count] = end
    kinds[count] = kind
    texts[count] = text
}

function take(    name) {
    if (event ~ /^sys_enter_/) {
        name = substr(event, 11)
        # Before its connect the client only starts, after its close it only ends.
        if (at == "client" && name == "connect") begun = 1
        if (!begun || (at == "client" && ended)) return
        add(at, "enter", name)
        open_call[at] = count
        packets = 0
    } else if (event ~ /^sys_exit_/ && begun) {
        name = substr(event, 10)
        if (at == "client" && ended) return
        add(at, "return", name " = " named(result(details)))
        if (at == "client" && name == "close") ended = 1
    } else if (event == "sched_process_fork") {
        side_of[field("child_pid")] = at
    } else if (event == "net_dev_start_xmit" && begun && !over && field("dev") == "lo") {
        sender = packets++ % 2 == 0 ? at : other(at)
    } else if (event == "netif_receive_skb" && begun && !over && field("dev") == "lo") {
        add(sender, "packet", packet_name(sender, field("len") + 0))
    } else if (event == "inet_sock_set_state" && (field("sport") == port || field("dport") == port)) {
        take_state(field("sport") == port ? "server" : "client", field("newstate"))
    } else if (event == "sched_waking" && begun && side_of[field("pid")] == other(at)) {
        add(at, "wakeup", "makes the " other(at) " ready to run")
    } else if (event == "sched_switch" && begun && !(at == "client" && ended)) {
        add(at, details ~ /prev_state=[RDP]/ ? "preempted" : "sleep", "")
    }
}

function take_state(end, state) {
    if (!begun) return
    sub(/^TCP_/, "", state)
    if (state == "FIN_WAIT1" || state == "LAST_ACK") fin[end] = 1
    if (state == "CLOSE") closed[end] = 1
    add(end, "state", state)
    over = closed["client"] && closed["server"]
}

# The first two have the larger header of a SYN; the third, a bare ACK, shows how long headers are.
function packet_name(end, size) {
    seen++
    if (seen == 1) return "SYN"
    if (seen == 2) return "SYN+ACK"
    if (seen == 3) header = size
    if (fin[end]) {
        fin[end] = 0
        return "FIN"
    }
    return size > header ? size - header " bytes" : "ACK"
}

# perf writes 0x...ffea for -22.
function result(text,    low) {
    sub(/^ */, "", text)
    if (text !~ /^0x/) return text + 0
    if (length(text) < 18) return hex(substr(text, 3))
    low = hex(substr(text, length(text) - 4))
    return low - 1048576
}

# Errors by the names that a server meets; others stay numbers.
function named(value) {
    return value == -11 ? "EAGAIN" : value == -104 ? "ECONNRESET" : value == -4 || value == -512 ? "EINTR" : value
}

function hex(text,    i, value) {
    for (i = 1; i <= length(text); i++) value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
    return value
}

function row(i, kind, text) { printf "%d,%.1f,%s,%s,%s\n", ++step, time[i] - time[1], ends[i], kind, text }

END {
    if (!begun || !over) {
        print "trace.awk: the trace does not hold a whole connection" > "/dev/stderr"
        exit 1
    }
    print "step,us,at,event,what"
    end = last_row()
    for (i = 1; i <= end; i++) {
        # A call in which nothing else happened is one row.
        if (kinds[i] == "enter" && kinds[i + 1] == "return" && ends[i] == ends[i + 1]) {
            row(i, "call", texts[i + 1])
            i++
            continue
        }
        row(i, kinds[i], texts[i])
    }
}

# The server's close(2) that ended the connection, or else the last change of state: what comes after is another story.
function last_row(    state, j) {
    for (j = 1; j <= count; j++) if (kinds[j] == "state") state = j
    for (j = state; j <= count; j++) if (ends[j] == "server" && kinds[j] == "return" && texts[j] ~ /^close/) return j
    return state
}
