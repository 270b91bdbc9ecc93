/* walls.h -- the walls kind: more and more connections, until something breaks. */
#ifndef C10K_WALLS_H
#define C10K_WALLS_H

#include "harness/measure/session.h"

/* Measures one model under each of the experiment's limits and writes a row for each: how many
 * connections it held, what stopped it and which setting would move that.  False if our own
 * machinery broke. */
bool walls_run(const struct session *session);

#endif
