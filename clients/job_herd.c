/* job_herd.c -- the job of losing the server and coming back: each connection by its backoff.
 *
 *   stays ── server gone ──▶ waits ── pause over ──▶ connects ── first echo ──▶ is back, and sends
 *                              ▲                         │
 *                              └── refused, reset, ... ──┘
 *
 * Nothing bounds how many connect at once: that they all may is what a herd is about. */
#include "clients/job_herd.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/die.h"

enum { TRIES_MAX = 64 }; /* Attempts made before events are looked at again. */

static struct herd_bin *bin_of_now(struct herd *herd)
{
    uint64_t bin = (clock_ns() - herd->traffic.command->begin_ns) / (HERD_BIN_MS * NS_PER_MS);
    return &herd->found->bins[bin < HERD_BINS ? bin : HERD_BINS - 1];
}

static void try_later(struct herd *herd, uint32_t i)
{
    const struct worker_command *command = herd->traffic.command;
    uint32_t failures = herd->failures[i];
    if (failures >= command->attempts_max) {
        herd->found->gave_up++;
        herd->away--;
        return;
    }
    uint64_t pause_ns = backoff_pause_ns(&command->backoff, failures, &herd->dice);
    alarms_add(&herd->alarms, clock_ns() + pause_ns, i);
}

static void count_failed(struct herd *herd, uint32_t i)
{
    herd->failures[i]++;
    bin_of_now(herd)->failed++;
    try_later(herd, i);
}

static void count_lost(struct herd *herd, uint32_t i)
{
    if (herd->found->lost++ == 0) herd->found->first_lost_ns = clock_ns();
    bin_of_now(herd)->lost++;
    if (!herd->back[i]) herd->staying--;
    herd->failures[i] = 0;
    herd->back[i] = false;
    herd->away++;
    try_later(herd, i);
}

static void on_ended(struct job *job, uint32_t i, bool stood)
{
    struct herd *herd = (struct herd *)job;
    traffic_count_end(job, i, stood);
    if (herd->over) return;
    if (stood)
        count_lost(herd, i);
    else
        count_failed(herd, i);
}

static void on_stands(struct job *job, uint32_t i, const struct flight *flight, bool more)
{
    struct herd *herd = (struct herd *)job;
    (void)more; /* The pool finds these bytes wrong, on a connection that stands. */
    pool_count_connect(job->pool, flight);
    pool_keep(job->pool, i);
    herd->back[i] = true;
    herd->away--;
    herd->found->last_back_ns = clock_ns();
    bin_of_now(herd)->back++;
}

static void try_due(struct herd *herd)
{
    struct job *job = &herd->traffic.job;
    for (int k = 0; k < TRIES_MAX; k++) {
        uint64_t now_ns = clock_ns();
        if (now_ns >= job->schedule.next_ns) traffic_send_due(job, now_ns);
        if (alarms_next_ns(&herd->alarms) > now_ns) return;
        uint32_t i = alarms_take(&herd->alarms);
        job->pool->report->connects.asked++;
        bin_of_now(herd)->attempts++;
        if (!pool_open(job->pool, i)) count_failed(herd, i);
    }
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The messages of connections that are back may still return. */
static void await_outstanding(struct herd *herd)
{
    struct traffic *traffic = &herd->traffic;
    struct pool *pool = traffic->job.pool;
    traffic->job.schedule.next_ns = UINT64_MAX;
    uint64_t give_up_ns = clock_ns() + pool->setup.timeout_ns;
    for (uint64_t now_ns; traffic->outstanding > 0 && (now_ns = clock_ns()) < give_up_ns;)
        pool_handle_events(pool, now_ns, give_up_ns);
    traffic_give_up_outstanding(traffic);
}

void herd_begin(struct herd *herd, struct pool *pool, const struct worker_command *command)
{
    struct worker_report *report = pool->report;
    *herd = (struct herd){.found = &report->herd,
                          .failures = calloc(pool->count + 1, sizeof *herd->failures),
                          .back = calloc(pool->count + 1, sizeof *herd->back),
                          .staying = (uint32_t)report->open,
                          .dice = ~command->seed};
    if (herd->failures == NULL || herd->back == NULL) die("calloc");
    report->connects = (struct worker_connects){0};
    report->herd = (struct worker_herd){.held = herd->staying};
    traffic_begin(&herd->traffic, pool, command);
    herd->traffic.job.stands = on_stands;
    herd->traffic.job.ended = on_ended;
    herd->traffic.may_send = herd->back;
    traffic_set_schedule(&herd->traffic, pool->count);
}

void herd_end(struct herd *herd)
{
    herd->traffic.job.pool->job = NULL;
    alarms_free(&herd->alarms);
    free(herd->failures);
    free(herd->back);
}

void job_herd(struct pool *pool, const struct worker_command *command)
{
    struct herd herd;
    herd_begin(&herd, pool, command);
    struct schedule *schedule = &herd.traffic.job.schedule;
    if (herd.staying > 0) schedule_next(schedule);
    while (herd.staying + herd.away > 0) {
        try_due(&herd);
        uint64_t now_ns = clock_ns();
        if (now_ns >= command->end_ns) break;
        uint64_t due_ns = earliest(alarms_next_ns(&herd.alarms), schedule->next_ns);
        pool_handle_events(pool, now_ns, earliest(due_ns, command->end_ns));
    }
    await_outstanding(&herd);
    herd.over = true;
    pool_end_attempts(pool);
    herd_end(&herd);
}
