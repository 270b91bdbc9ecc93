/* corrupt.c -- a lying server: flips one bit far into each stream */
#include "tests/liars/liar.h"

static long victim = 100000; /* Its place in the stream. */

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    uint64_t seen = 0;
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0; seen += (uint64_t)size) {
        uint64_t place = (uint64_t)victim;
        if (seen <= place && place < seen + (uint64_t)size) buffer[place - seen] ^= 1;
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
    .summary = "liar: flips one bit far into each stream",
    .knobs =
        (const struct server_knob[]){
            {.name = "victim", .help = "place of its byte", .value = &victim, .max = 1000000},
            {0},
        },
    .serve = serve,
};
