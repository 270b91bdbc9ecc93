/* crew.c -- the load client's processes: as many as its connections need, commanded as one. */
#include "clients/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/crew_parts.h"
#include "clients/worker.h"
#include "common/affinity.h"
#include "common/clock.h"
#include "common/die.h"
#include "common/whole.h"

enum {
    WORKERS_MAX = 256,             /* Tags have 8 bits for the worker. */
    FILES_OF_WORKER = 8,           /* Pipes, epoll, and some to spare. */
    PIPES_OF_WORKER = 2,           /* That stay open in the coordinator. */
    HEAD_START_NS = 2 * NS_PER_MS, /* A command reaches all workers within that time. */
};

struct crew {
    struct worker_setup setup;
    uint32_t count, processes_min, processes_max;
    uint32_t in_flight_max; /* Connects under way at once, of all workers together. */
    struct {
        pid_t pid;
        int command_fd, answer_fd;
        struct worker_report *report; /* In shared memory. */
    } workers[WORKERS_MAX];
};

struct crew *crew_new(const struct worker_setup *setup, uint32_t processes_min, long files_free)
{
    struct crew *crew = calloc(1, sizeof *crew);
    if (crew == NULL) die("calloc");
    if (files_free <= FILES_OF_WORKER)
        die_usage("only %ld more files may be opened, and a client process needs more than %d; "
                  "raise the limit of open files (ulimit -n)",
                  files_free, FILES_OF_WORKER);
    long processes_max = (files_free - PIPES_OF_WORKER) / PIPES_OF_WORKER;
    crew->setup = *setup;
    crew->setup.capacity = (uint32_t)(files_free - FILES_OF_WORKER);
    crew->processes_min = processes_min;
    crew->processes_max = processes_max < WORKERS_MAX ? (uint32_t)processes_max : WORKERS_MAX;
    crew->in_flight_max = crew_connects_in_flight();
    return crew;
}

static _Noreturn void be_worker(const struct crew *crew, int command_fd, int answer_fd,
                                struct worker_report *report, pid_t coordinator)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != coordinator) _exit(1); /* It ended before prctl could tell us. */
    for (uint32_t i = 0; i < crew->count; i++) {
        close(crew->workers[i].command_fd); /* With our copy open, others would not see the end. */
        close(crew->workers[i].answer_fd);
    }
    struct worker_setup setup = crew->setup;
    setup.number = crew->count;
    worker_run(&setup, command_fd, answer_fd, report);
    _exit(0);
}

static void start_worker(struct crew *crew)
{
    int command[2], answer[2];
    if (crew->count == crew->processes_max)
        die_because("more than %u client processes would be needed; raise the limit of open files "
                    "(ulimit -n)",
                    crew->processes_max);
    if (pipe2(command, O_CLOEXEC) < 0 || pipe2(answer, O_CLOEXEC) < 0) die("pipe2");
    struct worker_report *report =
        mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED) die("mmap");
    pid_t coordinator = getpid(), pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
        close(command[1]);
        close(answer[0]);
        be_worker(crew, command[0], answer[1], report, coordinator);
    }
    close(command[0]);
    close(answer[1]);
    crew->workers[crew->count].pid = pid;
    crew->workers[crew->count].command_fd = command[1];
    crew->workers[crew->count].answer_fd = answer[0];
    crew->workers[crew->count].report = report;
    crew->count++;
}

static void command(struct crew *crew, uint32_t worker, const struct worker_command *command)
{
    if (!whole_write(crew->workers[worker].command_fd, command, sizeof *command))
        die("write to a client process");
}

/* Ends this process after a worker has ended; the worker's own message names the cause. */
static _Noreturn void end_with_worker(const struct crew *crew, uint32_t worker)
{
    int status = 0;
    pid_t ended;
    while ((ended = waitpid(crew->workers[worker].pid, &status, 0)) < 0 && errno == EINTR) {
    }
    if (ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) != 0) exit(WEXITSTATUS(status));
    if (ended > 0 && WIFSIGNALED(status))
        die_because("client process %u was ended by signal %d", worker, WTERMSIG(status));
    die_because("client process %u ended unexpectedly", worker);
}

/* Waits until all workers have done what they were told. */
static void wait_all(struct crew *crew)
{
    char done;
    for (uint32_t i = 0; i < crew->count; i++) {
        ssize_t got = whole_read(crew->workers[i].answer_fd, &done, 1);
        if (got < 0) die("read from a client process");
        if (got == 0) end_with_worker(crew, i);
    }
}

/* Lists the connections that each worker holds; returns their sum. */
static uint32_t list_open(const struct crew *crew, uint32_t *open)
{
    uint32_t all = 0;
    for (uint32_t i = 0; i < crew->count; i++)
        all += open[i] = (uint32_t)crew->workers[i].report->open;
    return all;
}

uint32_t crew_open(const struct crew *crew)
{
    uint32_t open[WORKERS_MAX];
    return list_open(crew, open);
}

uint32_t crew_processes(const struct crew *crew)
{
    return crew->count;
}

static void add_connects(const struct crew *crew, struct worker_connects *connects)
{
    *connects = (struct worker_connects){0};
    for (uint32_t i = 0; i < crew->count; i++)
        crew_add_connects(connects, &crew->workers[i].report->connects);
}

static void add_traffic(const struct crew *crew, struct worker_traffic *traffic)
{
    *traffic = (struct worker_traffic){0};
    for (uint32_t i = 0; i < crew->count; i++)
        crew_add_traffic(traffic, &crew->workers[i].report->traffic);
}

/* Each worker gets its share of the connections, and of those that may be under way at once. */
static void connect_or_visit(struct crew *crew, enum worker_command_kind kind,
                             const uint32_t *shares, const uint32_t *in_flight,
                             struct worker_connects *connects)
{
    for (uint32_t i = 0; i < crew->count; i++) {
        struct worker_command own = {
            .kind = kind, .connections = shares[i], .in_flight_max = in_flight[i]};
        command(crew, i, &own);
    }
    wait_all(crew);
    add_connects(crew, connects);
}

/* Starts as many workers as so many connections need. */
static void start_workers(struct crew *crew, uint32_t connections)
{
    uint32_t capacity = crew->setup.capacity;
    uint32_t needed = connections / capacity + (connections % capacity != 0);
    if (needed < crew->processes_min) needed = crew->processes_min;
    while (crew->count < needed)
        start_worker(crew);
}

void crew_connect(struct crew *crew, uint32_t connections, struct worker_connects *connects)
{
    uint32_t capacity = crew->setup.capacity;
    start_workers(crew, connections);
    /* Existing connections stay where they are; only new ones are distributed. */
    uint32_t held[WORKERS_MAX], rooms[WORKERS_MAX] = {0}, shares[WORKERS_MAX];
    uint32_t in_flight[WORKERS_MAX];
    uint32_t total = list_open(crew, held);
    bool grows = connections >= total;
    for (uint32_t i = 0; i < crew->count; i++)
        rooms[i] = grows ? capacity - held[i] : held[i];
    crew_deal(grows ? connections - total : connections, rooms, shares, crew->count);
    for (uint32_t i = 0; i < crew->count; i++)
        shares[i] += grows ? held[i] : 0;
    crew_deal(crew->in_flight_max, shares, in_flight, crew->count);
    for (uint32_t i = 0; i < crew->count; i++) /* More workers than may connect at once. */
        if (in_flight[i] == 0) in_flight[i] = 1;
    connect_or_visit(crew, WORKER_CONNECT, shares, in_flight, connects);
}

void crew_visit(struct crew *crew, uint32_t visits, uint32_t at_once,
                struct worker_connects *connects)
{
    start_workers(crew, at_once);
    uint32_t rooms[WORKERS_MAX] = {0}, in_flight[WORKERS_MAX], shares[WORKERS_MAX];
    for (uint32_t i = 0; i < crew->count; i++)
        rooms[i] = crew->setup.capacity;
    crew_deal(at_once, rooms, in_flight, crew->count);
    for (uint32_t i = 0; i < crew->count; i++) /* A worker that may open none gets none. */
        rooms[i] = in_flight[i] > 0 ? visits : 0;
    crew_deal(visits, rooms, shares, crew->count);
    connect_or_visit(crew, WORKER_VISIT, shares, in_flight, connects);
}

/* A process that polls needs a CPU of its own. */
static bool can_spin(const struct crew *crew, const uint32_t *shares)
{
    long sending = 0;
    for (uint32_t i = 0; i < crew->count; i++)
        sending += shares[i] > 0;
    return sending <= affinity_cpus();
}

struct crew_window crew_run(struct crew *crew, const struct crew_traffic *traffic,
                            struct worker_traffic *merged)
{
    uint32_t open[WORKERS_MAX], shares[WORKERS_MAX], all = list_open(crew, open);
    uint32_t active = traffic->active == 0 || traffic->active > all ? all : traffic->active;
    crew_deal_active(active, open, shares, crew->count);
    struct crew_window window = {.active = active, .spin = traffic->spin && can_spin(crew, shares)};
    uint64_t begin_ns = clock_ns() + HEAD_START_NS;
    uint64_t end_ns = begin_ns + (uint64_t)(traffic->duration_s * NS_PER_S);
    for (uint32_t i = 0; i < crew->count; i++) {
        struct worker_command own = {
            .kind = WORKER_TRAFFIC,
            .active = shares[i],
            .closed = traffic->closed,
            .spin = window.spin,
            .cost = traffic->cost,
            .cost_percent = traffic->cost_percent,
            .begin_ns = begin_ns,
            .end_ns = end_ns,
        };
        crew_give_rate(&own, traffic, i, shares[i], active);
        command(crew, i, &own);
    }
    wait_all(crew);
    add_traffic(crew, merged);
    for (uint32_t i = 0; i < crew->count; i++)
        crew_add_window(&window, &crew->workers[i].report->traffic, end_ns);
    return window;
}

uint64_t crew_reconnect(struct crew *crew, const struct crew_return *policy,
                        const struct crew_traffic *traffic, struct worker_connects *connects,
                        struct worker_traffic *merged, struct worker_herd *herd)
{
    uint64_t begin_ns = clock_ns();
    uint32_t open[WORKERS_MAX], all = list_open(crew, open);
    for (uint32_t i = 0; i < crew->count; i++) {
        struct worker_command own = {
            .kind = WORKER_RECONNECT,
            .begin_ns = begin_ns,
            .end_ns = begin_ns + (uint64_t)(policy->limit_s * NS_PER_S),
            .backoff = policy->backoff,
            .attempts_max = policy->attempts_max,
        };
        crew_give_rate(&own, traffic, i, open[i], all);
        command(crew, i, &own);
    }
    wait_all(crew);
    add_connects(crew, connects);
    add_traffic(crew, merged);
    *herd = (struct worker_herd){0};
    for (uint32_t i = 0; i < crew->count; i++)
        crew_add_herd(herd, &crew->workers[i].report->herd);
    return begin_ns;
}

void crew_end(struct crew *crew)
{
    for (uint32_t i = 0; i < crew->count; i++)
        close(crew->workers[i].command_fd);
    for (uint32_t i = 0; i < crew->count; i++) {
        while (waitpid(crew->workers[i].pid, NULL, 0) < 0)
            if (errno != EINTR) die("waitpid");
        close(crew->workers[i].answer_fd);
        munmap(crew->workers[i].report, sizeof *crew->workers[i].report);
    }
    free(crew);
}
