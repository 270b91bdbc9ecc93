/* peername.c -- a lying server: ends when the address of a client is gone before it is accepted */
#include <netinet/in.h>

#include "common/clock.h"
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
        struct sockaddr_storage address;
        socklen_t size = sizeof address;
        clock_sleep_ns(NS_PER_MS); /* A client that resets at once has done so by then. */
        int fd = blocking_accept(listen_fd);
        if (getpeername(fd, (struct sockaddr *)&address, &size) != 0) die("getpeername");
        pthread_t thread;
        while (pthread_create(&thread, NULL, serve_client, (void *)(intptr_t)fd) != 0)
            blocking_wait_for_room();
        pthread_detach(thread);
    }
}

const struct server_model server_model = {
    .summary = "liar: ends when a client was reset before it is accepted",
    .serve = serve,
};
