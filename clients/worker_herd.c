/* worker_herd.c -- a worker's connections lose their server and come back, each by its backoff.
 *
 *   stays ── server gone ──▶ waits ── pause over ──▶ connects ── first echo ──▶ is back, and sends
 *                              ▲                         │
 *                              └── refused, reset, ... ──┘
 *
 * Nothing bounds how many connect at once: that they all may is what a herd is about. */
#include <errno.h>
#include <stdlib.h>

#include "clients/worker_state.h"
#include "common/clock.h"
#include "common/die.h"

enum { TRIES_MAX = 64 }; /* Attempts made before events are looked at again. */

static struct herd_bin *bin_of_now(struct worker *worker)
{
    uint64_t bin = (clock_ns() - worker->herd->command->begin_ns) / (HERD_BIN_MS * NS_PER_MS);
    return &worker->report->herd.bins[bin < HERD_BINS ? bin : HERD_BINS - 1];
}

static void try_later(struct worker *worker, uint32_t i)
{
    struct herd *herd = worker->herd;
    struct herd_client *client = &herd->clients[i];
    if (client->failures >= herd->command->attempts_max) {
        worker->report->herd.gave_up++;
        herd->away--;
        return;
    }
    uint64_t pause_ns = backoff_pause_ns(&herd->command->backoff, client->failures, &herd->dice);
    alarms_add(&herd->alarms, clock_ns() + pause_ns, i);
}

void worker_herd_lost(struct worker *worker, uint32_t i, bool stood)
{
    struct herd *herd = worker->herd;
    struct herd_client *client = &herd->clients[i];
    if (!stood) {
        client->failures++;
        bin_of_now(worker)->failed++;
    } else {
        struct worker_herd *found = &worker->report->herd;
        if (found->lost++ == 0) found->first_lost_ns = clock_ns();
        bin_of_now(worker)->lost++;
        if (!client->back) herd->staying--;
        *client = (struct herd_client){0};
        herd->away++;
    }
    try_later(worker, i);
}

void worker_herd_back(struct worker *worker, uint32_t i)
{
    worker->herd->clients[i].back = true;
    worker->herd->away--;
    worker->report->herd.last_back_ns = clock_ns();
    bin_of_now(worker)->back++;
}

static void try_due(struct worker *worker)
{
    struct herd *herd = worker->herd;
    for (int k = 0; k < TRIES_MAX; k++) {
        uint64_t now_ns = clock_ns();
        if (now_ns >= worker->schedule.next_ns) worker_send_due(worker, now_ns);
        if (alarms_next_ns(&herd->alarms) > now_ns) return;
        uint32_t i = alarms_take(&herd->alarms);
        worker->report->connects.asked++;
        bin_of_now(worker)->attempts++;
        if (!worker_open(worker, i)) worker_herd_lost(worker, i, false);
    }
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The messages of those who are back may still return. */
static void await_outstanding(struct worker *worker)
{
    worker->schedule.next_ns = UINT64_MAX;
    uint64_t give_up_ns = clock_ns() + worker->setup.timeout_ns;
    for (uint64_t now_ns; worker->outstanding > 0 && (now_ns = clock_ns()) < give_up_ns;)
        worker_handle_events(worker, now_ns, give_up_ns);
    worker_give_up_outstanding(worker);
}

void worker_herd(struct worker *worker, const struct worker_command *command)
{
    struct worker_report *report = worker->report;
    uint32_t places = worker->count;
    struct herd herd = {.command = command,
                        .clients = calloc(places + 1, sizeof *herd.clients),
                        .staying = (uint32_t)report->open,
                        .dice = ~command->seed};
    if (herd.clients == NULL) die("calloc");
    report->connects = (struct worker_connects){0};
    report->traffic = (struct worker_traffic){0};
    report->herd = (struct worker_herd){.held = herd.staying};
    worker->visit = false;
    /* cppcheck-suppress autoVariables ; taken back before the end. */
    worker->herd = &herd;
    worker_set_schedule(worker, command, places);
    if (herd.staying > 0) schedule_next(&worker->schedule);
    while (herd.staying + herd.away > 0) {
        try_due(worker);
        uint64_t now_ns = clock_ns();
        if (now_ns >= command->end_ns) break;
        uint64_t due_ns = earliest(alarms_next_ns(&herd.alarms), worker->schedule.next_ns);
        worker_handle_events(worker, now_ns, earliest(due_ns, command->end_ns));
    }
    await_outstanding(worker);
    worker->herd = NULL; /* Who fails from now on does not try again. */
    worker_end_attempts(worker);
    worker->command = NULL;
    alarms_free(&herd.alarms);
    free(herd.clients);
}
