/* passes.c -- the counters kind: what a message makes the server do, counted in three passes. */
#include "harness/kinds/counters/passes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "harness/measure/connects.h"
#include "harness/measure/window_edges.h"
#include "harness/probes/probe_calls.h"
#include "harness/probes/probe_events.h"
#include "harness/measure/verdict.h"

enum { REASON_MAX = 256 };

static const char *const names[] = {"schema",
                                    "experiment",
                                    "profile",
                                    "model",
                                    "repeat",
                                    "try",
                                    "connections_asked",
                                    "connections_active",
                                    "offered_per_s",
                                    "achieved_per_s",
                                    "messages",
                                    "pass",
                                    "counter",
                                    "per_message",
                                    "failed_per_message",
                                    "method",
                                    "status",
                                    "reason"};
const struct columns passes_columns = {names, sizeof names / sizeof *names};

static const char not_available[] = "not_available";

enum pass { PASS_PLAIN, PASS_EVENTS, PASS_CALLS, PASSES };
static const char *const pass_names[PASSES] = {"plain", "events", "calls"};

/* What is read at an edge of the window. */
struct look {
    struct edge edge;
    struct event_counts events;
    struct calls calls;
};

/* One pass on its way. */
struct run {
    struct session session; /* With us as its watcher. */
    enum pass pass;
    struct row row; /* What all rows of this pass have in common. */
    struct target target;
    struct process load;
    struct events events;
    struct calls_tracer tracer;
    char refused[REASON_MAX]; /* Why there is no tracer; "" if there is one. */
    struct look before, after;
    double messages; /* That came back in the window. */
    enum verdict verdict;
    char reason[REASON_MAX];
};

/* ---- rows ---- */

static void write_row(struct run *run, const char *counter, const char *method, const char *status,
                      const char *reason)
{
    row_set_text(&run->row, "counter", counter);
    row_set_text(&run->row, "method", method);
    row_set_text(&run->row, "status", status);
    row_set_text(&run->row, "reason", reason);
    row_append(&run->row, run->session.out_fd, run->session.out_path);
    row_set_text(&run->row, "per_message", NULL);
    row_set_text(&run->row, "failed_per_message", NULL);
}

static void write_count(struct run *run, const char *counter, const char *method, double count)
{
    row_set_real(&run->row, "per_message", count / run->messages);
    write_row(run, counter, method, verdict_name(run->verdict), run->reason);
}

/* A row for a pass of which nothing can be told, and the line that shows progress. */
static void write_failure(struct run *run, const char *status, const char *reason)
{
    write_row(run, NULL, NULL, status, reason);
    printf("point %s %s %s pass=%s\n", run->session.model, row_get(&run->row, "connections_asked"),
           status, pass_names[run->pass]);
    fflush(stdout);
}

/* The server's own switches: those that the tracer made are taken away. */
static double own_switches(const struct run *run)
{
    const struct tasks *before = &run->before.edge.tasks, *after = &run->after.edge.tasks;
    double switches = (double)(after->voluntary + after->involuntary) -
                      (double)(before->voluntary + before->involuntary);
    double stops = (double)(run->after.calls.stops - run->before.calls.stops);
    bool incomplete = edge_misses_switches(&run->before.edge, &run->after.edge);
    return incomplete || switches < stops ? NAN : switches - stops;
}

static void write_tasks(struct run *run)
{
    const struct tasks *before = &run->before.edge.tasks, *after = &run->after.edge.tasks;
    const char *why = before->unknown || after->unknown
                          ? "a thread of the server cannot be looked into"
                          : "a process or thread of the server ended within the window";
    double switches = own_switches(run);
    /* As many may have come as ended: then a count that fell tells. */
    if (isnan(switches) || after->cpu_ns < before->cpu_ns) {
        write_row(run, "context_switches", after->method, not_available, why);
        return;
    }
    write_count(run, "context_switches", after->method, switches);
    /* In the other passes it is their work, too. */
    if (run->pass == PASS_PLAIN)
        write_count(run, "cpu_ns", after->method, (double)(after->cpu_ns - before->cpu_ns));
}

static void write_events(struct run *run)
{
    for (enum event event = 0; event < EVENTS; event++) {
        char why[REASON_MAX];
        double count;
        bool counted = events_between(&run->events, &run->before.events, &run->after.events, event,
                                      &count, why, sizeof why);
        if (counted && event == EVENT_CONTEXT_SWITCHES && count == 0 && own_switches(run) > 0) {
            snprintf(why, sizeof why, "it reads 0 and %s does not", run->after.edge.tasks.method);
            counted = false;
        }
        if (counted)
            write_count(run, events_name(event), "perf", count);
        else
            write_row(run, events_name(event), "perf", not_available, why);
    }
}

static void write_calls(struct run *run)
{
    const struct calls *before = &run->before.calls, *after = &run->after.calls;
    for (int i = 0; i < CALLS_MAX; i++) {
        uint64_t count = after->count[i] - before->count[i];
        double failed = (double)(after->failed[i] - before->failed[i]);
        if (count == 0) continue;
        row_set_real(&run->row, "failed_per_message", failed / run->messages);
        write_count(run, calls_name(i), "ptrace", (double)count);
    }
}

/* ---- one pass ---- */

static void attach(pid_t pid, void *argument)
{
    struct run *run = argument;
    if (run->pass == PASS_EVENTS) run->events = events_attach(pid);
    if (run->pass == PASS_CALLS)
        calls_attach(&run->tracer, pid, &run->session.cpus.server, run->refused,
                     sizeof run->refused);
}

/* The counters are read last before the window and first behind it. */
static void look_before(struct run *run)
{
    edge_before(&run->before.edge);
    if (run->pass == PASS_EVENTS) run->before.events = events_read(&run->events);
    if (run->pass == PASS_CALLS) calls_read(&run->tracer, &run->before.calls);
}

static void look_after(struct run *run)
{
    if (run->pass == PASS_EVENTS) run->after.events = events_read(&run->events);
    if (run->pass == PASS_CALLS) calls_read(&run->tracer, &run->after.calls);
    run->after.edge = edge_after(run->target.process.pid);
}

/* Counts do not depend on time, but how many messages a loop finds at once does: a late client and
 * a busy neighbour spoil this, too. */
static void judge(struct run *run, const struct answer *window)
{
    struct verdict_numbers numbers = session_numbers(&run->session, false, window);
    numbers.little_error_percent = NAN;
    numbers.drift_percent = NAN; /* Nobody asks how fast it was. */
    static struct row unused;    /* Too large for a small stack. */
    edge_row(&run->before.edge, &run->after.edge, window, &run->session.cpus, &unused, &numbers);
    if (run->pass == PASS_CALLS) numbers.single_thread = false; /* It waits for its tracer. */
    run->verdict = verdict_judge(&numbers, run->reason, sizeof run->reason);
    session_note_words(&run->target, run->reason, sizeof run->reason);
}

/* One window with both its edges.  False if the client did not answer. */
static bool run_window(struct run *run, struct answer *answer)
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

static void write_window(struct run *run, const struct answer *window)
{
    run->messages = answer_number(window, "received");
    row_set_real(&run->row, "offered_per_s", answer_number(window, "offered_per_s"));
    row_set_real(&run->row, "achieved_per_s", answer_number(window, "achieved_per_s"));
    row_set_real(&run->row, "messages", run->messages);
    if (run->verdict >= VERDICT_FAILED) {
        write_failure(run, verdict_name(run->verdict), run->reason);
        return;
    }
    write_tasks(run);
    if (run->pass == PASS_EVENTS) write_events(run);
    if (run->pass == PASS_CALLS) write_calls(run);
    printf("point %s %s %s pass=%s switches_per_message=%.3g\n", run->session.model,
           row_get(&run->row, "connections_asked"), verdict_name(run->verdict),
           pass_names[run->pass], own_switches(run) / run->messages);
    fflush(stdout);
}

/* Connects until all are, or until it was not the machine that stopped them: see run->verdict.
 * False if the client did not answer. */
static bool connect_all(struct run *run, long connections, long active, struct answer *answer)
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
static bool drive(struct run *run, long connections, long active, struct answer *answer)
{
    const struct session *session = &run->session;
    if (!connect_all(run, connections, active, answer)) return false;
    if (run->verdict != VERDICT_OK) {
        write_failure(run, verdict_name(run->verdict), run->reason);
        return true;
    }
    if (!session_prepare_traffic(session, &run->load, answer)) return false;
    for (long try = 1;; try++) {
        row_set_whole(&run->row, "try", (uint64_t)try);
        if (!run_window(run, answer)) return false;
        if (!verdict_is_disturbed(run->verdict) || try > session->conf.reruns) break;
    }
    write_window(run, answer);
    return true;
}

static bool run_server(struct run *run, long connections, long active)
{
    char why[REASON_MAX];
    struct answer answer;
    if (!session_start_target(&run->session, 0, &run->target, why, sizeof why)) {
        write_failure(run, "failed", why);
        return true;
    }
    run->load = session_start_load(&run->session, run->target.port);
    bool answered = run->refused[0] != '\0' || drive(run, connections, active, &answer);
    if (run->refused[0] != '\0') write_failure(run, not_available, run->refused);
    if (!answered) {
        write_failure(run, "failed", answer.line);
        fprintf(stderr, "measure: %.200s\n", answer.line);
    }
    edge_free(&run->before.edge);
    edge_free(&run->after.edge);
    session_end_load(&run->load);
    target_end(&run->target);
    return answered;
}

static bool run_pass(const struct session *session, size_t point, enum pass pass)
{
    static struct run run; /* Too large for a small stack, and so is a literal of it. */
    long connections = session->conf.connections[point], active = session->conf.active[point];
    memset(&run, 0, sizeof run);
    run.session = *session;
    run.pass = pass;
    run.events = events_none();
    run.row.columns = &passes_columns;
    const struct process_watcher watcher = {.attach = attach, .argument = &run};
    run.session.watcher = &watcher;
    row_set_whole(&run.row, "schema", COLUMNS_SCHEMA);
    row_set_text(&run.row, "experiment", session->experiment);
    row_set_text(&run.row, "profile", session->profile);
    row_set_text(&run.row, "model", session->model);
    row_set_whole(&run.row, "repeat", (uint64_t)session->repeat);
    row_set_whole(&run.row, "connections_asked", (uint64_t)connections);
    row_set_whole(&run.row, "connections_active", (uint64_t)session_active(connections, active));
    row_set_text(&run.row, "pass", pass_names[pass]);
    bool worked = run_server(&run, connections, active);
    if (pass == PASS_EVENTS) events_detach(&run.events);
    if (pass == PASS_CALLS) calls_detach(&run.tracer);
    return worked;
}

bool passes_run(const struct session *session)
{
    for (size_t i = 0; i < session->conf.connection_count; i++)
        for (enum pass pass = PASS_PLAIN; pass < PASSES; pass++)
            if (!run_pass(session, i, pass)) return false;
    return true;
}
