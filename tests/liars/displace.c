/* displace.c -- a lying server: the first message of the thousandth client costs the first one its
 * connection */
#include "tests/liars/liar.h"

enum { DISPLACES = 1000 };

static int first = -1, displacing = -1; /* Their sockets. */

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char byte;
    if (recv(fd, &byte, 1, MSG_PEEK) == 1 && fd == displacing) shutdown(first, SHUT_RDWR);
    blocking_echo(fd, false);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    for (int number = 1;; number++) {
        int fd = blocking_accept(listen_fd);
        if (number == 1) first = fd;
        if (number == DISPLACES) displacing = fd;
        pthread_t thread;
        while (pthread_create(&thread, NULL, serve_client, (void *)(intptr_t)fd) != 0)
            blocking_wait_for_room();
        pthread_detach(thread);
    }
}

const struct server_model server_model = {
    .summary = "liar: the thousandth client displaces the first",
    .serve = serve,
};
