/* end_on_eagain.c -- a lying server: takes a full socket for the end of the connection */
#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;)
        if (send(fd, buffer, (size_t)size, MSG_DONTWAIT) != size) break;
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: takes a full socket for the end of the connection",
    .serve = serve,
};
