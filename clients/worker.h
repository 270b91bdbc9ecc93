/* worker.h -- one process of the load client: executes one command after the other. */
#ifndef C10K_WORKER_H
#define C10K_WORKER_H

#include "clients/worker_protocol.h"

/* Reads struct worker_command from command_fd, executes it, and writes one byte to answer_fd.
 * Returns when command_fd ends; dies if a pipe or memory fails.  What was counted is in *report. */
void worker_run(const struct worker_setup *setup, int command_fd, int answer_fd,
                struct worker_report *report);

#endif
