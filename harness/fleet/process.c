/* process.c -- starts the programs that a measurement needs, and ends every one of them. */
#include "harness/fleet/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/whole.h"
#include "harness/fleet/child.h"
#include "harness/fleet/keeper.h"
#include "harness/probes/probe_tree.h"
#include "harness/fleet/said.h"

enum {
    END_PATIENCE_MS = 5000,     /* At exit; a server with 10,000 children needs about 1.5 s. */
    KEEPER_PATIENCE_MS = 70000, /* Longer than a keeper takes to end what it keeps. */
    KILLED_MS = 10000, /* From SIGKILL to the end, where the kernel has much to clear away. */
    CHILDREN_MAX = 8,
    ORPHANS_MAX = 1024, /* Only those whose keeper was killed. */
    LOOK_AGAIN_MS = 20, /* How long a wait may sleep before it looks at signals and children. */
};

static struct process children[CHILDREN_MAX]; /* Started and not ended yet; no parent_pid: free. */
static pid_t owner;                           /* The process whose children they are. */
static volatile sig_atomic_t asked_to_stop;

static void on_stop(int signal_number)
{
    asked_to_stop = signal_number;
}

/* Waits for a child of ours.  False if it has not ended by then. */
static bool reaped_within(pid_t pid, int patience_ms)
{
    uint64_t deadline_ns = clock_ns() + (uint64_t)patience_ms * NS_PER_MS;
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        if (clock_ns() > deadline_ns) return false;
        nanosleep(&(struct timespec){.tv_nsec = NS_PER_MS}, NULL);
    }
    return true;
}

static bool is_listed(pid_t pid)
{
    for (int i = 0; i < CHILDREN_MAX; i++)
        if (children[i].child == pid) return true;
    return false;
}

static bool has_children(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/* A keeper that was killed leaves its tree to us, because we are a subreaper, too. */
static void end_orphans(void)
{
    static pid_t orphans[ORPHANS_MAX];
    while (has_children()) { /* Asked first: to list them takes a pass over all of /proc. */
        int count = probe_tree_children(getpid(), orphans, ORPHANS_MAX);
        int strangers = 0;
        for (int i = 0; i < count; i++) {
            if (is_listed(orphans[i])) continue;
            strangers++;
            kill(orphans[i], SIGKILL);
            if (!reaped_within(orphans[i], END_PATIENCE_MS)) return; /* It hangs in the kernel. */
        }
        if (strangers == 0) return;
    }
}

static void end_all(void)
{
    if (getpid() != owner) return; /* A forked child that exits has no say. */
    for (int i = 0; i < CHILDREN_MAX; i++) {
        struct process process = children[i];
        if (process.child != 0) process_end(&process, END_PATIENCE_MS);
    }
    end_orphans();
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

int process_asked_to_stop(void)
{
    return asked_to_stop;
}

/* ---- starting ---- */

static void list_child(const struct process *process)
{
    for (int i = 0; i < CHILDREN_MAX; i++) {
        if (children[i].child != 0) continue;
        children[i] = *process;
        return;
    }
    kill(process->child, SIGTERM);
    die_because("more than %d children", CHILDREN_MAX);
}

static void unlist_child(pid_t child)
{
    for (int i = 0; i < CHILDREN_MAX; i++)
        if (children[i].child == child) children[i] = (struct process){0};
}

/* The pipes between us and a program; [0] is for reading. */
struct pipes {
    int input[2], output[2], gate[2], pid[2];
};

static struct pipes open_pipes(void)
{
    struct pipes pipes;
    if (pipe2(pipes.input, O_CLOEXEC) < 0 || pipe2(pipes.output, O_CLOEXEC) < 0 ||
        pipe2(pipes.gate, O_CLOEXEC) < 0 || pipe2(pipes.pid, O_CLOEXEC) < 0)
        die("pipe2");
    return pipes;
}

static struct keeper_news *open_news(void)
{
    struct keeper_news *news =
        mmap(NULL, sizeof *news, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (news == MAP_FAILED) die("mmap");
    return news;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

/* Learns the program's pid from its keeper, and lets it begin once its watcher is there. */
static void let_begin(struct process *process, const struct pipes *pipes,
                      const struct process_watcher *watcher)
{
    ssize_t got = whole_read(pipes->pid[0], &process->pid, sizeof process->pid);
    if (got < 0) die("read the program's pid");
    if (got != (ssize_t)sizeof process->pid) die_because("a keeper ended before it could start");
    process->pidfd = pidfd_open(process->pid, 0);
    if (process->pidfd < 0 && errno != ESRCH) die("pidfd_open"); /* ESRCH: it has ended already. */
    list_child(process);
    if (watcher != NULL) watcher->attach(process->pid, watcher->argument);
    if (!whole_write(pipes->gate[1], "", 1) && errno != EPIPE) die("let the program go");
}

/* What to start, and how. */
struct start {
    char *const *argv;
    const cpu_set_t *cpus;
    bool talks, server;
    const struct process_watcher *watcher;
};

static struct process start(const struct start *start)
{
    struct pipes pipes = open_pipes();
    struct process process = {.news = open_news(), .error_fd = said_open(), .input_fd = -1};
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null_fd < 0) die("/dev/null");
    struct keeper_job job = {.argv = start->argv,
                             .cpus = start->cpus,
                             .server = start->server,
                             .input = start->talks ? pipes.input[0] : null_fd,
                             .output = pipes.output[1],
                             .said_fd = process.error_fd,
                             .drain_fd = start->talks ? -1 : pipes.output[0],
                             .gate = pipes.gate[0],
                             .pid_fd = pipes.pid[1],
                             .parent = getpid(),
                             .news = process.news};
    fflush(NULL); /* Nothing of ours may be written twice. */
    process.child = fork();
    if (process.child < 0) die("fork");
    if (process.child == 0) keeper_run(&job);
    close(pipes.pid[1]); /* So that a keeper that failed is noticed. */
    let_begin(&process, &pipes, start->watcher);
    process.output_fd = pipes.output[0];
    if (start->talks) process.input_fd = pipes.input[1];
    const int theirs[] = {pipes.input[0], pipes.output[1], null_fd,
                          pipes.gate[0],  pipes.gate[1],   pipes.pid[0]};
    close_all(theirs, sizeof theirs / sizeof *theirs);
    if (!start->talks) close(pipes.input[1]);
    return process;
}

struct process process_start(char *const argv[], const cpu_set_t *cpus)
{
    return start(&(struct start){.argv = argv, .cpus = cpus, .talks = true});
}

struct process process_start_server(char *const argv[], const cpu_set_t *cpus,
                                    const struct process_watcher *watcher)
{
    return start(&(struct start){.argv = argv, .cpus = cpus, .server = true, .watcher = watcher});
}

struct process process_fork(void (*work)(void *), void *argument, const cpu_set_t *cpus)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
        child_reset(cpus);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != owner) _exit(1); /* We ended before prctl could tell. */
        work(argument);
        _exit(0);
    }
    struct process process = {
        .pid = pid, .child = pid, .input_fd = -1, .output_fd = -1, .error_fd = -1};
    process.pidfd = pidfd_open(pid, 0);
    if (process.pidfd < 0) die("pidfd_open");
    list_child(&process);
    return process;
}

/* ---- waiting and ending ---- */

void process_signal(const struct process *process, int signal_number)
{
    if (process->pid != 0) pidfd_send_signal(process->pidfd, signal_number, NULL, 0);
}

/* Without its keeper, a program and what it started are ended by us. */
static bool keeper_is_gone(struct process *process)
{
    pid_t ended = waitpid(process->child, NULL, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) return false;
    unlist_child(process->child);
    process->child = 0;
    if (process->news->ended) return true; /* Just now, and in order. */
    process_signal(process, SIGKILL);
    process->news->status = SIGKILL;
    end_orphans();
    return true;
}

static bool child_is_running(struct process *process)
{
    pid_t ended = waitpid(process->child, &process->status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) return true;
    unlist_child(process->child);
    process->child = 0;
    return false;
}

bool process_is_running(struct process *process)
{
    if (process->pid == 0) return false;
    if (process->news == NULL) {
        if (child_is_running(process)) return true;
    } else {
        if (!process->news->ended && !keeper_is_gone(process)) return true;
        process->status = process->news->status;
    }
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
        process_signal(process, SIGTERM);
        process_signal(process, SIGCONT); /* Who was stopped could not end. */
        if (!ends_within(process, patience_ms)) {
            process_signal(process, SIGKILL);
            ends_within(process, KILLED_MS); /* For its status. */
        }
    }
    if (process->child == 0) return;
    if (process->news != NULL) kill(process->child, SIGTERM); /* A keeper ends what is left. */
    if (!reaped_within(process->child, KEEPER_PATIENCE_MS)) kill(process->child, SIGKILL);
    unlist_child(process->child);
    process->pid = process->child = 0;
}

void process_forget(struct process *process)
{
    if (process->error_fd >= 0) close(process->error_fd);
    if (process->pidfd > 0) close(process->pidfd);
    if (process->news != NULL) munmap(process->news, sizeof *process->news);
    process->error_fd = -1;
    process->pidfd = 0;
    process->news = NULL;
}

/* ---- listening ---- */

void process_discard_output(struct process *process)
{
    if (process->news != NULL) process->news->discards = true;
}

/* Reads byte by byte: a line is short, and what follows it must stay in the pipe. */
enum process_line process_read_line(struct process *process, char *line, size_t size,
                                    uint64_t deadline_ns)
{
    size_t held = 0;
    enum process_line outcome = LINE_TOO_LONG;
    while (held + 1 < size) {
        process_stop_if_asked();
        if (clock_ns() > deadline_ns) {
            outcome = LINE_LATE;
            break;
        }
        struct pollfd pipe = {.fd = process->output_fd, .events = POLLIN};
        if (poll(&pipe, 1, LOOK_AGAIN_MS) <= 0) continue;
        ssize_t got = read(process->output_fd, line + held, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || line[held] == '\n') {
            outcome = got <= 0 ? LINE_ENDED : LINE_READ;
            break;
        }
        held++;
    }
    line[held] = '\0';
    process_discard_output(process);
    return outcome;
}

void process_last_line(const struct process *process, char *line, size_t size)
{
    said_last_line(process->error_fd, line, size);
}

uint64_t process_wrote_b(const struct process *process)
{
    uint64_t thrown_away_b = process->news != NULL ? process->news->output_b : 0;
    return said_bytes(process->error_fd) + thrown_away_b;
}

pid_t process_left_behind(const struct process *process)
{
    return process->news != NULL ? process->news->left_behind : 0;
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
