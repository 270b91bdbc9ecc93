/* libuv.c -- the event loop of Node.js: register once, be called when something happened.
 *
 *   uv_run: epoll_wait ──▶ on_new_client   accept, start reading
 *               ▲      ├─▶ on_read         write at once; what is not taken: stop reading, hold it
 *               │      ├─▶ on_paid         a thread has paid (--offload): write what was held
 *               │      └─▶ on_written      start reading again
 *               └──────────────┘
 *
 * Cost: a uv_tcp_t per client.  The kernel keeps the list (epoll): who is silent costs no time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "common/costs.h"
#include "common/die.h"
#include "common/net.h"
#include "servers/server.h"

enum { FILES_RESERVED = 12 }; /* libuv's own, and one accepted ahead. */

/* One client.  uv_tcp_t comes first, so that a handle is also a pointer to its connection. */
struct connection {
    uv_tcp_t tcp;
    struct costs line;
};

/* Bytes that wait for a thread, then for their client.  We read no further: they stay in order. */
struct held {
    uv_write_t write; /* First, as above. */
    uv_work_t work;
    struct costs_due due;
    uv_buf_t echo; /* What is written next, */
    size_t left;   /* and the bytes behind it, which are paid for in later turns. */
    char bytes[];
};

static char buffer[SERVER_BUFFER_B]; /* One for all: nothing stays in it after on_read. */
static bool pay_costs;
static long offload;         /* 0: the loop pays the costs itself, and all clients wait for that. */
static long places;          /* For how many more there is room. */
static uv_stream_t *waiting; /* The listener, when a client waits and there is no room for it. */
static uv_timer_t retry;     /* Then: others may have freed something. */

/* Reads on; closes instead if something failed. */
static void go_on(uv_stream_t *stream, int status);

/* Pays for a turn of what is left. */
static void pay_on(struct held *held);

static void on_written(uv_write_t *write, int status)
{
    struct held *held = (struct held *)write;
    if (status == 0 && held->left > 0) {
        pay_on(held);
        return;
    }
    go_on(write->handle, status);
    free(held);
}

/* Runs in one of libuv's threads, of which there are four, or UV_THREADPOOL_SIZE. */
static void pay_in_thread(uv_work_t *work)
{
    if (offload) costs_pay(((struct held *)work->data)->due);
}

static void on_paid(uv_work_t *work, int status)
{
    struct held *held = work->data;
    status = uv_write(&held->write, held->write.handle, &held->echo, 1, on_written);
    if (status < 0) on_written(&held->write, status);
}

static void on_turn(uv_work_t *work, int status)
{
    if (!offload) costs_pay(((struct held *)work->data)->due);
    on_paid(work, status);
}

/* Also where the loop pays: what comes back from a thread waits until the loop has served all
 * others that are ready, and a callback of a write does not. */
static int pay_in_turn(struct held *held)
{
    return uv_queue_work(held->write.handle->loop, &held->work, pay_in_thread, on_turn);
}

static void pay_on(struct held *held)
{
    struct connection *connection = (struct connection *)held->write.handle;
    char *next = held->echo.base + held->echo.len;
    held->due = costs_scan(&connection->line, next, held->left);
    held->echo = uv_buf_init(next, (unsigned)held->due.size);
    held->left -= held->due.size;
    int status = pay_in_turn(held);
    if (status < 0) on_written(&held->write, status);
}

/* Keeps a copy until it is paid for and written, and does not read from this client meanwhile.  Its
 * first due.size - sent bytes are what `due` is for; `later`: a thread is to pay for them. */
static int hold(uv_stream_t *stream, const uv_buf_t *got, size_t sent, struct costs_due due,
                bool later)
{
    struct held *held = malloc(sizeof *held + got->len - sent);
    if (held == NULL) return UV_ENOMEM; /* Better no echo than a wrong one. */
    *held = (struct held){
        .write.handle = stream, .work.data = held, .due = due, .left = got->len - due.size};
    memcpy(held->bytes, got->base + sent, got->len - sent);
    held->echo = uv_buf_init(held->bytes, (unsigned)(due.size - sent));
    uv_read_stop(stream);
    if (later) return pay_in_turn(held);
    on_paid(&held->work, 0);
    return 0;
}

//DOC: libuv-backpressure
static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *got)
{
    if (size < 0) go_on(stream, (int)size); /* Half-closed (UV_EOF) with nothing held, or broken. */
    if (size <= 0) return;                  /* 0 is libuv for EAGAIN. */
    const uv_buf_t come = {got->base, (size_t)size};
    struct costs_due due = {.size = come.len};
    if (pay_costs) due = costs_scan(&((struct connection *)stream)->line, come.base, come.len);
    bool later = offload && due.spin_us + due.sleep_us > 0;
    if (!later) costs_pay(due);
    const uv_buf_t paid = {come.base, due.size};
    int sent = later ? 0 : uv_try_write(stream, &paid, 1);
    if (sent == UV_EAGAIN) sent = 0;
    if (sent >= 0 && sent < size) sent = hold(stream, &come, (size_t)sent, due, later);
    if (sent < 0) go_on(stream, sent);
}
//DOC-END: libuv-backpressure

static void on_buffer_wanted(uv_handle_t *handle, size_t suggested, uv_buf_t *piece)
{
    (void)handle, (void)suggested;
    *piece = uv_buf_init(buffer, sizeof buffer);
}

/* Takes in the client that libuv holds, or leaves it there: then libuv accepts no further one. */
static void on_new_client(uv_stream_t *stream, int status);

static void on_retry(uv_timer_t *timer)
{
    (void)timer;
    if (waiting) on_new_client(waiting, 0);
}

static void on_new_client(uv_stream_t *stream, int status)
{
    errno = -status;
    if (status < 0 && server_is_shortage(errno)) server_ran_out("accept"); /* libuv tries again. */
    if (status < 0) return; /* Else that client is gone already. */
    errno = EMFILE;
    struct connection *connection = places > 0 ? calloc(1, sizeof *connection) : NULL;
    waiting = connection == NULL ? stream : NULL;
    if (waiting) {
        server_ran_out("accept");
        uv_timer_start(&retry, on_retry, SERVER_RETRY_MS, 0);
        return;
    }
    places--;
    uv_tcp_init(stream->loop, &connection->tcp);
    go_on((uv_stream_t *)connection, uv_accept(stream, (uv_stream_t *)connection));
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
    places++;
    if (waiting) on_new_client(waiting, 0);
}

static void go_on(uv_stream_t *stream, int status)
{
    if (status == 0) status = uv_read_start(stream, on_buffer_wanted, on_read);
    if (status < 0) uv_close((uv_handle_t *)stream, on_closed);
}

/* Ends the server if setting up failed: libuv returns errno's numbers, negative. */
static void need(const char *call, int status)
{
    errno = -status;
    if (status < 0) die(call);
}

static void serve(int listen_fd, const struct server_options *options)
{
    static uv_tcp_t listener;
    uv_loop_t *loop = uv_default_loop();
    need("uv_default_loop", loop == NULL ? UV_ENOMEM : 0);
    pay_costs = options->costs;
    places = net_free_files() - FILES_RESERVED;
    net_no_delay(listen_fd); /* Those whom it accepts inherit that. */
    uv_timer_init(loop, &retry);
    uv_tcp_init(loop, &listener);
    need("uv_tcp_open", uv_tcp_open(&listener, listen_fd));
    need("uv_listen", uv_listen((uv_stream_t *)&listener, options->backlog, on_new_client));
    uv_run(loop, UV_RUN_DEFAULT);
}

static const struct server_knob knobs[] = {
    {.name = "offload",
     .help = "1: libuv's threads (UV_THREADPOOL_SIZE) pay the costs; 0: the loop does",
     .value = &offload,
     .max = 1},
    {0},
};

const struct server_model server_model = {
    .summary = "one event loop of libuv callbacks",
    .knobs = knobs,
    .serve = serve,
};
