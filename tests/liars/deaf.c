/* deaf.c -- a lying server: takes in everybody, and serves only the first thousand */
#include "tests/liars/liar.h"

enum { SERVED = 1000 };

static void *serve_client(void *argument)
{
    blocking_echo((int)(intptr_t)argument, false);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    for (int clients = 0;; clients++) {
        int fd = blocking_accept(listen_fd);
        pthread_t thread;
        if (clients < SERVED &&
            pthread_create(&thread, NULL, serve_client, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
    }
}

const struct server_model server_model = {
    .summary = "liar: takes in everybody, serves only the first thousand",
    .serve = serve,
};
