/* reset_half_close.c -- a lying server: ends a client that half-closed with a reset */
#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;)
        if (!liar_write(fd, buffer, (size_t)size)) break;
    net_close_with_reset(fd);
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: ends a client that half-closed with a reset",
    .serve = serve,
};
