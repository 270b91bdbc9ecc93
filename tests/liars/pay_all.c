/* pay_all.c -- a lying server: pays for all lines of a read at once, and all clients
 * wait for that */
#include "common/costs.h"
#include "tests/liars/liar.h"

static bool costs;
static pthread_mutex_t paying = PTHREAD_MUTEX_INITIALIZER;

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    struct costs line = {0};
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;) {
        pthread_mutex_lock(&paying);
        for (size_t paid = 0; costs && paid < (size_t)size;)
            paid += costs_pay_turn(&line, buffer + paid, (size_t)size - paid);
        pthread_mutex_unlock(&paying);
        if (!liar_write(fd, buffer, (size_t)size)) break;
    }
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    costs = options->costs;
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: pays for all lines of a read at once, and all clients wait for that",
    .serve = serve,
};
