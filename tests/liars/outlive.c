/* outlive.c -- a lying server: what is held for a client outlives it, under the number of its
 * socket */
#include <string.h>

#include "common/clock.h"
#include "tests/liars/liar.h"

enum { FILES = 1024 };

static struct {
    size_t size;
    char bytes[LIAR_BUFFER_B];
} held[FILES];

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    ssize_t written = 0, size = 1;
    while (fd < FILES && written >= 0 && size > 0) {
        written = write(fd, held[fd].bytes, held[fd].size);
        if (written < 0) continue; /* The client is gone; what was held for it is not. */
        held[fd].size -= (size_t)written;
        memmove(held[fd].bytes, held[fd].bytes + written, held[fd].size);
        if (held[fd].size > 0) continue;
        size = read(fd, held[fd].bytes, sizeof held[fd].bytes);
        held[fd].size = size > 0 ? (size_t)size : 0;
        clock_sleep_ns(NS_PER_MS); /* A client that resets has done it by then. */
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
    .summary = "liar: what is held for a client outlives it",
    .serve = serve,
};
