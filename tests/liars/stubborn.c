/* stubborn.c -- a lying server: does not end on SIGTERM */
#include <signal.h>

#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    blocking_echo((int)(intptr_t)argument, false);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    signal(SIGTERM, SIG_IGN);
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: does not end on SIGTERM",
    .serve = serve,
};
