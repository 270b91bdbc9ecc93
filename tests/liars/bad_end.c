/* bad_end.c -- a lying server: ends on SIGTERM with another status than 0 */
#include <signal.h>

#include "tests/liars/liar.h"

static void on_stop(int signal_number)
{
    (void)signal_number;
    _exit(3);
}

static void *serve_client(void *argument)
{
    blocking_echo((int)(intptr_t)argument, false);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    signal(SIGTERM, on_stop);
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: ends on SIGTERM with status 3",
    .serve = serve,
};
