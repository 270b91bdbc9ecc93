/* report.c -- what the load client found, as a list of names and values. */
#include "clients/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/die.h"

/* ---- the list ---- */

static char *slot(struct report *report, const char *name, bool is_text)
{
    size_t i = 0;
    while (i < report->count && strcmp(report->pairs[i].name, name) != 0)
        i++;
    if (i == REPORT_PAIRS_MAX) die_because("more than %d values in a report", REPORT_PAIRS_MAX);
    if (i == report->count) report->count++;
    report->pairs[i].name = name;
    report->pairs[i].is_text = is_text;
    return report->pairs[i].value;
}

void report_text(struct report *report, const char *name, const char *value)
{
    snprintf(slot(report, name, true), sizeof report->pairs[0].value, "%s", value);
}

void report_count(struct report *report, const char *name, uint64_t value)
{
    snprintf(slot(report, name, false), sizeof report->pairs[0].value, "%" PRIu64, value);
}

void report_number(struct report *report, const char *name, double value, int decimals)
{
    char *out = slot(report, name, false);
    out[0] = '\0';
    if (isfinite(value)) snprintf(out, sizeof report->pairs[0].value, "%.*f", decimals, value);
}

const char *report_value(const struct report *report, const char *name)
{
    for (size_t i = 0; i < report->count; i++)
        if (strcmp(report->pairs[i].name, name) == 0) return report->pairs[i].value;
    return "";
}

/* A percentile is only given with enough samples behind it. */
static void percentile(struct report *report, const char *name, const struct histogram *histogram,
                       double percent)
{
    if (histogram_has_percentile(histogram, percent))
        report_count(report, name, histogram_percentile(histogram, percent));
    else
        report_number(report, name, NAN, 0);
}

static void maximum(struct report *report, const char *name, const struct histogram *histogram)
{
    report_number(report, name, histogram->count ? (double)histogram->max : NAN, 0);
}

/* ---- what is in it ---- */

void report_connects(struct report *report, const struct worker_connects *connects,
                     uint32_t asked_total, double duration_s, const struct crew *crew)
{
    report_count(report, "connections_asked", asked_total);
    report_count(report, "connections_established",
                 connects->asked == asked_total ? connects->established : crew_open(crew));
    report_count(report, "connections_refused", connects->refused);
    report_count(report, "connections_reset", connects->reset);
    report_count(report, "connections_timed_out", connects->timed_out);
    report_count(report, "connections_failed", connects->failed);
    report_text(report, "connect_error",
                connects->first_errno ? strerrorname_np(connects->first_errno) : "");
    report_number(report, "connect_s", duration_s, 6);
    percentile(report, "connect_ns_p50", &connects->connect_ns, 50);
    percentile(report, "connect_ns_p99", &connects->connect_ns, 99);
    maximum(report, "connect_ns_max", &connects->connect_ns);
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
    percentile(report, "latency_ns_p50", latency, 50);
    percentile(report, "latency_ns_p90", latency, 90);
    percentile(report, "latency_ns_p99", latency, 99);
    percentile(report, "latency_ns_p999", latency, 99.9);
    maximum(report, "latency_ns_max", latency);
    report_number(report, "latency_ns_mean", latency->count ? histogram_mean(latency) : NAN, 0);
}

void report_herd(struct report *report, const struct worker_herd *herd,
                 const struct worker_connects *connects, const struct worker_traffic *traffic,
                 uint64_t begin_ns, const struct crew *crew)
{
    static struct histogram latency; /* 34 KiB: too large for a small stack. */
    latency = traffic->latency_half_ns[0];
    histogram_merge(&latency, &traffic->latency_half_ns[1]);
    bool came = herd->first_lost_ns != 0 && herd->last_back_ns > herd->first_lost_ns;
    report_connects(report, connects, (uint32_t)herd->held, NAN, crew);
    report_count(report, "connections_established", crew_open(crew));
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
    percentile(report, "send_lag_ns_p99", &traffic->send_lag_ns, 99);
}

/* Messages with a cost: none, unless they were asked for. */
static void slow_latencies(struct report *report, const struct histogram *slow)
{
    report_count(report, "slow_sent", slow->count);
    percentile(report, "slow_ns_p50", slow, 50);
    percentile(report, "slow_ns_p99", slow, 99);
    maximum(report, "slow_ns_max", slow);
}

void report_merged(struct report *report, const struct histogram *ordinary_ns,
                   const struct histogram *slow_ns, uint64_t windows)
{
    report_count(report, "merged_windows", windows);
    percentile(report, "merged_ns_p50", ordinary_ns, 50);
    percentile(report, "merged_ns_p99", ordinary_ns, 99);
    percentile(report, "merged_slow_ns_p50", slow_ns, 50);
}

void report_window(struct report *report, const struct crew_traffic *traffic,
                   const struct worker_traffic *found, uint32_t active, uint64_t busiest_cpu_ns,
                   bool spin, const struct crew *crew)
{
    static struct histogram latency; /* 34 KiB: too large for a small stack. */
    latency = found->latency_half_ns[0];
    histogram_merge(&latency, &found->latency_half_ns[1]);
    double window_s = traffic->duration_s;
    double achieved_per_s = (double)(found->received_half[0] + found->received_half[1]) / window_s;
    /* Little's law: those in the system = throughput x time in the system. */
    double spent_ns = (double)latency.sum + (double)found->slow_ns.sum;
    double mean_ns = spent_ns / (double)(latency.count + found->slow_ns.count);
    double little = achieved_per_s * mean_ns / NS_PER_S;
    double little_error = fabs(active - little) / active * 100;

    report_count(report, "connections_established", crew_open(crew));
    report_count(report, "connections_active", active);
    report_number(report, "window_s", window_s, 3);
    report_number(report, "offered_per_s", traffic->closed ? NAN : traffic->rate_per_s, 1);
    report_number(report, "sent_per_s", (double)found->sent_in_time / window_s, 1);
    report_number(report, "achieved_per_s", achieved_per_s, 1);
    report_count(report, "sent", found->sent);
    report_count(report, "received", found->received);
    report_count(report, "lost", found->lost);
    report_count(report, "corrupt", found->corrupt);
    report_count(report, "connections_reset", found->reset);
    latencies(report, &latency);
    slow_latencies(report, &found->slow_ns);
    report_number(report, "waiting_mean", spent_ns / NS_PER_S / window_s, 3);
    percentile(report, "from_sent_ns_p50", &found->from_sent_ns, 50);
    percentile(report, "from_sent_ns_p99", &found->from_sent_ns, 99);
    maximum(report, "from_sent_ns_max", &found->from_sent_ns);
    percentile(report, "send_lag_ns_p50", &found->send_lag_ns, 50);
    percentile(report, "send_lag_ns_p99", &found->send_lag_ns, 99);
    maximum(report, "send_lag_ns_max", &found->send_lag_ns);
    report_number(report, "little_error_percent", traffic->closed ? little_error : NAN, 2);
    report_count(report, "client_cpu_ns", found->cpu_ns);
    report_count(report, "client_user_ns", found->user_ns);
    report_count(report, "client_system_ns", found->system_ns);
    report_number(report, "client_cpu_percent_max",
                  (double)busiest_cpu_ns / (window_s * NS_PER_S) * 100, 2);
    report_number(report, "drift_percent", drift_percent(traffic, found), 2);
    report_count(report, "seed", traffic->seed);
    report_count(report, "spin", spin);
}

/* ---- the outputs ---- */

void report_write_pairs(const struct report *report, FILE *file)
{
    for (size_t i = 0; i < report->count; i++) {
        const char *value = report->pairs[i].value;
        fprintf(file, " %s=%s", report->pairs[i].name, value[0] ? value : "-");
    }
}

void report_write_csv(const struct report *report, FILE *file)
{
    for (size_t i = 0; i < report->count; i++)
        fprintf(file, "%s%s", i ? "," : "", report->pairs[i].name);
    for (size_t i = 0; i < report->count; i++)
        fprintf(file, "%s%s", i ? "," : "\n", report->pairs[i].value);
    fprintf(file, "\n");
}

void report_write_json(const struct report *report, FILE *file)
{
    for (size_t i = 0; i < report->count; i++) {
        const char *value = report->pairs[i].value;
        const char *quote = report->pairs[i].is_text && value[0] ? "\"" : "";
        fprintf(file, "%s\"%s\":%s%s%s", i ? "," : "{", report->pairs[i].name, quote,
                value[0] ? value : "null", quote);
    }
    fprintf(file, "}\n");
}

/* A duration given in ns, in the unit that a person would choose. */
static void write_duration(FILE *file, const char *label, const char *ns)
{
    double value = strtod(ns, NULL);
    if (ns[0] == '\0')
        fprintf(file, "  %s (too few)", label);
    else if (value < 1e6)
        fprintf(file, "  %s %.1f us", label, value / 1e3);
    else if (value < 1e9)
        fprintf(file, "  %s %.2f ms", label, value / 1e6);
    else
        fprintf(file, "  %s %.2f s", label, value / 1e9);
}

/* How a herd came back. */
static void write_herd(const struct report *report, FILE *file)
{
    fprintf(file, "lost         %s connections, %s with an orderly end, the others reset\n",
            report_value(report, "connections_lost"), report_value(report, "lost_in_order"));
    fprintf(file, "attempts     %s: %s refused, %s reset, %s timed out, %s other errors\n",
            report_value(report, "attempts"), report_value(report, "connections_refused"),
            report_value(report, "connections_reset"),
            report_value(report, "connections_timed_out"),
            report_value(report, "connections_failed"));
    fprintf(file, "back         %s of %s", report_value(report, "connections_established"),
            report_value(report, "connections_asked"));
    if (report_value(report, "away_s")[0])
        fprintf(file, ", the last one %s s after the first loss", report_value(report, "away_s"));
    fprintf(file,
            "\nmessages     %s sent by those back, %s received, %s lost, %s corrupt\nlatency    ",
            report_value(report, "sent"), report_value(report, "received"),
            report_value(report, "lost"), report_value(report, "corrupt"));
    write_duration(file, "p50", report_value(report, "latency_ns_p50"));
    write_duration(file, "p99", report_value(report, "latency_ns_p99"));
    write_duration(file, "max", report_value(report, "latency_ns_max"));
    fprintf(file, "\n");
}

void report_write_human(const struct report *report, FILE *file)
{
    if (report_value(report, "attempts")[0]) {
        write_herd(report, file);
        return;
    }
    bool open = report_value(report, "offered_per_s")[0] != '\0';
    fprintf(file, "connections  %s asked, %s established in %s s",
            report_value(report, "connections_asked"),
            report_value(report, "connections_established"), report_value(report, "connect_s"));
    if (report_value(report, "connect_error")[0])
        fprintf(file, " (%s)", report_value(report, "connect_error"));
    fprintf(file, "\nconnecting ");
    write_duration(file, "p50", report_value(report, "connect_ns_p50"));
    write_duration(file, "p99", report_value(report, "connect_ns_p99"));
    write_duration(file, "max", report_value(report, "connect_ns_max"));
    fprintf(file, "   (from connect to the first echo)\n");
    if (report_value(report, "window_s")[0] == '\0')
        return; /* Short-lived clients: there was no window. */
    fprintf(file, "messages     %s sent, %s received, %s lost, %s corrupt in %s s\n",
            report_value(report, "sent"), report_value(report, "received"),
            report_value(report, "lost"), report_value(report, "corrupt"),
            report_value(report, "window_s"));
    fprintf(file, "rate         %s/s achieved", report_value(report, "achieved_per_s"));
    if (open)
        fprintf(file, " of %s/s offered (open loop)", report_value(report, "offered_per_s"));
    else
        fprintf(file, " (closed loop: the latencies below hide stalls)");
    fprintf(file, "\nlatency    ");
    write_duration(file, "p50", report_value(report, "latency_ns_p50"));
    write_duration(file, "p90", report_value(report, "latency_ns_p90"));
    write_duration(file, "p99", report_value(report, "latency_ns_p99"));
    write_duration(file, "p99.9", report_value(report, "latency_ns_p999"));
    write_duration(file, "max", report_value(report, "latency_ns_max"));
    fprintf(file, open ? "   (from the intended time)\nsend lag   " : "\nsend lag   ");
    write_duration(file, "p50", report_value(report, "send_lag_ns_p50"));
    write_duration(file, "p99", report_value(report, "send_lag_ns_p99"));
    fprintf(file, "   (this client's own lateness)\n");
    if (strcmp(report_value(report, "slow_sent"), "0") != 0) {
        fprintf(file, "with a cost  %s messages, not in the latency above ",
                report_value(report, "slow_sent"));
        write_duration(file, "p50", report_value(report, "slow_ns_p50"));
        write_duration(file, "p99", report_value(report, "slow_ns_p99"));
        write_duration(file, "max", report_value(report, "slow_ns_max"));
        fprintf(file, "\n");
    }
    fprintf(file, "client CPU   %s %% of one core\n",
            report_value(report, "client_cpu_percent_max"));
}

void report_write(const struct report *report, const char *format, FILE *file)
{
    if (strcmp(format, "json") == 0)
        report_write_json(report, file);
    else if (strcmp(format, "csv") == 0)
        report_write_csv(report, file);
    else
        report_write_human(report, file);
}
