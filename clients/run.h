/* run.h -- what a measurement with the load client consists of: connecting, then traffic. */
#ifndef C10K_RUN_H
#define C10K_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "clients/crew.h"
#include "clients/report.h"

enum { RUN_CONNECTIONS_MAX = 4000000, RUN_RATE_MAX = 10000000, RUN_DURATION_S_MAX = 3600 };

/* The latencies of the last windows, so that they can be asked together. */
struct run_recent {
    struct {
        struct histogram ordinary_ns, slow_ns;
    } * windows;   /* Ring of `room`; NULL: nothing is kept. */
    uint32_t room; /* How many windows count together. */
    uint64_t seen; /* Windows since it was set up. */
};

struct run {
    struct crew *crew;
    struct crew_traffic traffic; /* Of the next window. */
    size_t message_b;
    const char *hgrm;     /* File for the latencies of a recorded window, or NULL. */
    const char *timeline; /* File for what a herd did when, or NULL. */
    bool unwritten;       /* One of these files could not be written; stderr says why. */
    struct run_recent recent;
    /* What went wrong while nothing was recorded, to be told with the next window. */
    uint64_t unrecorded_corrupt, unrecorded_reset;
};

/* Grows or shrinks to `connections` in all, and reports. */
void run_connect(struct run *run, uint32_t connections, struct report *report);

/* Runs traffic for duration_s and adds what was found to the report. */
void run_traffic(struct run *run, double duration_s, bool recorded, struct report *report);

/* Waits until all connections were lost and are back, and reports: see crew_reconnect(). */
void run_reconnect(struct run *run, const struct crew_return *policy, struct report *report);

/* From now on, recorded windows also report the latencies of the last `windows` of them together
 * (merged_...); 0: no longer.  Dies if there is no memory for them. */
void run_merge(struct run *run, uint32_t windows);

/* From now on `percent` of the messages have this cost; 0 us or 0 percent: none.  Returns false if
 * the messages are too short to say it. */
bool run_cost(struct run *run, struct message_cost cost, double percent);

#endif
