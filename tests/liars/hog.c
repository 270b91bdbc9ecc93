/* hog.c -- a lying server: takes 8 MiB of memory for each client, whatever it sends */
#include <stdlib.h>

#include "tests/liars/liar.h"

enum { HOG_B = 8 * 1024 * 1024, PAGE_B = 4096 };

static void *serve_client(void *argument)
{
    char *memory = malloc(HOG_B);
    for (volatile char *byte = memory; memory != NULL && byte < memory + HOG_B; byte += PAGE_B)
        *byte = 1;
    blocking_echo((int)(intptr_t)argument, false);
    free(memory);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: takes 8 MiB of memory for each client",
    .serve = serve,
};
