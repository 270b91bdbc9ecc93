/* zombies.c -- a lying server: does not reap its children */
#include "tests/liars/liar.h"

static void serve(int listen_fd, const struct server_options *options)
{
    for (;;) {
        int fd = blocking_accept(listen_fd);
        if (server_fork() == 0) {
            close(listen_fd);
            blocking_echo(fd, options->costs);
            _exit(0);
        }
        close(fd);
    }
}

const struct server_model server_model = {
    .summary = "liar: does not reap its children",
    .serve = serve,
};
