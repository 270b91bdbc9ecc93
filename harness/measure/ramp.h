/* ramp.h -- one server, more and more connections: for kinds with traffic at each point. */
#ifndef C10K_RAMP_H
#define C10K_RAMP_H

#include "harness/measure/session.h"

/* In which ways a kind's ramp differs from others. */
struct ramp_ways {
    bool has_memory; /* Rows tell what memory server and client hold. */

    /* Makes the traffic of a window instead of session_traffic(); `server` is its processes.  NULL:
     * that does it. */
    bool (*window)(const struct session *session, struct process *load, const struct tree *server,
                   struct answer *answer);

    /* Keeps what the client wrote in a window that `row` tells of; NULL: nothing. */
    void (*keep_window)(const struct session *session, const struct process *load,
                        const struct row *row);

    /* For kinds that measure each point with both loops, first the closed one: tells the client
     * which loop comes next, the open one at the rate that the closed one reached.  NULL: the
     * kind's load is the only loop. */
    bool (*choose_loop)(const struct session *session, struct process *load, bool closed,
                        double rate_per_s, struct answer *answer);
};

/* Runs all points of the session's experiment inside one server's life and writes a row for each.
 * Returns false if our own machinery broke, with a line on stderr. */
bool ramp_run(const struct session *session, const struct ramp_ways *ways);

#endif
