/* poll.c -- one process, one loop: ask the kernel about every connection, every time.
 *
 *            ┌────────────────── poll(all connections) ◀─────────────┐
 *            ▼                            ▼                          │
 *   listener ready: accept      for each of them: ready?             │
 *                                 readable: read, write ─────────────┤
 *                                 writable: write what was held ─────┘
 *
 * Cost: 24 bytes per idle client with some room to grow, and nothing to switch
 * to.  But each call hands the whole list to the kernel, which looks at every
 * entry, and then we do the same: work grows with those who are connected, not
 * with those who speak. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/ready_echo.h"
#include "servers/server.h"

enum { ACCEPTS_MAX = 64 }; /* Per round, so that a storm of newcomers starves nobody. */

static struct pollfd *polled; /* [0] is the listener, [1] .. [count - 1] the connections. */
static struct ready_echo *connections; /* What we know of polled[i] beside its socket. */
static size_t count = 1, capacity;
static uint64_t retry_at_ns; /* When nobody is accepted: others may have freed something. */

/* Makes room for one more.  False if memory ran out. */
static bool reserve(void)
{
    if (count < capacity) return true;
    size_t wanted = capacity + capacity / 4 + 64; /* By a quarter: little is left unused. */
    struct pollfd *more_polled = realloc(polled, wanted * sizeof *polled);
    if (more_polled == NULL) return false;
    polled = more_polled;
    struct ready_echo *more = realloc(connections, wanted * sizeof *connections);
    if (more == NULL) return false;
    connections = more;
    capacity = wanted;
    return true;
}

static void close_connection(size_t i)
{
    close(polled[i].fd);
    ready_echo_end(&connections[i]);
    count--;
    polled[i] = polled[count]; /* The last one takes the free place. */
    connections[i] = connections[count];
    polled[0].events = POLLIN; /* There is room for a newcomer. */
}

/* A listener that is ready but cannot be served would wake us for ever: then we do not ask. */
static void stop_accepting(void)
{
    polled[0].events = 0;
    retry_at_ns = clock_ns() + SERVER_RETRY_MS * NS_PER_MS;
}

/* Accepts who waits; when something ran out, stops asking about the listener. */
static void accept_all(void)
{
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        bool room = reserve();
        if (!room) server_ran_out("memory for a client");
        int fd = room ? ready_accept(polled[0].fd) : READY_NO_ROOM;
        if (fd == READY_NO_ROOM) stop_accepting();
        if (fd < 0) return;
        connections[count] = (struct ready_echo){0};
        polled[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
}

//DOC: poll-loop
static void serve(int listen_fd, const struct server_options *options)
{
    net_no_wait(listen_fd);
    net_no_delay(listen_fd); /* Those whom it accepts inherit that. */
    if (!reserve()) die("malloc");
    polled[0] = (struct pollfd){.fd = listen_fd, .events = POLLIN};
    for (;;) {
        int timeout_ms = polled[0].events == 0 ? SERVER_RETRY_MS : -1;
        int ready = poll(polled, count, timeout_ms);
        if (ready < 0 && errno != EINTR) die("poll");
        if (timeout_ms >= 0 && clock_ns() >= retry_at_ns) polled[0].events = POLLIN;
        /* From the end, so that whoever takes the place of a closed one was seen already. */
        for (size_t i = count - 1; i > 0 && ready > 0; i--) {
            if (polled[i].revents == 0) continue;
            ready--;
            enum ready_for next = ready_echo(polled[i].fd, &connections[i], options->costs);
            polled[i].events = next == READY_TO_WRITE ? POLLOUT : POLLIN;
            if (next == READY_FOR_NOTHING) close_connection(i);
        }
        if (ready > 0) accept_all();
    }
}
//DOC-END: poll-loop

const struct server_model server_model = {
    .summary = "one loop over poll(2)",
    .serve = serve,
};
