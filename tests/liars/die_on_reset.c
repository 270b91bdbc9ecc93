/* die_on_reset.c -- a lying server: ends when one client resets */
#include "tests/liars/liar.h"

static long only_writes = 0; /* 1: a failed read ends that client only. */

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    ssize_t size;
    while ((size = read(fd, buffer, sizeof buffer)) > 0)
        if (!liar_write(fd, buffer, (size_t)size)) die("write");
    if (size < 0 && only_writes == 0) die("read");
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

static const struct server_knob knobs[] = {
    {.name = "only-writes", .help = "1: only if it was writing", .value = &only_writes, .max = 1},
    {0},
};

const struct server_model server_model = {
    .summary = "liar: ends when one client resets",
    .knobs = knobs,
    .serve = serve,
};
