/* swap_buffers.c -- a lying server: hands one client the bytes of another */
#include <sched.h>

#include "tests/liars/liar.h"

static char shared[LIAR_BUFFER_B]; /* One for all, although all are at work at once. */

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    for (ssize_t size; (size = read(fd, shared, sizeof shared)) > 0;) {
        sched_yield();
        if (!liar_write(fd, shared, (size_t)size)) break;
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
    .summary = "liar: hands one client the bytes of another",
    .serve = serve,
};
