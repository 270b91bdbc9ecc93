/* measure.c -- the kind counters: what a message makes the server do, counted in three passes.
 *
 *     plain    nothing is attached: context switches and CPU time, read at the window's edges
 *     events   perf counters ride along, inherited by all children
 *     calls    a tracer stops the server at every system call
 *
 * Each pass has a server of its own, watched from before its first instruction, and the same load:
 * a low fixed rate, at which also a traced server keeps up.  What a pass changes in the server
 * shows in the context switches, which all three read. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "harness/kinds/counters/pass_rows.h"
#include "harness/measure/connects.h"
#include "harness/measure/estimate.h"

/* ---- one pass ---- */

static void attach(pid_t pid, void *argument)
{
    struct pass_run *run = argument;
    if (run->pass == PASS_EVENTS) run->events = events_attach(pid);
    if (run->pass == PASS_CALLS)
        calls_attach(&run->tracer, pid, &run->session.cpus.server, run->refused,
                     sizeof run->refused);
}

/* The counters are read last before the window and first behind it. */
static void look_before(struct pass_run *run)
{
    edge_before(&run->before.edge);
    if (run->pass == PASS_EVENTS) run->before.events = events_read(&run->events);
    if (run->pass == PASS_CALLS) calls_read(&run->tracer, &run->before.calls);
}

static void look_after(struct pass_run *run)
{
    if (run->pass == PASS_EVENTS) run->after.events = events_read(&run->events);
    if (run->pass == PASS_CALLS) calls_read(&run->tracer, &run->after.calls);
    run->after.edge = edge_after(run->target.process.pid);
}

/* Counts do not depend on time, but how many messages a loop finds at once does: a late client and
 * a busy neighbour spoil this, too. */
static void judge(struct pass_run *run, const struct answer *window)
{
    struct verdict_numbers numbers = session_numbers(&run->session, false, window);
    numbers.little_error_percent = NAN;
    numbers.drift_percent = NAN; /* No speed is measured. */
    static struct row unused;    /* Too large for a small stack. */
    edge_row(&run->before.edge, &run->after.edge, window, &run->session.cpus, &unused, &numbers);
    if (run->pass == PASS_CALLS) numbers.single_thread = false; /* It waits for its tracer. */
    run->verdict = verdict_judge(&numbers, run->reason, sizeof run->reason);
    session_note_words(&run->target, run->reason, sizeof run->reason);
}

/* One window with both its edges.  False if the client did not answer. */
static bool run_window(struct pass_run *run, struct answer *answer)
{
    const struct session *session = &run->session;
    edge_free(&run->before.edge);
    edge_free(&run->after.edge);
    run->before.edge = edge_prepare(run->target.process.pid);
    if (!session_traffic(session, &run->load, "warm", session->conf.warmup_s, answer)) return false;
    look_before(run);
    if (!session_traffic(session, &run->load, "window", session->conf.window_s, answer))
        return false;
    look_after(run);
    judge(run, answer);
    return true;
}

/* Connects until all are, or until it was not the machine that stopped them: see run->verdict.
 * False if the client did not answer. */
static bool connect_all(struct pass_run *run, long connections, long active, struct answer *answer)
{
    const struct session *session = &run->session;
    static struct row connects; /* Too large for a small stack. */
    long held = 0;
    for (long try = 1;; try++) {
        struct connecting connecting = {.held = held, .wanted = connections, .active = active};
        struct foreign_look before = connects_begin(&run->target);
        memset(&connects, 0, sizeof connects);
        if (!session_connect(session, &run->load, &connecting, answer)) return false;
        run->verdict = VERDICT_OK;
        if (session_row_connects(&connecting, answer, &run->target, &connects, run->reason,
                                 sizeof run->reason))
            return true;
        run->verdict =
            connects_judge(&run->target, &before, answer, run->reason, sizeof run->reason);
        if (run->verdict != VERDICT_NOISY || try > session->conf.reruns) return true;
        held = (long)strtod(row_get(&connects, "connections_established"), NULL);
    }
}

/* Connects and makes traffic.  False, with the client's words in `answer`, if it did not answer. */
static bool drive(struct pass_run *run, long connections, long active, struct answer *answer)
{
    const struct session *session = &run->session;
    if (!connect_all(run, connections, active, answer)) return false;
    if (run->verdict != VERDICT_OK) {
        pass_write_failure(run, verdict_name(run->verdict), run->reason);
        return true;
    }
    if (!session_prepare_traffic(session, &run->load, answer)) return false;
    for (long try = 1;; try++) {
        row_set_whole(&run->row, "try", (uint64_t)try);
        if (!run_window(run, answer)) return false;
        if (!verdict_is_disturbed(run->verdict) || try > session->conf.reruns) break;
    }
    pass_write_window(run, answer);
    return true;
}

static bool run_server(struct pass_run *run, long connections, long active)
{
    char why[PASS_REASON_MAX];
    struct answer answer;
    if (!session_start_target(&run->session, 0, &run->target, why, sizeof why)) {
        pass_write_failure(run, "failed", why);
        return true;
    }
    run->load = session_start_load(&run->session, run->target.port);
    bool answered = run->refused[0] != '\0' || drive(run, connections, active, &answer);
    if (run->refused[0] != '\0') pass_write_failure(run, "not_available", run->refused);
    if (!answered) {
        pass_write_failure(run, "failed", answer.line);
        complain("%.200s", answer.line);
    }
    edge_free(&run->before.edge);
    edge_free(&run->after.edge);
    session_end_load(&run->load);
    target_end(&run->target);
    return answered;
}

static bool run_pass(const struct session *session, size_t point, enum pass pass)
{
    static struct pass_run run; /* Too large for a small stack, and so is a literal of it. */
    long connections = session->conf.connections[point], active = session->conf.active[point];
    memset(&run, 0, sizeof run);
    run.session = *session;
    run.pass = pass;
    run.events = events_none();
    const struct process_watcher watcher = {.attach = attach, .argument = &run};
    run.session.watcher = &watcher;
    session_begin_row(session, connections, active, &run.row);
    row_set_text(&run.row, "pass", pass_name(pass));
    bool worked = run_server(&run, connections, active);
    if (pass == PASS_EVENTS) events_detach(&run.events);
    if (pass == PASS_CALLS) calls_detach(&run.tracer);
    return worked;
}

static bool measure(struct session *session)
{
    for (size_t i = 0; i < session->conf.connection_count; i++)
        for (enum pass pass = PASS_PLAIN; pass < PASSES; pass++)
            if (!run_pass(session, i, pass)) return false;
    return true;
}

/* Each pass has a server of its own. */
static double estimate_s(const struct conf *conf)
{
    return estimate_ramp_s(conf, PASSES);
}

const struct kind kind = {.name = "counters",
                          .load = LOAD_OPEN,
                          .polls = true,
                          .columns = &pass_columns,
                          .estimate_s = estimate_s,
                          .measure = measure};
