/* select.c -- one process, one loop over two sets of bits: whom to read from, whom to write to.
 *
 *            ┌───────────── select(copies of both sets) ◀────────────┐
 *            ▼                            ▼                          │
 *   listener ready: accept      for each bit that is left:           │
 *     past FD_SETSIZE: close      readable: read, write ─────────────┤
 *                                 writable: write what was held ─────┘
 *
 * Cost: two bits and 16 bytes per client, busy or idle.  Each call copies the
 * sets in and out, and both the kernel and we walk them from the first bit to
 * the last.  And there is a wall: a set has FD_SETSIZE bits, 1,024 in glibc,
 * whatever the limit of open files is; FD_SET() past it writes beyond the set. */
#include <errno.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/die.h"
#include "common/net.h"
#include "common/ready_echo.h"
#include "servers/server.h"

enum { ACCEPTS_MAX = 64 }; /* Per round, so that a storm of newcomers starves nobody. */

static fd_set to_read, to_write; /* Whom we ask about; select(2) gets copies, and changes them. */
static int fd_max;               /* The highest bit in either. */
static bool full;                /* Something ran out: not now, but soon, we accept again. */
static struct ready_echo connections[FD_SETSIZE]; /* That of socket fd is connections[fd]. */

//DOC: select-wall
/* A socket that has no bit cannot be asked about.  Its client hears at once that there is no room:
 * left in the queue it would wait for a place that no limit promises. */
static void refuse(int fd)
{
    server_is_full("select(2) knows no descriptor past FD_SETSIZE");
    close(fd);
}

static void accept_all(int listen_fd)
{
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        int fd = ready_accept(listen_fd);
        full = fd == READY_NO_ROOM;
        if (fd < 0) return;
        if (fd >= FD_SETSIZE) {
            refuse(fd);
            continue;
        }
        FD_SET(fd, &to_read);
        if (fd > fd_max) fd_max = fd;
    }
}
//DOC-END: select-wall

/* Serves a socket that is ready, and asks from now on about what it needs next. */
static void serve_ready(int fd, bool costs)
{
    enum ready_for next = ready_echo(fd, &connections[fd], costs);
    FD_CLR(fd, &to_read);
    FD_CLR(fd, &to_write);
    if (next == READY_TO_READ) FD_SET(fd, &to_read);
    if (next == READY_TO_WRITE) FD_SET(fd, &to_write);
    if (next != READY_FOR_NOTHING) return;
    ready_echo_end(&connections[fd]);
    connections[fd] = (struct ready_echo){0};
    close(fd);
    while (!FD_ISSET(fd_max, &to_read) && !FD_ISSET(fd_max, &to_write))
        fd_max--; /* Ends at the listener at the latest. */
}

static void serve(int listen_fd, const struct server_options *options)
{
    net_no_wait(listen_fd);
    net_no_delay(listen_fd); /* Those whom it accepts inherit that. */
    fd_max = listen_fd;
    FD_SET(listen_fd, &to_read);
    for (;;) {
        fd_set readable = to_read, writable = to_write;
        struct timeval retry = {.tv_usec = SERVER_RETRY_MS * 1000L};
        if (full) FD_CLR(listen_fd, &readable); /* It would be ready all the time. */
        int ready = select(fd_max + 1, &readable, &writable, NULL, full ? &retry : NULL);
        if (ready < 0 && errno != EINTR) die("select");
        full = false; /* Perhaps somebody left. */
        /* ThreadSanitizer runs signal handlers in calls that it knows, and select() is none. */
        if (ready < 0) accept_all(listen_fd);
        for (int fd = 0; fd <= fd_max && ready > 0; fd++) {
            if (!FD_ISSET(fd, &readable) && !FD_ISSET(fd, &writable)) continue;
            ready--;
            if (fd == listen_fd)
                accept_all(listen_fd);
            else
                serve_ready(fd, options->costs);
        }
    }
}

const struct server_model server_model = {
    .summary = "one loop over select(2), at most FD_SETSIZE files",
    .serve = serve,
};
