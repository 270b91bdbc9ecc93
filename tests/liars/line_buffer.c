/* line_buffer.c -- a lying server: echoes a line only when it is complete */
#include <string.h>

#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char line[LIAR_BUFFER_B];
    size_t held = 0;
    for (ssize_t size; (size = read(fd, line + held, sizeof line - held)) > 0;) {
        held += (size_t)size;
        if (held < sizeof line && memchr(line, '\n', held) == NULL) continue;
        if (!liar_write(fd, line, held)) break;
        held = 0;
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
    .summary = "liar: echoes a line only when it is complete",
    .serve = serve,
};
