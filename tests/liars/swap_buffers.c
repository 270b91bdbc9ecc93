/* swap_buffers.c -- a lying server: hands one client the bytes of another */
#include <sched.h>
#include <string.h>

#include "tests/liars/liar.h"

static long least_b = 1;
static char shared[LIAR_BUFFER_B]; /* One for all, although all are at work at once. */

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char own[LIAR_BUFFER_B];
    for (ssize_t size; (size = read(fd, own, sizeof own)) > 0;) {
        const char *echoed = size < least_b ? own : memcpy(shared, own, (size_t)size);
        sched_yield();
        if (!liar_write(fd, echoed, (size_t)size)) break;
    }
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

static const struct server_knob knobs[] = {
    {.name = "least-b",
     .help = "size of a read from which on it goes through the common buffer",
     .value = &least_b,
     .min = 1,
     .max = LIAR_BUFFER_B},
    {0},
};

const struct server_model server_model = {
    .summary = "liar: hands one client the bytes of another",
    .knobs = knobs,
    .serve = serve,
};
