/* passes.h -- the counters kind: what a message makes the server do, counted in three passes.
 *
 *     plain    nobody looks: context switches and CPU time, read at the window's edges
 *     events   perf counters ride along, inherited by all children
 *     calls    a tracer stops the server at every system call
 *
 * Each pass has a server of its own, watched from before its first instruction, and the same load:
 * a low fixed rate, at which also a traced server keeps up.  What a pass changes in the server
 * shows in the context switches, which all three tell. */
#ifndef C10K_PASSES_H
#define C10K_PASSES_H

#include <stdbool.h>

#include "harness/measure/columns.h"
#include "harness/measure/session.h"

/* The columns of counters.csv, for columns_open(). */
extern const struct columns passes_columns;

/* Measures and writes the rows.  False if our own machinery broke. */
bool passes_run(const struct session *session);

#endif
