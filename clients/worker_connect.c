/* worker_connect.c -- opens a worker's connections, and ends them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "clients/worker_state.h"
#include "common/clock.h"
#include "common/die.h"

/* Connections per source address.  It has about 28,000 ports, but the kernel tries those of one
 * parity first, one after the other: beyond half of them a connect takes 1 ms instead of 30 us. */
enum { PER_SOURCE = 12000 };

/* Of so many short-lived clients one, and the first one, sees the end of its connection. */
enum { PARTED_EVERY = 64 };

/* The SYN that goes and the SYN that comes back: the kernel's work, of which no
 * byte passes here. */
enum { TCP_ROUND_TRIPS = 1 };

/* Connecting stops when nobody got through for so long while a handshake of TCP is under way: a
 * lost SYN is sent again each second (since Linux 6.5; before, after 1 s and 3 s).  Else all wait
 * for a server that serves none of them, be it for TLS or for the echo. */
static const uint64_t HANDSHAKE_PATIENCE_NS = 5ull * NS_PER_S;
static const uint64_t LOOK_NS = NS_PER_S / 10; /* How often patience is looked at. */

static void count_failure(struct worker *worker, int error)
{
    struct worker_connects *connects = &worker->report->connects;
    if (connects->first_errno == 0) connects->first_errno = error;
    if (error == ECONNREFUSED)
        connects->refused++;
    else if (error == ECONNRESET || error == EPIPE)
        connects->reset++;
    else if (error == ETIMEDOUT)
        connects->timed_out++;
    else
        connects->failed++;
}

/* Which loopback address connection i comes from.  Only IPv4 has more than one of them. */
static uint32_t source_of(const struct worker *worker, uint32_t i)
{
    const struct net_address *server = &worker->setup.address;
    if (server->storage.ss_family != AF_INET || !net_is_loopback(server)) return 0;
    return (worker->setup.number * worker->setup.capacity + i) / PER_SOURCE;
}

bool worker_open(struct worker *worker, uint32_t i)
{
    uint32_t source = source_of(worker, i);
    uint32_t tag = worker->setup.number << 24 | (worker->tags++ & 0xffffff);
    struct connection *connection = &worker->connections[i];
    uint64_t now_ns = clock_ns();
    if (!connection_open(connection, &worker->setup.address, source, tag)) {
        count_failure(worker, errno);
        return false;
    }
    /* The first echo, from here on. */
    connection_schedule(connection, now_ns, (struct message_cost){0});
    worker->underway++;
    worker_watch(worker, i, EPOLL_CTL_ADD, true);
    return true;
}

/* TLS goes on.  True when its handshake is done; false while it waits for the socket, or if it
 * failed. */
static bool shake_tls(struct worker *worker, uint32_t i)
{
    struct connection *connection = &worker->connections[i];
    enum tls_shaken shaken = tls_shake(connection->tls);
    if (shaken == TLS_SHAKEN) return true;
    if (shaken == TLS_BROKEN) {
        int error = errno;
        if (worker->report->connects.first_errno == 0) /* One line for all of them. */
            fprintf(stderr, "load: in the handshake of TLS: %s\n",
                    tls_why(connection->tls)[0] ? tls_why(connection->tls) : strerror(error));
        worker_end_connection(worker, i, error);
        return false;
    }
    bool writable = shaken == TLS_WAITS_TO_WRITE;
    if (writable != connection->asks_writable) worker_watch(worker, i, EPOLL_CTL_MOD, writable);
    return false;
}

/* The handshakes are done: what they were is known. */
static void count_handshake(struct worker *worker, const struct connection *connection)
{
    struct worker_connects *connects = &worker->report->connects;
    struct tls_handshake tls = {0};
    if (connection->tls != NULL) tls = tls_handshake(connection->tls);
    histogram_record(&connects->handshake_ns, clock_ns() - connection_due_ns(connection));
    histogram_record(&connects->round_trips, TCP_ROUND_TRIPS + tls.round_trips);
    connects->handshake_sent_b += tls.sent_b;
    connects->handshake_received_b += tls.received_b;
    connects->resumed += tls.resumed;
}

void worker_shake_hands(struct worker *worker, uint32_t i)
{
    struct connection *connection = &worker->connections[i];
    if (connection->state == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            worker_end_connection(worker, i, error);
            return;
        }
        connection->state = SHAKING;
        if (worker->setup.tls != NULL)
            connection->tls = tls_begin(worker->setup.tls, connection->fd);
    }
    if (connection->tls != NULL && !shake_tls(worker, i)) return;
    count_handshake(worker, connection);
    connection->state = FIRST_ECHO;
    worker_send_scheduled(worker, i);
}

void worker_end_connection(struct worker *worker, uint32_t i, int error)
{
    struct connection *connection = &worker->connections[i];
    bool stood = connection->state == READY;
    if (stood) {
        worker->report->open--;
        if (error != 0) worker->report->traffic.reset++;
        worker_lose_outstanding(worker, connection);
    } else { /* It had no message yet but the first echo. */
        worker->underway--;
        count_failure(worker, error);
    }
    connection_close(connection);
    if (worker->herd != NULL) worker_herd_lost(worker, i, stood);
}

void worker_part(struct worker *worker, uint32_t i)
{
    worker->underway--;
    worker->report->connects.established++;
    connection_close(&worker->connections[i]);
}

/* A short-lived client has its echo, and nothing came with it.  Some wait for the server's end of
 * the connection: bytes may come later.  Not all, because their sockets stay in TIME_WAIT. */
static void end_visit(struct worker *worker, uint32_t i)
{
    struct connection *connection = &worker->connections[i];
    bool stays = connection->tag % PARTED_EVERY == 0;
    connection->state = PARTING;
    if (!stays || shutdown(connection->fd, SHUT_WR) < 0) worker_part(worker, i);
}

void worker_establish(struct worker *worker, uint32_t i, const struct flight *flight)
{
    worker->progress_ns = clock_ns();
    histogram_record(&worker->report->connects.connect_ns,
                     worker->progress_ns - flight->intended_ns);
    if (worker->visit) {
        end_visit(worker, i);
        return;
    }
    worker->underway--;
    worker->report->connects.established++;
    worker->report->open++;
    worker->connections[i].state = READY;
    if (worker->herd != NULL) worker_herd_back(worker, i);
}

/* Opens wanted connections in free places, a bounded number at a time. */
static void open_wanted(struct worker *worker, uint32_t in_flight_max)
{
    while (worker->wanted > 0 && worker->underway < in_flight_max) {
        uint32_t i = worker->turn % worker->count;
        worker->turn = i + 1;
        if (worker->connections[i].state != CLOSED) continue;
        worker->wanted--;
        worker_open(worker, i);
    }
}

void worker_end_attempts(struct worker *worker)
{
    for (uint32_t i = 0; i < worker->count && worker->underway > 0; i++) {
        uint8_t state = worker->connections[i].state;
        if (state != CLOSED && state != READY) worker_end_connection(worker, i, ETIMEDOUT);
    }
}

static bool is_patience_lost(const struct worker *worker)
{
    uint64_t waited_ns = clock_ns() - worker->progress_ns;
    if (waited_ns < worker->setup.patience_ns) return false;
    for (uint32_t i = 0; i < worker->count && waited_ns < HANDSHAKE_PATIENCE_NS; i++)
        if (worker->connections[i].state == CONNECTING) return false;
    return true;
}

/* Opens all that is wanted, until each stands or has failed, or nothing moves any more. */
static void connect_all(struct worker *worker, uint32_t in_flight_max)
{
    worker->progress_ns = clock_ns();
    while ((worker->wanted > 0 || worker->underway > 0) && !is_patience_lost(worker)) {
        open_wanted(worker, in_flight_max);
        uint64_t now_ns = clock_ns();
        if (worker->underway > 0) worker_handle_events(worker, now_ns, now_ns + LOOK_NS);
    }
    worker_end_attempts(worker);
    for (; worker->wanted > 0; worker->wanted--)
        count_failure(worker, ETIMEDOUT);
}

/* What befell connections that stood already: no window is there to tell it. */
static void take_over_failures(struct worker_report *report)
{
    struct worker_connects *connects = &report->connects;
    connects->corrupt += report->traffic.corrupt;
    connects->reset += report->traffic.reset;
    if (report->traffic.reset > 0 && connects->first_errno == 0) connects->first_errno = ECONNRESET;
}

void worker_connect(struct worker *worker, const struct worker_command *command)
{
    worker->report->connects = (struct worker_connects){0};
    worker->visit = command->kind == WORKER_VISIT;
    uint32_t places = worker->visit ? command->in_flight_max : command->connections;
    for (uint32_t i = places; i < worker->count; i++)
        if (worker->connections[i].state == READY) worker_end_connection(worker, i, 0);
    struct connection *more = realloc(worker->connections, (places + 1) * sizeof *more);
    if (more == NULL) die("realloc");
    worker->connections = more;
    for (uint32_t i = worker->count; i < places; i++)
        more[i] = (struct connection){.fd = -1};
    worker->count = places;
    worker->turn = 0;
    worker->wanted = command->connections - (uint32_t)worker->report->open;
    worker->report->traffic = (struct worker_traffic){0};
    worker->report->connects.asked = worker->wanted;
    struct worker_connects *connects = &worker->report->connects;
    uint64_t cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    connects->begin_ns = clock_ns();
    connect_all(worker, command->in_flight_max);
    take_over_failures(worker->report);
    connects->end_ns = clock_ns();
    connects->cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
}
