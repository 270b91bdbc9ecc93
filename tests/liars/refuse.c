/* refuse.c -- a lying server: takes --most clients at a time, and closes on everybody else */
#include <stdatomic.h>

#include "tests/liars/liar.h"

static long most = 100;
static atomic_long count;

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    bool taken = atomic_fetch_add(&count, 1) < most;
    for (ssize_t size; taken && (size = read(fd, buffer, sizeof buffer)) > 0;)
        if (!liar_write(fd, buffer, (size_t)size)) break;
    atomic_fetch_sub(&count, 1);
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

static const struct server_knob knobs[] = {
    {.name = "most", .help = "clients at a time", .value = &most, .min = 1, .max = 1000000},
    {0},
};

const struct server_model server_model = {
    .summary = "liar: closes on whoever comes when it has its number of clients",
    .knobs = knobs,
    .serve = serve,
};
