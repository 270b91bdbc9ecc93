/* ready_echo.h -- one connection served in small steps, each when the kernel says that it is ready.
 *
 * The whole code per client of poll, epoll and their relatives: they differ only in how they learn
 * who is ready. */
#ifndef C10K_READY_ECHO_H
#define C10K_READY_ECHO_H

#include <stdbool.h>
#include <stddef.h>

#include "common/costs.h"

struct ready_held;

/* What a connection remembers between two steps.  All zero is a new one. */
struct ready_echo {
    struct ready_held *held; /* What the client did not take yet; NULL: nothing. */
    struct costs line;
};

/* What to wait for before the next step. */
enum ready_for { READY_TO_READ, READY_TO_WRITE, READY_FOR_NOTHING };

/* One step on the non-blocking socket `fd`: reads once and echoes it, or sends what was held. While
 * something is held nothing is read, so one buffer a client is the bound.  With `costs` it pays for
 * a turn at most (costs.h), and holds the rest.  READY_FOR_NOTHING: the
 * connection is over, the caller closes it. */
enum ready_for ready_echo(int fd, struct ready_echo *echo, bool costs);

/* The same, reading into `buffer` of `size` bytes, in which nothing stays: the caller may use it
 * for the next connection. */
enum ready_for ready_echo_through(int fd, struct ready_echo *echo, bool costs, char *buffer,
                                  size_t size);

/* Returns the non-blocking socket of one who waited to be accepted; READY_NOBODY if nobody waits,
 * or READY_NO_ROOM, said once, where files or memory ran out: ask again when
 * something was freed. */
enum { READY_NOBODY = -1, READY_NO_ROOM = -2 };
int ready_accept(int listen_fd);

/* Frees what is held when the connection is closed. */
void ready_echo_end(struct ready_echo *echo);

#endif
