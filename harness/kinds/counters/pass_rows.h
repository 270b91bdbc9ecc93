/* pass_rows.h -- the rows of one pass: a row for each counter. */
#ifndef C10K_COUNTERS_PASS_ROWS_H
#define C10K_COUNTERS_PASS_ROWS_H

#include "harness/measure/kind.h"
#include "harness/measure/verdict.h"
#include "harness/measure/window_edges.h"
#include "harness/probes/probe_calls.h"
#include "harness/probes/probe_events.h"

enum { PASS_REASON_MAX = 256 };

enum pass { PASS_PLAIN, PASS_EVENTS, PASS_CALLS, PASSES };

/* What is read at an edge of the window. */
struct look {
    struct edge edge;
    struct event_counts events;
    struct calls calls;
};

/* One pass on its way. */
struct pass_run {
    struct session session; /* With us as its watcher. */
    enum pass pass;
    struct row row; /* What all rows of this pass have in common. */
    struct target target;
    struct process load;
    struct events events;
    struct calls_tracer tracer;
    char refused[PASS_REASON_MAX]; /* Why there is no tracer; "" if there is one. */
    struct look before, after;
    double messages; /* That came back in the window. */
    enum verdict verdict;
    char reason[PASS_REASON_MAX];
};

/* The columns of the table, for columns_open(). */
extern const struct columns pass_columns;

/* "plain", "events" or "calls". */
const char *pass_name(enum pass pass);

/* Writes a row for a pass of which nothing is known, and the line that shows progress. */
void pass_write_failure(struct pass_run *run, const char *status, const char *reason);

/* Writes what was counted in a window that was judged, a row for each counter, and the line. */
void pass_write_window(struct pass_run *run, const struct answer *window);

#endif
