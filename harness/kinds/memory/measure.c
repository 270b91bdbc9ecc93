/* measure.c -- the kind memory: what N idle connections cost, kernel memory included.
 *
 *     quiet ─▶ acceptor + N clients ─▶ quiet ─▶ model + N clients ─▶ row
 *       │             │                              │
 *       └── growth ───┘                              │
 *       └────────────── growth ──────────────────────┘
 *
 * The first growth is the clients' and the sockets', the second has the model's as well.  Both are
 * taken from one quiet state: slab pages that the first leaves half empty are used by the second
 * and would make its growth look too small. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/measure/idle_acceptor.h"
#include "harness/measure/connects.h"
#include "harness/measure/estimate.h"
#include "harness/measure/kind.h"
#include "harness/measure/growth.h"
#include "harness/probes/probe_kernel.h"
#include "harness/probes/probe_memory.h"
#include "harness/probes/probe_task_frag.h"
#include "harness/probes/probe_tree.h"
#include "harness/measure/quiet.h"

enum {
    REASON_MAX = 256,
    LOOK_MS = 250,     /* Between two looks at whether memory is still moving. */
    QUIET_EXTRA_S = 1, /* Beyond settle_s: sockets and slab are given back lazily. */
};

static const char *const own[] = {"slab_kib", "sockets_kib", "task_frag_kib", "machine_lost_kib",
                                  NULL};
static const char *const *const groups[] = {columns_connecting, columns_tasks, columns_memory, own,
                                            columns_drops,      NULL};
static const struct columns columns = {.groups = groups};

/* How long memory may take to stand still, after `min_s`. */
static struct quiet_patience patience(const struct session *session, double min_s)
{
    return (struct quiet_patience){.min_s = min_s,
                                   .max_s = session->conf.settle_s + (double)QUIET_EXTRA_S,
                                   .look_ms = LOOK_MS};
}

static struct kernel settle(const struct session *session)
{
    struct quiet_patience wait = patience(session, session->conf.settle_s);
    return quiet_settle(&wait);
}

static struct kernel become_quiet(const struct session *session, double min_s)
{
    struct quiet_patience wait = patience(session, min_s);
    return quiet_without_sockets(&wait);
}

/* N clients against the idle acceptor.  False if our own machinery broke. */
static bool measure_acceptor(const struct session *session, long connections,
                             const struct kernel *quiet, struct growth *growth, char *reason)
{
    struct answer answer;
    struct acceptor acceptor = acceptor_start(&session->cpus.server);
    struct process load = session_start_load(session, acceptor.port);
    struct connecting connecting = {.wanted = connections};
    bool answered = session_connect(session, &load, &connecting, &answer);
    double held = answered ? answer_number(&answer, "connections_established") : 0;
    bool connected = answered && held >= (double)connections;
    if (connected) {
        struct kernel now = settle(session);
        *growth = growth_since(quiet, &now);
    } else if (answered) {
        char error[32] = "no error was told";
        answer_get(&answer, "connect_error", error, sizeof error);
        snprintf(reason, REASON_MAX, "the idle acceptor: established %.0f of %ld: %s", held,
                 connections, error);
    } else {
        snprintf(reason, REASON_MAX, "the idle acceptor: %.200s", answer.line);
    }
    session_end_load(&load);
    process_end(&acceptor.process, 2000);
    return connected;
}

/* What the server holds when all are connected. */
static enum verdict measure_idle(const struct session *session, const struct target *target,
                                 const struct kernel *quiet, const struct growth *acceptor,
                                 struct row *row, char *reason)
{
    /* First what the machine lost: reading 10,000 processes makes /proc itself grow. */
    struct kernel now = settle(session);
    struct growth growth = growth_since(quiet, &now);
    growth_row_model(acceptor, &growth, row);
    struct tree tree = probe_tree(target->process.pid);
    bool gone = tree.count == 0;
    session_row_memory(&tree, &now, row);
    probe_tree_free(&tree);
    if (gone) snprintf(reason, REASON_MAX, "the server ended while it was idle");
    return gone ? VERDICT_FAILED : VERDICT_OK;
}

/* N clients against the model.  False if our own machinery broke. */
static bool measure_model(const struct session *session, long connections,
                          const struct kernel *quiet, const struct growth *acceptor,
                          struct row *row, enum verdict *verdict, char *reason)
{
    struct answer answer;
    struct target target;
    *verdict = VERDICT_FAILED;
    if (!session_start_target(session, 0, &target, reason, REASON_MAX)) return true;
    struct process load = session_start_load(session, target.port);
    struct kernel begin = probe_kernel();
    struct tree tree = probe_tree(target.process.pid);
    row_set_real(row, "memory_baseline_pss_kib", probe_memory(&tree).pss_kib);
    probe_tree_free(&tree);
    struct connecting connecting = {.wanted = connections};
    struct foreign_look before = connects_begin(&target);
    bool answered = session_connect(session, &load, &connecting, &answer);
    if (!answered) snprintf(reason, REASON_MAX, "%.200s", answer.line);
    session_row_drops(&begin, row);
    bool established =
        answered && session_row_connects(&connecting, &answer, &target, row, reason, REASON_MAX);
    if (answered && !established)
        *verdict = connects_judge(&target, &before, &answer, reason, REASON_MAX);
    if (established) *verdict = measure_idle(session, &target, quiet, acceptor, row, reason);
    session_note_words(&target, reason, REASON_MAX);
    session_end_load(&load);
    target_end(&target);
    return answered;
}

/* What the server's threads kept, for each of them has sent; it has ended now. */
static void row_task_frags(struct row *row)
{
    row_set_real(row, "task_frag_kib",
                 strtod(row_get(row, "threads"), NULL) * probe_task_frag_kib());
}

/* One point with fresh programs; fills the row.  False if our own machinery broke. */
static bool run_point(const struct session *session, long connections, long try, struct row *row,
                      enum verdict *verdict, char *reason)
{
    struct growth acceptor;
    reason[0] = '\0';
    session_begin_row(session, connections, 0, row);
    row_set_whole(row, "try", (uint64_t)try);
    uint64_t begin_ns = clock_ns();
    struct kernel quiet = become_quiet(session, 0);
    row_set_real(row, "quiet_s", clock_seconds_since(begin_ns));
    if (!measure_acceptor(session, connections, &quiet, &acceptor, reason)) return false;
    become_quiet(session, session->conf.settle_s);
    return measure_model(session, connections, &quiet, &acceptor, row, verdict, reason);
}

static bool measure(struct session *session)
{
    static struct row row; /* Too large for a small stack. */
    for (size_t i = 0; i < session->conf.connection_count; i++) {
        char reason[REASON_MAX];
        enum verdict verdict = VERDICT_FAILED;
        bool worked;
        for (long try = 1;; try++) {
            worked = run_point(session, session->conf.connections[i], try, &row, &verdict, reason);
            if (!worked || verdict != VERDICT_NOISY || try > session->conf.reruns) break;
            session_keep_try(session, &row, verdict_name(verdict), reason);
        }
        if (worked && verdict == VERDICT_OK) row_task_frags(&row);
        session_finish_row(session, &row, verdict_name(verdict), reason);
        if (worked && (verdict == VERDICT_OK || verdict == VERDICT_NOISY)) continue;
        session_not_reached(session, i + 1, reason);
        if (!worked) complain("%s", reason);
        return worked;
    }
    return true;
}

/* Each point has its connections twice. */
static double estimate_s(const struct conf *conf)
{
    double sum_s = 0.5;
    for (size_t i = 0; i < conf->connection_count; i++)
        sum_s += 2 * (estimate_connection_s(conf) * (double)conf->connections[i] + conf->settle_s);
    return sum_s;
}

const struct kind kind = {.name = "memory",
                          .load = LOAD_IDLE,
                          .columns = &columns,
                          .estimate_s = estimate_s,
                          .measure = measure};
