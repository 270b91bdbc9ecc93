/* epoll.c -- one process, one loop: tell the kernel about each connection once, hear who is ready.
 *
 *   accept ── epoll_ctl: add, once ──▶ the kernel's list ──▶ who is ready
 *      ▲                                                           │
 *      │             ┌───────────────── epoll_wait ◀───────────────┘
 *      │             ▼
 *      ├── listener ready
 *      └── connection ready: read, write at once; what is not taken is held, and
 *                            until it is sent we hear only when we may write
 *
 * Cost: 32 bytes per idle client, and more in the kernel.  A silent client is
 * looked at by nobody: work grows with those who speak.
 *
 * --buffer-kib gives each client a buffer for as long as it stays, as many
 * servers do: what that costs is the question of the experiment `buffers`. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/ready_echo.h"
#include "servers/server.h"

enum {
    EVENTS_MAX = 256, /* Per call: who is not among them is first in the next. */
    ACCEPTS_MAX = 64, /* Per round, so that a storm of newcomers starves nobody. */
};

struct connection {
    int fd;
    enum ready_for waits_for; /* As the kernel was told. */
    struct ready_echo echo;
    char own[]; /* Its buffer, with --buffer-kib. */
};

static long buffer_kib;
static int epoll_fd, listener;
static bool accepting, pay_costs;
static uint64_t retry_at_ns; /* When nobody is accepted: others may have freed something. */

/* Tells the kernel what we want to hear of `fd`; it hands `connection` back with the news. */
static bool tell(int operation, int fd, uint32_t events, struct connection *connection)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};
    return epoll_ctl(epoll_fd, operation, fd, &event) == 0;
}

/* A listener that is ready but cannot be served would wake us for ever: then we do not ask. */
static void accept_from_now_on(bool wanted)
{
    if (wanted == accepting) return;
    accepting = wanted;
    if (!wanted) retry_at_ns = clock_ns() + SERVER_RETRY_MS * NS_PER_MS;
    if (!tell(EPOLL_CTL_MOD, listener, wanted ? EPOLLIN : 0, NULL)) die("epoll_ctl");
}

static void close_connection(struct connection *connection)
{
    close(connection->fd); /* Also takes it off the kernel's list. */
    ready_echo_end(&connection->echo);
    free(connection);
    accept_from_now_on(true);
}

static struct connection *new_connection(void)
{
    enum { IN_USE = 1 }; /* Not 0, as fresh memory is: the kernel gives a page when it changes. */
    size_t own = (size_t)buffer_kib * 1024;
    struct connection *connection = calloc(1, sizeof *connection + own);
    if (connection != NULL) memset(connection->own, IN_USE, own);
    return connection;
}

/* Takes in one newcomer.  Returns false when nobody waits, or when there is no room. */
static bool accept_one(void)
{
    int fd = ready_accept(listener);
    struct connection *connection = fd < 0 ? NULL : new_connection();
    if (connection == NULL || !tell(EPOLL_CTL_ADD, fd, EPOLLIN, connection)) {
        if (fd >= 0) server_ran_out("memory for a client"); /* Ours, or the kernel's. */
        if (fd >= 0) close(fd);
        if (fd != READY_NOBODY) accept_from_now_on(false);
        free(connection);
        return false;
    }
    connection->fd = fd;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): epoll keeps it, and hands it out again. */
    return true;
}

static void accept_some(void)
{
    for (int i = 0; i < ACCEPTS_MAX && accept_one(); i++) {
    }
}

//DOC: epoll-backpressure
static void on_ready(struct connection *connection)
{
    int fd = connection->fd;
    enum ready_for next = buffer_kib == 0
                              ? ready_echo(fd, &connection->echo, pay_costs)
                              : ready_echo_through(fd, &connection->echo, pay_costs,
                                                   connection->own, (size_t)buffer_kib * 1024);
    if (next == READY_FOR_NOTHING) {
        close_connection(connection);
    } else if (next != connection->waits_for) { /* Seldom: only when a client is slow to read. */
        connection->waits_for = next;
        if (!tell(EPOLL_CTL_MOD, fd, next == READY_TO_READ ? EPOLLIN : EPOLLOUT, connection))
            die("epoll_ctl");
    }
}
//DOC-END: epoll-backpressure

static void serve(int listen_fd, const struct server_options *options)
{
    pay_costs = options->costs;
    listener = listen_fd;
    net_no_wait(listener);
    net_no_delay(listener); /* Those whom it accepts inherit that. */
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0) die("epoll_create1");
    if (!tell(EPOLL_CTL_ADD, listener, EPOLLIN, NULL)) die("epoll_ctl");
    accepting = true;
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        int ready = epoll_wait(epoll_fd, events, EVENTS_MAX, accepting ? -1 : SERVER_RETRY_MS);
        if (ready < 0 && errno != EINTR) die("epoll_wait");
        if (!accepting && clock_ns() >= retry_at_ns) accept_from_now_on(true);
        for (int i = 0; i < ready; i++) {
            struct connection *connection = events[i].data.ptr;
            if (connection != NULL)
                on_ready(connection);
            else
                accept_some();
        }
    }
}

static const struct server_knob knobs[] = {
    {.name = "buffer-kib",
     .help = "KiB of buffer kept for each client; 0: one buffer for all",
     .value = &buffer_kib,
     .min = 0,
     .max = 1024},
    {0},
};

const struct server_model server_model = {
    .summary = "one loop over epoll(7), level-triggered",
    .knobs = knobs,
    .serve = serve,
};
