/* fork.c -- one process per connection, as the first web servers did it.
 *
 *   server    accept ── accept ── accept ──▶
 *               │fork     │fork     │fork
 *   process     ▼         ▼         ▼
 *   per client  echo      echo      echo
 *               │exit     │exit     │exit
 *   server      └─────────┴─────────┴──▶ SIGCHLD: reap
 *
 * Cost: a process per client, busy or idle: page tables, a kernel stack, and
 * every page that the child wrote to since fork(2) copied it. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/blocking_echo.h"
#include "common/die.h"
#include "servers/server.h"

/* Collects every child that has ended: one signal may stand for many.  Without this they would stay
 * as zombies; with SIGCHLD ignored instead, the kernel would forget their CPU time. */
static void on_child(int signal_number)
{
    (void)signal_number;
    int saved = errno;
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    errno = saved;
}

//DOC: fork-loop
static void serve(int listen_fd, const struct server_options *options)
{
    struct sigaction child = {.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP};
    if (sigaction(SIGCHLD, &child, NULL) < 0) die("sigaction");
    for (;;) {
        int fd = blocking_accept(listen_fd);
        pid_t pid;
        while ((pid = server_fork()) < 0) { /* The client waits, and so do all behind it. */
            server_ran_out("fork");
            blocking_wait_for_room();
        }
        if (pid == 0) {
            close(listen_fd);
            blocking_echo(fd, options->costs);
            _exit(0); /* Not exit(): nothing of the server's is ours to flush. */
        }
        close(fd); /* The child has its own copy; with ours open the client would never
                    * see the end. */
    }
}
//DOC-END: fork-loop

const struct server_model server_model = {
    .summary = "one process per connection",
    .serve = serve,
};
