/* double_first.c -- a lying server: echoes the first bytes of a client twice, the second time after
 * --pause-us */
#include <string.h>

#include "common/clock.h"
#include "tests/liars/liar.h"

static long pause_us;

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    ssize_t size = read(fd, buffer, sizeof buffer / 2);
    if (size > 0) {
        memcpy(buffer + size, buffer, (size_t)size);
        size_t first = pause_us > 0 ? (size_t)size : 2 * (size_t)size;
        liar_write(fd, buffer, first);
        clock_sleep_ns((uint64_t)pause_us * NS_PER_US);
        liar_write(fd, buffer + first, 2 * (size_t)size - first);
    }
    blocking_echo(fd, false); /* And closes. */
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

static const struct server_knob knobs[] = {
    {.name = "pause-us", .help = "us between both", .value = &pause_us, .max = 1000000},
    {0},
};

const struct server_model server_model = {
    .summary = "liar: echoes the first bytes twice",
    .knobs = knobs,
    .serve = serve,
};
