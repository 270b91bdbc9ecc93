/* run.c -- what a measurement with the load client consists of: connecting, then traffic. */
#include "clients/run.h"

#include <stdio.h>
#include <stdlib.h>

#include "clients/findings.h"
#include "common/clock.h"
#include "common/die.h"
#include "common/output.h"

void run_connect(struct run *run, uint32_t connections, struct report *report)
{
    static struct worker_connects found;
    crew_connect(run->crew, connections, &found);
    findings_connects(report, &found, connections, run->crew);
}

void run_merge(struct run *run, uint32_t windows)
{
    free(run->recent.windows);
    run->recent = (struct run_recent){.room = windows};
    if (windows == 0) return;
    run->recent.windows = calloc(windows, sizeof *run->recent.windows);
    if (run->recent.windows == NULL) die("calloc");
}

bool run_cost(struct run *run, struct message_cost cost, double percent)
{
    bool costly = cost.us > 0 && percent > 0;
    if (costly && run->message_b < MESSAGE_COSTLY_B_MIN) return false;
    run->traffic.cost = costly ? cost : (struct message_cost){0};
    run->traffic.cost_percent = costly ? percent : 0;
    return true;
}

/* Keeps this window's latencies in place of the oldest, and reports all that are kept. */
static void merge_recent(struct run_recent *recent, const struct worker_traffic *found,
                         struct report *report)
{
    static struct histogram ordinary_ns, slow_ns;
    struct histogram *kept = &recent->windows[recent->seen % recent->room].ordinary_ns;
    *kept = found->latency_half_ns[0];
    histogram_merge(kept, &found->latency_half_ns[1]);
    recent->windows[recent->seen % recent->room].slow_ns = found->slow_ns;
    recent->seen++;
    uint64_t count = recent->seen < recent->room ? recent->seen : recent->room;
    ordinary_ns = slow_ns = (struct histogram){0};
    for (uint64_t i = 0; i < count; i++) {
        histogram_merge(&ordinary_ns, &recent->windows[i].ordinary_ns);
        histogram_merge(&slow_ns, &recent->windows[i].slow_ns);
    }
    findings_merged(report, &ordinary_ns, &slow_ns, count);
}

void run_traffic(struct run *run, double duration_s, bool recorded, struct report *report)
{
    static struct worker_traffic found;
    run->traffic.duration_s = duration_s;
    struct crew_window window = crew_run(run->crew, &run->traffic, &found);
    /* A wrong byte must not go unnoticed because it came during the warm-up. */
    found.corrupt += run->unrecorded_corrupt;
    found.reset += run->unrecorded_reset;
    run->unrecorded_corrupt = recorded ? 0 : found.corrupt;
    run->unrecorded_reset = recorded ? 0 : found.reset;
    findings_window(report, &run->traffic, &window, &found, run->crew);
    run->traffic.seed++; /* Each draws its own gaps. */
    if (!recorded) return;
    if (run->recent.room > 0) merge_recent(&run->recent, &found, report);
    if (run->hgrm == NULL) return;
    histogram_merge(&found.latency_half_ns[0], &found.latency_half_ns[1]);
    if (histogram_write_hgrm(&found.latency_half_ns[0], run->hgrm)) return;
    output_failed(run->hgrm);
    run->unwritten = true;
}

/* A line for each bin in which there was something; its time is the end of the bin.  False, and a
 * line on stderr, if that failed. */
static bool write_timeline(const struct worker_herd *herd, const char *path)
{
    FILE *file = fopen(path, "we");
    if (file == NULL) return output_failed(path);
    uint64_t connected = herd->held;
    fprintf(file, "ms,connected,lost,attempts,failed,back\n");
    for (int k = 0; k < HERD_BINS; k++) {
        const struct herd_bin *bin = &herd->bins[k];
        connected = connected - bin->lost + bin->back;
        if (bin->lost + bin->attempts + bin->failed + bin->back == 0) continue;
        fprintf(file, "%d,%lu,%u,%u,%u,%u\n", (k + 1) * HERD_BIN_MS, connected, bin->lost,
                bin->attempts, bin->failed, bin->back);
    }
    return output_close(file, path);
}

void run_reconnect(struct run *run, const struct crew_return *policy, struct report *report)
{
    static struct worker_connects connects;
    static struct worker_traffic traffic;
    static struct worker_herd herd;
    uint64_t begin_ns =
        crew_reconnect(run->crew, policy, &run->traffic, &connects, &traffic, &herd);
    findings_herd(report, &herd, &connects, &traffic, begin_ns, run->crew);
    run->traffic.seed++;
    if (run->timeline != NULL && !write_timeline(&herd, run->timeline)) run->unwritten = true;
}
