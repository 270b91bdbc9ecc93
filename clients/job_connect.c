/* job_connect.c -- the job of opening a worker's connections, to be kept or to be short-lived. */
#include "clients/job_connect.h"

#include <errno.h>
#include <sys/socket.h>

#include "common/clock.h"

/* Of so many short-lived clients one, and the first one, sees the end of its connection. */
enum { PARTED_EVERY = 64 };

/* Connecting stops when no first echo came for so long while a handshake of TCP is under way: a
 * lost SYN is sent again each second (since Linux 6.5; before, after 1 s and 3 s).  Else all wait
 * for a server that serves none of them, be it for TLS or for the echo. */
static const uint64_t HANDSHAKE_PATIENCE_NS = 5ull * NS_PER_S;
static const uint64_t LOOK_NS = NS_PER_S / 10; /* How often patience is looked at. */

struct connecting {
    struct job job;
    uint32_t in_flight_max; /* Connects under way at once. */
    uint32_t wanted;        /* Still to be opened. */
    uint32_t turn;          /* The place to look at next. */
    bool visit;             /* Close after the first echo. */
    uint64_t progress_ns;   /* When the last first echo came. */
};

/* A short-lived client has its echo, and nothing came with it.  Some wait for the server's end of
 * the connection: bytes may come later.  Not all, because their sockets stay in TIME_WAIT. */
static void end_visit(struct pool *pool, uint32_t i)
{
    struct connection *connection = &pool->connections[i];
    bool stays = connection->tag % PARTED_EVERY == 0;
    connection->state = PARTING;
    if (!stays || shutdown(connection->fd, SHUT_WR) < 0) pool_part(pool, i);
}

static void on_stands(struct job *job, uint32_t i, const struct flight *flight, bool more)
{
    struct connecting *connecting = (struct connecting *)job;
    if (connecting->visit && more) return; /* The pool finds these bytes wrong. */
    connecting->progress_ns = pool_count_connect(job->pool, flight);
    if (connecting->visit)
        end_visit(job->pool, i);
    else
        pool_keep(job->pool, i);
}

/* A message of an earlier window, which counted it as lost. */
static void on_echo(struct job *job, uint32_t i, const struct flight *flight, uint64_t now_ns)
{
    (void)job, (void)i, (void)flight, (void)now_ns;
}

/* The pool has counted it, and it is not tried again. */
static void on_ended(struct job *job, uint32_t i, bool stood)
{
    (void)job, (void)i, (void)stood;
}

/* Opens wanted connections in free places, a bounded number at a time. */
static void open_wanted(struct connecting *connecting)
{
    struct pool *pool = connecting->job.pool;
    while (connecting->wanted > 0 && pool->underway < connecting->in_flight_max) {
        uint32_t i = connecting->turn % pool->count;
        connecting->turn = i + 1;
        if (pool->connections[i].state != CLOSED) continue;
        connecting->wanted--;
        pool_open(pool, i);
    }
}

static bool is_patience_lost(const struct connecting *connecting)
{
    const struct pool *pool = connecting->job.pool;
    uint64_t waited_ns = clock_ns() - connecting->progress_ns;
    if (waited_ns < pool->setup.patience_ns) return false;
    for (uint32_t i = 0; i < pool->count && waited_ns < HANDSHAKE_PATIENCE_NS; i++)
        if (pool->connections[i].state == CONNECTING) return false;
    return true;
}

/* Opens all that is wanted, until each stands or has failed, or nothing moves any more. */
static void connect_all(struct connecting *connecting)
{
    struct pool *pool = connecting->job.pool;
    connecting->progress_ns = clock_ns();
    while ((connecting->wanted > 0 || pool->underway > 0) && !is_patience_lost(connecting)) {
        open_wanted(connecting);
        uint64_t now_ns = clock_ns();
        if (pool->underway > 0) pool_handle_events(pool, now_ns, now_ns + LOOK_NS);
    }
    pool_end_attempts(pool);
    for (; connecting->wanted > 0; connecting->wanted--)
        pool_count_failure(pool, ETIMEDOUT);
}

/* What befell connections that stood already: no window is there to tell it. */
static void take_over_failures(struct worker_report *report)
{
    struct worker_connects *connects = &report->connects;
    connects->corrupt += report->traffic.corrupt;
    connects->reset += report->traffic.reset;
    if (report->traffic.reset > 0 && connects->first_errno == 0) connects->first_errno = ECONNRESET;
}

void job_connect(struct pool *pool, const struct worker_command *command)
{
    struct worker_report *report = pool->report;
    struct worker_connects *connects = &report->connects;
    struct connecting connecting = {.job = {.pool = pool,
                                            .stands = on_stands,
                                            .echo = on_echo,
                                            .ended = on_ended,
                                            .schedule.next_ns = UINT64_MAX},
                                    .in_flight_max = command->in_flight_max,
                                    .visit = command->kind == WORKER_VISIT};
    uint32_t places = connecting.visit ? command->in_flight_max : command->connections;
    *connects = (struct worker_connects){0};
    /* cppcheck-suppress autoVariables ; taken back before the end. */
    pool->job = &connecting.job;
    for (uint32_t i = places; i < pool->count; i++)
        if (pool->connections[i].state == READY) pool_end(pool, i, 0);
    pool_resize(pool, places);
    connecting.wanted = command->connections - (uint32_t)report->open;
    report->traffic = (struct worker_traffic){0};
    connects->asked = connecting.wanted;
    uint64_t cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    connects->begin_ns = clock_ns();
    connect_all(&connecting);
    take_over_failures(report);
    connects->end_ns = clock_ns();
    connects->cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
    pool->job = NULL;
}
