/* libuv.c -- the event loop of Node.js: register once, be called when something happened.
 *
 *   uv_run: epoll_wait ──▶ on_new_client   accept, start reading
 *               ▲      ├─▶ on_read         write at once; what is not taken: stop reading, hold it
 *               │      ├─▶ on_paid         a thread has paid (--offload): write what was held
 *               │      └─▶ on_written      start reading again
 *               └──────────────┘
 *
 * Cost: a uv_tcp_t per client.  The kernel keeps the list (epoll), so a client
 * that is silent costs no time at all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "common/costs.h"
#include "common/die.h"
#include "common/net.h"
#include "servers/server.h"

/* Descriptors that are no clients: stdio, the listener, libuv's own, and one accepted ahead. */
enum { FILES_RESERVED = 16 };

/* One client.  uv_tcp_t comes first, so that a handle is also a pointer to its connection. */
struct connection {
    uv_tcp_t tcp;
    struct costs line;
};

/* Bytes that wait for a thread or for their client, with libuv's records of that.  Meanwhile we do
 * not read from this client: so they are bounded, and stay in order. */
struct held {
    uv_write_t write; /* First, as above. */
    uv_work_t work;
    uv_stream_t *stream;
    struct costs_due due;
    size_t size;
    char bytes[];
};

static char buffer[SERVER_BUFFER_B]; /* One for all: nothing stays in it after on_read. */
static uv_tcp_t listener;
static bool pay_costs;
static long offload; /* 0: the loop pays the costs itself, and all clients wait for that. */
static long connection_count, connections_max;
static bool waiting; /* Somebody wants in, but there is no room. */

static void on_new_client(uv_stream_t *stream, int status);

static void on_closed(uv_handle_t *handle)
{
    free(handle);
    connection_count--;
    if (waiting) on_new_client((uv_stream_t *)&listener, 0);
}

static void close_connection(uv_stream_t *stream)
{
    if (!uv_is_closing((uv_handle_t *)stream)) uv_close((uv_handle_t *)stream, on_closed);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *piece);

static void on_buffer_wanted(uv_handle_t *handle, size_t suggested, uv_buf_t *piece)
{
    (void)handle, (void)suggested;
    *piece = uv_buf_init(buffer, sizeof buffer);
}

static void on_written(uv_write_t *request, int status)
{
    uv_stream_t *stream = request->handle;
    free(request);
    if (status < 0 || uv_read_start(stream, on_buffer_wanted, on_read) < 0)
        close_connection(stream);
}

/* Runs in one of libuv's threads, of which there are four, or UV_THREADPOOL_SIZE. */
static void pay(uv_work_t *request)
{
    costs_pay(((struct held *)request->data)->due);
}

static void on_paid(uv_work_t *request, int status)
{
    (void)status; /* Nobody cancels it. */
    struct held *held = request->data;
    uv_buf_t bytes = uv_buf_init(held->bytes, (unsigned)held->size);
    if (uv_write(&held->write, held->stream, &bytes, 1, on_written) == 0) return;
    close_connection(held->stream);
    free(held);
}

//DOC: libuv-backpressure
/* Keeps a copy until it is paid for and written, and does not read from this client meanwhile. */
static void hold(uv_stream_t *stream, const char *bytes, size_t size, struct costs_due due)
{
    struct held *held = malloc(sizeof *held + size);
    if (held == NULL) close_connection(stream); /* Better no echo than a wrong one. */
    if (held == NULL) return;
    *held = (struct held){.stream = stream, .due = due, .size = size, .work.data = held};
    memcpy(held->bytes, bytes, size);
    uv_read_stop(stream);
    if (due.spin_us + due.sleep_us > 0)
        uv_queue_work(stream->loop, &held->work, pay, on_paid);
    else
        on_paid(&held->work, 0);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *piece)
{
    if (size < 0) close_connection(stream); /* Half-closed (UV_EOF) with nothing held, or broken. */
    if (size <= 0) return;                  /* 0 is libuv for EAGAIN. */
    struct costs *line = &((struct connection *)stream)->line;
    struct costs_due due = {0}, nothing = {0};
    if (pay_costs) due = costs_scan(line, piece->base, (size_t)size);
    bool later = offload && due.spin_us + due.sleep_us > 0;
    if (!later) costs_pay(due);
    uv_buf_t echo = uv_buf_init(piece->base, (unsigned)size);
    ssize_t sent = later ? 0 : uv_try_write(stream, &echo, 1);
    if (sent == UV_EAGAIN) sent = 0;
    if (sent < 0)
        close_connection(stream);
    else if (sent < size)
        hold(stream, piece->base + sent, (size_t)(size - sent), later ? due : nothing);
}
//DOC-END: libuv-backpressure

/* Takes in the client that libuv holds for us, or leaves it there until somebody goes: libuv
 * accepts no further one before uv_accept() was called. */
static void on_new_client(uv_stream_t *stream, int status)
{
    if (status < 0) return; /* That client is gone already. */
    bool room = connection_count < connections_max;
    struct connection *connection = room ? calloc(1, sizeof *connection) : NULL;
    waiting = connection == NULL;
    if (waiting) {
        errno = EMFILE;
        server_ran_out("accept");
        return;
    }
    connection_count++;
    uv_stream_t *client = (uv_stream_t *)&connection->tcp;
    uv_tcp_init(stream->loop, &connection->tcp);
    if (uv_accept(stream, client) < 0 || uv_read_start(client, on_buffer_wanted, on_read) < 0)
        close_connection(client);
}

static void serve(int listen_fd, const struct server_options *options)
{
    pay_costs = options->costs;
    connections_max = sysconf(_SC_OPEN_MAX) - FILES_RESERVED;
    net_no_delay(listen_fd); /* Those whom it accepts inherit that. */
    uv_loop_t *loop = uv_default_loop();
    uv_stream_t *stream = (uv_stream_t *)&listener;
    if (uv_tcp_init(loop, &listener) < 0 || uv_tcp_open(&listener, listen_fd) < 0 ||
        uv_listen(stream, options->backlog, on_new_client) < 0)
        die("uv_listen");
    uv_run(loop, UV_RUN_DEFAULT);
}

static const struct server_knob knobs[] = {
    {.name = "offload", .help = "1: threads pay the costs", .value = &offload, .max = 1},
    {0},
};

const struct server_model server_model = {
    .summary = "one event loop of libuv callbacks",
    .knobs = knobs,
    .serve = serve,
};
