/* spin.c -- a lying server: asks again and again for a client that it has no file for */
#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    blocking_echo((int)(intptr_t)argument, false);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    for (;;) {
        pthread_t thread;
        int fd = accept(listen_fd, NULL, NULL);
        if (fd < 0) continue;
        while (pthread_create(&thread, NULL, serve_client, (void *)(intptr_t)fd) != 0) {
        }
        pthread_detach(thread);
    }
}

const struct server_model server_model = {
    .summary = "liar: asks again and again for a client that it has no file for",
    .serve = serve,
};
