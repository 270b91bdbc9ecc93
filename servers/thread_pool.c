/* thread_pool.c -- a fixed number of threads; whoever is free takes the next client that spoke.
 *
 *   main thread   epoll_wait ──▶ who spoke? ──▶ queue ──▶ full: wait, and accept nobody
 *                     ▲                           │
 *   each worker       └──── watch it again ◀─── echo once
 *
 * A client has a worker only while there is something to do for it.  In the older
 * kind of pool it has one until it leaves, and idle clients keep others out.
 *
 * Cost: 32 bytes per idle client, and more in the kernel.  Each message passes
 * from thread to thread.  But work that blocks stops one worker, not everybody. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/die.h"
#include "common/net.h"
#include "common/ready_echo.h"
#include "servers/server.h"

enum { EVENTS_MAX = 256, ACCEPTS_MAX = 64, QUEUE_MAX = 10000 };

struct connection {
    int fd;
    atomic_bool held; /* By a worker, until the kernel was told what to watch for. */
    struct ready_echo echo;
};

/* Eight: more find less to do, and sleep more often. */
static long workers = 8, queue_size = 64;
static int epoll_fd;

/* Who spoke and waits for a worker: queue[first] .. [last - 1], both modulo queue_size. */
static struct connection *queue[QUEUE_MAX];
static long first, last;
static sem_t waiting, places; /* How many wait, and how many more may. */
static pthread_mutex_t taking = PTHREAD_MUTEX_INITIALIZER; /* All workers move `first`. */

/* sem_wait(3) fails only where a signal interrupts it. */
static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) < 0) {
    }
}

/* Waits for a place: until then nobody is accepted or read from.  Only one thread puts: no lock. */
static void put(struct connection *connection)
{
    wait_for(&places);
    queue[last++ % queue_size] = connection;
    sem_post(&waiting);
}

static struct connection *take(void)
{
    wait_for(&waiting);
    pthread_mutex_lock(&taking);
    struct connection *connection = queue[first++ % queue_size];
    pthread_mutex_unlock(&taking);
    sem_post(&places);
    while (atomic_exchange(&connection->held, true))
        sched_yield(); /* Its last worker has told the kernel, and is about to let go. */
    return connection;
}

/* Tells the kernel what we want to hear of `fd`; it hands `connection` back with the news. */
static bool tell(int operation, int fd, uint32_t events, struct connection *connection)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};
    return epoll_ctl(epoll_fd, operation, fd, &event) == 0;
}

//DOC: thread-pool-worker
static _Noreturn void *work(void *argument)
{
    const struct server_options *options = argument;
    for (;;) {
        struct connection *connection = take();
        enum ready_for next = ready_echo(connection->fd, &connection->echo, options->costs);
        if (next == READY_FOR_NOTHING) {
            close(connection->fd);
            ready_echo_end(&connection->echo);
            free(connection);
        } else { /* EPOLLONESHOT: we hear of it once, so that no two workers have it. */
            uint32_t events = EPOLLONESHOT | (next == READY_TO_READ ? EPOLLIN : EPOLLOUT);
            if (!tell(EPOLL_CTL_MOD, connection->fd, events, connection)) die("epoll_ctl");
            atomic_store(&connection->held, false);
        }
    }
}
//DOC-END: thread-pool-worker

/* As many as asked for; where threads run out, those that there are. */
static void start_workers(void *options)
{
    pthread_t thread;
    long started = 0;
    while (started < workers && !(errno = pthread_create(&thread, NULL, work, options)))
        started++;
    if (started == 0) die("pthread_create");
    if (started < workers) server_ran_out("pthread_create");
}

/* Takes in who waits.  False if something ran out. */
static bool accept_all(int listen_fd)
{
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        struct connection *connection = calloc(1, sizeof *connection);
        int fd = connection == NULL ? READY_NO_ROOM : ready_accept(listen_fd);
        if (fd >= 0) {
            connection->fd = fd;
            if (tell(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLONESHOT, connection)) continue;
            close(fd);
        }
        if (fd != READY_NOBODY) server_ran_out("memory for a client");
        free(connection);
        return fd == READY_NOBODY;
    }
    return true;
}

static void serve(int listen_fd, const struct server_options *options)
{
    net_no_wait(listen_fd);
    net_no_delay(listen_fd); /* Those whom it accepts inherit that. */
    if (sem_init(&waiting, 0, 0) || sem_init(&places, 0, (unsigned)queue_size)) die("sem_init");
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0) die("epoll_create1");
    if (!tell(EPOLL_CTL_ADD, listen_fd, EPOLLIN, NULL)) die("epoll_ctl");
    start_workers((void *)options);
    for (bool full = false;;) {
        struct epoll_event events[EVENTS_MAX];
        int ready = epoll_wait(epoll_fd, events, EVENTS_MAX, full ? SERVER_RETRY_MS : -1);
        if (ready < 0 && errno != EINTR) die("epoll_wait");
        if (full && !tell(EPOLL_CTL_MOD, listen_fd, EPOLLIN, NULL)) die("epoll_ctl");
        full = false; /* Perhaps somebody left: we hear of the listener in the next round. */
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr != NULL)
                put(events[i].data.ptr);
            else
                full = !accept_all(listen_fd);
        }
        if (full && !tell(EPOLL_CTL_MOD, listen_fd, 0, NULL)) die("epoll_ctl");
    }
}

static const struct server_knob knobs[] = {
    {.name = "workers",
     .help = "threads that serve clients",
     .value = &workers,
     .min = 1,
     .max = 10000},
    {.name = "queue",
     .help = "clients that spoke and wait for a thread; when full, nobody is accepted or read from",
     .value = &queue_size,
     .min = 1,
     .max = QUEUE_MAX},
    {0},
};

const struct server_model server_model = {
    .summary = "a fixed pool of threads over one queue",
    .knobs = knobs,
    .serve = serve,
};
