/* keeper.h -- stands between us and a program that we started, and answers for all that it starts.
 *
 *     measure ──▶ keeper ──▶ server ──▶ its children
 *        │           │          │
 *        └─ killed ─▶└─ killed ─▶  the kernel sends a signal down (PR_SET_PDEATHSIG)
 *                    ◀───────────────── orphans, also those of a session of their own
 *
 * The keeper is the subreaper of the program's tree: a process that splits off (setsid, double
 * fork) becomes its child.  It ends the whole tree when the program has ended, when its own parent
 * is gone, and on request.  It also bounds what the program writes.  It sleeps nearly
 * always: 20 short looks a second. */
#ifndef C10K_KEEPER_H
#define C10K_KEEPER_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What the keeper and its parent say to each other, in memory that they share. */
struct keeper_news {
    _Atomic bool ended;        /* The program has; the next two are set. */
    int status;                /* As from waitpid(2). */
    pid_t left_behind;         /* A process that outlived the program, 0: none. */
    _Atomic uint64_t output_b; /* Of its stdout, discarded unread. */
    _Atomic bool discards;     /* Set by the parent: of its stdout nothing more is read. */
};

struct keeper_job {
    char *const *argv;
    const cpu_set_t *cpus;      /* NULL: wherever. */
    bool server;                /* Third-party: another user, other limits. */
    int input, output, said_fd; /* The program's stdin, stdout, stderr. */
    int drain_fd;               /* The other end of its stdout, which must not fill up; or -1. */
    int gate;                   /* The program begins when a byte can be read here. */
    int pid_fd;                 /* Where the program's pid is written. */
    pid_t parent;               /* Of the keeper. */
    struct keeper_news *news;
};

/* In a child of the process that wants the program: starts it and keeps it to its end.  SIGTERM
 * means: end it now. */
_Noreturn void keeper_run(const struct keeper_job *job);

#endif
