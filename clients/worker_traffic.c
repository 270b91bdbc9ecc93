/* worker_traffic.c -- a worker's messages: sent on schedule, counted when they are back. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "clients/worker_state.h"
#include "common/clock.h"
#include "common/die.h"

enum { SENDS_MAX = 64 }; /* Due messages sent before replies are looked at again. */

/* Messages that cost the server time are counted apart: nobody expects them at once, and what they
 * do to the others is the question. */
static void record_latency(struct worker *worker, const struct flight *flight, uint64_t latency_ns)
{
    struct worker_traffic *traffic = &worker->report->traffic;
    bool second = flight->intended_ns >= worker->middle_ns;
    histogram_record(flight->cost.us > 0 ? &traffic->slow_ns : &traffic->latency_half_ns[second],
                     latency_ns);
}

/* Adds the time for which a message was under way until now, as far as it lies in the steady part
 * of the window. */
static void note_spent(struct worker *worker, const struct flight *flight, uint64_t now_ns)
{
    struct worker_traffic *traffic = &worker->report->traffic;
    uint64_t from_ns = traffic->steady_begin_ns, to_ns = worker->command->end_ns;
    if (from_ns == 0) return;
    if (flight->intended_ns > from_ns) from_ns = flight->intended_ns;
    if (now_ns < to_ns) to_ns = now_ns;
    if (from_ns < to_ns) traffic->steady_spent_ns += to_ns - from_ns;
}

/* A message of the window that will not be back is counted, with its age but at least the timeout:
 * left out, the worst latencies would be missing from the histogram. */
static void lose(struct worker *worker, const struct flight *flight)
{
    uint64_t now_ns = clock_ns(), age_ns = now_ns - flight->intended_ns;
    note_spent(worker, flight, now_ns);
    record_latency(worker, flight,
                   age_ns < worker->setup.timeout_ns ? worker->setup.timeout_ns : age_ns);
    worker->report->traffic.lost++;
}

void worker_lose_outstanding(struct worker *worker, const struct connection *connection)
{
    if (worker->command == NULL) return;
    for (uint32_t k = connection->received; k != connection->scheduled; k++) {
        const struct flight *flight = &connection->flights[k & (connection->capacity - 1)];
        if (flight->intended_ns < worker->command->begin_ns)
            continue; /* A straggler, counted before. */
        lose(worker, flight);
        worker->outstanding--;
    }
}

void worker_send_scheduled(struct worker *worker, uint32_t i)
{
    struct connection *connection = &worker->connections[i];
    if (!connection_send(connection, &worker->kind, worker->scratch)) {
        worker_end_connection(worker, i, errno);
        return;
    }
    bool more = connection->sent != connection->scheduled;
    if (more != connection->asks_writable) worker_watch(worker, i, EPOLL_CTL_MOD, more);
}

static struct message_cost pick_cost(struct worker *worker)
{
    const struct worker_command *command = worker->command;
    if (command->cost_percent <= 0) return (struct message_cost){0};
    double percent = (double)(schedule_random(&worker->dice) >> 11) * 0x1p-53 * 100;
    return percent < command->cost_percent ? command->cost : (struct message_cost){0};
}

/* In a herd only those who are back send. */
static bool may_send(const struct worker *worker, uint32_t i)
{
    return worker->connections[i].state == READY &&
           (worker->herd == NULL || worker->herd->clients[i].back);
}

/* Schedules one message of the window on connection i and sends it. */
static void send_new(struct worker *worker, uint32_t i, uint64_t intended_ns, uint64_t now_ns)
{
    struct worker_traffic *traffic = &worker->report->traffic;
    traffic->sent++;
    traffic->sent_in_time += now_ns < worker->command->end_ns;
    histogram_record(&traffic->send_lag_ns, now_ns - intended_ns);
    worker->outstanding++;
    connection_schedule(&worker->connections[i], intended_ns, pick_cost(worker));
    if (!worker->connections[i].asks_writable) worker_send_scheduled(worker, i);
}

/* A closed loop has to be filled first: until each connection has sent once, and as many echoes are
 * back, there are fewer echoes than the loop's speed.  The messages that are under way at the end
 * are in no count, so those of the beginning must not be, either, or the time that they took. */
static void begin_steady_part(struct worker *worker, uint64_t now_ns)
{
    worker->report->traffic.steady_begin_ns = now_ns;
    worker->middle_ns = now_ns / 2 + worker->command->end_ns / 2;
}

/* Counts an echo that came back within the window. */
static void count_in_time(struct worker *worker, uint64_t now_ns)
{
    struct worker_traffic *traffic = &worker->report->traffic;
    traffic->received_in_time++;
    if (traffic->steady_begin_ns != 0)
        traffic->received_half[now_ns >= worker->middle_ns]++;
    else if (traffic->received_in_time == worker->started)
        begin_steady_part(worker, now_ns);
}

void worker_count_echo(struct worker *worker, uint32_t i, const struct flight *flight,
                       uint64_t now_ns)
{
    const struct worker_command *command = worker->command;
    if (command == NULL || flight->intended_ns < command->begin_ns) return; /* A straggler. */
    struct worker_traffic *traffic = &worker->report->traffic;
    record_latency(worker, flight, now_ns - flight->intended_ns);
    note_spent(worker, flight, now_ns);
    histogram_record(&traffic->from_sent_ns, now_ns - flight->sent_ns);
    traffic->received++;
    if (now_ns < command->end_ns) count_in_time(worker, now_ns);
    worker->outstanding--;
    if (command->closed && now_ns < command->end_ns) send_new(worker, i, now_ns, now_ns);
}

/* The connection whose turn it is, or the next one that can send; `places` if
 * none can.  In a herd the message of a connection that is away is not sent by another one. */
static uint32_t next_sender(struct worker *worker)
{
    uint32_t tries = worker->herd == NULL || worker->places == 0 ? worker->places : 1;
    for (; tries > 0; tries--) {
        uint32_t i = worker->turn;
        worker->turn = (i + 1) % worker->places;
        if (may_send(worker, i)) return i;
    }
    return worker->places;
}

uint64_t worker_send_due(struct worker *worker, uint64_t now_ns)
{
    const struct worker_command *command = worker->command;
    struct schedule *schedule = &worker->schedule;
    for (int k = 0; k < SENDS_MAX; k++) {
        if (schedule->next_ns > now_ns || schedule->next_ns >= command->end_ns) break;
        uint32_t i = next_sender(worker);
        if (i < worker->places) {
            send_new(worker, i, schedule->next_ns, now_ns);
        } else if (worker->herd == NULL) { /* No connection is left to send it. */
            worker->report->traffic.sent++;
            lose(worker, &(struct flight){.intended_ns = schedule->next_ns});
        }
        schedule_next(schedule);
        now_ns = clock_ns();
    }
    return now_ns;
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

void worker_give_up_outstanding(struct worker *worker)
{
    for (uint32_t i = 0; i < worker->count && worker->outstanding > 0; i++)
        if (worker->connections[i].state == READY)
            worker_lose_outstanding(worker, &worker->connections[i]);
}

/* What is not back by now is lost, and so is what the client was too late to send. */
static void give_up(struct worker *worker)
{
    worker_give_up_outstanding(worker);
    struct schedule *schedule = &worker->schedule;
    for (; schedule->next_ns < worker->command->end_ns; schedule_next(schedule)) {
        histogram_record(&worker->report->traffic.send_lag_ns, clock_ns() - schedule->next_ns);
        worker->report->traffic.sent++;
        lose(worker, &(struct flight){.intended_ns = schedule->next_ns});
    }
}

void worker_set_schedule(struct worker *worker, const struct worker_command *command,
                         uint32_t places)
{
    worker->command = command;
    worker->middle_ns = command->begin_ns / 2 + command->end_ns / 2;
    worker->outstanding = 0;
    worker->idle_ns = 0;
    worker->dice = ~command->seed; /* Not the schedule's numbers once more. */
    worker->turn = 0;
    worker->places = places;
    worker->schedule = (struct schedule){.begin_ns = command->begin_ns,
                                         .gap_ns = NS_PER_S / command->rate_per_s,
                                         .poisson = command->poisson,
                                         .random = command->seed};
}

/* Sets the schedule up and, in the closed loop, gives every connection its first message. */
static void start_traffic(struct worker *worker, const struct worker_command *command)
{
    uint32_t places = 0;
    for (uint32_t ready = 0; places < worker->count && ready < command->active;)
        ready += worker->connections[places++].state == READY;
    worker_set_schedule(worker, command, places);
    if (!command->closed) {
        worker->report->traffic.steady_begin_ns = command->begin_ns;
        schedule_next(&worker->schedule);
        return;
    }
    worker->started = command->active;
    worker->schedule.next_ns = UINT64_MAX; /* Nothing is ever due: echoes give the beat. */
    for (uint32_t i = 0; i < worker->places; i++) {
        uint64_t now_ns = clock_ns();
        if (worker->connections[i].state == READY) send_new(worker, i, now_ns, now_ns);
    }
}

static void watch_until(struct worker *worker, uint64_t until_ns)
{
    for (uint64_t now_ns; (now_ns = clock_ns()) < until_ns;)
        worker_handle_events(worker, now_ns, until_ns);
}

void worker_traffic(struct worker *worker, const struct worker_command *command)
{
    struct worker_traffic *traffic = &worker->report->traffic;
    *traffic = (struct worker_traffic){0};
    watch_until(worker, command->begin_ns);
    if (command->active == 0) { /* All of ours are idle; the server may end them all the same. */
        watch_until(worker, command->end_ns);
        return;
    }
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
            traffic->busy_ns = now_ns - command->begin_ns - worker->idle_ns;
        }
        now_ns = worker_send_due(worker, now_ns);
        bool all_sent = worker->schedule.next_ns >= command->end_ns;
        if (!in_window && ((all_sent && worker->outstanding == 0) || now_ns >= give_up_ns)) break;
        uint64_t until_ns = in_window ? command->end_ns : give_up_ns;
        if (!all_sent && worker->schedule.next_ns < until_ns) until_ns = worker->schedule.next_ns;
        worker_handle_events(worker, now_ns, until_ns);
    }
    give_up(worker);
    worker->command = NULL;
}
