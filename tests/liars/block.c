/* block.c -- a lying server: serves one client to its end before it looks at the next */
#include "tests/liars/liar.h"

static void serve(int listen_fd, const struct server_options *options)
{
    for (;;)
        blocking_echo(blocking_accept(listen_fd), options->costs);
}

const struct server_model server_model = {
    .summary = "liar: serves one client to its end before it looks at the next",
    .serve = serve,
};
