/* blocking_echo.h -- one connection served from start to end by calls that wait.
 *
 * The whole code per client of fork, thread and their relatives: they differ only
 * in who runs it. */
#ifndef C10K_BLOCKING_ECHO_H
#define C10K_BLOCKING_ECHO_H

#include <stdbool.h>

/* Echoes on the connected socket `fd` until the client half-closes or breaks, then closes it.
 * Needs about 20 KiB of stack, of which an idle client touches 8. */
void blocking_echo(int fd, bool costs);

/* Waits for a connection and returns its socket.  Where files or memory ran out it says so once,
 * and tries again every SERVER_RETRY_MS, so that a full server does not spin. */
int blocking_accept(int listen_fd);

/* The same without trying again.  -1 with errno: what ran out, or EAGAIN if nobody came within the
 * listener's SO_RCVTIMEO; by default it has none. */
int blocking_try_accept(int listen_fd);

/* Waits SERVER_RETRY_MS, or less if a signal (a child that ended) comes first. */
void blocking_wait_for_room(void);

#endif
