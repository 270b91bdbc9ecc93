/* empty_pool.c -- a lying server: four buffers for all, each taken until its bytes are written */
#include <poll.h>
#include <semaphore.h>

#include "tests/liars/liar.h"

static sem_t buffers;

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    struct pollfd client = {.fd = fd, .events = POLLIN};
    bool alive = true;
    while (alive && poll(&client, 1, -1) > 0) {
        char buffer[LIAR_BUFFER_B];
        sem_wait(&buffers);
        ssize_t size = read(fd, buffer, sizeof buffer);
        alive = size > 0 && liar_write(fd, buffer, (size_t)size);
        sem_post(&buffers);
    }
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    sem_init(&buffers, 0, 4);
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: who does not read takes a buffer from all",
    .serve = serve,
};
