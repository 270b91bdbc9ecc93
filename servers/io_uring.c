/* io_uring.c -- do not ask who is ready: say what is to be done, and hear what was done.
 *
 *   submission ring                                 completion ring
 *     accept, from now on  ──▶ ┌────────┐ ──▶  accepted: receive, from now on
 *     receive, from now on ──▶ │ kernel │ ──▶  received, in buffer 17: send that
 *     send buffer 17       ──▶ └────────┘ ──▶  sent: buffer 17 goes back to the pool
 *                                 ▲ └── takes from
 *                            pool of buffers, one for all clients
 *
 * One system call hands over all that was said since the last one, and waits.
 *
 * Cost: 48 bytes per idle client, more in the kernel, and the pool.  What a client does not take at
 * once leaves the pool for memory of its own, so that those who do not read cannot empty it; and
 * while there is some, we do not receive from that client. */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/costs.h"
#include "common/die.h"
#include "common/net.h"
#include "servers/server.h"

enum {
    BUFFER_B = 4096,           /* So that a pool for thousands of messages stays small. */
    SUBMISSIONS_PER_EVENT = 2, /* That one completion leads to, at most. */
};

/* What the kernel does for a client; stands in the lowest bits of the connection's address. */
enum operation { CANCEL, ACCEPT, RECEIVE, SEND, OPERATION_BITS = 3 };

/* Bytes that left the pool. */
struct held {
    size_t sent, size;
    char bytes[];
};

struct connection {
    int fd;
    uint16_t buffer;           /* Of the pool: is being sent, if `sending` and nothing is held. */
    uint16_t buffer_size;      /* What is in it. */
    bool receiving, cancelled; /* The kernel has a receive of ours; it was told to end it. */
    bool sending;              /* The kernel has a send of ours. */
    bool over, broken;         /* Nothing more will come; and nothing more can be sent. */
    struct costs line;
    struct held *held; /* Is sent first, and stays where it is meanwhile. */
    struct held *more; /* What came meanwhile. */
};

static long buffer_count = 2048, ring_size = 1024;
static struct io_uring ring;
static struct io_uring_buf_ring *pool;
static char *buffers;
static int listener;
static bool accepting, pay_costs;

/* Room for one more wish, marked so that we know its completion.  There is room: see serve(). */
static struct io_uring_sqe *wish(struct connection *connection, enum operation operation)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
    io_uring_sqe_set_data64(entry, (uintptr_t)connection | operation);
    return entry;
}

static void accept_from_now_on(void)
{
    io_uring_prep_multishot_accept(wish(NULL, ACCEPT), listener, NULL, NULL, SOCK_CLOEXEC);
    accepting = true;
}

static void receive_from_now_on(struct connection *connection)
{
    struct io_uring_sqe *entry = wish(connection, RECEIVE);
    io_uring_prep_recv_multishot(entry, connection->fd, NULL, 0, 0);
    entry->flags |= IOSQE_BUFFER_SELECT; /* From group 0, our only one. */
    connection->receiving = true;
}

static void stop_receiving(struct connection *connection)
{
    io_uring_prep_cancel64(wish(NULL, CANCEL), (uintptr_t)connection | RECEIVE, 0);
    connection->cancelled = true;
}

static void send_bytes(struct connection *connection, const char *bytes, size_t size, int flags)
{
    io_uring_prep_send(wish(connection, SEND), connection->fd, bytes, size, flags);
    connection->sending = true;
}

static char *buffer_at(long number)
{
    return buffers + number * BUFFER_B;
}

/* Hands a buffer to the kernel: once for each time that we got it, when nobody reads it any more.
 */
static void give_back(long number)
{
    int mask = io_uring_buf_ring_mask((unsigned)buffer_count);
    io_uring_buf_ring_add(pool, buffer_at(number), BUFFER_B, (uint16_t)number, mask, 0);
    io_uring_buf_ring_advance(pool, 1);
}

/* Appends bytes to what is held.  Without memory for it: better no echo than a wrong one. */
static void keep(struct connection *connection, struct held **held, const char *bytes, size_t size)
{
    size_t before = *held == NULL ? 0 : (*held)->size;
    struct held *grown = realloc(*held, sizeof *grown + before + size);
    if (grown == NULL) {
        connection->over = connection->broken = true;
        return;
    }
    if (*held == NULL) grown->sent = 0;
    memcpy(grown->bytes + before, bytes, size);
    grown->size = before + size;
    *held = grown;
}

static void close_connection(struct connection *connection)
{
    close(connection->fd);
    free(connection->held);
    free(connection->more);
    free(connection);
    if (!accepting) accept_from_now_on(); /* There is room. */
}

//DOC: io_uring-backpressure
/* Wishes what is due now: a send, the begin or end of receiving, or the end of all. */
static void go_on(struct connection *connection)
{
    if (connection->held == NULL && !connection->sending) {
        connection->held = connection->more;
        connection->more = NULL;
    }
    struct held *held = connection->held;
    bool broken = connection->broken, behind = held != NULL || connection->more != NULL;
    if (held != NULL && !connection->sending && !broken) /* Waits until the client reads. */
        send_bytes(connection, held->bytes + held->sent, held->size - held->sent, 0);
    if (connection->receiving) {
        if ((behind || broken) && !connection->cancelled) stop_receiving(connection);
    } else if (!connection->over && !behind) {
        receive_from_now_on(connection); /* Also after ENOBUFS: some come back in every round. */
    } else if (connection->over && !connection->sending) {
        close_connection(connection);
    }
}
//DOC-END: io_uring-backpressure

static void on_accepted(int result, bool more)
{
    accepting = more;
    if (result < 0 && server_is_shortage(-result)) {
        errno = -result;
        server_ran_out("accept");
        return; /* Until somebody goes, or SERVER_RETRY_MS are over. */
    }
    if (!accepting) accept_from_now_on();
    if (result < 0) return; /* That client is gone already. */
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        server_ran_out("malloc");
        close(result);
        return;
    }
    connection->fd = result;
    receive_from_now_on(connection);
}

/* Sends what is in a buffer, or holds it behind what is being sent.  True: the buffer is in use. */
static bool echo(struct connection *connection, long number, size_t size)
{
    if (size == 0 || connection->broken) return false;
    if (pay_costs) costs_pay(costs_scan(&connection->line, buffer_at(number), size));
    if (connection->sending) {
        keep(connection, &connection->more, buffer_at(number), size);
        return false;
    }
    connection->buffer = (uint16_t)number;
    connection->buffer_size = (uint16_t)size;
    send_bytes(connection, buffer_at(number), size, MSG_DONTWAIT); /* What fits, and at once. */
    return true;
}

static bool is_not_now(int result)
{
    return result == -EAGAIN || result == -EINTR || result == -EBUSY || result == -ENOBUFS;
}

static void on_received(struct connection *connection, int result, unsigned flags)
{
    if (!(flags & IORING_CQE_F_MORE)) connection->receiving = connection->cancelled = false;
    if (flags & IORING_CQE_F_BUFFER) {
        long number = flags >> IORING_CQE_BUFFER_SHIFT;
        if (!echo(connection, number, result > 0 ? (size_t)result : 0)) give_back(number);
    }
    if (result == 0) connection->over = true; /* Half-closed: what is left is sent. */
    if (result < 0 && result != -ECANCELED && !is_not_now(result))
        connection->over = connection->broken = true;
    go_on(connection);
}

static void on_sent(struct connection *connection, int result)
{
    struct held *held = connection->held;
    size_t sent = result > 0 ? (size_t)result : 0;
    connection->sending = false;
    if (result < 0 && !is_not_now(result)) connection->over = connection->broken = true;
    if (held == NULL) {
        const char *bytes = buffer_at(connection->buffer);
        size_t left = connection->buffer_size - sent;
        if (left > 0) keep(connection, &connection->held, bytes + sent, left);
        give_back(connection->buffer);
    } else if ((held->sent += sent) == held->size) {
        free(held);
        connection->held = NULL;
    }
    go_on(connection);
}

static void on_event(const struct io_uring_cqe *event)
{
    uint64_t mark = event->user_data;
    struct connection *connection = (void *)(uintptr_t)(mark & ~(uint64_t)OPERATION_BITS);
    switch ((enum operation)(mark & OPERATION_BITS)) {
    case ACCEPT:
        on_accepted(event->res, event->flags & IORING_CQE_F_MORE);
        break;
    case RECEIVE:
        on_received(connection, event->res, event->flags);
        break;
    case SEND:
        on_sent(connection, event->res);
        break;
    case CANCEL:
        break; /* The receive tells by itself that it ended. */
    }
}

static void set_up(void)
{
    int error = -io_uring_queue_init((unsigned)ring_size, &ring,
                                     IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
    if (error == EINVAL || error == ENOSYS) /* DEFER_TASKRUN is the youngest that we use. */
        die_because("not on this machine: needs Linux 6.1 or later with io_uring");
    if (error == EPERM)
        die_because("not on this machine: io_uring is forbidden (kernel.io_uring_disabled)");
    errno = error;
    if (error != 0) die("io_uring_queue_init");
    io_uring_register_ring_fd(&ring); /* Best effort: spares a look-up in every call. */
    size_t entries_b = (size_t)buffer_count * sizeof(struct io_uring_buf);
    pool = mmap(NULL, entries_b + (size_t)buffer_count * BUFFER_B, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (pool == MAP_FAILED) die("mmap");
    buffers = (char *)pool + entries_b;
    struct io_uring_buf_reg group = {.ring_addr = (uintptr_t)pool,
                                     .ring_entries = (unsigned)buffer_count};
    errno = -io_uring_register_buf_ring(&ring, &group, 0);
    if (errno != 0) die("io_uring_register_buf_ring: --buffers takes a power of 2");
    for (long i = 0; i < buffer_count; i++)
        give_back(i);
}

static void serve(int listen_fd, const struct server_options *options)
{
    pay_costs = options->costs;
    listener = listen_fd;
    net_no_delay(listener); /* Those whom it accepts inherit that. */
    set_up();
    accept_from_now_on();
    for (;;) {
        struct __kernel_timespec retry = {.tv_nsec = SERVER_RETRY_MS * NS_PER_MS};
        struct io_uring_cqe *event;
        int result =
            io_uring_submit_and_wait_timeout(&ring, &event, 1, accepting ? NULL : &retry, NULL);
        if (result == -ETIME) accept_from_now_on(); /* Perhaps others freed something. */
        errno = -result;
        if (result < 0 && result != -ETIME && !is_not_now(result)) die("io_uring_enter");
        unsigned head, seen = 0;
        io_uring_for_each_cqe(&ring, head, event)
        {
            if (io_uring_sq_space_left(&ring) < SUBMISSIONS_PER_EVENT) break;
            on_event(event);
            seen++;
        }
        io_uring_cq_advance(&ring, seen);
    }
}

static const struct server_knob knobs[] = {
    {.name = "buffers", .help = "power of 2", .value = &buffer_count, .min = 1, .max = 32768},
    {.name = "ring", .help = "power of 2", .value = &ring_size, .min = 4, .max = 4096},
    {0},
};

const struct server_model server_model = {
    .summary = "one io_uring: multishot accept and receive, a pool of buffers",
    .knobs = knobs,
    .serve = serve,
};
