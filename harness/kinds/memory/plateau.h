/* plateau.h -- the memory kind: what N idle connections cost, kernel memory included. */
#ifndef C10K_PLATEAU_H
#define C10K_PLATEAU_H

#include "harness/measure/session.h"

/* Measures each connection count of the session's experiment with a fresh server and writes a row
 * for each.  Returns false if our own machinery broke, with a line on stderr. */
bool plateau_run(const struct session *session);

#endif
