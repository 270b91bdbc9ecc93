/* pay_twice.c -- a lying server: pays each cost twice */
#include "common/costs.h"
#include "tests/liars/liar.h"

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    struct costs line = {0};
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;) {
        struct costs_due due = costs_scan(&line, buffer, (size_t)size);
        costs_pay(due);
        costs_pay(due);
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
    .summary = "liar: pays each cost twice",
    .serve = serve,
};
