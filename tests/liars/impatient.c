/* impatient.c -- a lying server: closes on a client that takes nothing for a second */
#include <sys/time.h>

#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    /* A write that passed on a part is tried once more: about a second in all. */
    const struct timeval patience = {.tv_usec = 600000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    char buffer[LIAR_BUFFER_B];
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;)
        if (!liar_write(fd, buffer, (size_t)size)) break; /* EAGAIN: the second is over. */
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: closes on a client that takes nothing for a second",
    .serve = serve,
};
