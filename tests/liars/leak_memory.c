/* leak_memory.c -- a lying server: forgets 256 bytes for each client */
#include <stdlib.h>
#include <string.h>

#include "tests/liars/liar.h"

static void *volatile forgotten;

static void *serve_client(void *argument)
{
    forgotten = malloc(256);
    if (forgotten != NULL) memset(forgotten, 1, 256);
    blocking_echo((int)(intptr_t)argument, false);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: forgets 256 bytes for each client",
    .serve = serve,
};
