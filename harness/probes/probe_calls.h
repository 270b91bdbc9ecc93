/* probe_calls.h -- which system calls a process and all its descendants make, and how many fail.
 *
 *     server  ── call ──▶ stopped ──▶ kernel works ──▶ stopped ──▶ on it goes
 *                            ▼                            ▼
 *     tracer             counts it                counts a failure
 *
 * With ptrace(2), which every kernel has and no privilege is needed for.  Each call is stopped
 * twice, for about 10 us in all: a server that is not to notice must have little to do.  The tracer
 * counts its stops, too: each is a context switch of the server that is not its own. */
#ifndef C10K_PROBE_CALLS_H
#define C10K_PROBE_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/fleet/process.h"

enum { CALLS_MAX = 1024 }; /* Twice the numbers that Linux gives away until now. */

struct calls {
    uint64_t count[CALLS_MAX], failed[CALLS_MAX]; /* By number of the call. */
    uint64_t stops;
};

struct calls_shared; /* What the tracer counts, in memory that we see. */

struct calls_tracer {
    struct process process;
    struct calls_shared *shared;
};

/* Starts a tracer on `cpus` for `pid`, which must be held back (process_watcher), and whoever
 * descends from it.  False with the reason in `why` if the kernel refuses. */
bool calls_attach(struct calls_tracer *tracer, pid_t pid, const cpu_set_t *cpus, char *why,
                  size_t why_size);

/* What was counted until now.  Only while nobody calls does it belong to one moment. */
void calls_read(const struct calls_tracer *tracer, struct calls *calls);

/* To be called when all who were traced have ended, with which the tracer ends. */
void calls_detach(struct calls_tracer *tracer);

/* "read", "epoll_wait", ...; "call_999" if the headers did not know it when this was built.  The
 * text is good until the next call. */
const char *calls_name(int number);

#endif
