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
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/costs.h"
#include "common/die.h"
#include "common/net.h"
#include "servers/server.h"

enum { ACCEPTS_MAX = 64 }; /* Per round, so that a storm of newcomers starves nobody. */

/* What a client did not take yet.  While there is some we do not read more from that client. */
struct held {
    size_t sent, size;
    char bytes[];
};

/* What we know of polled[i], beside its fd. */
struct connection {
    struct held *held;
    struct costs line;
};

static struct pollfd *polled; /* [0] is the listener, [1] .. [count - 1] the connections. */
static struct connection *connections;
static size_t count = 1, capacity;
static bool pay_costs;

/* Makes room for one more.  False if memory ran out. */
static bool reserve(void)
{
    if (count < capacity) return true;
    size_t wanted = capacity + capacity / 4 + 64; /* By a quarter: little is left unused. */
    struct pollfd *more_polled = realloc(polled, wanted * sizeof *polled);
    if (more_polled == NULL) return false;
    polled = more_polled;
    struct connection *more = realloc(connections, wanted * sizeof *connections);
    if (more == NULL) return false;
    connections = more;
    capacity = wanted;
    return true;
}

static void close_connection(size_t i)
{
    close(polled[i].fd);
    free(connections[i].held);
    count--;
    polled[i] = polled[count]; /* The last one takes the free place. */
    connections[i] = connections[count];
    polled[0].events = POLLIN; /* There is room for a newcomer. */
}

/* Accepts who waits; when something ran out, stops asking about the listener. */
static void accept_all(void)
{
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        bool room = reserve();
        int fd = room ? accept4(polled[0].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
        if (fd < 0) {
            if (errno == EAGAIN) return;
            if (!server_is_shortage(errno)) continue; /* That client is gone already. */
            server_ran_out("accept");
            polled[0].events = 0;
            return;
        }
        net_no_delay(fd);
        connections[count] = (struct connection){0};
        polled[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
}

/* Sends what the socket takes now of `size` bytes; adds it to *sent.  False: the peer is gone. */
static bool send_some(int fd, const char *bytes, size_t size, size_t *sent)
{
    while (*sent < size) {
        ssize_t written = write(fd, bytes + *sent, size - *sent);
        if (written < 0) return errno == EAGAIN || errno == EINTR;
        *sent += (size_t)written;
    }
    return true;
}

//DOC: poll-backpressure
/* Reads once, and echoes.  What the client does not take is held, and until it is sent we only ask
 * when we may write: one buffer a client is the bound.  False: the connection is over. */
static bool on_readable(struct pollfd *entry, struct connection *connection)
{
    static char buffer[SERVER_BUFFER_B]; /* One for all: nothing stays in it. */
    ssize_t size = read(entry->fd, buffer, sizeof buffer);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) return false; /* Half-closed, and nothing is held: all was echoed. */
    if (pay_costs) costs_pay(costs_scan(&connection->line, buffer, (size_t)size));
    size_t sent = 0;
    if (!send_some(entry->fd, buffer, (size_t)size, &sent)) return false;
    if (sent == (size_t)size) return true;
    struct held *held = malloc(sizeof *held + (size_t)size - sent);
    if (held == NULL) return false; /* No memory for it: better no echo than a wrong one. */
    *held = (struct held){.size = (size_t)size - sent};
    memcpy(held->bytes, buffer + sent, held->size);
    connection->held = held;
    entry->events = POLLOUT;
    return true;
}

static bool on_writable(struct pollfd *entry, struct connection *connection)
{
    struct held *held = connection->held;
    if (!send_some(entry->fd, held->bytes, held->size, &held->sent)) return false;
    if (held->sent < held->size) return true;
    free(held);
    connection->held = NULL;
    entry->events = POLLIN;
    return true;
}
//DOC-END: poll-backpressure

static void serve(int listen_fd, const struct server_options *options)
{
    pay_costs = options->costs;
    net_no_wait(listen_fd);
    if (!reserve()) die("malloc");
    polled[0] = (struct pollfd){.fd = listen_fd, .events = POLLIN};
    for (;;) {
        int timeout_ms = polled[0].events == 0 ? SERVER_RETRY_MS : -1;
        int ready = poll(polled, count, timeout_ms);
        if (ready < 0 && errno != EINTR) die("poll");
        if (ready == 0) polled[0].events = POLLIN; /* Perhaps others freed something. */
        /* From the end, so that whoever takes the place of a closed one was seen already. */
        for (size_t i = count - 1; i > 0 && ready > 0; i--) {
            if (polled[i].revents == 0) continue;
            ready--;
            bool alive = connections[i].held ? on_writable(&polled[i], &connections[i])
                                             : on_readable(&polled[i], &connections[i]);
            if (!alive) close_connection(i);
        }
        if (ready > 0) accept_all();
    }
}

const struct server_model server_model = {
    .summary = "one loop over poll(2)",
    .serve = serve,
};
