/* process.c -- starts the programs that a measurement needs, and ends every one of them. */
#include "harness/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/probe_tree.h"

enum {
    END_PATIENCE_MS = 5000, /* At exit; a server with 10,000 children needs about 1.5 s. */
    CHILDREN_MAX = 8,
    ORPHANS_MAX = 16384, /* Looked up at once; a pass over /proc with as many takes 0.2 s. */
    ORPHANS_S_MAX = 60,  /* 10,000 of them on a machine that has no time. */
    LOOK_AGAIN_MS = 20,  /* How long a wait may sleep before it looks at signals and children. */
};

static pid_t children[CHILDREN_MAX]; /* Started and not ended yet; 0 is a free place. */
static pid_t owner;                  /* The process whose children they are. */
static volatile sig_atomic_t asked_to_stop;

static void on_stop(int signal_number)
{
    asked_to_stop = signal_number;
}

/* Waits for a child that was killed.  False if it has not ended by then: it hangs in the kernel,
 * waiting for a disk, and is left to whoever reaps after us. */
static bool reaped_by(pid_t pid, uint64_t deadline_ns)
{
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        if (clock_ns() > deadline_ns) return false;
        nanosleep(&(struct timespec){.tv_nsec = NS_PER_MS}, NULL);
    }
    return true;
}

void process_end_orphans(void)
{
    uint64_t deadline_ns = clock_ns() + (uint64_t)ORPHANS_S_MAX * NS_PER_S;
    static pid_t orphans[ORPHANS_MAX];
    for (int count; (count = probe_tree_children(getpid(), orphans, ORPHANS_MAX)) > 0;) {
        int strangers = 0;
        for (int i = 0; i < count; i++) {
            bool listed = false;
            for (int k = 0; k < CHILDREN_MAX; k++)
                listed = listed || children[k] == orphans[i];
            if (listed) continue;
            strangers++;
            kill(orphans[i], SIGKILL);
            if (!reaped_by(orphans[i], deadline_ns)) return;
        }
        if (strangers == 0) return;
    }
}

static void end_all(void)
{
    if (getpid() != owner) return; /* A forked child that exits has no say. */
    for (int i = 0; i < CHILDREN_MAX; i++) {
        struct process process = {
            .pid = children[i], .input_fd = -1, .output_fd = -1, .error_fd = -1};
        if (children[i] != 0) process_end(&process, END_PATIENCE_MS);
    }
    process_end_orphans();
}

void process_prepare(void)
{
    owner = getpid();
    memset(children, 0, sizeof children); /* After a fork: those are our parent's. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);     /* Best effort: without it only orphans are missed. */
    struct sigaction stop = {.sa_handler = on_stop};
    if (sigaction(SIGTERM, &stop, NULL) < 0 || sigaction(SIGINT, &stop, NULL) < 0) die("sigaction");
    signal(SIGPIPE, SIG_IGN);
    if (atexit(end_all) != 0) die_because("atexit refuses");
}

void process_stop_if_asked(void)
{
    if (asked_to_stop != 0) exit(128 + asked_to_stop);
}

/* ---- starting ---- */

/* In the child: ends with us, runs where it should, and with the default signals. */
static void become_child(const cpu_set_t *cpus)
{
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != owner) _exit(1); /* We ended before prctl could tell. */
    if (cpus != NULL && sched_setaffinity(0, sizeof *cpus, cpus) < 0) die("sched_setaffinity");
}

static void list_child(pid_t pid)
{
    for (int i = 0; i < CHILDREN_MAX; i++) {
        if (children[i] != 0) continue;
        children[i] = pid;
        return;
    }
    kill(pid, SIGKILL);
    die_because("more than %d children", CHILDREN_MAX);
}

static void unlist_child(pid_t pid)
{
    for (int i = 0; i < CHILDREN_MAX; i++)
        if (children[i] == pid) children[i] = 0;
}

/* In the child: waits for a byte from the parent. */
static void wait_at(int gate)
{
    char go;
    /* Where only ancestors may trace (kernel.yama.ptrace_scope = 1), let whoever watches, too. Best
     * effort: other kernels do not ask for it. */
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    while (read(gate, &go, 1) < 0 && errno == EINTR) {
    }
}

/* In the child: becomes the program. */
static _Noreturn void become_program(char *const argv[], int input, int output, int error)
{
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(error, STDERR_FILENO) < 0)
        _exit(127);
    execvp(argv[0], argv);
    fprintf(stderr, "cannot start %s: %s\n", argv[0], strerror(errno));
    fflush(stderr);
    _exit(127);
}

struct process process_start_watched(char *const argv[], const cpu_set_t *cpus, bool talks,
                                     const struct process_watcher *watcher)
{
    int input[2], output[2], gate[2];
    int error_fd = memfd_create("stderr", MFD_CLOEXEC);
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0 || pipe2(gate, O_CLOEXEC) < 0)
        die("pipe2");
    if (error_fd < 0 || null_fd < 0) die("memfd_create or /dev/null");
    fflush(NULL); /* Nothing of ours may be written twice. */
    pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
        become_child(cpus);
        if (watcher != NULL) wait_at(gate[0]);
        become_program(argv, talks ? input[0] : null_fd, output[1], error_fd);
    }
    list_child(pid);
    if (watcher != NULL) watcher->attach(pid, watcher->argument);
    if (write(gate[1], "", 1) != 1) die("let the program go");
    int theirs[] = {input[0], output[1], null_fd, gate[0], gate[1]};
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
        close(theirs[i]);
    if (!talks) close(input[1]);
    return (struct process){.pid = pid,
                            .input_fd = talks ? input[1] : -1,
                            .output_fd = output[0],
                            .error_fd = error_fd};
}

struct process process_start(char *const argv[], const cpu_set_t *cpus, bool talks)
{
    return process_start_watched(argv, cpus, talks, NULL);
}

struct process process_fork(void (*work)(void *), void *argument, const cpu_set_t *cpus)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
        become_child(cpus);
        work(argument);
        _exit(0);
    }
    list_child(pid);
    return (struct process){.pid = pid, .input_fd = -1, .output_fd = -1, .error_fd = -1};
}

/* ---- waiting and ending ---- */

bool process_is_running(struct process *process)
{
    if (process->pid == 0) return false;
    pid_t ended = waitpid(process->pid, &process->status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) return true;
    unlist_child(process->pid);
    process->pid = 0;
    return false;
}

void process_sleep_ns(uint64_t duration_ns)
{
    uint64_t end = clock_ns() + duration_ns;
    for (uint64_t now; (now = clock_ns()) < end;) {
        process_stop_if_asked();
        uint64_t left = end - now, step = (uint64_t)LOOK_AGAIN_MS * NS_PER_MS;
        struct timespec pause = {.tv_nsec = (long)(left < step ? left : step)};
        nanosleep(&pause, NULL);
    }
    process_stop_if_asked();
}

static void close_pipes(struct process *process)
{
    if (process->input_fd >= 0) close(process->input_fd);
    if (process->output_fd >= 0) close(process->output_fd);
    process->input_fd = process->output_fd = -1;
}

/* Not process_sleep_ns(): this also runs while we are being stopped. */
static bool ends_within(struct process *process, int patience_ms)
{
    uint64_t deadline_ns = clock_ns() + (uint64_t)patience_ms * NS_PER_MS;
    while (process_is_running(process)) {
        if (clock_ns() > deadline_ns) return false;
        nanosleep(&(struct timespec){.tv_nsec = 2 * NS_PER_MS}, NULL);
    }
    return true;
}

void process_end(struct process *process, int patience_ms)
{
    close_pipes(process);
    if (process_is_running(process)) {
        kill(process->pid, SIGTERM);
        kill(process->pid, SIGCONT); /* Who was stopped could not end. */
        if (!ends_within(process, patience_ms)) {
            kill(process->pid, SIGKILL);
            ends_within(process, 10000);
        }
    }
}

void process_forget(struct process *process)
{
    if (process->error_fd >= 0) close(process->error_fd);
    process->error_fd = -1;
}

/* ---- listening ---- */

/* Reads byte by byte: a line is short, and what follows it must stay in the pipe. */
bool process_read_line(struct process *process, char *line, size_t size, uint64_t deadline_ns)
{
    for (size_t held = 0; held + 1 < size;) {
        process_stop_if_asked();
        if (clock_ns() > deadline_ns) return false;
        struct pollfd pipe = {.fd = process->output_fd, .events = POLLIN};
        if (poll(&pipe, 1, LOOK_AGAIN_MS) <= 0) continue;
        ssize_t got = read(process->output_fd, line + held, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        if (line[held] == '\n') {
            line[held] = '\0';
            return true;
        }
        held++;
    }
    return false;
}

void process_last_line(const struct process *process, char *line, size_t size)
{
    char tail[512];
    int fd = process->error_fd;
    off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    off_t from = end > (off_t)sizeof tail - 1 ? end - ((off_t)sizeof tail - 1) : 0;
    ssize_t got = end <= 0 ? 0 : pread(fd, tail, sizeof tail - 1, from);
    tail[got > 0 ? got : 0] = '\0';
    size_t length = strlen(tail);
    while (length > 0 && tail[length - 1] == '\n')
        tail[--length] = '\0';
    char *newline = strrchr(tail, '\n');
    snprintf(line, size, "%s", newline != NULL ? newline + 1 : tail);
}

void process_last_words(const struct process *process, char *text, size_t size)
{
    char line[160];
    process_last_line(process, line, sizeof line);
    int used;
    if (WIFSIGNALED(process->status))
        used = snprintf(text, size, "signal %d (%s)", WTERMSIG(process->status),
                        strsignal(WTERMSIG(process->status)));
    else
        used = snprintf(text, size, "exit %d", WEXITSTATUS(process->status));
    if (line[0] != '\0' && used > 0 && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, ": %s", line);
}
