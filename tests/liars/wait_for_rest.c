/* wait_for_rest.c -- a lying server: keeps all others waiting until a message that has begun is
 * complete */
#include "tests/liars/liar.h"

static pthread_mutex_t reads = PTHREAD_MUTEX_INITIALIZER;

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char message[64];
    while (recv(fd, message, 1, 0) == 1) {
        pthread_mutex_lock(&reads);
        ssize_t rest = recv(fd, message + 1, sizeof message - 1, MSG_WAITALL);
        pthread_mutex_unlock(&reads);
        if (rest < 0 || !liar_write(fd, message, 1 + (size_t)rest)) break;
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
    .summary = "liar: keeps all others waiting until a message that has begun is complete",
    .serve = serve,
};
