/* probe_calls.c -- which system calls a process and all its descendants make, and how many fail. */
#include "harness/probes/probe_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/probes/proc_file.h"

enum {
    ATTACH_PATIENCE_MS = 2000,
    END_PATIENCE_MS = 5000,
    SYSCALL_STOP = SIGTRAP | 0x80, /* As PTRACE_O_TRACESYSGOOD marks it. */
    PID_MAX = 4 * 1024 * 1024,     /* Linux: PID_MAX_LIMIT on 64 bits. */
};

/* What the kernel does for us: our tracees die with us, and their children are ours, too. */
static const unsigned long how = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
                                 PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;

/* One writer, one reader. */
struct calls_shared {
    pid_t root;
    atomic_int error; /* Of attaching: -1 until it is known. */
    struct {
        atomic_uint_fast64_t count, failed;
    } of[CALLS_MAX];
    atomic_uint_fast64_t stops;
};

static const char *const names[CALLS_MAX] = {
#include "harness/probes/call_names.inc" /* Made by the Makefile from the system's header. */
};

const char *calls_name(int number)
{
    static char unknown[32];
    if (number >= 0 && number < CALLS_MAX && names[number] != NULL) return names[number];
    snprintf(unknown, sizeof unknown, "call_%d", number);
    return unknown;
}

/* ---- the tracer: a process of its own, for only one process can wait for a tracee ---- */

static void add_one(atomic_uint_fast64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Counts a call when it begins, and its failure when it ends: the kernel tells the number only at
 * the begin.  `inside` holds, for each thread, 1 + the number of the call that it is in. */
static void count_stop(struct calls_shared *shared, uint16_t *inside, pid_t thread)
{
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0)
        return; /* It was killed. */
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr < CALLS_MAX) {
        inside[thread] = (uint16_t)(info.entry.nr + 1);
        add_one(&shared->of[info.entry.nr].count);
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && inside[thread] > 0) {
        if (info.exit.is_error) add_one(&shared->of[inside[thread] - 1].failed);
        inside[thread] = 0;
    }
}

/* Lets a stopped thread go on, with the signal that was on its way to it. */
static void go_on(pid_t thread, int status)
{
    int signal_number = WSTOPSIG(status), event = status >> 16;
    bool stays = event == PTRACE_EVENT_STOP && signal_number != SIGTRAP;
    if (event != 0 || signal_number == SYSCALL_STOP) signal_number = 0;
    /* It was stopped by SIGSTOP or the like, and must stay so.  A thread that is gone by now was
     * killed: no error. */
    ptrace(stays ? PTRACE_LISTEN : PTRACE_SYSCALL, thread, NULL, (void *)(uintptr_t)signal_number);
}

static void trace(void *argument)
{
    struct calls_shared *shared = argument;
    uint16_t *inside = calloc(PID_MAX + 1, sizeof *inside); /* Touched where threads are. */
    if (inside == NULL) die("calloc");
    bool seized = ptrace(PTRACE_SEIZE, shared->root, NULL, (void *)how) == 0 &&
                  ptrace(PTRACE_INTERRUPT, shared->root, NULL, NULL) == 0;
    atomic_store(&shared->error, seized ? 0 : errno);
    for (;;) {
        int status;
        pid_t thread = waitpid(-1, &status, __WALL);
        if (thread < 0 && errno == EINTR) continue;
        if (thread < 0) break; /* ECHILD: all have ended. */
        if (!WIFSTOPPED(status)) continue;
        add_one(&shared->stops);
        if (WSTOPSIG(status) == SYSCALL_STOP) count_stop(shared, inside, thread);
        go_on(thread, status);
    }
    free(inside);
}

/* ---- our side ---- */

static void explain_refusal(int error, char *why, size_t size)
{
    char scope[32] = "";
    proc_file_read(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", scope, sizeof scope);
    scope[strcspn(scope, "\n")] = '\0';
    if (error < 0)
        snprintf(why, size, "the tracer did not get ready within %d s", ATTACH_PATIENCE_MS / 1000);
    else if (scope[0] != '\0')
        snprintf(why, size, "ptrace: %s (kernel.yama.ptrace_scope = %s)", strerror(error), scope);
    else
        snprintf(why, size, "ptrace: %s", strerror(error));
}

bool calls_attach(struct calls_tracer *tracer, pid_t pid, const cpu_set_t *cpus, char *why,
                  size_t why_size)
{
    tracer->shared = mmap(NULL, sizeof *tracer->shared, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (tracer->shared == MAP_FAILED) die("mmap");
    tracer->shared->root = pid;
    atomic_init(&tracer->shared->error, -1);
    tracer->process = process_fork(trace, tracer->shared, cpus);
    uint64_t deadline_ns = clock_ns() + (uint64_t)ATTACH_PATIENCE_MS * NS_PER_MS;
    while (atomic_load(&tracer->shared->error) < 0 && clock_ns() < deadline_ns)
        process_sleep_ns(NS_PER_MS);
    int error = atomic_load(&tracer->shared->error);
    if (error == 0) return true;
    explain_refusal(error, why, why_size);
    return false;
}

void calls_read(const struct calls_tracer *tracer, struct calls *calls)
{
    struct calls_shared *shared = tracer->shared;
    for (int i = 0; i < CALLS_MAX; i++) {
        calls->count[i] = atomic_load_explicit(&shared->of[i].count, memory_order_relaxed);
        calls->failed[i] = atomic_load_explicit(&shared->of[i].failed, memory_order_relaxed);
    }
    calls->stops = atomic_load_explicit(&shared->stops, memory_order_relaxed);
}

void calls_detach(struct calls_tracer *tracer)
{
    if (tracer->shared == NULL) return;
    process_end(&tracer->process, END_PATIENCE_MS);
    munmap(tracer->shared, sizeof *tracer->shared);
    *tracer = (struct calls_tracer){0};
}
