/* probe_machine.h -- how busy the CPUs that we may use were, with all programs: /proc/stat, and the
 * time that a control group was held back.  50 us.
 *
 * Inside a container /proc does not show the programs outside of it, but the CPUs' idle time does:
 * other programs used all of it that we did not use. */
#ifndef C10K_PROBE_MACHINE_H
#define C10K_PROBE_MACHINE_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

struct machine {
    uint64_t read_ns;  /* When, on clock_ns(). */
    uint64_t idle_ns;  /* Of our CPUs together, waiting for a disk included; in whole ticks. */
    uint64_t steal_ns; /* Of our CPUs, taken by the host of a virtual machine. */
    /* Of our CPUs in interrupts, where the kernel measures it apart from the time of the program
     * that was interrupted (IRQ_TIME_ACCOUNTING: only then hard interrupts have any).  Else 0. */
    uint64_t interrupts_ns;
    uint64_t throttled_ns; /* That our control groups were held back by a limit of their CPU. */
    double switches;       /* Context switches since boot, of all CPUs; NAN: not told. */
    int cpus;              /* Ours. */
    int all_cpus;          /* Of the machine, as /proc/stat lists them. */
    bool is_true;          /* The kernel's own file, not one that a container's manager makes up. */
};

/* Reads it.  Dies if it cannot. */
struct machine probe_machine(void);

/* Fills in what the text of /proc/stat says of `cpus`.  False if that is not what proc(5) says. */
bool probe_machine_parse(const char *text, const cpu_set_t *cpus, struct machine *machine);

/* CPU time that our CPUs were not idle between two reads, without what was stolen.  From the idle
 * time, which the kernel measures, and not from the busy columns, which it samples. */
double probe_machine_busy_ns(const struct machine *before, const struct machine *after);

/* How far that may be off, because idle time is counted in whole ticks. */
double probe_machine_error_ns(const struct machine *machine);

#endif
