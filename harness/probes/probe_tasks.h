/* probe_tasks.h -- context switches, CPU time and run-queue wait of all threads of a process tree.
 *
 * Two ways to ask the kernel; which one was used stands in the CSV:
 *   taskstats    a netlink question per process, answered for all its threads at once.  3 us each,
 *                but the kernel allows it only with CAP_NET_ADMIN.  Counts the CPU time of threads
 *                that ended; their switches only in new kernels (6.18 here does, older ones drop
 *                them), which nothing tells from outside.
 *   proc_status  /proc/PID/task/TID/status and schedstat: for everybody, 20 us a thread.
 *                Sees only threads that live.
 * Neither sees a process that ended: take the difference of two calls between which none did. */
#ifndef C10K_PROBE_TASKS_H
#define C10K_PROBE_TASKS_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/probes/probe_tree.h"

/* Summed over all threads of the tree, since each thread started. */
struct tasks {
    uint64_t cpu_ns;                 /* Exact: the scheduler's own account. */
    uint64_t user_ns, system_ns;     /* Sampled at the kernel's tick: good for their ratio. */
    uint64_t run_queue_ns;           /* Ready to run, but waiting for a CPU. */
    uint64_t voluntary, involuntary; /* Context switches: it waited, or it was made to. */
    const char *method;              /* "taskstats" or "proc_status". */
    bool unknown; /* A thread runs that cannot be looked into: the sums are too small. */
};

/* Reads the tree.  Processes that ended meanwhile count nothing. */
struct tasks probe_tasks(const struct tree *tree);

/* The two ways by themselves, for tests that compare them.  The first returns false if the kernel
 * does not let us ask. */
bool probe_tasks_by_taskstats(const struct tree *tree, struct tasks *tasks);
void probe_tasks_by_status(const struct tree *tree, struct tasks *tasks);

#endif
