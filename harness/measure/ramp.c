/* ramp.c -- for one server, more and more connections: for kinds with traffic at each point.
 *
 *     server ready ─▶ connect N ─▶ warm up ─▶ edge │ window │ edge ─▶ memory ─▶ row ─▶ next N
 *                                    ▲                        │
 *                                    └── noisy: once more ────┘ */
#include "harness/measure/ramp_window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/measure/connects.h"
#include "harness/measure/kind.h"
#include "harness/probes/probe_memory.h"
#include "harness/measure/quiet.h"
#include "harness/measure/fit.h"
#include "harness/measure/warm.h"

enum {
    CLEAR_MAX_S = 120,
    LOOK_MS = 100, /* Between two looks at whether the machine is quiet. */
    REASON_MAX = 256,
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
    if (!ramp->closed) row_set_text(row, "variant", conf_text(&session->conf, "arrival"));
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
        if (*verdict != VERDICT_NOISY || ramp->tried + 1 == RAMP_TRIES_MAX ||
            ramp->reruns_left == 0)
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
    ramp->warm_messages = (double)WARM_MESSAGES * strtod(row_get(&row, "active"), NULL);
    if (!ramp_windows(ramp, &row, &verdict, reason, size)) goto broken;
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
    complain("%ld connections instead of %ld: %s", fits, connections, limit);
    return fits;
}

/* The same point with each loop of this kind, the later ones at the rate that the first reached. */
static enum outcome run_loops(struct ramp *ramp, long connections, long active, char *reason,
                              size_t size)
{
    struct answer answer;
    enum outcome outcome = NEXT_POINT;
    for (int loop = 0; loop < 2 && outcome == NEXT_POINT; loop++) {
        ramp->closed = loop == 0;
        if (ramp->ways->choose_loop(ramp->session, &ramp->load, ramp->closed, ramp->achieved_per_s,
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
            ramp->ways->choose_loop != NULL ? run_loops : run_point;
        enum outcome outcome = run(ramp, connections, conf->active[i], reason, sizeof reason);
        if (outcome == NEXT_POINT) continue;
        char because[REASON_MAX];
        explain_death(ramp, "the point before", because, sizeof because);
        session_not_reached(ramp->session, i + 1, because[0] != '\0' ? because : reason);
        if (outcome == OURS_BROKE) complain("%s", reason);
        return outcome != OURS_BROKE;
    }
    return true;
}

/* Short intervals: a window is disturbed by the work of clearing away, not by its last KiB. */
static void wait_for_quiet(struct ramp *ramp)
{
    uint64_t begin_ns = clock_ns();
    ramp->quiet = quiet_settle(
        &(struct quiet_patience){.max_s = ramp->session->conf.settle_s, .look_ms = LOOK_MS});
    ramp->quiet_s = clock_seconds_since(begin_ns);
}

bool ramp_run(const struct session *session, const struct ramp_ways *ways)
{
    struct ramp ramp = {.session = session,
                        .ways = ways,
                        .closed = session->kind->load == LOAD_CLOSED,
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
