/* full.c -- a lying server: does the wrong thing when it has no file for one more client */
#include <poll.h>

#include "tests/liars/liar.h"

enum how { ENDS = 1, ACCEPTS_NO_MORE, CLOSES_THE_FIRST };

static long how = ENDS;

static void *serve_client(void *argument)
{
    blocking_echo((int)(intptr_t)argument, false);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    for (int first = -1;;) {
        pthread_t thread;
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            if (how == ENDS) die("accept");
            if (how == CLOSES_THE_FIRST) shutdown(first, SHUT_RDWR);
            while (how == ACCEPTS_NO_MORE)
                pause();
            blocking_wait_for_room();
            continue;
        }
        if (first < 0) first = fd;
        while (pthread_create(&thread, NULL, serve_client, (void *)(intptr_t)fd) != 0)
            blocking_wait_for_room();
        pthread_detach(thread);
    }
}

static const struct server_knob knobs[] = {
    {.name = "how",
     .help = "1 ends, 2 accepts no more, 3 closes the first client",
     .value = &how,
     .min = ENDS,
     .max = CLOSES_THE_FIRST},
    {0},
};

const struct server_model server_model = {
    .summary = "liar: out of files it ends, stops, or lets the first client go",
    .knobs = knobs,
    .serve = serve,
};
