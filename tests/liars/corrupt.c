/* corrupt.c -- a lying server: flips one bit far into each stream */
#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    enum { VICTIM = 100000 };
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    uint64_t seen = 0;
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0; seen += (uint64_t)size) {
        if (seen <= VICTIM && VICTIM < seen + (uint64_t)size) buffer[VICTIM - seen] ^= 1;
        if (!liar_write(fd, buffer, (size_t)size)) break;
    }
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: flips one bit far into each stream",
    .serve = serve,
};
