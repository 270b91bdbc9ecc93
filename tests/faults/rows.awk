# rows.awk -- holds a table against one of a run without a failure: awk -f rows.awk -v status=N REFERENCE FILE.
#
# Prints what is wrong: rows that are missing though the program ended with 0, or that are not whole; a failed one without a
# reason; a number that is 0 where it was none; and a share of the machine that no machine has.  An empty cell says that nothing
# is known, which is no lie.

BEGIN {
    # What is 0 in one run and not in the next, by its nature.
    list("", "lost corrupt other_run steal_percent foreign_cpu_percent quiet_s syn_drops listen_overflows switches_involuntary_per_s " \
             "drift_percent little_error_percent server_run_queue_percent server_user_percent server_system_percent " \
             "client_user_ns client_system_ns waiting_mean deaf_stuck_b slow_sent failed_per_message")
    # Growth of what the kernel keeps for all programs.
    list("", "slab_kib sockets_kib tcp_memory_kib machine_lost_kib task_frag_kib both_ends_slab_kib both_ends_page_tables_kib " \
             "both_ends_kernel_stack_kib both_ends_lost_kib")
    # A client that reconnects late is refused by no server, and sends nothing.
    list("herd", "sent received connections_refused connections_reset retransmits syn_retransmits drops_back")
    # In a tenth of a second, a busy machine answers all messages late.
    list("client", "achieved_per_s received_in_time")
    list("steps of a herd", "s connected attempts failed back")
}

function list(table, text,    column, i) {
    split(text, column, " ")
    for (i in column) may_be_0[table, column[i]] = 1
}

function is_0(cell) { return cell ~ /^0([.]0*)?$/ }

# A counter of a few events in all has none in another run.
function was_none(column, value) { return value + 0 == 0 || (column == "per_message" && value < 0.05) }

# Which row of the reference this one is held against: the same line, or the same counter of the same pass.
function key_of() { return "counter" in number ? $number["pass"] " " $number["counter"] " " $number["method"] : FNR }

FNR == NR {
    if (FNR == 1) for (i = 1; i <= NF; i++) number[$i] = i
    for (i = 1; i <= NF; i++) reference[FNR == 1 ? 1 : key_of(), i] = $i
    wanted = FNR
    next
}

FNR == 1 {
    columns = NF
    delete number
    for (i = 1; i <= NF; i++) {
        name[i] = $i
        number[$i] = i
        if ($i != reference[1, i]) { print FILENAME ": another header: " $i; exit }
    }
    table = "gave_up" in number ? "herd" : "back" in number ? "steps of a herd" : "received_in_time" in number ? "client" : "any"
    next
}

NF != columns { print FILENAME ":" FNR ": " NF " cells of " columns; next }

"status" in number && $number["status"] ~ /^(failed|not_available)$/ {
    if ($number["reason"] == "") print FILENAME ":" FNR ": " $number["status"] " without a reason"
    said = 1
    next
}

{
    for (i = 1; i <= NF; i++)
        if (is_0($i) && !was_none(name[i], reference[key_of(), i]) && !(("", name[i]) in may_be_0) && !((table, name[i]) in may_be_0))
            print FILENAME ":" FNR ": " name[i] " is 0, and was " reference[key_of(), i]
        else if (name[i] == "foreign_cpu_percent" && $i > 100 || name[i] == "steal_percent" && $i > 150)
            print FILENAME ":" FNR ": " name[i] " is " $i
}

END { if (FNR < wanted && !said && FILENAME != "herd_back.csv" && status == 0) print FILENAME ": " FNR " lines of " wanted ", and exit 0" }
