/* leak_files.c -- a lying server: never closes a socket */
#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;)
        if (!liar_write(fd, buffer, (size_t)size)) break;
    shutdown(fd, SHUT_WR);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: never closes a socket",
    .serve = serve,
};
