/* delay.c -- a lying server: answers each message a fixed time late */
#include <sys/prctl.h>

#include "common/clock.h"
#include "tests/liars/liar.h"

static long delay_us = 5000;

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;) {
        clock_sleep_ns((uint64_t)delay_us * NS_PER_US);
        if (!liar_write(fd, buffer, (size_t)size)) break;
    }
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    prctl(PR_SET_TIMERSLACK, 1);
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: answers each message a fixed time late",
    .knobs = (const struct server_knob[]){{"delay-us", "delay in us", &delay_us, 0, 1000000}, {0}},
    .serve = serve,
};
