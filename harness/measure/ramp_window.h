/* ramp_window.h -- the windows of one point of a ramp; for ramp.c. */
#ifndef C10K_RAMP_WINDOW_H
#define C10K_RAMP_WINDOW_H

#include "harness/measure/ramp.h"

enum { RAMP_TRIES_MAX = 4 /* Of one point, when something disturbed it: three reruns. */ };

/* A ramp on its way. */
struct ramp {
    const struct session *session;
    const struct ramp_ways *ways;
    struct target target;
    struct process load;
    double baseline_pss_kib; /* Of the server before its first client. */
    double quiet_s;          /* Waited for it before the server was started. */
    long reruns_left;        /* Of all points: a busy machine must not double the time. */
    long held;               /* Connections so far. */
    long room;               /* Connections that the machine can hold, about. */
    struct kernel quiet;     /* Before the server was started. */
    struct kernel begin;     /* Before the point's first connect. */
    unsigned tried;          /* Times that this point was tried and written. */
    bool closed;             /* The loop of this point. */
    double achieved_per_s;   /* In the window before this one. */
    double warm_messages;    /* That this point's warm-up has to see. */
};

/* Windows until one is undisturbed, or until there were enough.  Each is a row, of which only the
 * last counts; `row`, which says how the point was connected, becomes that one, and is not written.
 * False, with the reason, if the client did not answer. */
bool ramp_windows(struct ramp *ramp, struct row *row, enum verdict *verdict, char *reason,
                  size_t size);

#endif
