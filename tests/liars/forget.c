/* forget.c -- a lying server: takes in everybody, and forgets one of them */
#include "tests/liars/liar.h"

enum { FORGOTTEN = 1000 };

static void *serve_client(void *argument)
{
    blocking_echo((int)(intptr_t)argument, false);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    for (int number = 1;; number++) {
        int fd = blocking_accept(listen_fd);
        pthread_t thread;
        if (number == FORGOTTEN) continue;
        while (pthread_create(&thread, NULL, serve_client, (void *)(intptr_t)fd) != 0)
            blocking_wait_for_room();
        pthread_detach(thread);
    }
}

const struct server_model server_model = {
    .summary = "liar: forgets the thousandth client",
    .serve = serve,
};
