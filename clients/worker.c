/* worker.c -- one process of the load client: its connections, its event loop, its counts. */
#include "clients/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clients/connection.h"
#include "clients/schedule.h"
#include "common/clock.h"
#include "common/die.h"

enum {
    EVENTS_MAX = 256,
    SENDS_MAX = 64,     /* Due messages sent before replies are looked at again. */
    PER_SOURCE = 20000, /* Connections per source address; the kernel has about 28,000 ports. */
    SPIN_NS = 60 * NS_PER_US, /* A sleeper wakes up to about 50 us late: spin that long. */
    RECEIVE_B = 64 * 1024,
};

/* Connecting stops when nobody got through for so long: a lost SYN is sent again after 1 s and 3 s.
 */
static const uint64_t CONNECT_PATIENCE_NS = 5ull * NS_PER_S;

struct worker {
    struct worker_setup setup;
    struct worker_report *report;
    struct message_kind kind;
    char *scratch;  /* The message being written. */
    char *received; /* RECEIVE_B bytes. */
    int epoll_fd;
    struct connection *connections; /* [0] .. [count - 1]; some may be CLOSED. */
    uint32_t count;
    uint32_t tags; /* Of connections ever opened: no tag is used twice. */
    uint32_t turn; /* Which connection is next to be opened, or to send. */
    /* While connecting: */
    uint32_t wanted;   /* Still to be opened. */
    uint32_t underway; /* Opened, first echo not back. */
    bool visit;        /* Close after the first echo. */
    uint64_t progress_ns;
    /* While there is traffic: */
    const struct worker_command *command; /* NULL: no traffic, replies are only checked. */
    struct schedule schedule;
    uint32_t places; /* Traffic goes to those of connections[0] .. [places - 1] that are READY. */
    uint64_t middle_ns;   /* Of the window. */
    uint64_t outstanding; /* Messages of this window that are not back. */
};

static void watch(struct worker *worker, uint32_t i, int operation, bool writable)
{
    struct epoll_event event = {.events = EPOLLIN | (writable ? EPOLLOUT : 0), .data.u32 = i};
    if (epoll_ctl(worker->epoll_fd, operation, worker->connections[i].fd, &event) < 0)
        die("epoll_ctl");
    worker->connections[i].asks_writable = writable;
}

/* ---- connecting ---- */

static void count_failure(struct worker *worker, int error)
{
    struct worker_connects *connects = &worker->report->connects;
    if (connects->first_errno == 0) connects->first_errno = error;
    if (error == ECONNREFUSED)
        connects->refused++;
    else if (error == ECONNRESET || error == EPIPE)
        connects->reset++;
    else if (error == ETIMEDOUT)
        connects->timed_out++;
    else
        connects->failed++;
}

static void open_connection(struct worker *worker, uint32_t i)
{
    uint32_t source = (worker->setup.number * worker->setup.capacity + i) / PER_SOURCE;
    worker->wanted--;
    uint32_t tag = worker->setup.number << 24 | (worker->tags++ & 0xffffff);
    struct connection *connection = &worker->connections[i];
    uint64_t now_ns = clock_ns();
    if (!connection_open(connection, &worker->setup.address, source, tag)) {
        count_failure(worker, errno);
        return;
    }
    connection_schedule(connection, now_ns); /* The first echo, from here on. */
    worker->underway++;
    watch(worker, i, EPOLL_CTL_ADD, true);
}

/* A message of the window that will not be back is counted, with its age but at least the timeout:
 * left out, the worst latencies would be missing from the histogram. */
static void lose(struct worker *worker, uint64_t intended_ns)
{
    struct worker_traffic *traffic = &worker->report->traffic;
    uint64_t age_ns = clock_ns() - intended_ns;
    if (age_ns < worker->setup.timeout_ns) age_ns = worker->setup.timeout_ns;
    histogram_record(&traffic->latency_half_ns[intended_ns >= worker->middle_ns], age_ns);
    traffic->lost++;
}

static void lose_outstanding(struct worker *worker, const struct connection *connection)
{
    if (worker->command == NULL) return;
    for (uint32_t k = connection->received; k != connection->scheduled; k++) {
        uint64_t intended_ns = connection->flights[k & (connection->capacity - 1)].intended_ns;
        if (intended_ns < worker->command->begin_ns) continue; /* A straggler, counted before. */
        lose(worker, intended_ns);
        worker->outstanding--;
    }
}

/* Ends connection i after `error` (0: its end was ours), and counts what that cost. */
static void end_connection(struct worker *worker, uint32_t i, int error)
{
    struct connection *connection = &worker->connections[i];
    if (connection->state == READY) {
        worker->report->open--;
        if (error != 0) worker->report->traffic.reset++;
    } else {
        worker->underway--;
        count_failure(worker, error);
    }
    lose_outstanding(worker, connection);
    connection_close(connection);
}

/* The first echo is back: the connection stands. */
static void establish(struct worker *worker, uint32_t i, const struct flight *flight)
{
    worker->underway--;
    worker->report->connects.established++;
    worker->report->open++;
    worker->progress_ns = clock_ns();
    histogram_record(&worker->report->connects.connect_ns,
                     worker->progress_ns - flight->intended_ns);
    worker->connections[i].state = READY;
    if (worker->visit) end_connection(worker, i, 0);
}

/* ---- messages ---- */

/* Writes what is scheduled on connection i, and watches for room if the socket is full. */
static void send_scheduled(struct worker *worker, uint32_t i)
{
    struct connection *connection = &worker->connections[i];
    if (!connection_send(connection, &worker->kind, worker->scratch)) {
        end_connection(worker, i, errno);
        return;
    }
    bool more = connection->sent != connection->scheduled;
    if (more != connection->asks_writable) watch(worker, i, EPOLL_CTL_MOD, more);
}

/* Schedules one message of the window on connection i and sends it. */
static void send_new(struct worker *worker, uint32_t i, uint64_t intended_ns, uint64_t now_ns)
{
    struct worker_traffic *traffic = &worker->report->traffic;
    traffic->sent++;
    traffic->sent_in_time += now_ns < worker->command->end_ns;
    histogram_record(&traffic->send_lag_ns, now_ns - intended_ns);
    worker->outstanding++;
    connection_schedule(&worker->connections[i], intended_ns);
    if (!worker->connections[i].asks_writable) send_scheduled(worker, i);
}

/* Counts a message that came back at now_ns. */
static void count_echo(struct worker *worker, uint32_t i, const struct flight *flight,
                       uint64_t now_ns)
{
    const struct worker_command *command = worker->command;
    if (command == NULL || flight->intended_ns < command->begin_ns) return; /* A straggler. */
    struct worker_traffic *traffic = &worker->report->traffic;
    histogram_record(&traffic->latency_half_ns[flight->intended_ns >= worker->middle_ns],
                     now_ns - flight->intended_ns);
    histogram_record(&traffic->from_sent_ns, now_ns - flight->sent_ns);
    traffic->received++;
    if (now_ns < command->end_ns) traffic->received_half[now_ns >= worker->middle_ns]++;
    worker->outstanding--;
    if (command->closed && now_ns < command->end_ns) send_new(worker, i, now_ns, now_ns);
}

/* Reads once from connection i and compares.  Returns the time after the read. */
static uint64_t receive(struct worker *worker, uint32_t i)
{
    struct connection *connection = &worker->connections[i];
    ssize_t got = recv(connection->fd, worker->received, RECEIVE_B, 0);
    uint64_t now_ns = clock_ns();
    if (got <= 0) {
        if (got == 0)
            end_connection(worker, i, ECONNRESET);
        else if (errno != EAGAIN && errno != EINTR)
            end_connection(worker, i, errno);
        return now_ns;
    }
    const char *bytes = worker->received;
    size_t size = (size_t)got;
    struct flight flight;
    while (connection->state != CLOSED) {
        enum connection_taken taken =
            connection_take(connection, &worker->kind, &bytes, &size, &flight);
        if (taken == TAKEN_ALL) break;
        if (taken == TAKEN_WRONG) {
            *(connection->state == READY ? &worker->report->traffic.corrupt
                                         : &worker->report->connects.corrupt) += 1;
            end_connection(worker, i, EBADMSG);
        } else if (connection->state == FIRST_ECHO) {
            establish(worker, i, &flight);
        } else {
            count_echo(worker, i, &flight, now_ns);
        }
    }
    return now_ns;
}

/* Looks after one connection that epoll named.  Returns the time, as far as it is known. */
static uint64_t on_event(struct worker *worker, const struct epoll_event *event)
{
    uint32_t i = event->data.u32;
    struct connection *connection = &worker->connections[i];
    if (connection->state == CLOSED) return 0; /* Ended while we handled the events before it. */
    if (connection->state == CONNECTING && event->events != 0) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            end_connection(worker, i, error);
            return 0;
        }
        connection->state = FIRST_ECHO;
    }
    if (event->events & EPOLLOUT) send_scheduled(worker, i);
    if (connection->state != CLOSED && event->events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        return receive(worker, i);
    return 0;
}

/* ---- the event loop ---- */

/* Sends what the schedule says is due. */
static void send_due(struct worker *worker, uint64_t now_ns)
{
    const struct worker_command *command = worker->command;
    struct schedule *schedule = &worker->schedule;
    for (int k = 0; k < SENDS_MAX; k++) {
        if (schedule->next_ns > now_ns || schedule->next_ns >= command->end_ns) return;
        uint32_t tries = 0;
        while (worker->connections[worker->turn].state != READY && tries++ < worker->places)
            worker->turn = (worker->turn + 1) % worker->places;
        uint32_t i = worker->turn;
        worker->turn = (worker->turn + 1) % worker->places;
        if (worker->connections[i].state == READY) {
            send_new(worker, i, schedule->next_ns, now_ns);
        } else { /* Nobody is left to send it. */
            worker->report->traffic.sent++;
            worker->report->traffic.lost++;
        }
        schedule_next(schedule);
        now_ns = clock_ns();
    }
}

/* Waits for events until until_ns at most, and handles them.  What falls due meanwhile is sent. */
static void handle_events(struct worker *worker, uint64_t now_ns, uint64_t until_ns)
{
    struct epoll_event events[EVENTS_MAX];
    bool traffic = worker->command != NULL;
    uint64_t wait_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    if (worker->setup.spin && traffic) wait_ns = wait_ns > SPIN_NS ? wait_ns - SPIN_NS : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait_ns / NS_PER_S),
                               .tv_nsec = (long)(wait_ns % NS_PER_S)};
    int ready = epoll_pwait2(worker->epoll_fd, events, EVENTS_MAX, &timeout, NULL);
    if (ready < 0 && errno != EINTR) die("epoll_pwait2");
    for (int k = 0; k < ready; k++) {
        uint64_t after_ns = on_event(worker, &events[k]);
        if (traffic && after_ns >= worker->schedule.next_ns) send_due(worker, after_ns);
    }
}

/* Opens wanted connections in free places, a bounded number at a time. */
static void open_wanted(struct worker *worker, uint32_t in_flight_max)
{
    while (worker->wanted > 0 && worker->underway < in_flight_max) {
        uint32_t i = worker->turn % worker->count;
        worker->turn = i + 1;
        if (worker->connections[i].state == CLOSED) open_connection(worker, i);
    }
}

/* Opens all that is wanted, until each stands or has failed, or nothing moves any more. */
static void connect_all(struct worker *worker, uint32_t in_flight_max)
{
    worker->progress_ns = clock_ns();
    while (worker->wanted > 0 || worker->underway > 0) {
        open_wanted(worker, in_flight_max);
        uint64_t now_ns = clock_ns(), give_up_ns = worker->progress_ns + CONNECT_PATIENCE_NS;
        if (now_ns >= give_up_ns) break;
        if (worker->underway > 0) handle_events(worker, now_ns, give_up_ns);
    }
    for (uint32_t i = 0; worker->underway > 0; i++) {
        uint8_t state = worker->connections[i].state;
        if (state == CONNECTING || state == FIRST_ECHO) end_connection(worker, i, ETIMEDOUT);
    }
    for (; worker->wanted > 0; worker->wanted--)
        count_failure(worker, ETIMEDOUT);
}

/* Holds as many connections as commanded; or lets as many short-lived clients come and go. */
static void do_connect(struct worker *worker, const struct worker_command *command)
{
    worker->report->connects = (struct worker_connects){0};
    worker->visit = command->kind == WORKER_VISIT;
    uint32_t places = worker->visit ? command->in_flight_max : command->connections;
    for (uint32_t i = places; i < worker->count; i++)
        if (worker->connections[i].state == READY) end_connection(worker, i, 0);
    struct connection *more = realloc(worker->connections, (places + 1) * sizeof *more);
    if (more == NULL) die("realloc");
    worker->connections = more;
    for (uint32_t i = worker->count; i < places; i++)
        more[i] = (struct connection){.fd = -1};
    worker->count = places;
    worker->turn = 0;
    worker->wanted = command->connections - (uint32_t)worker->report->open;
    worker->report->connects.asked = worker->wanted;
    connect_all(worker, command->in_flight_max);
}

/* CPU time of this process.  The sum is exact, the split is sampled by the kernel's tick. */
struct cpu_time {
    uint64_t all_ns, user_ns, system_ns;
};

static struct cpu_time read_cpu(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) < 0) die("getrusage");
    const struct timeval *user = &usage.ru_utime, *system = &usage.ru_stime;
    return (struct cpu_time){
        .all_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID),
        .user_ns = (uint64_t)user->tv_sec * NS_PER_S + (uint64_t)user->tv_usec * NS_PER_US,
        .system_ns = (uint64_t)system->tv_sec * NS_PER_S + (uint64_t)system->tv_usec * NS_PER_US,
    };
}

/* What is not back by now is lost, and so is what the client was too late to send. */
static void give_up(struct worker *worker)
{
    for (uint32_t i = 0; i < worker->count && worker->outstanding > 0; i++)
        if (worker->connections[i].state == READY)
            lose_outstanding(worker, &worker->connections[i]);
    struct schedule *schedule = &worker->schedule;
    for (; schedule->next_ns < worker->command->end_ns; schedule_next(schedule)) {
        histogram_record(&worker->report->traffic.send_lag_ns, clock_ns() - schedule->next_ns);
        worker->report->traffic.sent++;
        lose(worker, schedule->next_ns);
    }
}

/* Sets the schedule up and, in the closed loop, gives every connection its first message. */
static void start_traffic(struct worker *worker, const struct worker_command *command)
{
    worker->command = command;
    worker->middle_ns = command->begin_ns / 2 + command->end_ns / 2;
    worker->outstanding = 0;
    worker->turn = 0;
    worker->places = 0;
    for (uint32_t ready = 0; worker->places < worker->count && ready < command->active;)
        ready += worker->connections[worker->places++].state == READY;
    worker->schedule = (struct schedule){.begin_ns = command->begin_ns,
                                         .gap_ns = NS_PER_S / command->rate_per_s,
                                         .poisson = command->poisson,
                                         .random = command->seed};
    if (!command->closed) {
        schedule_next(&worker->schedule);
        return;
    }
    worker->schedule.next_ns = UINT64_MAX; /* Nothing is ever due: echoes give the beat. */
    for (uint32_t i = 0; i < worker->places; i++) {
        uint64_t now_ns = clock_ns();
        if (worker->connections[i].state == READY) send_new(worker, i, now_ns, now_ns);
    }
}

static void do_traffic(struct worker *worker, const struct worker_command *command)
{
    struct worker_traffic *traffic = &worker->report->traffic;
    *traffic = (struct worker_traffic){0};
    if (command->active == 0) return;
    for (uint64_t now_ns; (now_ns = clock_ns()) < command->begin_ns;)
        handle_events(worker, now_ns, command->begin_ns);
    struct cpu_time begin = read_cpu();
    start_traffic(worker, command);
    uint64_t give_up_ns = command->end_ns + worker->setup.timeout_ns;
    bool in_window = true;
    for (;;) {
        uint64_t now_ns = clock_ns();
        if (in_window && now_ns >= command->end_ns) {
            in_window = false;
            struct cpu_time end = read_cpu();
            traffic->cpu_ns = end.all_ns - begin.all_ns;
            traffic->user_ns = end.user_ns - begin.user_ns;
            traffic->system_ns = end.system_ns - begin.system_ns;
        }
        send_due(worker, now_ns);
        bool all_sent = worker->schedule.next_ns >= command->end_ns;
        if (!in_window && ((all_sent && worker->outstanding == 0) || now_ns >= give_up_ns)) break;
        uint64_t until_ns = in_window ? command->end_ns : give_up_ns;
        if (worker->schedule.next_ns < until_ns) until_ns = worker->schedule.next_ns;
        handle_events(worker, now_ns, until_ns);
    }
    give_up(worker);
    worker->command = NULL;
}

void worker_run(const struct worker_setup *setup, int command_fd, int answer_fd,
                struct worker_report *report)
{
    struct worker worker = {.setup = *setup,
                            .report = report,
                            .kind = message_kind_of(setup->message_b),
                            .scratch = malloc(setup->message_b),
                            .received = malloc(RECEIVE_B),
                            .epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    if (worker.scratch == NULL || worker.received == NULL) die("malloc");
    if (worker.epoll_fd < 0) die("epoll_create1");
    prctl(PR_SET_TIMERSLACK, 1); /* ns; the default lets the kernel wake us 50 us late. */
    struct worker_command command;
    ssize_t size;
    while ((size = read(command_fd, &command, sizeof command)) == (ssize_t)sizeof command) {
        if (command.kind == WORKER_TRAFFIC)
            do_traffic(&worker, &command);
        else
            do_connect(&worker, &command);
        if (write(answer_fd, "", 1) != 1) die("write");
    }
    if (size != 0) die("read of a command");
}
