/* keeper.c -- stands between us and a program that we started, and answers for all
 * that it starts. */
#include "harness/fleet/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/whole.h"
#include "harness/fleet/child.h"
#include "harness/probes/probe_tree.h"
#include "harness/fleet/said.h"
#include "harness/fleet/user.h"

enum {
    ORPHANS_MAX = 16384,   /* Looked up at once; a pass over /proc with as many takes 0.2 s. */
    ORPHANS_S_MAX = 60,    /* 10,000 of them on a machine that has no time. */
    QUIET_MS = 50,         /* Between two looks at what the program wrote, */
    CHATTY_MS = 5,         /* and where it writes much: at 2 GB/s that is 10 MiB of memory. */
    UNREAD_MAX_B = 4096,   /* Of its stdout: more than the one line that the caller reads. */
    DISCARD_B = 64 * 1024, /* At a time: what a pipe holds. */
};

/* ---- the program's own process, until its exec ---- */

static void wait_at(int gate)
{
    char go;
    ssize_t got;
    /* Where only ancestors may trace (kernel.yama.ptrace_scope = 1), let our watcher, too. Best
     * effort: other kernels do not ask for it. */
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    while ((got = read(gate, &go, 1)) < 0 && errno == EINTR) {
    }
    if (got != 1) _exit(1); /* We ended meanwhile. */
}

static void end_with_parent(int signal_number, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, signal_number);
    if (getppid() != parent) _exit(1); /* It ended before prctl could tell. */
}

static void take_descriptor(int fd, int as)
{
    while (dup2(fd, as) < 0)
        if (errno != EINTR) die("dup2");
}

static _Noreturn void become_program(const struct keeper_job *job, pid_t keeper)
{
    child_reset(job->cpus);
    take_descriptor(job->said_fd, STDERR_FILENO); /* First: what fails later is said there. */
    take_descriptor(job->input, STDIN_FILENO);
    take_descriptor(job->output, STDOUT_FILENO);
    if (job->server) {
        child_limit_server();
        user_become(job->argv);
    }
    end_with_parent(SIGKILL, keeper); /* Here, because a change of user clears the signal. */
    wait_at(job->gate);
    child_close_all_but(NULL, 0);
    execvp(job->argv[0], job->argv);
    fprintf(stderr, "cannot start %s: %s\n", job->argv[0], strerror(errno));
    fflush(stderr);
    _exit(127);
}

/* ---- the keeper ---- */

/* Discards output behind what the caller has read.  True if there was something. */
static bool drain(const struct keeper_job *job)
{
    static char discarded[DISCARD_B];
    int unread = 0;
    if (job->drain_fd < 0 || !job->news->discards) return false;
    if (ioctl(job->drain_fd, FIONREAD, &unread) < 0 || unread <= UNREAD_MAX_B) return false;
    ssize_t got = read(job->drain_fd, discarded, sizeof discarded);
    if (got > 0) job->news->output_b += (uint64_t)got;
    return got > 0;
}

/* Bounds what the program wrote.  True if that was much since the look before, when it had said
 * `*said_b` on stderr. */
static bool bound_words(const struct keeper_job *job, uint64_t *said_b)
{
    uint64_t before_b = *said_b;
    said_bound(job->said_fd);
    *said_b = said_bytes(job->said_fd);
    return drain(job) || *said_b > before_b + DISCARD_B;
}

/* Reaps the children that have ended.  True if the program was among them; *alone is true if no
 * child is left. */
static bool reap(const struct keeper_job *job, pid_t program, bool *alone)
{
    bool found = false;
    pid_t pid;
    for (int status; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid != program) continue;
        job->news->status = status;
        found = true;
    }
    *alone = pid < 0 && errno == ECHILD;
    return found;
}

static void end_orphans(const struct keeper_job *job, pid_t program)
{
    uint64_t deadline_ns = clock_ns() + (uint64_t)ORPHANS_S_MAX * NS_PER_S;
    static pid_t orphans[ORPHANS_MAX];
    for (bool alone = false; !alone && clock_ns() < deadline_ns;) {
        int count = probe_tree_children(getpid(), orphans, ORPHANS_MAX);
        for (int i = 0; i < count; i++)
            kill(orphans[i], SIGKILL); /* Not yet reaped: the number is still its own. */
        nanosleep(&(struct timespec){.tv_nsec = NS_PER_MS}, NULL);
        reap(job, program, &alone);
    }
}

/* Tells that the program has ended, and which process it left behind. */
static void tell_end(const struct keeper_job *job, bool alone)
{
    pid_t left[1] = {0};
    if (!alone) probe_tree_children(getpid(), left, 1);
    job->news->left_behind = left[0];
    job->news->ended = true;
}

static void keep(const struct keeper_job *job, pid_t program, const sigset_t *signals)
{
    bool chatty = false, alone = false;
    uint64_t said_b = 0;
    for (;;) {
        long pause_ms = chatty ? CHATTY_MS : QUIET_MS;
        struct timespec pause = {.tv_nsec = pause_ms * (long)NS_PER_MS};
        int signal_number = sigtimedwait(signals, NULL, &pause);
        chatty = bound_words(job, &said_b);
        if (signal_number == SIGTERM) break;
        if (!reap(job, program, &alone)) continue;
        tell_end(job, alone);
        break;
    }
    if (!alone) end_orphans(job, program);
    said_bound(job->said_fd);
    job->news->ended = true;
}

_Noreturn void keeper_run(const struct keeper_job *job)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGCHLD);
    child_reset(NULL);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    prctl(PR_SET_NAME, "keeper");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    setsid(); /* No terminal's Ctrl-C reaches the program: we end it in our order. */
    end_with_parent(SIGTERM, job->parent);
    const int kept[] = {job->input,    job->output, job->said_fd,
                        job->drain_fd, job->gate,   job->pid_fd};
    child_close_all_but(kept, sizeof kept / sizeof *kept);
    pid_t keeper = getpid(), program = fork();
    if (program < 0) die("fork");
    if (program == 0) become_program(job, keeper);
    if (!whole_write(job->pid_fd, &program, sizeof program)) die("tell the program's pid");
    const int later[] = {job->said_fd, job->drain_fd};
    child_close_all_but(later, sizeof later / sizeof *later);
    keep(job, program, &signals);
    _exit(0);
}
