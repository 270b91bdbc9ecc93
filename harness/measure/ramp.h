/* ramp.h -- the latency and capacity kinds: one server, more and more connections. */
#ifndef C10K_RAMP_H
#define C10K_RAMP_H

#include "harness/measure/session.h"

/* Runs all points of the session's experiment inside one server's life and writes a row for each.
 * Returns false if our own machinery broke, with a line on stderr. */
bool ramp_run(const struct session *session);

#endif
