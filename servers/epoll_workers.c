/* epoll_workers.c -- a loop uses one CPU: so one process per CPU, each with a loop as in epoll.c.
 *
 *   server     fork ─┬──────────────┬──────────────┬── wait: who was killed is replaced
 *                    ▼              ▼              ▼
 *   worker         loop           loop           loop
 *                    ▲              ▲              ▲
 *   --share reuseport: a queue for each; the kernel deals newcomers out by a hash
 *   --share exclusive: one queue for all; the kernel wakes one loop for a newcomer
 *
 * Cost: 32 bytes per idle client, and a process per worker.  The workers are never equally busy: a
 * hash knows nothing of work, and of several sleepers the kernel tends to wake the same one.
 *
 * The loop is repeated here so that this file reads alone.  New beside epoll.c: `full`, `last_fd`,
 * EPOLLEXCLUSIVE, and serve(). */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/affinity.h"
#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/ready_echo.h"
#include "common/workers.h"
#include "servers/server.h"

enum {
    EVENTS_MAX = 256,
    ACCEPTS_MAX = 16, /* At a time: the rest may go to other workers. */
    WORKERS_MAX = 256,
};
enum { REUSEPORT, EXCLUSIVE }; /* As the words of --share. */

struct connection {
    int fd;
    enum ready_for waits_for; /* As the kernel was told. */
    struct ready_echo echo;
};

static long workers, share = REUSEPORT;
static int listeners[WORKERS_MAX]; /* One for each worker, or the same for all. */
static int epoll_fd, listener;     /* This worker's. */
static int last_fd;                /* Descriptors are given out from the lowest: this ends them. */
static bool accepting, full, pay_costs;
static uint64_t retry_at_ns; /* When nobody is accepted: others may have freed something. */

static bool tell(int operation, int fd, uint32_t events, struct connection *connection)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};
    return epoll_ctl(epoll_fd, operation, fd, &event) == 0;
}

/* Not with EPOLL_CTL_MOD: what was added as EPOLLEXCLUSIVE cannot be changed, epoll_ctl(2).  So the
 * kernel needs memory again to add it: where that ran out, later. */
static void accept_from_now_on(bool wanted)
{
    if (wanted == accepting) return;
    uint32_t events = share == EXCLUSIVE ? EPOLLIN | EPOLLEXCLUSIVE : EPOLLIN;
    accepting = wanted && tell(EPOLL_CTL_ADD, listener, events, NULL);
    if (accepting) return;
    if (wanted) server_ran_out("epoll_ctl");
    retry_at_ns = clock_ns() + SERVER_RETRY_MS * NS_PER_MS;
    if (!wanted && !tell(EPOLL_CTL_DEL, listener, 0, NULL)) die("epoll_ctl");
}

static void close_connection(struct connection *connection)
{
    close(connection->fd);
    ready_echo_end(&connection->echo);
    free(connection);
    full = false;
    accept_from_now_on(true);
}

/* Takes in one newcomer.  Returns false when nobody waits, or when there is no room. */
static bool accept_one(void)
{
    int fd = ready_accept(listener);
    struct connection *connection = fd < 0 ? NULL : calloc(1, sizeof *connection);
    if (connection == NULL || !tell(EPOLL_CTL_ADD, fd, EPOLLIN, connection)) {
        if (fd >= 0) server_ran_out("memory for a client");
        if (fd >= 0) close(fd);
        if (fd != READY_NOBODY) accept_from_now_on(false);
        free(connection);
        return false;
    }
    connection->fd = fd;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): epoll keeps it, and hands it out again. */
    full = fd == last_fd;
    if (full) accept_from_now_on(false); /* A newcomer that woke us now would wake nobody else. */
    return !full;
}

static void accept_some(void)
{
    for (int i = 0; i < ACCEPTS_MAX && accept_one(); i++) {
    }
}

static void on_ready(struct connection *connection)
{
    enum ready_for next = ready_echo(connection->fd, &connection->echo, pay_costs);
    if (next == READY_FOR_NOTHING) {
        close_connection(connection);
    } else if (next != connection->waits_for) {
        connection->waits_for = next;
        if (!tell(EPOLL_CTL_MOD, connection->fd, next == READY_TO_READ ? EPOLLIN : EPOLLOUT,
                  connection))
            die("epoll_ctl");
    }
}

static void work(long number)
{
    listener = listeners[number];
    last_fd = (int)sysconf(_SC_OPEN_MAX) - 1;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0) die("epoll_create1");
    accept_from_now_on(true);
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        int timeout_ms = accepting || full ? -1 : SERVER_RETRY_MS;
        int ready = epoll_wait(epoll_fd, events, EVENTS_MAX, timeout_ms);
        if (ready < 0 && errno != EINTR) die("epoll_wait");
        if (!accepting && !full && clock_ns() >= retry_at_ns) accept_from_now_on(true);
        for (int i = 0; i < ready; i++) {
            struct connection *connection = events[i].data.ptr;
            if (connection != NULL)
                on_ready(connection);
            else
                accept_some();
        }
    }
}

//DOC: share-the-port
/* A queue dies with the last process that has it open, and who waits in it is reset.  So the server
 * makes and keeps all of them: who waits for a worker that was killed is served
 * by its successor. */
static void serve(int listen_fd, const struct server_options *options)
{
    pay_costs = options->costs;
    if (workers == 0) workers = affinity_cpus();
    if (workers > WORKERS_MAX) workers = WORKERS_MAX; /* A machine with more CPUs than that. */
    for (long i = 0; i < workers; i++) {
        bool own = i > 0 && share == REUSEPORT;
        listeners[i] = own ? net_listen_beside(listen_fd, options->backlog) : listen_fd;
        if (listeners[i] < 0) die("listen on the same port");
        net_no_wait(listeners[i]);
        net_no_delay(listeners[i]); /* Those whom it accepts inherit that. */
    }
    workers_keep(workers, work);
}
//DOC-END: share-the-port

static const struct server_knob knobs[] = {
    {.name = "workers",
     .help = "processes, each with a loop; 0: one per CPU",
     .value = &workers,
     .max = WORKERS_MAX},
    {.name = "share",
     .help = "reuseport: a queue for each worker; exclusive: one queue for all",
     .value = &share,
     .words = "reuseport|exclusive"},
    {0},
};

const struct server_model server_model = {
    .summary = "one epoll loop per worker process",
    .knobs = knobs,
    .serve = serve,
};
