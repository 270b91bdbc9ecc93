/* io_uring.c -- do not ask which socket is ready: submit the operations, and get them completed.
 *
 *   submission ring                             completion ring
 *     accept, from now on  ──▶ ┌────────┐ ──▶ accepted: receive
 *     receive              ──▶ │ kernel │ ──▶ received, in buffer 17: send that
 *     send buffer 17       ──▶ └────────┘ ──▶ sent: buffer 17 goes back, receive
 *                                ▲    ▼
 *                 pool of buffers, one for all clients
 *
 * One system call hands over all operations submitted since the last one, and waits.
 * Cost: 40 bytes per idle client, more in the kernel, and the pool.  A client has one operation at
 * a time, and so one buffer at most.  What it does not take at once leaves the pool, or non-reading
 * clients would empty it; until that is sent nothing more is received. */
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

/* Bytes that left the pool; with --costs, those from `paid` on still have to be paid for. */
struct held {
    size_t sent, paid, size;
    char bytes[];
};

struct connection {
    int fd;
    uint16_t buffer, size, paid; /* The buffer that is sent, what is in it, and what may be sent. */
    struct costs line;
    struct held *held;       /* What the client did not take yet. */
    struct connection *next; /* That waits for a buffer behind this one. */
};

static long buffer_count = 1024, ring_size = 1024;
static long buffers_given; /* To the kernel, so far; the others were never touched. */
static long buffers_used;  /* Of those, by us: that we got and did not give back yet. */
static struct connection *first_waiting, *last_waiting; /* For a buffer. */
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

/* ---- receiving, and the pool ---- */

static void receive(struct connection *connection)
{
    struct io_uring_sqe *entry = add_wish(connection, RECEIVE);
    io_uring_prep_recv(entry, connection->fd, NULL, BUFFER_B, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;         /* From pool 0, our only one. */
    entry->ioprio |= IORING_RECVSEND_POLL_FIRST; /* Most clients wait for their echo first. */
}

/* The client that has waited longest for a buffer tries again: there is one. */
static void let_next_receive(void)
{
    struct connection *connection = first_waiting;
    if (connection == NULL) return;
    first_waiting = connection->next;
    receive(connection);
}

/* Gives a buffer to the kernel: once for each time we got it, when nobody reads it any more. */
static void give(int number)
{
    struct io_uring_buf_ring *tail = (struct io_uring_buf_ring *)pool;
    io_uring_buf_ring_add(tail, buffers[number], BUFFER_B, (uint16_t)number, BUFFERS_MAX - 1, 0);
    io_uring_buf_ring_advance(tail, 1);
    let_next_receive();
}

static void give_back(int number)
{
    buffers_used--;
    give(number);
}

/* The pool has as many buffers as clients were ever served at once: one that finds it empty adds
 * another, or waits for its turn.  If all tried again and again, some would never be lucky. */
static void wait_for_buffer(struct connection *connection)
{
    connection->next = NULL;
    *(first_waiting == NULL ? &first_waiting : &last_waiting->next) = connection;
    last_waiting = connection;
    if (buffers_given < buffer_count)
        give((int)buffers_given++);
    else if (buffers_used == 0) /* All came back meanwhile: there will be no other occasion. */
        let_next_receive();
}

/* ---- one connection ---- */

/* How many of these bytes may be echoed now: with --costs it pays for them. */
static size_t pay(struct connection *connection, const char *bytes, size_t size)
{
    return pay_costs ? costs_pay_turn(&connection->line, bytes, size) : size;
}

static void send_buffer(struct connection *connection, int number, size_t size)
{
    connection->buffer = (uint16_t)number;
    connection->size = (uint16_t)size;
    connection->paid = (uint16_t)pay(connection, buffers[number], size);
    /* Not waiting: what the client does not take at once shall not keep the buffer. */
    io_uring_prep_send(add_wish(connection, SEND), connection->fd, buffers[number],
                       connection->paid, MSG_DONTWAIT);
}

static void send_held(struct connection *connection)
{
    struct held *held = connection->held;
    if (held->sent == held->paid)
        held->paid += pay(connection, held->bytes + held->paid, held->size - held->paid);
    io_uring_prep_send(add_wish(connection, SEND_HELD), connection->fd, held->bytes + held->sent,
                       held->paid - held->sent, 0);
}

/* Takes what was not sent out of the pool.  False: there is no memory. */
static bool hold_rest(struct connection *connection, size_t sent)
{
    size_t left = connection->size - sent;
    struct held *held = connection->held = malloc(sizeof *held + left);
    if (held == NULL) return false; /* Better no echo than a wrong one. */
    *held = (struct held){.paid = connection->paid - sent, .size = left};
    memcpy(held->bytes, buffers[connection->buffer] + sent, left);
    return true;
}

/* No operation is under way then: a client has one at a time. */
static void end(struct connection *connection)
{
    close(connection->fd);
    free(connection->held);
    free(connection);
    if (!accepting) accept_from_now_on(); /* There is room. */
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
    receive(connection);
}

static bool is_not_now(int error)
{
    return error == EAGAIN || error == EINTR || error == EBUSY || error == ENOBUFS ||
           error == ECANCELED || error == ETIME;
}

static void on_received(struct connection *connection, int result, unsigned flags)
{
    bool has_buffer = flags & IORING_CQE_F_BUFFER;
    int number = (int)(flags >> IORING_CQE_BUFFER_SHIFT);
    buffers_used += has_buffer;
    if (result > 0) {
        send_buffer(connection, number, (size_t)result);
        return;
    }
    if (has_buffer) give_back(number);
    if (result == -ENOBUFS) {
        wait_for_buffer(connection);
        return;
    }
    if (is_not_now(-result))
        receive(connection);
    else
        end(connection);                 /* Half-closed, and all was echoed; or broken. */
    if (!has_buffer) let_next_receive(); /* It left its buffer to another client. */
}

static void on_sent(struct connection *connection, int result)
{
    size_t sent = result > 0 ? (size_t)result : 0;
    bool works = result >= 0 || is_not_now(-result);
    if (works && sent < connection->size) works = hold_rest(connection, sent);
    give_back(connection->buffer);
    if (!works)
        end(connection);
    else if (connection->held != NULL)
        send_held(connection);
    else
        receive(connection);
}

static void on_held_sent(struct connection *connection, int result)
{
    struct held *held = connection->held;
    if (result < 0 && !is_not_now(-result)) {
        end(connection);
        return;
    }
    held->sent += result > 0 ? (size_t)result : 0;
    if (held->sent < held->size) {
        send_held(connection);
        return;
    }
    free(held);
    connection->held = NULL;
    receive(connection);
}

static void on_done(const struct io_uring_cqe *done)
{
    enum wish wish = done->user_data & WISH_BITS;
    struct connection *connection = (void *)(uintptr_t)(done->user_data - wish);
    if (wish == ACCEPT) on_accepted(done->res, done->flags & IORING_CQE_F_MORE);
    if (wish == RECEIVE) on_received(connection, done->res, done->flags);
    if (wish == SEND) on_sent(connection, done->res);
    if (wish == SEND_HELD) on_held_sent(connection, done->res);
} /* Not CANCEL: the accept tells that it ended. */

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
    give((int)buffers_given++);
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
     .help = "buffers of 4 KiB in the pool of all clients, at most",
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
    .summary = "one io_uring: operations completed, a pool of buffers for all",
    .knobs = knobs,
    .serve = serve,
};
