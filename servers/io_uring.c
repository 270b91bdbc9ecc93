/* io_uring.c -- do not ask who is ready: say what you wish, and hear what was done.
 *
 *   submission ring                             completion ring
 *     accept, from now on  ──▶ ┌────────┐ ──▶ accepted: receive, from now on
 *     receive, from now on ──▶ │ kernel │ ──▶ received, in buffer 17: send that
 *     send buffer 17       ──▶ └────────┘ ──▶ sent: buffer 17 goes back
 *                                ▲    ▼
 *                 pool of buffers, one for all clients
 *
 * One system call hands over all that was wished since the last one, and waits.
 * Cost: 48 bytes per idle client, more in the kernel, and the pool.  What a client does not take at
 * once leaves the pool, or those who never read would empty it; until then we receive no more. */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/costs.h"
#include "common/die.h"
#include "common/net.h"
#include "common/signals.h"
#include "servers/server.h"

enum {
    WISHES_MAX = 2,     /* That on_done() adds. */
    BUFFERS_MAX = 4096, /* A power of 2: io_uring_register_buf_ring(3). */
    BUFFER_B = 4096,    /* So that a pool for thousands of messages stays small. */
};

/* What the kernel does for a client; stands in the lowest bits of the connection's address. */
enum wish { CANCEL, ACCEPT, RECEIVE, SEND, SEND_HELD, WISH_BITS = 7 };

/* Bytes that left the pool. */
struct held {
    size_t sent, size;
    char bytes[];
};

struct connection {
    int fd;
    uint16_t buffer, buffer_size; /* Which one of the pool the kernel sends, and what is in it. */
    bool sending;                 /* It does, or it sends what is held. */
    bool receiving, cancelled;    /* It has a receive of ours; it was told to end it. */
    bool over, broken;            /* Nothing more will come; nothing more can be sent either. */
    struct costs line;
    struct held *held; /* What the client did not take yet.  Never grows while it is being sent. */
};

static long buffer_count = 1024, ring_size = 1024;
static struct io_uring ring;
static char buffers[BUFFERS_MAX][BUFFER_B];
static _Alignas(64 * 1024) struct io_uring_buf pool[BUFFERS_MAX]; /* Begins a page. */
static struct __kernel_timespec retry = {.tv_nsec = SERVER_RETRY_MS * NS_PER_MS};
static int listener;
static bool accepting, pay_costs;
static uint64_t retry_at_ns; /* When nobody is accepted: others may have freed something. */

/* ---- wishes ---- */

/* A wish to be filled in, marked so that we know its completion.  There is room: see serve(). */
static struct io_uring_sqe *add_wish(struct connection *connection, enum wish wish)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
    io_uring_sqe_set_data64(entry, (uintptr_t)connection | wish);
    return entry;
}

static bool may_wish(void)
{
    return io_uring_sq_space_left(&ring) >= WISHES_MAX;
}

static void accept_from_now_on(void)
{
    io_uring_prep_multishot_accept(add_wish(NULL, ACCEPT), listener, NULL, NULL, SOCK_CLOEXEC);
    accepting = true;
}

/* ---- the pool, and bytes that left it ---- */

/* Gives a buffer to the kernel: once for each time we got it, when nobody reads it any more. */
static void give_back(int number)
{
    struct io_uring_buf_ring *tail = (struct io_uring_buf_ring *)pool;
    io_uring_buf_ring_add(tail, buffers[number], BUFFER_B, (uint16_t)number, BUFFERS_MAX - 1, 0);
    io_uring_buf_ring_advance(tail, 1);
}

/* Holds bytes in front of, or behind, those that are held already. */
static void hold(struct connection *connection, bool in_front, const char *bytes, size_t size)
{
    size_t before = connection->held == NULL ? 0 : connection->held->size;
    struct held *held = realloc(connection->held, sizeof *held + before + size);
    if (held == NULL) connection->broken = true; /* Better no echo than a wrong one. */
    if (held == NULL) return;
    if (in_front) memmove(held->bytes + size, held->bytes, before);
    memcpy(held->bytes + (in_front ? 0 : before), bytes, size);
    held->sent = 0;
    held->size = before + size;
    connection->held = held;
}

/* ---- one connection ---- */

/* Wishes what is due now.  While something is held, first the receive must end, then it is sent. */
static void go_on(struct connection *connection)
{
    struct held *held = connection->broken ? NULL : connection->held;
    if (connection->receiving) {
        if (connection->cancelled || (held == NULL && !connection->broken)) return;
        io_uring_prep_cancel64(add_wish(NULL, CANCEL), (uintptr_t)connection | RECEIVE, 0);
        connection->cancelled = true;
    } else if (connection->sending) {
        return; /* We come back when it is done: with what was held, when the client reads. */
    } else if (held != NULL) {
        io_uring_prep_send(add_wish(connection, SEND_HELD), connection->fd,
                           held->bytes + held->sent, held->size - held->sent, 0);
        connection->sending = true;
    } else if (!connection->over && !connection->broken) {
        struct io_uring_sqe *entry = add_wish(connection, RECEIVE);
        io_uring_prep_recv_multishot(entry, connection->fd, NULL, 0, 0);
        entry->flags |= IOSQE_BUFFER_SELECT; /* From pool 0, our only one. */
        connection->receiving = true;
    } else {
        close(connection->fd);
        free(connection->held);
        free(connection);
        if (!accepting) accept_from_now_on(); /* There is room. */
    }
}

/* ---- what was done ---- */

/* Accepts nobody until somebody goes, or SERVER_RETRY_MS are over. */
static void on_shortage(const char *call, int error)
{
    errno = error;
    server_ran_out(call);
    retry_at_ns = clock_ns() + SERVER_RETRY_MS * NS_PER_MS;
    if (accepting) io_uring_prep_cancel64(add_wish(NULL, CANCEL), ACCEPT, 0);
}

static void on_accepted(int fd, bool more)
{
    accepting = more;
    if (fd == -ECANCELED) return; /* As on_shortage() wished. */
    if (fd < 0 && server_is_shortage(-fd)) {
        on_shortage("accept", -fd);
        return;
    }
    struct connection *connection = fd < 0 ? NULL : calloc(1, sizeof *connection);
    if (fd >= 0 && connection == NULL) {
        close(fd);
        on_shortage("memory for a client", ENOMEM);
        return;
    }
    if (!accepting) accept_from_now_on();
    if (connection == NULL) return; /* That client is gone already. */
    connection->fd = fd;
    go_on(connection);
}

/* Sends what is in a buffer, or holds it behind what is being sent.  True: the buffer is in use. */
static bool echo(struct connection *connection, int number, size_t size)
{
    if (size == 0 || connection->broken) return false;
    if (pay_costs) costs_pay(costs_scan(&connection->line, buffers[number], size));
    if (connection->sending || connection->held != NULL) {
        hold(connection, false, buffers[number], size);
        return false;
    }
    /* Not waiting: what the client does not take at once shall not keep the buffer. */
    io_uring_prep_send(add_wish(connection, SEND), connection->fd, buffers[number], size,
                       MSG_DONTWAIT);
    connection->sending = true;
    connection->buffer = (uint16_t)number;
    connection->buffer_size = (uint16_t)size;
    return true;
}

static bool is_not_now(int error)
{
    return error == EAGAIN || error == EINTR || error == EBUSY || error == ENOBUFS ||
           error == ECANCELED || error == ETIME;
}

static void on_received(struct connection *connection, int result, unsigned flags)
{
    if (!(flags & IORING_CQE_F_MORE)) connection->receiving = connection->cancelled = false;
    if (flags & IORING_CQE_F_BUFFER) {
        int number = (int)(flags >> IORING_CQE_BUFFER_SHIFT);
        if (!echo(connection, number, result > 0 ? (size_t)result : 0)) give_back(number);
    }
    if (result == 0) connection->over = true; /* Half-closed: what is left is sent. */
    if (result < 0 && !is_not_now(-result)) connection->broken = true;
    go_on(connection);
}

static void on_sent(struct connection *connection, bool from_pool, int result)
{
    size_t sent = result > 0 ? (size_t)result : 0;
    struct held *held = connection->held;
    connection->sending = false;
    if (result < 0 && !is_not_now(-result)) connection->broken = true;
    if (from_pool) {
        size_t left = connection->buffer_size - sent;
        if (left > 0) hold(connection, true, buffers[connection->buffer] + sent, left);
        give_back(connection->buffer);
    } else if ((held->sent += sent) == held->size) {
        free(held);
        connection->held = NULL;
    }
    go_on(connection);
}

static void on_done(const struct io_uring_cqe *done)
{
    enum wish wish = done->user_data & WISH_BITS;
    struct connection *connection = (void *)(uintptr_t)(done->user_data - wish);
    if (wish == ACCEPT) on_accepted(done->res, done->flags & IORING_CQE_F_MORE);
    if (wish == RECEIVE) on_received(connection, done->res, done->flags);
    if (wish == SEND || wish == SEND_HELD) on_sent(connection, wish == SEND, done->res);
} /* Not CANCEL: the receive tells that it ended. */

/* ---- the loop ---- */

/* Calls of liburing return the reason, and leave errno alone. */
static _Noreturn void die_of(const char *call, int error)
{
    errno = error;
    die(call);
}

static void set_up(void)
{
    int error = -io_uring_queue_init((unsigned)ring_size, &ring,
                                     IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
    if (error != 0) /* DEFER_TASKRUN is the youngest feature that we use. */
        die_because("not on this machine: %s: needs Linux 6.1 and kernel.io_uring_disabled = 0",
                    strerror(error));
    struct io_uring_buf_reg where = {.ring_addr = (uintptr_t)pool, .ring_entries = BUFFERS_MAX};
    error = -io_uring_register_buf_ring(&ring, &where, 0);
    if (error != 0) die_of("io_uring_register_buf_ring", error);
    memset(buffers, 1, (size_t)buffer_count * BUFFER_B); /* So that no client pays for a page. */
    for (int i = 0; i < buffer_count; i++)
        give_back(i);
}

//DOC: io-uring-loop
static void serve(int listen_fd, const struct server_options *options)
{
    pay_costs = options->costs;
    listener = listen_fd;
    net_no_delay(listener); /* Those whom it accepts inherit that. */
    set_up();
    accept_from_now_on();
    for (;;) {
        struct io_uring_cqe *done;
        unsigned head, seen = 0;
        signals_let_in();
        bool patient = accepting && !SIGNALS_ARE_HELD;
        int result =
            io_uring_submit_and_wait_timeout(&ring, &done, 1, patient ? NULL : &retry, NULL);
        if (result < 0 && !is_not_now(-result)) die_of("io_uring_enter", -result);
        if (!accepting && clock_ns() >= retry_at_ns && may_wish()) accept_from_now_on();
        io_uring_for_each_cqe(&ring, head, done)
        {
            if (!may_wish()) break;
            on_done(done);
            seen++;
        }
        io_uring_cq_advance(&ring, seen);
    }
}
//DOC-END: io-uring-loop

static const struct server_knob knobs[] = {
    {.name = "buffers",
     .help = "buffers of 4 KiB in the pool of all clients",
     .value = &buffer_count,
     .min = 1,
     .max = BUFFERS_MAX},
    {.name = "ring",
     .help = "wishes that one system call can hand over",
     .value = &ring_size,
     .min = 4,
     .max = 4096},
    {0},
};

const struct server_model server_model = {
    .summary = "one io_uring: multishot accept and receive, a pool of buffers",
    .knobs = knobs,
    .serve = serve,
};
