/* orphans.c -- a lying server: leaves its children behind when it ends */
#include <signal.h>
#include <sys/prctl.h>

#include "tests/liars/liar.h"

static void on_stop(int signal_number)
{
    (void)signal_number;
    _exit(0);
}

static void serve(int listen_fd, const struct server_options *options)
{
    signal(SIGTERM, on_stop);
    for (;;) {
        int fd = blocking_accept(listen_fd);
        if (server_fork() == 0) {
            prctl(PR_SET_PDEATHSIG, 0);
            blocking_echo(fd, options->costs);
            _exit(0);
        }
        close(fd);
    }
}

const struct server_model server_model = {
    .summary = "liar: leaves its children behind when it ends",
    .serve = serve,
};
