# rows.awk -- holds a table against one of a run without a failure: awk -f rows.awk -v status=N REFERENCE FILE.
#
# Prints what is wrong: rows that are missing though the program ended with 0, or that are not whole;
# a failed one without a reason; in one that is ok, a number that is 0 where it was none; and a share of all CPUs above any clock's error.  An empty cell says that
# nothing is known, which is no lie.

BEGIN {
    # What is 0 on one run and not on the next, by its nature.
    split("lost corrupt steal_percent foreign_cpu_percent quiet_s syn_drops listen_overflows " \
          "switches_involuntary_per_s drift_percent little_error_percent server_run_queue_percent client_user_ns " \
          "client_system_ns memory_baseline_pss_kib slab_kib sockets_kib tcp_memory_kib machine_lost_kib waiting_mean " \
          "task_frag_kib both_ends_slab_kib both_ends_page_tables_kib both_ends_kernel_stack_kib both_ends_lost_kib " \
          "deaf_stuck_b slow_sent connections_refused connections_reset retransmits syn_retransmits drops_back connected s failed_per_message failed server_user_percent server_system_percent attempts back", names, " ")
    for (i in names) may_be_0[names[i]] = 1
}

FNR == NR { for (i = 1; i <= NF; i++) reference[FNR, i] = $i; wanted = FNR; next }

FNR == 1 {
    columns = NF
    for (i = 1; i <= NF; i++) {
        name[i] = $i
        number[$i] = i
        if ($i != reference[1, i]) { print FILENAME ": another header: " $i; exit }
    }
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
        if ((!("status" in number) || $number["status"] == "ok") && $i ~ /^0([.]0*)?$/ && reference[FNR, i] + 0 != 0 && !(name[i] in may_be_0) &&
            !(FILENAME == "herd.csv" && name[i] ~ /^(sent|received)$/)) # A client that reconnects late sends nothing.
            print FILENAME ":" FNR ": " name[i] " is 0, and was " reference[FNR, i]
        else if (name[i] ~ /^(foreign_cpu|steal)_percent$/ && $i > 5000) print FILENAME ":" FNR ": " name[i] " is " $i
}

END { if (FNR < wanted && !said && FILENAME != "herd_back.csv" && status == 0) print FILENAME ": " FNR " lines of " wanted ", and exit 0" }
