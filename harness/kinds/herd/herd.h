/* herd.h -- the herd kind: a server is killed and started again, and all its clients come back. */
#ifndef C10K_HERD_H
#define C10K_HERD_H

#include "harness/measure/session.h"

/* Measures one model, once for each way to come back.  Writes herd.csv and herd_back.csv beside the
 * session's out_path.  False if our own machinery broke. */
bool herd_run(struct session *session);

#endif
