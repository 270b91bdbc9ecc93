/* child.h -- the state that a program of ours or a server starts with, whatever we inherited. */
#ifndef C10K_CHILD_H
#define C10K_CHILD_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

/* In a child: every signal has its default action and none is blocked, umask is 022, the program
 * runs on `cpus` (NULL: where the parent does). */
void child_reset(const cpu_set_t *cpus);

/* In a child that will be a server: no core files, a stack of 8 MiB, from which threads take their
 * size, as many files, processes and locked memory as may be had, and it is the first to go when
 * memory runs out.  Best effort, but for the stack and the core files. */
void child_limit_server(void);

/* Closes every descriptor from 3 on but those in `kept`, which need not be in order. */
void child_close_all_but(const int *kept, size_t count);

#endif
