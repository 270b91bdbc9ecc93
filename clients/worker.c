/* worker.c -- one process of the load client: chooses the job of each command.
 *
 *   worker.c            reads commands
 *      │
 *   job_herd.c          loses the server, and comes back
 *   job_traffic.c       sends on schedule, counts what returns (also for the herd)
 *   job_connect.c       opens connections
 *      │
 *   pool.c              the sockets: epoll, handshakes, receive and compare, send, end */
#include "clients/worker.h"

#include "clients/job_connect.h"
#include "clients/job_herd.h"
#include "clients/job_traffic.h"
#include "clients/pool.h"
#include "clients/wait.h"
#include "common/die.h"
#include "common/whole.h"

static void execute(struct pool *pool, const struct worker_command *command)
{
    switch (command->kind) {
    case WORKER_CONNECT:
    case WORKER_VISIT:
        job_connect(pool, command);
        break;
    case WORKER_TRAFFIC:
        job_traffic(pool, command);
        break;
    case WORKER_RECONNECT:
        job_herd(pool, command);
        break;
    }
}

void worker_run(const struct worker_setup *setup, int command_fd, int answer_fd,
                struct worker_report *report)
{
    struct pool pool = pool_new(setup, report);
    wait_sharply();
    struct worker_command command;
    ssize_t size;
    while ((size = whole_read(command_fd, &command, sizeof command)) == (ssize_t)sizeof command) {
        execute(&pool, &command);
        if (!whole_write(answer_fd, "", 1)) die("write of an answer");
    }
    if (size < 0) die("read of a command");
    pool_free(&pool);
}
