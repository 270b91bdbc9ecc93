/* probe_events.h -- counters of the kernel and the CPU for a process and all its descendants.
 *
 * perf_event_open(2) with `inherit`: what a child or thread counted is added when it ends, so that
 * nothing is lost where workers come and go (but the last switch of each, which the kernel makes
 * after it took the counter away).  Attached before the process has children.  A counter costs
 * each context switch about 0.4 us: in a window of its own, never where time is measured. */
#ifndef C10K_PROBE_EVENTS_H
#define C10K_PROBE_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum event {
    EVENT_TASK_CLOCK, /* CPU time, in ns. */
    EVENT_CONTEXT_SWITCHES,
    EVENT_MIGRATIONS,
    EVENT_PAGE_FAULTS,
    EVENT_CYCLES, /* This one and those below are counted by the CPU, if it can. */
    EVENT_INSTRUCTIONS,
    EVENT_CACHE_MISSES,
    EVENT_TLB_MISSES,
    EVENTS
};

/* Counters attached to a process. */
struct events {
    int fd[EVENTS];    /* -1: refused. */
    int error[EVENTS]; /* errno of the refusal. */
};

/* One look at them. */
struct event_counts {
    struct event_count {
        uint64_t value, enabled_ns, running_ns;
    } of[EVENTS];
};

/* "task_clock_ns", "context_switches", ... */
const char *events_name(enum event event);

/* Counters that are attached to nobody. */
struct events events_none(void);

/* Attaches all counters that the kernel lets us have to `pid` and whoever descends from it from now
 * on.  Give them to events_detach(). */
struct events events_attach(pid_t pid);
void events_detach(struct events *events);

/* Reads all counters; what is not attached stays 0, which events_between() does not believe. */
struct event_counts events_read(const struct events *events);

/* What was counted between two looks, scaled up if the CPU had to take turns between counters.
 * False with the reason in `why` if that is not to be had, or not to be believed: an unprivileged
 * counter opens, and reads 0 for ever. */
bool events_between(const struct events *events, const struct event_counts *before,
                    const struct event_counts *after, enum event event, double *count, char *why,
                    size_t why_size);

#endif
