/* workers.c -- a server of several processes that do the same. */
#include "common/workers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "common/blocking_echo.h"
#include "common/die.h"
#include "servers/server.h"

/* Starts every worker that does not run: pids[its number] is 0.  False: there is no
 * room for all. */
static bool start_missing(pid_t *pids, long count, void (*work)(long number))
{
    for (long i = 0; i < count; i++) {
        if (pids[i] != 0) continue;
        pid_t pid = server_fork();
        if (pid == 0) {
            work(i);
            die_because("a worker returned");
        }
        if (pid < 0) {
            server_ran_out("fork");
            return false;
        }
        pids[i] = pid;
    }
    return true;
}

static void note_end(pid_t *pids, long count, pid_t ended, int status)
{
    for (long i = 0; i < count; i++) {
        if (pids[i] != ended) continue;
        if (WIFEXITED(status)) exit(WEXITSTATUS(status)); /* It said why. */
        fprintf(stderr, "%s: worker %ld was killed by signal %d; another one takes its place\n",
                program_invocation_short_name, i, WTERMSIG(status));
        pids[i] = 0;
        blocking_wait_for_room(); /* Whatever kills them: ten a second at most. */
    }
}

_Noreturn void workers_keep(long count, void (*work)(long number))
{
    pid_t *pids;
    while ((pids = calloc((size_t)count, sizeof *pids)) == NULL) {
        server_ran_out("memory for the list of workers");
        blocking_wait_for_room();
    }
    for (;;) {
        bool complete = start_missing(pids, count, work);
        int status;
        pid_t ended = waitpid(-1, &status, complete ? 0 : WNOHANG);
        if (ended > 0)
            note_end(pids, count, ended, status);
        else if (!complete)
            blocking_wait_for_room();
    }
}
