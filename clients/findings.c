/* findings.c -- what the load client found, put into a report. */
#include "clients/findings.h"

#include <math.h>
#include <string.h>

#include "common/clock.h"

/* The bytes of TLS are means. */
static void handshakes(struct report *report, const struct worker_connects *connects)
{
    const struct histogram *trips = &connects->round_trips;
    double shaken = (double)trips->count; /* 0: 0 / 0 is no number, and none is told. */
    report_percentile(report, "handshake_ns_p50", &connects->handshake_ns, 50);
    report_percentile(report, "handshake_ns_p99", &connects->handshake_ns, 99);
    report_number(report, "round_trips_p50",
                  shaken > 0 ? (double)histogram_percentile(trips, 50) : NAN, 0);
    report_maximum(report, "round_trips_max", trips);
    report_number(report, "handshake_sent_b", (double)connects->handshake_sent_b / shaken, 0);
    report_number(report, "handshake_received_b", (double)connects->handshake_received_b / shaken,
                  0);
    report_count(report, "resumed", connects->resumed);
}

void findings_connects(struct report *report, const struct worker_connects *connects,
                       uint32_t asked_total, const struct crew *crew)
{
    bool timed = connects->end_ns > 0;
    report_count(report, "connections_asked", asked_total);
    report_count(report, "connections_established", crew_open(crew));
    report_count(report, "connections_refused", connects->refused);
    report_count(report, "connections_reset", connects->reset);
    report_count(report, "connections_timed_out", connects->timed_out);
    report_count(report, "connections_failed", connects->failed);
    report_text(report, "connect_error",
                connects->first_errno ? strerrorname_np(connects->first_errno) : "");
    report_number(report, "connect_s",
                  timed ? (double)(connects->end_ns - connects->begin_ns) / NS_PER_S : NAN, 6);
    report_number(report, "connect_cpu_ns", timed ? (double)connects->cpu_ns : NAN, 0);
    report_percentile(report, "connect_ns_p50", &connects->connect_ns, 50);
    report_percentile(report, "connect_ns_p99", &connects->connect_ns, 99);
    report_maximum(report, "connect_ns_max", &connects->connect_ns);
    handshakes(report, connects);
    report_count(report, "corrupt", connects->corrupt);
    report_count(report, "processes", crew_processes(crew));
}

/* Seconds from begin_ns on; nothing for a moment that never was. */
static void moment(struct report *report, const char *name, uint64_t at_ns, uint64_t begin_ns)
{
    report_number(report, name, at_ns ? (double)(at_ns - begin_ns) / NS_PER_S : NAN, 6);
}

/* How much the two halves of a window differ, in percent of their mean. */
static double drift_percent(const struct crew_traffic *traffic, const struct worker_traffic *found)
{
    double half[2];
    for (int i = 0; i < 2; i++) {
        half[i] = traffic->closed ? (double)found->received_half[i]
                                  : (double)histogram_percentile(&found->latency_half_ns[i], 50);
    }
    return fabs(half[0] - half[1]) / ((half[0] + half[1]) / 2) * 100;
}

static void latencies(struct report *report, const struct histogram *latency)
{
    report_percentile(report, "latency_ns_p50", latency, 50);
    report_percentile(report, "latency_ns_p90", latency, 90);
    report_percentile(report, "latency_ns_p99", latency, 99);
    report_percentile(report, "latency_ns_p999", latency, 99.9);
    report_maximum(report, "latency_ns_max", latency);
    report_number(report, "latency_ns_mean", latency->count ? histogram_mean(latency) : NAN, 0);
}

void findings_herd(struct report *report, const struct worker_herd *herd,
                   const struct worker_connects *connects, const struct worker_traffic *traffic,
                   uint64_t begin_ns, const struct crew *crew)
{
    static struct histogram latency; /* 34 KiB: too large for a small stack. */
    latency = traffic->latency_half_ns[0];
    histogram_merge(&latency, &traffic->latency_half_ns[1]);
    bool came = herd->first_lost_ns != 0 && herd->last_back_ns > herd->first_lost_ns;
    findings_connects(report, connects, (uint32_t)herd->held, crew);
    report_count(report, "connections_lost", herd->lost);
    report_count(report, "lost_in_order", herd->lost_in_order);
    report_count(report, "attempts", connects->asked);
    report_count(report, "gave_up", herd->gave_up);
    report_count(report, "begin_ns", begin_ns);
    moment(report, "first_lost_s", herd->first_lost_ns, begin_ns);
    moment(report, "last_back_s", herd->last_back_ns, begin_ns);
    moment(report, "away_s", came ? herd->last_back_ns : 0, herd->first_lost_ns);
    report_count(report, "sent", traffic->sent);
    report_count(report, "received", traffic->received);
    report_count(report, "lost", traffic->lost);
    report_count(report, "corrupt", traffic->corrupt + connects->corrupt);
    latencies(report, &latency);
    report_percentile(report, "send_lag_ns_p99", &traffic->send_lag_ns, 99);
}

/* Messages with a cost: none, unless they were asked for. */
static void slow_latencies(struct report *report, const struct histogram *slow)
{
    report_count(report, "slow_sent", slow->count);
    report_percentile(report, "slow_ns_p50", slow, 50);
    report_percentile(report, "slow_ns_p99", slow, 99);
    report_maximum(report, "slow_ns_max", slow);
}

void findings_merged(struct report *report, const struct histogram *ordinary_ns,
                     const struct histogram *slow_ns, uint64_t windows)
{
    report_count(report, "merged_windows", windows);
    report_percentile(report, "merged_ns_p50", ordinary_ns, 50);
    report_percentile(report, "merged_ns_p99", ordinary_ns, 99);
    report_percentile(report, "merged_slow_ns_p50", slow_ns, 50);
}

/* What the window cost this client, and how much of a CPU its busiest process used. */
static void client_cost(struct report *report, const struct crew_window *window,
                        const struct worker_traffic *found, double window_s)
{
    report_count(report, "client_cpu_ns", found->cpu_ns);
    report_count(report, "client_user_ns", found->user_ns);
    report_count(report, "client_system_ns", found->system_ns);
    report_number(report, "client_cpu_percent_max",
                  (double)window->busiest_cpu_ns / (window_s * NS_PER_S) * 100, 2);
    report_number(report, "client_busy_percent_max",
                  window->spin ? (double)window->busiest_ns / (window_s * NS_PER_S) * 100 : NAN, 2);
}

void findings_window(struct report *report, const struct crew_traffic *traffic,
                     const struct crew_window *window, const struct worker_traffic *found,
                     const struct crew *crew)
{
    static struct histogram latency; /* 34 KiB: too large for a small stack. */
    latency = found->latency_half_ns[0];
    histogram_merge(&latency, &found->latency_half_ns[1]);
    double window_s = traffic->duration_s;
    double spent_ns = (double)latency.sum + (double)found->slow_ns.sum;
    /* Little's law: those in the system = throughput x time in the system. */
    double little_error = fabs(window->active - window->under_way) / window->active * 100;

    report_count(report, "connections_established", crew_open(crew));
    report_count(report, "connections_active", window->active);
    report_number(report, "window_s", window_s, 3);
    report_number(report, "offered_per_s", traffic->closed ? NAN : traffic->rate_per_s, 1);
    report_number(report, "sent_per_s", (double)found->sent_in_time / window_s, 1);
    report_number(report, "achieved_per_s", window->achieved_per_s, 1);
    report_count(report, "sent", found->sent);
    report_count(report, "received", found->received);
    report_count(report, "lost", found->lost);
    report_count(report, "sent_in_time", found->sent_in_time);
    report_count(report, "received_in_time", found->received_in_time);
    report_more(report, "corrupt", found->corrupt);
    report_more(report, "connections_reset", found->reset);
    latencies(report, &latency);
    slow_latencies(report, &found->slow_ns);
    report_number(report, "waiting_mean", spent_ns / NS_PER_S / window_s, 3);
    report_percentile(report, "from_sent_ns_p50", &found->from_sent_ns, 50);
    report_percentile(report, "from_sent_ns_p99", &found->from_sent_ns, 99);
    report_maximum(report, "from_sent_ns_max", &found->from_sent_ns);
    report_percentile(report, "send_lag_ns_p50", &found->send_lag_ns, 50);
    report_percentile(report, "send_lag_ns_p99", &found->send_lag_ns, 99);
    report_maximum(report, "send_lag_ns_max", &found->send_lag_ns);
    report_number(report, "little_error_percent", traffic->closed ? little_error : NAN, 2);
    client_cost(report, window, found, window_s);
    report_number(report, "drift_percent", drift_percent(traffic, found), 2);
    report_count(report, "seed", traffic->seed);
    report_count(report, "spin", window->spin);
}
