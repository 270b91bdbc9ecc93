/* unbounded_queue.c -- a lying server: reads on and on from a client that takes nothing */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B], *queue = NULL;
    size_t queued = 0, sent = 0;
    for (;;) {
        struct pollfd entry = {.fd = fd, .events = sent < queued ? POLLIN | POLLOUT : POLLIN};
        poll(&entry, 1, -1);
        ssize_t size = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno != EAGAIN)) break;
        if (size > 0) {
            queue = realloc(queue, queued + (size_t)size);
            if (queue == NULL) die("realloc");
            memcpy(queue + queued, buffer, (size_t)size);
            queued += (size_t)size;
        }
        ssize_t written = send(fd, queue + sent, queued - sent, MSG_DONTWAIT);
        if (written > 0) sent += (size_t)written;
        if (sent == queued) sent = queued = 0;
    }
    free(queue);
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: reads on and on from a client that takes nothing",
    .serve = serve,
};
