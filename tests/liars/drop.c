/* drop.c -- a lying server: leaves out every hundredth piece */
#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument, pieces = 0;
    char buffer[LIAR_BUFFER_B];
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;)
        if (++pieces % 100 != 0 && !liar_write(fd, buffer, (size_t)size)) break;
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: leaves out every hundredth piece",
    .serve = serve,
};
