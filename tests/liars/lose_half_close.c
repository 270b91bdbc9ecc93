/* lose_half_close.c -- a lying server: forgets what it holds when the client half-closes */
#include "common/clock.h"
#include "tests/liars/liar.h"

/* Always one piece behind; the last one is sent after a pause, unless the client has closed. */
static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;) {
        char next;
        clock_sleep_ns(NS_PER_MS);
        if (recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0) break;
        if (!liar_write(fd, buffer, (size_t)size)) break;
    }
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: forgets what it holds when the client half-closes",
    .serve = serve,
};
