/* crew.c -- the load client's processes: as many as its connections need, commanded as one. */
#include "clients/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/schedule.h"
#include "common/clock.h"
#include "common/die.h"

enum {
    WORKERS_MAX = 256,        /* Tags have 8 bits for the worker. */
    FILES_RESERVED = 32,      /* stdio, pipes, epoll, and what we inherited. */
    CONNECTS_IN_FLIGHT = 256, /* Of all workers together: well below a listener's queue. */
    HEAD_START_NS =
        2 * NS_PER_MS, /* For a command to reach all workers before the window begins. */
};

struct crew {
    struct worker_setup setup;
    uint32_t count, processes_min;
    struct {
        pid_t pid;
        int command_fd, answer_fd;
        struct worker_report *report; /* In shared memory. */
    } workers[WORKERS_MAX];
};

struct crew *crew_new(const struct worker_setup *setup, uint32_t processes_min, long files_max)
{
    struct crew *crew = calloc(1, sizeof *crew);
    if (crew == NULL) die("calloc");
    crew->setup = *setup;
    crew->setup.capacity =
        files_max > 2 * FILES_RESERVED ? (uint32_t)(files_max - FILES_RESERVED) : FILES_RESERVED;
    crew->processes_min = processes_min;
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
    if (crew->count == WORKERS_MAX)
        die_because("more than %d client processes would be needed; raise the limit of open files "
                    "(ulimit -n)",
                    WORKERS_MAX);
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
    if (write(crew->workers[worker].command_fd, command, sizeof *command) != sizeof *command)
        die("write to a client process");
}

/* Waits until all workers have done what they were told. */
static void wait_all(struct crew *crew)
{
    char done;
    for (uint32_t i = 0; i < crew->count; i++)
        if (read(crew->workers[i].answer_fd, &done, 1) != 1)
            die_because("client process %u ended unexpectedly", i);
}

/* Deals `total` out to the workers, as evenly as their rooms allow. */
static void deal(const struct crew *crew, uint32_t total, const uint32_t *rooms, uint32_t *shares)
{
    for (uint32_t i = 0; i < crew->count; i++)
        shares[i] = 0;
    for (uint32_t left = total, hungry = crew->count; left > 0 && hungry > 0;) {
        uint32_t each = left > hungry ? left / hungry : 1;
        hungry = 0;
        for (uint32_t i = 0; i < crew->count; i++) {
            uint32_t more = rooms[i] - shares[i] < each ? rooms[i] - shares[i] : each;
            if (more > left) more = left;
            shares[i] += more;
            left -= more;
            hungry += shares[i] < rooms[i];
        }
    }
}

uint32_t crew_open(const struct crew *crew)
{
    uint64_t open = 0;
    for (uint32_t i = 0; i < crew->count; i++)
        open += crew->workers[i].report->open;
    return (uint32_t)open;
}

uint32_t crew_processes(const struct crew *crew)
{
    return crew->count;
}

static void merge_connects(const struct crew *crew, struct worker_connects *merged)
{
    *merged = (struct worker_connects){0};
    for (uint32_t i = 0; i < crew->count; i++) {
        const struct worker_connects *part = &crew->workers[i].report->connects;
        merged->asked += part->asked;
        merged->established += part->established;
        merged->refused += part->refused;
        merged->reset += part->reset;
        merged->timed_out += part->timed_out;
        merged->failed += part->failed;
        merged->corrupt += part->corrupt;
        if (merged->first_errno == 0) merged->first_errno = part->first_errno;
        histogram_merge(&merged->connect_ns, &part->connect_ns);
        histogram_merge(&merged->handshake_ns, &part->handshake_ns);
        histogram_merge(&merged->round_trips, &part->round_trips);
        merged->handshake_sent_b += part->handshake_sent_b;
        merged->handshake_received_b += part->handshake_received_b;
        merged->resumed += part->resumed;
        if (merged->begin_ns == 0 || part->begin_ns < merged->begin_ns)
            merged->begin_ns = part->begin_ns;
        if (part->end_ns > merged->end_ns) merged->end_ns = part->end_ns;
        merged->cpu_ns += part->cpu_ns;
    }
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
    merge_connects(crew, connects);
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
    /* Nobody gives up what he holds for the sake of evenness: deal out only the growth. */
    uint32_t held[WORKERS_MAX], rooms[WORKERS_MAX] = {0}, shares[WORKERS_MAX];
    uint32_t in_flight[WORKERS_MAX];
    uint32_t total = crew_open(crew);
    bool grows = connections >= total;
    for (uint32_t i = 0; i < crew->count; i++) {
        held[i] = (uint32_t)crew->workers[i].report->open;
        rooms[i] = grows ? capacity - held[i] : held[i];
    }
    deal(crew, grows ? connections - total : connections, rooms, shares);
    for (uint32_t i = 0; i < crew->count; i++)
        shares[i] += grows ? held[i] : 0;
    deal(crew, CONNECTS_IN_FLIGHT, shares, in_flight);
    connect_or_visit(crew, WORKER_CONNECT, shares, in_flight, connects);
}

void crew_visit(struct crew *crew, uint32_t visits, uint32_t at_once,
                struct worker_connects *connects)
{
    start_workers(crew, at_once);
    uint32_t rooms[WORKERS_MAX] = {0}, in_flight[WORKERS_MAX], shares[WORKERS_MAX];
    for (uint32_t i = 0; i < crew->count; i++)
        rooms[i] = crew->setup.capacity;
    deal(crew, at_once, rooms, in_flight);
    for (uint32_t i = 0; i < crew->count; i++) /* Who may open none does not get any to open. */
        rooms[i] = in_flight[i] > 0 ? visits : 0;
    deal(crew, visits, rooms, shares);
    connect_or_visit(crew, WORKER_VISIT, shares, in_flight, connects);
}

static void merge_traffic(const struct crew *crew, struct worker_traffic *merged)
{
    *merged = (struct worker_traffic){0};
    for (uint32_t i = 0; i < crew->count; i++) {
        const struct worker_traffic *part = &crew->workers[i].report->traffic;
        merged->sent += part->sent;
        merged->received += part->received;
        merged->lost += part->lost;
        merged->sent_in_time += part->sent_in_time;
        merged->received_in_time += part->received_in_time;
        merged->corrupt += part->corrupt;
        merged->reset += part->reset;
        merged->cpu_ns += part->cpu_ns;
        merged->user_ns += part->user_ns;
        merged->system_ns += part->system_ns;
        for (int half = 0; half < 2; half++) {
            merged->received_half[half] += part->received_half[half];
            histogram_merge(&merged->latency_half_ns[half], &part->latency_half_ns[half]);
        }
        histogram_merge(&merged->slow_ns, &part->slow_ns);
        histogram_merge(&merged->from_sent_ns, &part->from_sent_ns);
        histogram_merge(&merged->send_lag_ns, &part->send_lag_ns);
    }
}

/* Deals those that send to as few processes as hold them: sleepers need no CPU, and a process that
 * shares its CPU with others that send is late. */
static void deal_active(const struct crew *crew, uint32_t active, uint32_t *shares)
{
    for (uint32_t i = 0; i < crew->count; i++) {
        uint32_t open = (uint32_t)crew->workers[i].report->open;
        shares[i] = active < open ? active : open;
        active -= shares[i];
    }
}

/* A process that polls needs a CPU of its own. */
static bool can_spin(const struct crew *crew, const uint32_t *shares)
{
    cpu_set_t cpus;
    int sending = 0;
    for (uint32_t i = 0; i < crew->count; i++)
        sending += shares[i] > 0;
    return sched_getaffinity(0, sizeof cpus, &cpus) == 0 && sending <= CPU_COUNT(&cpus);
}

/* Adds one worker's part of a window that ended at end_ns. */
static void add_part(struct crew_window *window, const struct worker_traffic *part, uint64_t end_ns)
{
    if (part->cpu_ns > window->busiest_cpu_ns) window->busiest_cpu_ns = part->cpu_ns;
    if (part->received == 0) return;
    double steady_ns = part->steady_begin_ns ? (double)(end_ns - part->steady_begin_ns) : NAN;
    double echoes = (double)(part->received_half[0] + part->received_half[1]);
    window->achieved_per_s += echoes / steady_ns * NS_PER_S;
    window->under_way += (double)part->steady_spent_ns / steady_ns;
}

struct crew_window crew_run(struct crew *crew, const struct crew_traffic *traffic,
                            struct worker_traffic *merged)
{
    uint32_t shares[WORKERS_MAX], open = crew_open(crew);
    uint32_t active = traffic->active == 0 || traffic->active > open ? open : traffic->active;
    deal_active(crew, active, shares);
    struct crew_window window = {.active = active, .spin = traffic->spin && can_spin(crew, shares)};
    uint64_t begin_ns = clock_ns() + HEAD_START_NS;
    uint64_t end_ns = begin_ns + (uint64_t)(traffic->duration_s * NS_PER_S);
    for (uint32_t i = 0; i < crew->count; i++) {
        struct worker_command own = {
            .kind = WORKER_TRAFFIC,
            .active = shares[i],
            .closed = traffic->closed,
            .poisson = traffic->poisson,
            .spin = window.spin,
            /* Each connection gets the same rate, wherever it is held. */
            .rate_per_s = active ? traffic->rate_per_s * shares[i] / active : 0,
            .cost = traffic->cost,
            .cost_percent = traffic->cost_percent,
            .begin_ns = begin_ns,
            .end_ns = end_ns,
            .seed = schedule_seed(traffic->seed, i),
        };
        command(crew, i, &own);
    }
    wait_all(crew);
    merge_traffic(crew, merged);
    for (uint32_t i = 0; i < crew->count; i++)
        add_part(&window, &crew->workers[i].report->traffic, end_ns);
    return window;
}

static void merge_herd(const struct crew *crew, struct worker_herd *merged)
{
    *merged = (struct worker_herd){0};
    for (uint32_t i = 0; i < crew->count; i++) {
        const struct worker_herd *part = &crew->workers[i].report->herd;
        merged->held += part->held;
        merged->lost += part->lost;
        merged->lost_in_order += part->lost_in_order;
        merged->gave_up += part->gave_up;
        if (part->lost > 0 &&
            (merged->first_lost_ns == 0 || part->first_lost_ns < merged->first_lost_ns))
            merged->first_lost_ns = part->first_lost_ns;
        if (part->last_back_ns > merged->last_back_ns) merged->last_back_ns = part->last_back_ns;
        for (int k = 0; k < HERD_BINS; k++) {
            merged->bins[k].lost += part->bins[k].lost;
            merged->bins[k].attempts += part->bins[k].attempts;
            merged->bins[k].failed += part->bins[k].failed;
            merged->bins[k].back += part->bins[k].back;
        }
    }
}

uint64_t crew_reconnect(struct crew *crew, const struct crew_return *policy,
                        const struct crew_traffic *traffic, struct worker_connects *connects,
                        struct worker_traffic *merged, struct worker_herd *herd)
{
    uint64_t begin_ns = clock_ns();
    uint32_t open = crew_open(crew);
    for (uint32_t i = 0; i < crew->count; i++) {
        double share = open ? (double)crew->workers[i].report->open / open : 0;
        struct worker_command own = {
            .kind = WORKER_RECONNECT,
            .poisson = traffic->poisson,
            .rate_per_s = traffic->rate_per_s * share,
            .begin_ns = begin_ns,
            .end_ns = begin_ns + (uint64_t)(policy->limit_s * NS_PER_S),
            .seed = schedule_seed(traffic->seed, i),
            .backoff = policy->backoff,
            .attempts_max = policy->attempts_max,
        };
        command(crew, i, &own);
    }
    wait_all(crew);
    merge_connects(crew, connects);
    merge_traffic(crew, merged);
    merge_herd(crew, herd);
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
