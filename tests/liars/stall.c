/* stall.c -- a lying server: falls silent after 100,000 bytes */
#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    uint64_t seen = 0;
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0; seen += (uint64_t)size)
        if (seen < 100000 && !liar_write(fd, buffer, (size_t)size)) break;
    if (seen >= 100000) /* Silent also for a client that has half-closed. */
        for (;;)
            pause();
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: falls silent after 100,000 bytes",
    .serve = serve,
};
