/* job_traffic.c -- the job of sending messages on schedule, and counting them when they return. */
#include "clients/job_traffic.h"

#include <sys/resource.h>

#include "common/clock.h"
#include "common/die.h"

enum { SENDS_MAX = 64 }; /* Due messages sent before replies are looked at again. */

/* Messages that cost the server time are counted apart: they are slow by design, and what they do
 * to the others is the question. */
static void record_latency(struct traffic *traffic, const struct flight *flight,
                           uint64_t latency_ns)
{
    bool second = flight->intended_ns >= traffic->middle_ns;
    struct worker_traffic *found = traffic->found;
    histogram_record(flight->cost.us > 0 ? &found->slow_ns : &found->latency_half_ns[second],
                     latency_ns);
}

/* Adds the time for which a message was under way until now, as far as it lies in the steady part
 * of the window. */
static void note_spent(struct traffic *traffic, const struct flight *flight, uint64_t now_ns)
{
    uint64_t from_ns = traffic->found->steady_begin_ns, to_ns = traffic->command->end_ns;
    if (from_ns == 0) return;
    if (flight->intended_ns > from_ns) from_ns = flight->intended_ns;
    if (now_ns < to_ns) to_ns = now_ns;
    if (from_ns < to_ns) traffic->found->steady_spent_ns += to_ns - from_ns;
}

/* A message of the window that will not be back is counted, with its age but at least the timeout:
 * left out, the worst latencies would be missing from the histogram. */
static void lose(struct traffic *traffic, const struct flight *flight)
{
    uint64_t now_ns = clock_ns(), age_ns = now_ns - flight->intended_ns;
    uint64_t timeout_ns = traffic->job.pool->setup.timeout_ns;
    note_spent(traffic, flight, now_ns);
    record_latency(traffic, flight, age_ns < timeout_ns ? timeout_ns : age_ns);
    traffic->found->lost++;
}

/* Counts as lost what is under way on a connection. */
static void lose_outstanding(struct traffic *traffic, const struct connection *connection)
{
    for (uint32_t k = connection->received; k != connection->scheduled; k++) {
        const struct flight *flight = &connection->flights[k & (connection->capacity - 1)];
        if (flight->intended_ns < traffic->command->begin_ns)
            continue; /* A straggler, counted before. */
        lose(traffic, flight);
        traffic->outstanding--;
    }
}

void traffic_count_end(struct job *job, uint32_t i, bool stood)
{
    if (stood) lose_outstanding((struct traffic *)job, &job->pool->connections[i]);
}

static struct message_cost pick_cost(struct traffic *traffic)
{
    const struct worker_command *command = traffic->command;
    if (command->cost_percent <= 0) return (struct message_cost){0};
    double percent = (double)(schedule_random(&traffic->dice) >> 11) * 0x1p-53 * 100;
    return percent < command->cost_percent ? command->cost : (struct message_cost){0};
}

static bool can_send(const struct traffic *traffic, uint32_t i)
{
    return traffic->job.pool->connections[i].state == READY &&
           (traffic->may_send == NULL || traffic->may_send[i]);
}

/* Schedules one message of the window on connection i and sends it. */
static void send_new(struct traffic *traffic, uint32_t i, uint64_t intended_ns, uint64_t now_ns)
{
    struct worker_traffic *found = traffic->found;
    struct pool *pool = traffic->job.pool;
    found->sent++;
    found->sent_in_time += now_ns < traffic->command->end_ns;
    histogram_record(&found->send_lag_ns, now_ns - intended_ns);
    traffic->outstanding++;
    connection_schedule(&pool->connections[i], intended_ns, pick_cost(traffic));
    if (!pool->connections[i].asks_writable) pool_send(pool, i);
}

/* A closed loop has to be filled first: until each connection has sent once, and as many echoes are
 * back, there are fewer echoes than the loop's speed.  The messages that are under way at the end
 * are in no count, so those of the beginning must not be, either, or the time that they took. */
static void begin_steady_part(struct traffic *traffic, uint64_t now_ns)
{
    traffic->found->steady_begin_ns = now_ns;
    traffic->middle_ns = now_ns / 2 + traffic->command->end_ns / 2;
}

/* Counts an echo that came back within the window. */
static void count_in_time(struct traffic *traffic, uint64_t now_ns)
{
    struct worker_traffic *found = traffic->found;
    found->received_in_time++;
    if (found->steady_begin_ns != 0)
        found->received_half[now_ns >= traffic->middle_ns]++;
    else if (found->received_in_time == traffic->started)
        begin_steady_part(traffic, now_ns);
}

void traffic_count_echo(struct job *job, uint32_t i, const struct flight *flight, uint64_t now_ns)
{
    struct traffic *traffic = (struct traffic *)job;
    const struct worker_command *command = traffic->command;
    if (flight->intended_ns < command->begin_ns) return; /* A straggler. */
    struct worker_traffic *found = traffic->found;
    record_latency(traffic, flight, now_ns - flight->intended_ns);
    note_spent(traffic, flight, now_ns);
    histogram_record(&found->from_sent_ns, now_ns - flight->sent_ns);
    found->received++;
    if (now_ns < command->end_ns) count_in_time(traffic, now_ns);
    traffic->outstanding--;
    if (command->closed && now_ns < command->end_ns) send_new(traffic, i, now_ns, now_ns);
}

/* The connection whose turn it is, or the next one that can send; `places` if none can.  Where
 * `may_send` chooses, no other connection sends in place of one that cannot. */
static uint32_t next_sender(struct traffic *traffic)
{
    uint32_t tries = traffic->may_send == NULL || traffic->places == 0 ? traffic->places : 1;
    for (; tries > 0; tries--) {
        uint32_t i = traffic->turn;
        traffic->turn = (i + 1) % traffic->places;
        if (can_send(traffic, i)) return i;
    }
    return traffic->places;
}

uint64_t traffic_send_due(struct job *job, uint64_t now_ns)
{
    struct traffic *traffic = (struct traffic *)job;
    const struct worker_command *command = traffic->command;
    struct schedule *schedule = &job->schedule;
    for (int k = 0; k < SENDS_MAX; k++) {
        if (schedule->next_ns > now_ns || schedule->next_ns >= command->end_ns) break;
        uint32_t i = next_sender(traffic);
        if (i < traffic->places) {
            send_new(traffic, i, schedule->next_ns, now_ns);
        } else if (traffic->may_send == NULL) { /* No connection is left to send it. */
            traffic->found->sent++;
            lose(traffic, &(struct flight){.intended_ns = schedule->next_ns});
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

void traffic_give_up_outstanding(struct traffic *traffic)
{
    const struct pool *pool = traffic->job.pool;
    for (uint32_t i = 0; i < pool->count && traffic->outstanding > 0; i++)
        if (pool->connections[i].state == READY) lose_outstanding(traffic, &pool->connections[i]);
}

/* What is not back by now is lost, and so is what the client was too late to send. */
static void give_up(struct traffic *traffic)
{
    traffic_give_up_outstanding(traffic);
    struct schedule *schedule = &traffic->job.schedule;
    for (; schedule->next_ns < traffic->command->end_ns; schedule_next(schedule)) {
        histogram_record(&traffic->found->send_lag_ns, clock_ns() - schedule->next_ns);
        traffic->found->sent++;
        lose(traffic, &(struct flight){.intended_ns = schedule->next_ns});
    }
}

void traffic_begin(struct traffic *traffic, struct pool *pool, const struct worker_command *command)
{
    *traffic = (struct traffic){.job = {.pool = pool,
                                        .echo = traffic_count_echo,
                                        .ended = traffic_count_end,
                                        .due = traffic_send_due,
                                        .schedule.next_ns = UINT64_MAX},
                                .command = command,
                                .found = &pool->report->traffic};
    *traffic->found = (struct worker_traffic){0};
    pool->job = &traffic->job;
}

void traffic_set_schedule(struct traffic *traffic, uint32_t places)
{
    const struct worker_command *command = traffic->command;
    traffic->middle_ns = command->begin_ns / 2 + command->end_ns / 2;
    traffic->dice = ~command->seed; /* Not the schedule's numbers once more. */
    traffic->places = places;
    traffic->job.pool->idle_ns = 0;
    traffic->job.spin = command->spin;
    traffic->job.schedule = (struct schedule){.begin_ns = command->begin_ns,
                                              .gap_ns = NS_PER_S / command->rate_per_s,
                                              .poisson = command->poisson,
                                              .random = command->seed};
}

/* Sets the schedule up and, in the closed loop, gives every connection its first message. */
static void start_traffic(struct traffic *traffic)
{
    const struct worker_command *command = traffic->command;
    const struct pool *pool = traffic->job.pool;
    uint32_t places = 0;
    for (uint32_t ready = 0; places < pool->count && ready < command->active;)
        ready += pool->connections[places++].state == READY;
    traffic_set_schedule(traffic, places);
    if (!command->closed) {
        traffic->found->steady_begin_ns = command->begin_ns;
        schedule_next(&traffic->job.schedule);
        return;
    }
    traffic->started = command->active;
    traffic->job.schedule.next_ns = UINT64_MAX; /* Nothing is ever due: echoes give the beat. */
    for (uint32_t i = 0; i < places; i++) {
        uint64_t now_ns = clock_ns();
        if (pool->connections[i].state == READY) send_new(traffic, i, now_ns, now_ns);
    }
}

static void watch_until(struct pool *pool, uint64_t until_ns)
{
    for (uint64_t now_ns; (now_ns = clock_ns()) < until_ns;)
        pool_handle_events(pool, now_ns, until_ns);
}

/* The window is over at now_ns: what it cost is known. */
static void count_cpu(struct traffic *traffic, const struct cpu_time *begin, uint64_t now_ns)
{
    struct worker_traffic *found = traffic->found;
    struct cpu_time end = read_cpu();
    found->cpu_ns = end.all_ns - begin->all_ns;
    found->user_ns = end.user_ns - begin->user_ns;
    found->system_ns = end.system_ns - begin->system_ns;
    found->busy_ns = now_ns - traffic->command->begin_ns - traffic->job.pool->idle_ns;
}

/* Sends and receives until the window is over, and all is back or the timeout has passed. */
static void run_window(struct traffic *traffic)
{
    struct pool *pool = traffic->job.pool;
    const struct worker_command *command = traffic->command;
    const struct schedule *schedule = &traffic->job.schedule;
    struct cpu_time begin = read_cpu();
    start_traffic(traffic);
    uint64_t give_up_ns = command->end_ns + pool->setup.timeout_ns;
    bool in_window = true;
    for (;;) {
        uint64_t now_ns = clock_ns();
        if (in_window && now_ns >= command->end_ns) {
            in_window = false;
            count_cpu(traffic, &begin, now_ns);
        }
        now_ns = traffic_send_due(&traffic->job, now_ns);
        bool all_sent = schedule->next_ns >= command->end_ns;
        if (!in_window && ((all_sent && traffic->outstanding == 0) || now_ns >= give_up_ns)) break;
        uint64_t until_ns = in_window ? command->end_ns : give_up_ns;
        if (!all_sent && schedule->next_ns < until_ns) until_ns = schedule->next_ns;
        pool_handle_events(pool, now_ns, until_ns);
    }
    give_up(traffic);
}

void job_traffic(struct pool *pool, const struct worker_command *command)
{
    struct traffic traffic;
    traffic_begin(&traffic, pool, command);
    watch_until(pool, command->begin_ns);
    if (command->active > 0)
        run_window(&traffic);
    else /* This worker only holds connections; the server may end them. */
        watch_until(pool, command->end_ns);
    pool->job = NULL;
}
