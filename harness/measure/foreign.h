/* foreign.h -- how much of our CPUs other programs used between two looks, visible or not.
 *
 * Where /proc shows all programs, their own counters say it.  Within a container, or where /proc is
 * mounted with hidepid, it is the difference of busy time (from the idle time of /proc/stat) and
 * that of interrupts and of our own processes. */
#ifndef C10K_FOREIGN_H
#define C10K_FOREIGN_H

#include "harness/probes/probe_machine.h"
#include "harness/probes/probe_tree.h"
#include "harness/measure/verdict.h"

/* What is read at either end. */
struct foreign_look {
    struct machine machine;
    uint64_t seen_ns; /* CPU time of the other programs that /proc shows, and when it was read. */
    uint64_t read_ns;
    uint64_t ours_ns; /* CPU time of our processes, ended ones included. */
    bool sees_all;    /* /proc shows all programs. */
};

/* Reads the machine right after the tree was read. */
struct foreign_look foreign_look(const struct tree *tree);

/* Percent of the CPUs' time; of all CPUs of the machine where /proc shows all programs, else of
 * ours: then it is what ticks that were cut off cannot explain.  NAN if it is not known. */
double foreign_percent(const struct foreign_look *before, const struct foreign_look *after);

/* What a verdict on the machine needs of the time between two looks; the other numbers are none. */
struct verdict_numbers foreign_numbers(const struct foreign_look *before,
                                       const struct foreign_look *after);

#endif
