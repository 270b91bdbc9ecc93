/* probe_machine.h -- what the whole machine did: /proc/stat.  30 us. */
#ifndef C10K_PROBE_MACHINE_H
#define C10K_PROBE_MACHINE_H

#include <stdint.h>

struct machine {
    uint64_t read_ns;  /* When, on clock_ns(). */
    uint64_t idle_ns;  /* Of all CPUs together, waiting for a disk included. */
    uint64_t steal_ns; /* Taken by the host of a virtual machine. */
    uint64_t switches; /* Context switches since boot. */
    int cpus;
};

/* Reads it.  Dies if it cannot. */
struct machine probe_machine(void);

/* CPU time that the machine was not idle between two reads, without what was stolen.  From the idle
 * time, which the kernel measures, and not from the busy columns, which it samples. */
double probe_machine_busy_ns(const struct machine *before, const struct machine *after);

#endif
