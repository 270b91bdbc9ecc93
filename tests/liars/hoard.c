/* hoard.c -- a lying server: reads 700 KiB ahead of a client that takes nothing */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "tests/liars/liar.h"

enum { HOARD_B = 700 * 1024 }; /* A client that never reads may cost 512 KiB. */

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char *hoard = malloc(HOARD_B);
    size_t held = 0;
    if (hoard == NULL) die("malloc");
    for (;;) {
        short events = (short)((held < HOARD_B ? POLLIN : 0) | (held > 0 ? POLLOUT : 0));
        struct pollfd entry = {.fd = fd, .events = events};
        poll(&entry, 1, -1);
        ssize_t size =
            held < HOARD_B ? recv(fd, hoard + held, HOARD_B - held, MSG_DONTWAIT) : (ssize_t)-1;
        if (size == 0 || (size < 0 && held < HOARD_B && errno != EAGAIN)) break;
        if (size > 0) held += (size_t)size;
        ssize_t written = send(fd, hoard, held, MSG_DONTWAIT);
        if (written < 0 && errno != EAGAIN) break;
        if (written > 0) memmove(hoard, hoard + written, held -= (size_t)written);
    }
    liar_write(fd, hoard, held);
    free(hoard);
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: reads 700 KiB ahead of a client that takes nothing",
    .serve = serve,
};
