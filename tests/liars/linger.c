/* linger.c -- a lying server: the thread of a client that is gone stays */
#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    blocking_echo((int)(intptr_t)argument, false);
    for (;;)
        pause();
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: the thread of a client that is gone stays",
    .serve = serve,
};
