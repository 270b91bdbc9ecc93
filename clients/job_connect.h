/* job_connect.h -- the job of opening a worker's connections, to be kept or to be short-lived. */
#ifndef C10K_JOB_CONNECT_H
#define C10K_JOB_CONNECT_H

#include "clients/pool.h"

/* WORKER_CONNECT: holds as many connections as commanded.  WORKER_VISIT: lets as many short-lived
 * clients come and go.  What that cost is in the report's `connects`. */
void job_connect(struct pool *pool, const struct worker_command *command);

#endif
