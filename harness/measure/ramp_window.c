/* ramp_window.c -- the windows of one point of a ramp: warm-up, traffic, and both edges. */
#include "harness/measure/ramp_window.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/measure/growth.h"
#include "harness/measure/warm.h"
#include "harness/measure/window_edges.h"
#include "harness/probes/probe_memory.h"
#include "harness/probes/probe_shares.h"

static void row_traffic(const struct answer *window, struct row *row)
{
    static const char *const counts[] = {"connections_reset", "window_s",
                                         "offered_per_s",     "sent_per_s",
                                         "achieved_per_s",    "sent",
                                         "received",          "lost",
                                         "corrupt",           "little_error_percent",
                                         "drift_percent"};
    static const char *const times[] = {"latency_ns_p50",   "latency_ns_p90",   "latency_ns_p99",
                                        "latency_ns_p999",  "latency_ns_max",   "latency_ns_mean",
                                        "slow_sent",        "slow_ns_p50",      "slow_ns_p99",
                                        "from_sent_ns_p50", "from_sent_ns_p99", "send_lag_ns_p50",
                                        "send_lag_ns_p99",  "send_lag_ns_max"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        row_set_real(row, counts[i], answer_number(window, counts[i]));
    /* The client's count is of those that read. */
    row_set_real(row, "connections_established",
                 answer_number(window, "connections_established") +
                     strtod(row_get(row, "deaf_clients"), NULL));
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        row_set_real(row, times[i], answer_number(window, times[i]));
}

/* What server and client together took from the machine. */
static void row_both_ends(const struct ramp *ramp, const struct kernel *now, struct row *row)
{
    struct growth growth = growth_since(&ramp->quiet, now);
    struct tree client = probe_tree(ramp->load.pid);
    row_set_real(row, "client_pss_kib", probe_memory(&client).pss_kib);
    probe_tree_free(&client);
    growth_row_both_ends(&growth, row);
}

static void row_memory(struct ramp *ramp, const struct edge *after, struct row *row)
{
    struct kernel kernel = probe_kernel();
    session_row_memory(&after->tree, &kernel, row);
    row_set_real(row, "memory_baseline_pss_kib", ramp->baseline_pss_kib);
    row_both_ends(ramp, &kernel, row);
}

static void row_shares(const struct tree *tree, const struct answer *window, struct row *row)
{
    struct shares shares;
    double connections = answer_number(window, "connections_established");
    if (!(connections > 0) || !probe_shares(tree, (uint64_t)connections, &shares)) return;
    row_set_real(row, "worker_share_percent_min", shares.min_percent);
    row_set_real(row, "worker_share_percent_max", shares.max_percent);
}

/* Warm-up, then traffic that counts, with what is read before either.  False if the client did not
 * answer. */
static bool make_traffic(struct ramp *ramp, struct row *row, struct edge *before,
                         struct answer *window)
{
    const struct session *session = ramp->session;
    *before = edge_prepare(ramp->target.process.pid);
    if (!warm_up(session, &ramp->load, ramp->warm_messages, row, window)) return false;
    edge_before(before);
    if (ramp->ways->window != NULL)
        return ramp->ways->window(session, &ramp->load, &before->tree, window);
    return session_traffic(session, &ramp->load, "window", session->conf.window_s, window);
}

/* Each message that was sent has returned or is lost: else the client lost count, and none of its
 * numbers is to be believed. */
static bool accounts_close(const struct answer *window, char *reason, size_t size)
{
    double sent = answer_number(window, "sent"), received = answer_number(window, "received");
    double lost = answer_number(window, "lost");
    if (sent == received + lost) return true;
    snprintf(reason, size, "the client lost count: %.0f sent; %.0f received; %.0f lost", sent,
             received, lost);
    return false;
}

/* One window with both its edges; fills the row.  False if the client did not answer. */
static bool run_window(struct ramp *ramp, struct row *row, enum verdict *verdict, char *reason,
                       size_t size)
{
    const struct session *session = ramp->session;
    struct answer window;
    struct edge before;
    if (!make_traffic(ramp, row, &before, &window)) {
        snprintf(reason, size, "%.200s", window.line);
        edge_free(&before);
        return false;
    }
    if (!accounts_close(&window, reason, size)) {
        edge_free(&before);
        return false;
    }
    struct edge after = edge_after(ramp->target.process.pid);
    struct verdict_numbers numbers = session_numbers(session, ramp->closed, &window);
    row_traffic(&window, row);
    edge_row(&before, &after, &window, &session->cpus, row, &numbers);
    if (ramp->ways->has_memory) row_memory(ramp, &after, row);
    row_shares(&after.tree, &window, row);
    if (ramp->ways->keep_window != NULL) ramp->ways->keep_window(session, &ramp->load, row);
    ramp->achieved_per_s = numbers.achieved_per_s;
    *verdict = verdict_judge(&numbers, reason, size);
    edge_free(&before);
    edge_free(&after);
    return true;
}

bool ramp_windows(struct ramp *ramp, struct row *row, enum verdict *verdict, char *reason,
                  size_t size)
{
    static struct row connected; /* Too large for a small stack. */
    connected = *row;
    for (;; ramp->tried++) {
        *row = connected;
        row_set_whole(row, "try", ramp->tried + 1);
        if (!run_window(ramp, row, verdict, reason, size)) return false;
        if (!verdict_is_disturbed(*verdict) || ramp->tried + 1 >= RAMP_TRIES_MAX ||
            ramp->reruns_left == 0)
            return true;
        /* Each connection has had its traffic, but then all of /proc was read: cold caches. */
        ramp->warm_messages = strtod(row_get(row, "active"), NULL);
        ramp->reruns_left--;
        session_row_drops(&ramp->begin, row);
        session_keep_try(ramp->session, row, verdict_name(*verdict), reason);
    }
}
