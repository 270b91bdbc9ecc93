/* other_run.h -- whether another run measures on this machine at the same time.
 *
 * Each process that measures holds a socket with the name "@c10k-bench/RUN/PID", which every user
 * can read in /proc/net/unix and which goes when the process ends, however that happens.  RUN is
 * the number of the script that started it (C10K_RUN), else its own. */
#ifndef C10K_OTHER_RUN_H
#define C10K_OTHER_RUN_H

#include <stdbool.h>

/* Holds a name from now until this process ends.  Best effort: without it others do not see us. */
void other_run_announce(void);

#define OTHER_RUN_SOCKETS "/proc/net/unix"

/* True if a process of another run holds a name now, by the list of sockets in that file
 * (OTHER_RUN_SOCKETS).  False with errno, which is else 0, where the list cannot be read. */
bool other_run_seen(const char *sockets);

#endif
