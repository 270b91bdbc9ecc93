/* ramp.c -- the latency and capacity kinds: one server, more and more connections.
 *
 *     server ready ─▶ connect N ─▶ warm up ─▶ edge │ window │ edge ─▶ memory ─▶ row ─▶ next N
 *                                    ▲                        │
 *                                    └── noisy: once more ────┘ */
#include "harness/measure/ramp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "harness/measure/connects.h"
#include "harness/measure/window_edges.h"
#include "harness/measure/growth.h"
#include "harness/kinds/omission/omission.h"
#include "harness/probes/probe_memory.h"
#include "harness/probes/probe_shares.h"
#include "harness/measure/quiet.h"
#include "harness/measure/fit.h"
#include "harness/measure/warm.h"

enum {
    TRIES_MAX = 4, /* Of one point, when something disturbed it: three reruns. */
    CLEAR_MAX_S = 120,
    LOOK_MS = 100, /* Between two looks at whether the machine is quiet. */
    REASON_MAX = 256,
};

/* A ramp on its way. */
struct ramp {
    const struct session *session;
    struct target target;
    struct process load;
    double baseline_pss_kib; /* Of the server before its first client. */
    double quiet_s;          /* Waited for it before the server was started. */
    long reruns_left;        /* Of all points: a busy machine must not double the time. */
    long held;               /* Connections so far. */
    long room;               /* Connections that the machine can hold, about. */
    struct kernel quiet;     /* Before the server was started. */
    struct kernel begin;     /* Before the point's first connect. */
    unsigned tried;          /* Times that this point was tried and written. */
    bool closed;             /* The loop of this point. */
    double achieved_per_s;   /* In the window before this one. */
    double warm_messages;    /* That this point's warm-up has to see. */
};

/* What became of a point. */
enum outcome { NEXT_POINT, LAST_POINT, OURS_BROKE };

/* Why no further point can be reached, when the server has ended; "" while it runs. */
static void explain_death(struct ramp *ramp, const char *during, char *reason, size_t size)
{
    char words[REASON_MAX];
    reason[0] = '\0';
    if (target_is_running(&ramp->target)) return;
    process_last_words(&ramp->target.process, words, sizeof words);
    snprintf(reason, size, "the server ended during %s: %.180s", during, words);
}

static void row_deaf(const struct connecting *connecting, struct row *row)
{
    row_set_real(row, "deaf_clients", connecting->deaf);
    row_set_real(row, "deaf_stuck_b", connecting->stuck_b);
}

static void row_traffic(const struct session *session, const struct answer *window, struct row *row)
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
    /* A closed loop waits for the server before it sends: its times are no latencies.  That is what
     * the kind omission is there to show. */
    for (size_t i = 0; session->conf.kind != CONF_CAPACITY && i < sizeof times / sizeof *times; i++)
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
    if (session->conf.kind == CONF_OMISSION)
        return omission_window(session, &ramp->load, &before->tree, window);
    return session_traffic(session, &ramp->load, "window", session->conf.window_s, window);
}

/* Each message that was sent has returned or is lost: else the client lost count, and no number of
 * its is to be believed. */
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
    row_traffic(session, &window, row);
    edge_row(&before, &after, &window, &session->cpus, row, &numbers);
    if (session->conf.kind == CONF_LATENCY) row_memory(ramp, &after, row);
    row_shares(&after.tree, &window, row);
    if (session->conf.kind == CONF_OMISSION) omission_keep_window(session, &ramp->load, row);
    ramp->achieved_per_s = numbers.achieved_per_s;
    *verdict = verdict_judge(&numbers, reason, size);
    edge_free(&before);
    edge_free(&after);
    return true;
}

/* Windows until one is undisturbed, or until there were enough.  Each is a row, of which only the
 * last counts; `row` becomes that one, and is not written. */
static bool run_windows(struct ramp *ramp, struct row *row, enum verdict *verdict, char *reason,
                        size_t size)
{
    static struct row connected; /* Too large for a small stack. */
    connected = *row;
    for (;; ramp->tried++) {
        *row = connected;
        row_set_whole(row, "try", ramp->tried + 1);
        if (!run_window(ramp, row, verdict, reason, size)) return false;
        if (!verdict_is_disturbed(*verdict) || ramp->tried + 1 >= TRIES_MAX ||
            ramp->reruns_left == 0)
            return true;
        /* Each connection has had its traffic, but then all of /proc was read: cold caches. */
        ramp->warm_messages = strtod(row_get(row, "connections_active"), NULL);
        ramp->reruns_left--;
        session_row_drops(&ramp->begin, row);
        session_keep_try(ramp->session, row, verdict_name(*verdict), reason);
    }
}

static enum outcome finish(struct ramp *ramp, struct row *row, const char *status,
                           const char *reason, enum outcome outcome)
{
    char text[REASON_MAX];
    snprintf(text, sizeof text, "%s", reason);
    session_note_words(&ramp->target, text, sizeof text);
    session_row_drops(&ramp->begin, row);
    session_finish_row(ramp->session, row, status, text);
    return outcome;
}

/* Connects once and fills the row.  False if the client did not answer. */
static bool connect_once(struct ramp *ramp, long connections, long active, struct row *row,
                         enum verdict *verdict, struct answer *answer, char *reason, size_t size)
{
    const struct session *session = ramp->session;
    struct connecting connecting = {.held = ramp->held, .wanted = connections, .active = active};
    session_begin_row(session, connections, active, row);
    if (!ramp->closed) row_set_text(row, "arrival", session->conf.text[KEY_ARRIVAL]);
    row_set_real(row, "quiet_s", ramp->quiet_s);
    row_set_whole(row, "try", ramp->tried + 1);
    struct foreign_look before = connects_begin(&ramp->target);
    if (!session_connect(session, &ramp->load, &connecting, answer)) return false;
    if (session->conf.rest_is_deaf) row_deaf(&connecting, row);
    bool all = session_row_connects(&connecting, answer, &ramp->target, row, reason, size);
    ramp->held = (long)strtod(row_get(row, "connections_established"), NULL);
    *verdict = all ? VERDICT_OK : connects_judge(&ramp->target, &before, answer, reason, size);
    return true;
}

/* Connects until all are, or until it was not the machine that stopped them. */
static bool connect_all(struct ramp *ramp, long connections, long active, struct row *row,
                        enum verdict *verdict, struct answer *answer, char *reason, size_t size)
{
    ramp->begin = probe_kernel();
    for (ramp->tried = 0;; ramp->tried++) {
        if (!connect_once(ramp, connections, active, row, verdict, answer, reason, size))
            return false;
        if (*verdict != VERDICT_NOISY || ramp->tried + 1 == TRIES_MAX || ramp->reruns_left == 0)
            return true;
        ramp->reruns_left--;
        session_row_drops(&ramp->begin, row);
        session_keep_try(ramp->session, row, verdict_name(*verdict), reason);
    }
}

static enum outcome run_point(struct ramp *ramp, long connections, long active, char *reason,
                              size_t size)
{
    struct answer answer;
    static struct row row; /* Too large for a small stack. */
    enum verdict verdict;
    if (!connect_all(ramp, connections, active, &row, &verdict, &answer, reason, size))
        goto no_answer;
    if (verdict != VERDICT_OK)
        return finish(ramp, &row, verdict_name(verdict), reason,
                      verdict == VERDICT_NOISY ? NEXT_POINT : LAST_POINT);
    if (!session_prepare_traffic(ramp->session, &ramp->load, &answer)) goto no_answer;
    ramp->warm_messages = (double)WARM_MESSAGES * strtod(row_get(&row, "connections_active"), NULL);
    if (!run_windows(ramp, &row, &verdict, reason, size)) goto broken;
    char death[REASON_MAX];
    explain_death(ramp, "traffic", death, sizeof death);
    if (death[0] != '\0') return finish(ramp, &row, "failed", death, LAST_POINT);
    bool over = verdict == VERDICT_FAILED || verdict == VERDICT_CORRUPT;
    return finish(ramp, &row, verdict_name(verdict), reason, over ? LAST_POINT : NEXT_POINT);

no_answer:
    snprintf(reason, size, "%.200s", answer.line);
broken:
    return finish(ramp, &row, "failed", reason, OURS_BROKE);
}

/* Says what is measured instead where the machine cannot hold what was asked; 0: nothing more. */
static long scale_down(const struct ramp *ramp, long connections, const char *limit)
{
    static const long unit = 1000;
    long fits = ramp->room / unit * unit;
    if (connections <= ramp->room) return connections;
    if (fits <= ramp->held) return 0;
    fprintf(stderr, "measure: %ld connections instead of %ld: %s\n", fits, connections, limit);
    return fits;
}

/* The same point with both loops, the open one at the rate that the closed one reached. */
static enum outcome run_both_loops(struct ramp *ramp, long connections, long active, char *reason,
                                   size_t size)
{
    struct answer answer;
    enum outcome outcome = NEXT_POINT;
    for (int loop = 0; loop < 2 && outcome == NEXT_POINT; loop++) {
        ramp->closed = loop == 0;
        if (omission_choose_loop(ramp->session, &ramp->load, ramp->closed, ramp->achieved_per_s,
                                 &answer)) {
            outcome = run_point(ramp, connections, active, reason, size);
        } else {
            snprintf(reason, size, "%.200s", answer.line);
            outcome = OURS_BROKE;
        }
    }
    return outcome;
}

static bool run_points(struct ramp *ramp)
{
    const struct conf *conf = &ramp->session->conf;
    char reason[REASON_MAX] = "", limit[REASON_MAX];
    ramp->room = room_for_connections(limit, sizeof limit);
    for (size_t i = 0; i < conf->connection_count; i++) {
        long connections = scale_down(ramp, conf->connections[i], limit);
        if (connections == 0) {
            session_not_reached(ramp->session, i, limit);
            return true;
        }
        enum outcome (*run)(struct ramp *, long, long, char *, size_t) =
            conf->kind == CONF_OMISSION ? run_both_loops : run_point;
        enum outcome outcome = run(ramp, connections, conf->active[i], reason, sizeof reason);
        if (outcome == NEXT_POINT) continue;
        char because[REASON_MAX];
        explain_death(ramp, "the point before", because, sizeof because);
        session_not_reached(ramp->session, i + 1, because[0] != '\0' ? because : reason);
        if (outcome == OURS_BROKE) fprintf(stderr, "measure: %s\n", reason);
        return outcome != OURS_BROKE;
    }
    return true;
}

/* Short looks: a window minds the work of clearing away, not its last KiB. */
static void wait_for_quiet(struct ramp *ramp)
{
    uint64_t begin_ns = clock_ns();
    ramp->quiet = quiet_settle(
        &(struct quiet_patience){.max_s = ramp->session->conf.settle_s, .look_ms = LOOK_MS});
    ramp->quiet_s = clock_seconds_since(begin_ns);
}

bool ramp_run(const struct session *session)
{
    struct ramp ramp = {.session = session,
                        .closed = session->conf.kind != CONF_LATENCY,
                        .reruns_left = session->conf.reruns};
    wait_for_quiet(&ramp);
    char reason[REASON_MAX];
    if (!session_start_target(session, 0, &ramp.target, reason, sizeof reason)) {
        session_not_reached(session, 0, reason);
        return true;
    }
    struct tree tree = probe_tree(ramp.target.process.pid);
    ramp.baseline_pss_kib = probe_memory(&tree).pss_kib;
    probe_tree_free(&tree);
    ramp.load = session_start_load(session, ramp.target.port);
    bool worked = run_points(&ramp);
    session_end_load(&ramp.load);
    target_end(&ramp.target);
    /* A million connections take the kernel seconds to clear away. */
    if (ramp.held > CONF_MANY)
        quiet_without_sockets(&(struct quiet_patience){.max_s = CLEAR_MAX_S, .look_ms = LOOK_MS});
    return worked;
}
