/* pool.c -- a worker's sockets: opened, watched by epoll, compared with what was sent, ended. */
#include "clients/pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients/wait.h"
#include "common/clock.h"
#include "common/die.h"

enum { EVENTS_MAX = 256 };

/* Connections per source address.  It has about 28,000 ports, but the kernel tries those of one
 * parity first, one after the other: beyond half of them a connect takes 1 ms instead of 30 us. */
enum { PER_SOURCE = 12000 };

/* The SYN that goes and the SYN that returns: the kernel's work, no byte of it passes here. */
enum { TCP_ROUND_TRIPS = 1 };

struct pool pool_new(const struct worker_setup *setup, struct worker_report *report)
{
    struct pool pool = {.setup = *setup,
                        .report = report,
                        .kind = message_kind_of(setup->message_b),
                        .scratch = malloc(setup->message_b),
                        .received = malloc(POOL_RECEIVE_B),
                        .epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    if (pool.scratch == NULL || pool.received == NULL) die("malloc");
    if (pool.epoll_fd < 0) die("epoll_create1");
    return pool;
}

void pool_free(struct pool *pool)
{
    free(pool->scratch);
    free(pool->received);
    close(pool->epoll_fd);
}

void pool_resize(struct pool *pool, uint32_t places)
{
    struct connection *more = realloc(pool->connections, (places + 1) * sizeof *more);
    if (more == NULL) die("realloc");
    pool->connections = more;
    for (uint32_t i = pool->count; i < places; i++)
        more[i] = (struct connection){.fd = -1};
    pool->count = places;
}

void pool_watch(struct pool *pool, uint32_t i, int operation, bool writable)
{
    struct epoll_event event = {.events = EPOLLIN | (writable ? EPOLLOUT : 0), .data.u32 = i};
    if (epoll_ctl(pool->epoll_fd, operation, pool->connections[i].fd, &event) < 0) die("epoll_ctl");
    pool->connections[i].asks_writable = writable;
}

void pool_count_failure(struct pool *pool, int error)
{
    struct worker_connects *connects = &pool->report->connects;
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

/* ---- opening ---- */

/* Which loopback address connection i comes from.  Only IPv4 has more than one of them. */
static uint32_t source_of(const struct pool *pool, uint32_t i)
{
    const struct net_address *server = &pool->setup.address;
    if (server->storage.ss_family != AF_INET || !net_is_loopback(server)) return 0;
    return (pool->setup.number * pool->setup.capacity + i) / PER_SOURCE;
}

bool pool_open(struct pool *pool, uint32_t i)
{
    uint32_t source = source_of(pool, i);
    uint32_t tag = pool->setup.number << 24 | (pool->tags++ & 0xffffff);
    struct connection *connection = &pool->connections[i];
    uint64_t now_ns = clock_ns();
    if (!connection_open(connection, &pool->setup.address, source, tag)) {
        pool_count_failure(pool, errno);
        return false;
    }
    /* The first echo, from here on. */
    connection_schedule(connection, now_ns, (struct message_cost){0});
    pool->underway++;
    pool_watch(pool, i, EPOLL_CTL_ADD, true);
    return true;
}

/* TLS goes on.  True when its handshake is done; false while it waits for the socket, or if it
 * failed. */
static bool shake_tls(struct pool *pool, uint32_t i)
{
    struct connection *connection = &pool->connections[i];
    enum tls_shaken shaken = tls_shake(connection->tls);
    if (shaken == TLS_SHAKEN) return true;
    if (shaken == TLS_BROKEN) {
        int error = errno;
        if (pool->report->connects.first_errno == 0) /* One line for all of them. */
            fprintf(stderr, "load: in the handshake of TLS: %s\n",
                    tls_why(connection->tls)[0] ? tls_why(connection->tls) : strerror(error));
        pool_end(pool, i, error);
        return false;
    }
    bool writable = shaken == TLS_WAITS_TO_WRITE;
    if (writable != connection->asks_writable) pool_watch(pool, i, EPOLL_CTL_MOD, writable);
    return false;
}

/* The handshakes are done: what they were is known. */
static void count_handshake(struct pool *pool, const struct connection *connection)
{
    struct worker_connects *connects = &pool->report->connects;
    struct tls_handshake tls = {0};
    if (connection->tls != NULL) tls = tls_handshake(connection->tls);
    histogram_record(&connects->handshake_ns, clock_ns() - connection_due_ns(connection));
    histogram_record(&connects->round_trips, TCP_ROUND_TRIPS + tls.round_trips);
    connects->handshake_sent_b += tls.sent_b;
    connects->handshake_received_b += tls.received_b;
    connects->resumed += tls.resumed;
}

/* Goes on with the handshakes of connection i; when they are done, its first message goes. */
static void shake_hands(struct pool *pool, uint32_t i)
{
    struct connection *connection = &pool->connections[i];
    if (connection->state == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            pool_end(pool, i, error);
            return;
        }
        connection->state = SHAKING;
        if (pool->setup.tls != NULL) connection->tls = tls_begin(pool->setup.tls, connection->fd);
    }
    if (connection->tls != NULL && !shake_tls(pool, i)) return;
    count_handshake(pool, connection);
    connection->state = FIRST_ECHO;
    pool_send(pool, i);
}

uint64_t pool_count_connect(struct pool *pool, const struct flight *first)
{
    uint64_t now_ns = clock_ns();
    histogram_record(&pool->report->connects.connect_ns, now_ns - first->intended_ns);
    return now_ns;
}

void pool_keep(struct pool *pool, uint32_t i)
{
    pool->underway--;
    pool->report->connects.established++;
    pool->report->open++;
    pool->connections[i].state = READY;
}

/* ---- sending and ending ---- */

void pool_send(struct pool *pool, uint32_t i)
{
    struct connection *connection = &pool->connections[i];
    if (!connection_send(connection, &pool->kind, pool->scratch)) {
        pool_end(pool, i, errno);
        return;
    }
    bool more = connection->sent != connection->scheduled;
    if (more != connection->asks_writable) pool_watch(pool, i, EPOLL_CTL_MOD, more);
}

void pool_part(struct pool *pool, uint32_t i)
{
    pool->underway--;
    pool->report->connects.established++;
    connection_close(&pool->connections[i]);
}

void pool_end(struct pool *pool, uint32_t i, int error)
{
    struct connection *connection = &pool->connections[i];
    bool stood = connection->state == READY;
    if (stood) {
        pool->report->open--;
        if (error != 0) pool->report->traffic.reset++;
    } else { /* It had no message yet but the first echo. */
        pool->underway--;
        pool_count_failure(pool, error);
    }
    pool->job->ended(pool->job, i, stood);
    connection_close(connection);
}

void pool_end_attempts(struct pool *pool)
{
    for (uint32_t i = 0; i < pool->count && pool->underway > 0; i++) {
        uint8_t state = pool->connections[i].state;
        if (state != CLOSED && state != READY) pool_end(pool, i, ETIMEDOUT);
    }
}

/* ---- events ---- */

/* Nothing came from connection i: recv(2) returned `got`, 0 or less. */
static void take_end(struct pool *pool, uint32_t i, ssize_t got)
{
    struct connection *connection = &pool->connections[i];
    bool again = got < 0 && (errno == EAGAIN || errno == EINTR);
    /* TLS ends without a word where its half-close was none. */
    bool in_order = got == 0 || (connection->tls != NULL && !again);
    if (connection->state == PARTING && in_order) {
        pool_part(pool, i);
    } else if (got == 0) {
        pool->report->herd.lost_in_order += connection->state == READY;
        pool_end(pool, i, ECONNRESET);
    } else if (!again) {
        pool_end(pool, i, errno);
    }
}

/* Reads once from connection i and compares.  Returns the time after the read. */
static uint64_t receive(struct pool *pool, uint32_t i)
{
    struct connection *connection = &pool->connections[i];
    ssize_t got = connection_receive(connection, pool->received, POOL_RECEIVE_B);
    uint64_t now_ns = clock_ns();
    if (got <= 0) {
        take_end(pool, i, got);
        return now_ns;
    }
    struct job *job = pool->job;
    const char *bytes = pool->received;
    size_t size = (size_t)got;
    struct flight flight;
    while (connection->state != CLOSED) {
        enum connection_taken taken =
            connection_take(connection, &pool->kind, &bytes, &size, &flight);
        if (taken == TAKEN_ALL) break;
        if (taken == TAKEN_WRONG) {
            *(connection->state == READY ? &pool->report->traffic.corrupt
                                         : &pool->report->connects.corrupt) += 1;
            pool_end(pool, i, EBADMSG);
        } else if (connection->state == FIRST_ECHO) {
            job->stands(job, i, &flight, size > 0);
        } else {
            job->echo(job, i, &flight, now_ns);
        }
    }
    return now_ns;
}

/* Handles one event.  Returns the time, as far as it is known, else 0. */
static uint64_t on_event(struct pool *pool, const struct epoll_event *event)
{
    uint32_t i = event->data.u32;
    struct connection *connection = &pool->connections[i];
    if (connection->state == CLOSED) return 0; /* Ended by an event before this one. */
    if (connection->state == CONNECTING || connection->state == SHAKING) {
        shake_hands(pool, i);
        return 0;
    }
    if (event->events & EPOLLOUT) pool_send(pool, i);
    if (connection->state != CLOSED && event->events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        return receive(pool, i);
    return 0;
}

void pool_handle_events(struct pool *pool, uint64_t now_ns, uint64_t until_ns)
{
    struct epoll_event events[EVENTS_MAX];
    struct job *job = pool->job;
    uint64_t wait_ns = wait_asleep_ns(until_ns > now_ns ? until_ns - now_ns : 0, job->spin);
    int ready = wait_for_events(pool->epoll_fd, events, EVENTS_MAX, wait_ns);
    if (job->spin && (ready == 0 || wait_ns > 0)) pool->idle_ns += clock_ns() - now_ns;
    for (int k = 0; k < ready; k++) {
        uint64_t after_ns = on_event(pool, &events[k]);
        if (after_ns >= job->schedule.next_ns) job->due(job, after_ns);
    }
}
