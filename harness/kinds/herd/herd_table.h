/* herd_table.h -- the tables of kind herd: a row for each policy, and timelines/herd.csv, what
 * happened when.  results/README.md explains each column; tests/herd.bats compares the two. */
#ifndef C10K_HERD_TABLE_H
#define C10K_HERD_TABLE_H

#include "harness/measure/session.h"

/* What the harness itself saw of one herd; NAN, or -1 for the queue: it did not. */
struct herd_seen {
    const char *policy;                  /* "now" or "jitter". */
    double outage_s;                     /* From the kill until the new server was ready. */
    double back_s_p50, back_s_p99;       /* From then on, until so many had a connection. */
    double back_s;                       /* The last one. */
    long accept_queue_max;               /* Longest that was seen. */
    double drops_dying, drops_back;      /* ListenDrops: until the server was gone, and after. */
    double syn_retransmits, retransmits; /* From the kill to the end. */
};

/* The columns of its rows, for columns_open(). */
extern const struct columns herd_columns;

/* Opens timelines/herd.csv in the run of the file `out` for appending, as columns_open() does. Dies
 * with a usage error if that cannot be done. */
int herd_back_open(const char *out);

/* Appends a row to the session's table.  `answer` is the client's; NULL if it gave none.  Dies if
 * it cannot be written. */
void herd_table_add(const struct session *session, const struct herd_seen *seen,
                    const struct answer *answer, const char *status, const char *reason);

/* Appends to timelines/herd.csv what happened in one step of the timeline: `step` is what the
 * client wrote of it, behind its time.  queue: the longest accept queue in it, -1: not seen. */
void herd_back_add(int table_fd, const struct session *session, const char *policy, double since_s,
                   const char *step, long queue);

#endif
