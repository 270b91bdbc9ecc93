/* forget.c -- a lying server: accepts all clients, and forgets one of them */
#include "tests/liars/liar.h"

static long forgotten = 1000;

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
        if (number == forgotten) continue;
        while (pthread_create(&thread, NULL, serve_client, (void *)(intptr_t)fd) != 0)
            blocking_wait_for_room();
        pthread_detach(thread);
    }
}

static const struct server_knob knobs[] = {
    {.name = "forgotten",
     .help = "number of that client",
     .value = &forgotten,
     .min = 1,
     .max = 1000000},
    {0},
};

const struct server_model server_model = {
    .summary = "liar: forgets one client, the thousandth",
    .knobs = knobs,
    .serve = serve,
};
