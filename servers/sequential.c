/* sequential.c -- one customer at a time: the next is served when this one has left.
 *
 *        ┌───────────────────────────────────────┐
 *        ▼                                       │
 *   accept the next ──▶ echo until it leaves ────┘
 *
 *   everybody else: in the kernel's queue (--backlog), connected and unheard
 *
 * Cost: nothing per client but the wait: for as long as one client stays, busy
 * or silent, all others stand in line. */
#include "common/blocking_echo.h"
#include "servers/server.h"

//DOC: sequential-loop
static void serve(int listen_fd, const struct server_options *options)
{
    for (;;)
        blocking_echo(blocking_accept(listen_fd), options->costs);
}
//DOC-END: sequential-loop

const struct server_model server_model = {
    .summary = "one client at a time, the others wait",
    .serve = serve,
    .clients_max = 1,
};
