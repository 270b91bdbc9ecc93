/* pay_always.c -- a lying server: pays for costs although nobody said --costs */
#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    blocking_echo((int)(intptr_t)argument, true);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: pays for costs although nobody said --costs",
    .serve = serve,
};
