/* undetached.c -- a lying server: neither joins nor detaches its threads, so that no
 * stack is freed */
#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    blocking_echo((int)(intptr_t)argument, false);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    pthread_attr_t small; /* So that memory, and not addresses, runs out first. */
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, (size_t)64 * 1024);
    for (;;) {
        pthread_t thread;
        int fd = blocking_accept(listen_fd);
        while (pthread_create(&thread, &small, serve_client, (void *)(intptr_t)fd) != 0)
            blocking_wait_for_room();
    }
}

const struct server_model server_model = {
    .summary = "liar: neither joins nor detaches its threads, so that no stack is freed",
    .serve = serve,
};
