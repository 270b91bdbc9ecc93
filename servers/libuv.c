/* libuv.c -- the event loop of Node.js: register once, be called when something happened.
 *
 *   uv_run: epoll_wait ──▶ on_new_client    accept, start reading
 *               ▲      ├─▶ on_read          write at once; what is not taken:
 *               │      │                      stop reading, uv_write the rest
 *               │      └─▶ on_written       start reading again
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
#include "servers/server.h"

/* Descriptors that are not clients: stdio, the listener, libuv's own (epoll, eventfd, pipes, one in
 * reserve), and the one client that libuv accepts ahead of us. */
enum { FILES_RESERVED = 16 };

/* One client.  uv_tcp_t comes first, so that a handle is also a pointer to its connection. */
struct connection {
    uv_tcp_t tcp;
    struct costs line;
};

/* What a client did not take yet, with libuv's record of the write. */
struct held {
    uv_write_t request;
    char bytes[];
};

static char buffer[SERVER_BUFFER_B]; /* One for all: nothing stays in it after on_read. */
static bool pay_costs;
static uv_tcp_t listener;
static long connection_count, connections_max;
static bool waiting; /* Somebody wants in, but there is no room. */

/* Dies with libuv's own word for the error. */
static void must(int result, const char *call)
{
    if (result < 0) die_because("%s: %s", call, uv_strerror(result));
}

static void on_new_client(uv_stream_t *server, int status);
static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *piece);

static void on_closed(uv_handle_t *handle)
{
    free(handle);
    connection_count--;
    if (waiting) on_new_client((uv_stream_t *)&listener, 0);
}

static void close_connection(struct connection *connection)
{
    uv_handle_t *handle = (uv_handle_t *)&connection->tcp;
    if (!uv_is_closing(handle)) uv_close(handle, on_closed);
}

static void on_buffer_wanted(uv_handle_t *handle, size_t suggested, uv_buf_t *piece)
{
    (void)handle, (void)suggested;
    *piece = uv_buf_init(buffer, sizeof buffer);
}

static void on_written(uv_write_t *request, int status)
{
    struct connection *connection = (struct connection *)request->handle;
    free(request); /* First in struct held: see there. */
    if (status < 0 || uv_read_start((uv_stream_t *)&connection->tcp, on_buffer_wanted, on_read) < 0)
        close_connection(connection);
}

//DOC: libuv-backpressure
/* Leaves the rest to libuv, and does not read from this client until it is written. */
static bool hold(struct connection *connection, const char *bytes, size_t size)
{
    struct held *held = malloc(sizeof *held + size);
    if (held == NULL) return false; /* No memory for it: better no echo than a wrong one. */
    memcpy(held->bytes, bytes, size);
    uv_stream_t *stream = (uv_stream_t *)&connection->tcp;
    uv_buf_t rest = uv_buf_init(held->bytes, (unsigned)size);
    uv_read_stop(stream);
    if (uv_write(&held->request, stream, &rest, 1, on_written) == 0) return true;
    free(held);
    return false;
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *piece)
{
    struct connection *connection = (struct connection *)stream;
    if (size == 0) return; /* libuv for EAGAIN. */
    if (size < 0) {        /* Half-closed (UV_EOF) with nothing held, or broken. */
        close_connection(connection);
        return;
    }
    if (pay_costs) costs_pay(costs_scan(&connection->line, piece->base, (size_t)size));
    uv_buf_t echo = uv_buf_init(piece->base, (unsigned)size);
    int sent = uv_try_write(stream, &echo, 1);
    if (sent == UV_EAGAIN) sent = 0;
    bool alive =
        sent == size || (sent >= 0 && hold(connection, piece->base + sent, (size_t)(size - sent)));
    if (!alive) close_connection(connection);
}
//DOC-END: libuv-backpressure

/* Takes in the client that libuv holds for us, or leaves it there until somebody goes: libuv
 * accepts no further one before uv_accept() was called. */
static void on_new_client(uv_stream_t *server, int status)
{
    if (status < 0) return; /* That client is gone already. */
    errno = EMFILE;
    bool room = connection_count < connections_max;
    struct connection *connection = room ? calloc(1, sizeof *connection) : NULL;
    waiting = connection == NULL;
    if (waiting) {
        server_ran_out("accept");
        return;
    }
    must(uv_tcp_init(server->loop, &connection->tcp), "uv_tcp_init");
    connection_count++;
    uv_stream_t *stream = (uv_stream_t *)&connection->tcp;
    if (uv_accept(server, stream) < 0 || uv_read_start(stream, on_buffer_wanted, on_read) < 0)
        close_connection(connection);
    else
        uv_tcp_nodelay(&connection->tcp, 1); /* Best effort. */
}

static void serve(int listen_fd, const struct server_options *options)
{
    pay_costs = options->costs;
    connections_max = sysconf(_SC_OPEN_MAX) - FILES_RESERVED;
    uv_loop_t *loop = uv_default_loop();
    must(uv_tcp_init(loop, &listener), "uv_tcp_init");
    must(uv_tcp_open(&listener, listen_fd), "uv_tcp_open");
    must(uv_listen((uv_stream_t *)&listener, SOMAXCONN, on_new_client), "uv_listen");
    uv_run(loop, UV_RUN_DEFAULT);
}

const struct server_model server_model = {
    .summary = "one event loop of libuv callbacks",
    .serve = serve,
};
