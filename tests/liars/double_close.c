/* double_close.c -- a lying server: closes each socket twice, the second time that of a newcomer */
#include "common/clock.h"
#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    blocking_echo(fd, false); /* Closes it. */
    clock_sleep_ns(NS_PER_MS);
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: closes each socket twice, the second time that of a newcomer",
    .serve = serve,
};
