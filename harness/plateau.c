/* plateau.c -- the memory kind: what N idle connections cost, kernel memory included.
 *
 *     quiet ─▶ acceptor + N clients ─▶ quiet ─▶ model + N clients ─▶ row
 *       │             │                              │
 *       └── growth ───┘                              │
 *       └────────────── growth ──────────────────────┘
 *
 * The first growth is the clients' and the sockets', the second has the model's as well.  Both are
 * taken from one quiet state: slab pages that the first leaves half empty are used by the second
 * and would make its growth look too small. */
#include "harness/plateau.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "harness/acceptor.h"
#include "harness/probe_kernel.h"
#include "harness/probe_memory.h"
#include "harness/probe_task_frag.h"
#include "harness/probe_tree.h"
#include "harness/quiet.h"

enum {
    REASON_MAX = 256,
    LOOK_MS = 250,     /* Between two looks at whether memory is still moving. */
    QUIET_EXTRA_S = 1, /* Beyond settle_s: sockets and slab are given back lazily. */
};

/* What the machine holds, relative to the quiet state. */
struct growth {
    double slab_kib, lost_kib;
};

static struct growth growth_since(const struct kernel *quiet, const struct kernel *now)
{
    return (struct growth){.slab_kib = now->slab_kib - quiet->slab_kib,
                           .lost_kib = quiet->free_kib - now->free_kib};
}

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

/* A part below 0 is less than this method can see; what is not known stays NAN, unlike in fmax(3).
 */
static double at_least_0(double kib)
{
    return kib < 0 ? 0 : kib;
}

/* Splits what the machine lost into the model's part and the sockets'. */
static void row_growth(const struct growth *acceptor, const struct growth *model, struct row *row)
{
    double sockets_kib =
        at_least_0(acceptor->slab_kib / 2); /* The server's end of each connection. */
    row_set_real(row, "sockets_kib", sockets_kib);
    row_set_real(row, "slab_kib", at_least_0(model->slab_kib - acceptor->slab_kib));
    row_set_real(row, "machine_lost_kib",
                 at_least_0(model->lost_kib - acceptor->lost_kib + sockets_kib));
}

/* N clients against the model.  False if our own machinery broke. */
static bool measure_model(const struct session *session, long connections,
                          const struct kernel *quiet, const struct growth *acceptor,
                          struct row *row, bool *established, char *reason)
{
    struct answer answer;
    struct target target;
    *established = false;
    if (!session_start_target(session, 0, &target, reason, REASON_MAX)) return true;
    struct process load = session_start_load(session, target.port);
    struct kernel begin = probe_kernel();
    struct tree tree = probe_tree(target.process.pid);
    row_set_real(row, "memory_baseline_pss_kib", probe_memory(&tree).pss_kib);
    probe_tree_free(&tree);
    struct connecting connecting = {.wanted = connections};
    bool answered = session_connect(session, &load, &connecting, &answer);
    if (!answered) snprintf(reason, REASON_MAX, "%.200s", answer.line);
    session_row_drops(&begin, row);
    *established =
        answered && session_row_connects(&connecting, &answer, &target, row, reason, REASON_MAX);
    if (*established) {
        /* First what the machine lost: reading 10,000 processes makes /proc itself grow. */
        struct kernel now = settle(session);
        struct growth growth = growth_since(quiet, &now);
        row_growth(acceptor, &growth, row);
        tree = probe_tree(target.process.pid);
        session_row_memory(&tree, &now, row);
        *established = tree.count > 0;
        if (tree.count == 0) snprintf(reason, REASON_MAX, "the server ended while it was idle");
        probe_tree_free(&tree);
    }
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

bool plateau_run(const struct session *session)
{
    const struct conf *conf = &session->conf;
    for (size_t i = 0; i < conf->connection_count; i++) {
        long connections = conf->connections[i];
        static struct row row; /* Too large for a small stack. */
        struct growth acceptor;
        char reason[REASON_MAX] = "";
        bool established = false;
        session_begin_row(session, connections, 0, &row);
        uint64_t begin_ns = clock_ns();
        struct kernel quiet = become_quiet(session, 0);
        row_set_real(&row, "quiet_s", clock_seconds_since(begin_ns));
        bool worked = measure_acceptor(session, connections, &quiet, &acceptor, reason);
        if (worked) {
            become_quiet(session, conf->settle_s);
            worked =
                measure_model(session, connections, &quiet, &acceptor, &row, &established, reason);
        }
        bool corrupt =
            strcmp(row_get(&row, "corrupt"), "") != 0 && strcmp(row_get(&row, "corrupt"), "0") != 0;
        if (established) row_task_frags(&row);
        session_finish_row(session, &row,
                           established ? "ok"
                           : corrupt   ? "corrupt"
                                       : "failed",
                           reason);
        if (established) continue;
        session_not_reached(session, i + 1, reason);
        if (!worked) fprintf(stderr, "measure: %s\n", reason);
        return worked;
    }
    return true;
}
