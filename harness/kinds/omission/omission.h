/* omission.h -- what the kind omission adds to a ramp: a server that stands still, and two loops.
 *
 *     closed loop │ ...... stop ...... │
 *                 open loop, at the rate the closed one had │ ...... stop ...... │
 *
 * A closed loop waits for the server before it sends again: while the server stands still, the
 * messages that would have waited are not sent, and their latencies are omitted (Tene's coordinated
 * omission).  The open loop sends, or counts as due, what the schedule asks for. */
#ifndef C10K_OMISSION_H
#define C10K_OMISSION_H

#include <stdbool.h>

#include "harness/probes/probe_tree.h"
#include "harness/measure/session.h"

/* Tells the client which loop the next windows have; the open one at `rate_per_s`, but at most at
 * that of the experiment.  False if it does not answer. */
bool omission_choose_loop(const struct session *session, struct process *load, bool closed,
                          double rate_per_s, struct answer *answer);

/* A window in which all processes of `server` are stopped for stop_ms, a third of its length after
 * its begin.  False if the client does not answer. */
bool omission_window(const struct session *session, struct process *load, const struct tree *server,
                     struct answer *answer);

/* Finds the folder for the latencies of each window, "histograms" beside the file `out`, and makes
 * it.  False with errno. */
bool omission_make_folder(const char *out, struct session *session);

/* Gives session_window_file() the name of the window that `row` tells.  Dies if it cannot, or if
 * the client said that it could not write the file. */
void omission_keep_window(const struct session *session, const struct process *load,
                          const struct row *row);

#endif
