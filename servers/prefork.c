/* prefork.c -- a pool of processes that all accept from one listener: forked before they are
 * needed, used again and again.
 *
 *   server      hires --workers ──▶ keeps watch: does anybody wait in the queue? ──▶ hires more
 *                 │fork  │fork                                    ▲                    │fork
 *   worker        ▼      ▼                 nobody came for 1 s:   │ reap               ▼
 *               accept ─▶ echo ─▶ accept ─▶ ...  a hired one ends ─┘                 accept ─▶ ...
 *
 * Cost: a process per client as in fork.c, for each client that is here now.
 * But a client that finds an idle worker does not wait for a fork(2), and a
 * worker that served one is warm for the next.
 *
 * --workers-max makes it a fixed pool: then whoever comes after as many clients
 * waits until one of them leaves, however idle they are. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/blocking_echo.h"
#include "common/clock.h"
#include "common/die.h"
#include "servers/server.h"

enum {
    GRACE_MS = 10, /* For an idle worker to take a newcomer, before somebody is hired for it. */
    IDLE_S = 1,    /* Without a client for so long, a worker beyond --workers ends. */
    WORKERS_MAX = 1000 * 1000, /* No limit of ours: the machine's come first. */
};

static long workers_kept = 5; /* As MinSpareServers of Apache's prefork. */
static long workers_max = WORKERS_MAX;
static long workers;

/* How long a call may wait for a client, or for its bytes; 0: for ever. */
static void set_patience(int fd, int patience_s)
{
    const struct timeval patience = {.tv_sec = patience_s};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0) die("SO_RCVTIMEO");
}

/* A hired one ends when nobody comes, or when it cannot accept; then its status is the reason. */
static _Noreturn void work(int listen_fd, bool stays, bool costs)
{
    for (;;) {
        int fd = blocking_try_accept(listen_fd);
        if (fd >= 0) {
            set_patience(fd, 0); /* It inherited the listener's. */
            blocking_echo(fd, costs);
        } else if (!stays) {
            _exit(errno == EAGAIN ? 0 : errno);
        } else if (errno != EAGAIN) {
            server_ran_out("accept");
            blocking_wait_for_room();
        }
    }
}

/* Adds a worker.  False if processes ran out. */
static bool hire(int listen_fd, bool costs)
{
    pid_t pid = server_fork();
    if (pid == 0) work(listen_fd, workers < workers_kept, costs);
    if (pid < 0) {
        server_ran_out("fork");
        blocking_wait_for_room();
        return false;
    }
    workers++;
    return true;
}

/* Counts who ended: a hired one for want of clients, or any for whatever reason.  False if one
 * could not accept for want of files or memory. */
static bool reap(void)
{
    bool room = true;
    for (int status; waitpid(-1, &status, WNOHANG) > 0; workers--) {
        if (!WIFEXITED(status) || !server_is_shortage(WEXITSTATUS(status))) continue;
        errno = WEXITSTATUS(status);
        server_ran_out("accept");
        room = false;
    }
    return room;
}

/* How many clients wait to be accepted. */
static unsigned queue_length(int listen_fd)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (getsockopt(listen_fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0) return 1; /* Try it. */
    return info.tcpi_unacked; /* Of a listener: sk_ack_backlog, Linux' tcp_get_info(). */
}

static void on_child(int signal_number)
{
    (void)signal_number; /* Only there to end the wait in ppoll(2). */
}

//DOC: prefork-watch
static void serve(int listen_fd, const struct server_options *options)
{
    const struct timespec grace = {.tv_nsec = GRACE_MS * NS_PER_MS};
    const struct sigaction wake = {.sa_handler = on_child};
    sigset_t child, before;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD); /* Comes in ppoll(2) only: none is missed between look and wait. */
    if (sigaction(SIGCHLD, &wake, NULL) < 0 || sigprocmask(SIG_BLOCK, &child, &before) < 0)
        die("sigaction");
    set_patience(listen_fd, IDLE_S);
    if (workers_kept > workers_max) workers_kept = workers_max;
    for (;;) {
        bool room = reap();
        while (workers < workers_kept && hire(listen_fd, options->costs)) {
        }
        /* When no more are allowed, we only wait until somebody ends. */
        struct pollfd queue = {.fd = workers < workers_max ? listen_fd : -1, .events = POLLIN};
        if (ppoll(&queue, 1, NULL, &before) <= 0) continue;
        nanosleep(&grace, NULL);
        unsigned waiting = room ? queue_length(listen_fd) : 1; /* One tries; more would not help. */
        while (waiting-- > 0 && workers < workers_max && hire(listen_fd, options->costs)) {
        }
        if (!room) blocking_wait_for_room();
    }
}
//DOC-END: prefork-watch

static const struct server_knob knobs[] = {
    {.name = "workers",
     .help = "processes that always stay",
     .value = &workers_kept,
     .min = 1,
     .max = 10000},
    {.name = "workers-max",
     .help = "processes at most; further clients wait",
     .value = &workers_max,
     .min = 1,
     .max = WORKERS_MAX},
    {0},
};

const struct server_model server_model = {
    .summary = "a pool of processes, one connection each at a time",
    .knobs = knobs,
    .serve = serve,
};
