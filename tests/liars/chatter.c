/* chatter.c -- a lying server: writes a line on stderr for each client */
#include <stdio.h>

#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    fprintf(stderr, "a client came\n");
    blocking_echo((int)(intptr_t)argument, false);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: writes a line on stderr for each client",
    .serve = serve,
};
