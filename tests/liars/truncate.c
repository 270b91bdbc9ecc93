/* truncate.c -- a lying server: takes a short write for a whole one */
#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;)
        if (send(fd, buffer, (size_t)size, MSG_DONTWAIT) < 0 && errno != EAGAIN) break;
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: takes a short write for a whole one",
    .serve = serve,
};
