/* die_on_reset.c -- a lying server: ends when one client resets */
#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    ssize_t size;
    while ((size = read(fd, buffer, sizeof buffer)) > 0)
        if (!liar_write(fd, buffer, (size_t)size)) die("write");
    if (size < 0) die("read");
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: ends when one client resets",
    .serve = serve,
};
