/* probe_limits.h -- the limits that a server may run into: how much of each is used, and how much
 * there is. */
#ifndef C10K_PROBE_LIMITS_H
#define C10K_PROBE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/probes/probe_tree.h"

enum limit_id {
    LIMIT_FILES,        /* RLIMIT_NOFILE, in the process that has least room left. */
    LIMIT_FILES_ALL,    /* fs.file-max: open files of the machine. */
    LIMIT_USER_TASKS,   /* RLIMIT_NPROC, where it holds: not for root. */
    LIMIT_PIDS,         /* kernel.pid_max: numbers for processes and threads. */
    LIMIT_THREADS,      /* kernel.threads-max. */
    LIMIT_GROUP_TASKS,  /* pids.max of the control group, or of one above it. */
    LIMIT_MAPS,         /* vm.max_map_count: mappings of one process. */
    LIMIT_MEMORY,       /* KiB of the machine. */
    LIMIT_GROUP_MEMORY, /* KiB of the control group. */
    LIMITS
};

/* max is 0 where there is no such limit, or where it cannot be read. */
struct limit {
    uint64_t used, max;
    char path[160]; /* Of a control group's file; "" else. */
};

/* Reads all limits as they are for the server of this tree.  As long as listing what it has open:
 * 10 ms for 20,000 connections. */
void probe_limits(const struct tree *tree, struct limit limits[LIMITS]);

#endif
