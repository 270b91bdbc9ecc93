/* findings_text.c -- what the load client found, told to a person. */
#include <stdlib.h>
#include <string.h>

#include "clients/findings.h"

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

/* How many connections there are, and how long they took. */
static void write_connecting(const struct report *report, FILE *file)
{
    fprintf(file, "connections  %s asked, %s established in %s s",
            report_value(report, "connections_asked"),
            report_value(report, "connections_established"), report_value(report, "connect_s"));
    if (report_value(report, "connect_error")[0])
        fprintf(file, " (%s)", report_value(report, "connect_error"));
    fprintf(file, "\nconnecting ");
    write_duration(file, "p50", report_value(report, "connect_ns_p50"));
    write_duration(file, "p99", report_value(report, "connect_ns_p99"));
    write_duration(file, "max", report_value(report, "connect_ns_max"));
    fprintf(file, "   (from connect to the first echo)\nhandshakes ");
    write_duration(file, "p50", report_value(report, "handshake_ns_p50"));
    write_duration(file, "p99", report_value(report, "handshake_ns_p99"));
    fprintf(file, "   (from connect to the first byte that can go; round trips: %s)\n",
            report_value(report, "round_trips_p50"));
    if (strtod(report_value(report, "handshake_sent_b"), NULL) > 0)
        fprintf(file, "TLS          %s bytes sent, %s received by each handshake; %s resumed\n",
                report_value(report, "handshake_sent_b"),
                report_value(report, "handshake_received_b"), report_value(report, "resumed"));
}

/* How many messages passed, of how many that were offered. */
static void write_rate(const struct report *report, FILE *file)
{
    bool open = report_value(report, "offered_per_s")[0] != '\0';
    fprintf(file, "messages     %s sent, %s received, %s lost, %s corrupt in %s s\n",
            report_value(report, "sent"), report_value(report, "received"),
            report_value(report, "lost"), report_value(report, "corrupt"),
            report_value(report, "window_s"));
    const char *achieved = report_value(report, "achieved_per_s");
    if (achieved[0] != '\0')
        fprintf(file, "rate         %s/s achieved", achieved);
    else
        fprintf(file, "rate         none: the window ended before each could have its echo");
    if (open)
        fprintf(file, " of %s/s offered (open loop)", report_value(report, "offered_per_s"));
    else
        fprintf(file, " (closed loop: the latencies below hide stalls)");
}

static void write_latencies(const struct report *report, FILE *file)
{
    bool open = report_value(report, "offered_per_s")[0] != '\0';
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
}

static void write_for_person(const struct report *report, FILE *file)
{
    if (report_value(report, "attempts")[0]) {
        write_herd(report, file);
        return;
    }
    write_connecting(report, file);
    if (report_value(report, "window_s")[0] == '\0')
        return; /* Short-lived clients: there was no window. */
    write_rate(report, file);
    write_latencies(report, file);
    fprintf(file, "client CPU   %s %% of one core\n",
            report_value(report, "client_cpu_percent_max"));
}

void findings_write(const struct report *report, const char *format, FILE *file)
{
    if (strcmp(format, "human") == 0)
        write_for_person(report, file);
    else
        report_write(report, format, file);
}
