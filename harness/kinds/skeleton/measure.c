/* measure.c -- the kind skeleton: the least that a kind in C has; copy the folder to begin your
 * own.
 *
 *     server ready ─▶ connect N ─▶ warm up ─▶ window ─▶ row ─▶ server ends ─▶ next N
 *
 * Each connection count has a server of its own; a ramp in one server is measure/ramp.h.  What CPU
 * time the server took, and which other programs disturbed it, is measure/window_edges.h.
 *
 * The load is an open loop (LOAD_OPEN): the client sends on a schedule.
 *
 * In a closed loop (LOAD_CLOSED) the client sends again when its message is back, and nothing is
 * offered: session_rate() and columns_times go, and session_numbers() is told so by `true`.
 *
 * Idle connections (LOAD_IDLE) are only held: there is neither warm-up nor window, and a row has
 * what the kernel says, with session_row_memory() in columns_tasks and columns_memory. */
#include <stdio.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/measure/connects.h"
#include "harness/measure/estimate.h"
#include "harness/measure/kind.h"
#include "harness/measure/quiet.h"

enum { REASON_MAX = 256 };

/* ---- the table ---- */

/* Columns that only this kind has, between groups that others have, too. */
static const char *const own[] = {"effort", "messages_per_connection", NULL};
static const char *const *const groups[] = {columns_connecting, own,           columns_traffic,
                                            columns_times,      columns_drops, NULL};
static const struct columns columns = {.groups = groups};

/* What every row says of the experiment's own keys. */
static void begin_row(const struct session *session, struct row *row)
{
    row_set_whole(row, "effort", (uint64_t)conf_long(&session->conf, "effort"));
}

static void fill_row(const struct answer *window, struct row *row)
{
    static const char *const numbers[] = {
        "window_s",        "offered_per_s",  "sent_per_s",     "achieved_per_s", "sent",
        "received",        "lost",           "latency_ns_p50", "latency_ns_p90", "latency_ns_p99",
        "latency_ns_p999", "latency_ns_max", "latency_ns_mean"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        row_set_real(row, numbers[i], answer_number(window, numbers[i]));
    double messages = answer_number(window, "received");
    row_set_real(row, "messages_per_connection",
                 messages / answer_number(window, "connections_active"));
}

/* ---- one point ---- */

/* One server with its client. */
struct point {
    const struct session *session;
    struct target target;
    struct process load;
    struct answer answer; /* What the client said last. */
    char reason[REASON_MAX];
};

/* What the server before left must be cleared away. */
static void wait_for_quiet(const struct session *session, struct row *row)
{
    const struct quiet_patience patience = {.max_s = session->conf.settle_s, .look_ms = 100};
    uint64_t begin_ns = clock_ns();
    quiet_settle(&patience);
    row_set_real(row, "quiet_s", clock_seconds_since(begin_ns));
}

/* Connects and makes traffic.  False, with the client's words in `answer`, if it did not answer. */
static bool drive(struct point *point, size_t number, struct row *row, enum verdict *verdict)
{
    const struct session *session = point->session;
    const struct conf *conf = &session->conf;
    struct connecting connecting = {.wanted = conf->connections[number],
                                    .active = conf->active[number]};
    struct foreign_look before = connects_begin(&point->target);
    double rate_per_s = conf->rate_per_s * (double)conf_long(conf, "effort") / 100;
    if (!session_connect(session, &point->load, &connecting, &point->answer)) return false;
    if (!session_row_connects(&connecting, &point->answer, &point->target, row, point->reason,
                              REASON_MAX)) {
        *verdict =
            connects_judge(&point->target, &before, &point->answer, point->reason, REASON_MAX);
        return true;
    }
    if (!session_prepare_traffic(session, &point->load, &point->answer) ||
        !session_rate(&point->load, rate_per_s, &point->answer) ||
        !session_traffic(session, &point->load, "warm", conf->warmup_s, &point->answer) ||
        !session_traffic(session, &point->load, "window", conf->window_s, &point->answer))
        return false;
    fill_row(&point->answer, row);
    struct verdict_numbers numbers = session_numbers(session, false, &point->answer);
    *verdict = verdict_judge(&numbers, point->reason, REASON_MAX);
    return true;
}

/* Returns false if our own machinery broke. */
static bool run_point(const struct session *session, size_t number)
{
    static struct point point; /* Large, as a row is. */
    static struct row row;
    enum verdict verdict = VERDICT_FAILED;
    point = (struct point){.session = session};
    session_begin_row(session, session->conf.connections[number], session->conf.active[number],
                      &row);
    wait_for_quiet(session, &row);
    struct kernel begin = probe_kernel();
    if (!session_start_target(session, 0, &point.target, point.reason, REASON_MAX)) {
        session_finish_row(session, &row, "failed", point.reason); /* A failure is a row, too. */
        return true;
    }
    point.load = session_start_load(session, point.target.port);
    bool answered = drive(&point, number, &row, &verdict);
    if (!answered) snprintf(point.reason, REASON_MAX, "%.200s", point.answer.line);
    session_row_drops(&begin, &row);
    session_note_words(&point.target, point.reason, REASON_MAX);
    session_end_load(&point.load);
    target_end(&point.target);
    session_finish_row(session, &row, verdict_name(verdict), point.reason);
    if (!answered) complain("%s", point.reason);
    return answered;
}

/* ---- the kind ---- */

static bool measure(struct session *session)
{
    for (size_t i = 0; i < session->conf.connection_count; i++)
        if (!run_point(session, i)) return false;
    return true;
}

/* The client takes no warm-up of 0 s here. */
static bool check(struct conf *conf, struct conf_error *error)
{
    return conf->warmup_s > 0 || conf_fail(error, "warmup_s is above 0 in this kind");
}

static double estimate_s(const struct conf *conf)
{
    return estimate_ramp_s(conf, 1);
}

const struct kind kind = {.name = "skeleton",
                          .load = LOAD_OPEN,
                          .columns = &columns,
                          .check = check,
                          .estimate_s = estimate_s,
                          .begin_row = begin_row,
                          .measure = measure};
