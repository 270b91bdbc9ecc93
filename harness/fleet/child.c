/* child.c -- the state that a program of ours or a server starts with, whatever we inherited. */
#include "harness/fleet/child.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/die.h"

enum { STACK_B = 8 * 1024 * 1024 /* Linux: _STK_LIM. */ };

/* Past the C library, which refuses to change the two signals that it keeps for threads, but leaves
 * them ignored in what posix_spawn(3) starts, as GNU make does. */
static void reset_signal(int signal_number)
{
    static const unsigned long
        default_action[8]; /* The kernel's struct sigaction has four words. */
    syscall(SYS_rt_sigaction, signal_number, default_action, NULL, (size_t)(NSIG - 1) / 8);
}

void child_reset(const cpu_set_t *cpus)
{
    sigset_t none;
    for (int signal_number = 1; signal_number < NSIG; signal_number++)
        reset_signal(signal_number); /* Some cannot be changed, and need not be. */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(022);
    if (cpus != NULL && sched_setaffinity(0, sizeof *cpus, cpus) < 0) die("sched_setaffinity");
}

/* As much as may be had: without limit for a root that may lift limits, else the hard limit. */
static void raise_limit(__rlimit_resource_t resource)
{
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    if (setrlimit(resource, &limit) == 0) return;
    if (getrlimit(resource, &limit) < 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(resource, &limit);
}

static void limit_to(__rlimit_resource_t resource, rlim_t most)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0) die("getrlimit");
    limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
    if (setrlimit(resource, &limit) < 0) die("setrlimit");
}

/* A process with a higher score is ended first when memory runs out; 1000 is the highest. */
static void go_first(void)
{
    static const char score[] = "500";
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    if (write(fd, score, sizeof score - 1) < 0) { /* Best effort. */
    }
    close(fd);
}

void child_limit_server(void)
{
    struct rlimit files;
    limit_to(RLIMIT_CORE, 0);
    limit_to(RLIMIT_STACK, STACK_B);
    raise_limit(RLIMIT_NPROC);
    raise_limit(RLIMIT_MEMLOCK);
    /* Not without limit: some programs close every descriptor up to it. */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) limit_to(RLIMIT_NOFILE, files.rlim_max);
    go_first();
}

void child_close_all_but(const int *kept, size_t count)
{
    int from = STDERR_FILENO + 1;
    for (;;) {
        int next = INT_MAX;
        for (size_t i = 0; i < count; i++)
            if (kept[i] >= from && kept[i] < next) next = kept[i];
        unsigned last = next == INT_MAX ? ~0U : (unsigned)next - 1;
        if (next > from && close_range((unsigned)from, last, 0) < 0) die("close_range");
        if (next == INT_MAX) return;
        from = next + 1;
    }
}
