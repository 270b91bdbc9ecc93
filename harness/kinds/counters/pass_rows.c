/* pass_rows.c -- the rows of one pass: a row for each counter. */
#include "harness/kinds/counters/pass_rows.h"

#include <math.h>
#include <stdio.h>

static const char *const own[] = {
    "offered_per_s", "achieved_per_s", "messages",           "pass", "counter",
    "method",        "per_message",    "failed_per_message", NULL};
static const char *const *const groups[] = {own, NULL};
const struct columns pass_columns = {.groups = groups};

static const char not_available[] = "not_available";

const char *pass_name(enum pass pass)
{
    static const char *const pass_names[PASSES] = {"plain", "events", "calls"};
    return pass_names[pass];
}

/* ---- rows ---- */

static void write_row(struct pass_run *run, const char *counter, const char *method,
                      const char *status, const char *reason)
{
    char variant[PASS_REASON_MAX];
    const char *pass = pass_name(run->pass);
    if (counter != NULL) /* Two methods may count the same. */
        snprintf(variant, sizeof variant, "%s:%s:%s", pass, counter, method);
    else
        snprintf(variant, sizeof variant, "%s", pass);
    row_set_text(&run->row, "variant", variant);
    row_set_text(&run->row, "counter", counter);
    row_set_text(&run->row, "method", method);
    row_set_text(&run->row, "status", status);
    row_set_text(&run->row, "reason", reason);
    row_append(&run->row, run->session.out_fd, run->session.out_path);
    row_set_text(&run->row, "per_message", NULL);
    row_set_text(&run->row, "failed_per_message", NULL);
}

static void write_count(struct pass_run *run, const char *counter, const char *method, double count)
{
    row_set_real(&run->row, "per_message", count / run->messages);
    write_row(run, counter, method, verdict_name(run->verdict), run->reason);
}

void pass_write_failure(struct pass_run *run, const char *status, const char *reason)
{
    write_row(run, NULL, NULL, status, reason);
    printf("point %s %s %s pass=%s\n", run->session.model, row_get(&run->row, "connections"),
           status, pass_name(run->pass));
    fflush(stdout);
}

/* The server's own switches: those that the tracer made are taken away. */
static double own_switches(const struct pass_run *run)
{
    const struct tasks *before = &run->before.edge.tasks, *after = &run->after.edge.tasks;
    double switches = (double)(after->voluntary + after->involuntary) -
                      (double)(before->voluntary + before->involuntary);
    double stops = (double)(run->after.calls.stops - run->before.calls.stops);
    bool incomplete = edge_misses_switches(&run->before.edge, &run->after.edge);
    return incomplete || switches < stops ? NAN : switches - stops;
}

static void write_tasks(struct pass_run *run)
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

static void write_events(struct pass_run *run)
{
    for (enum event event = 0; event < EVENTS; event++) {
        char why[PASS_REASON_MAX];
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

static void write_calls(struct pass_run *run)
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

void pass_write_window(struct pass_run *run, const struct answer *window)
{
    run->messages = answer_number(window, "received");
    row_set_real(&run->row, "offered_per_s", answer_number(window, "offered_per_s"));
    row_set_real(&run->row, "achieved_per_s", answer_number(window, "achieved_per_s"));
    row_set_real(&run->row, "messages", run->messages);
    if (run->verdict >= VERDICT_FAILED) {
        pass_write_failure(run, verdict_name(run->verdict), run->reason);
        return;
    }
    write_tasks(run);
    if (run->pass == PASS_EVENTS) write_events(run);
    if (run->pass == PASS_CALLS) write_calls(run);
    printf("point %s %s %s pass=%s switches_per_message=%.3g\n", run->session.model,
           row_get(&run->row, "connections"), verdict_name(run->verdict), pass_name(run->pass),
           own_switches(run) / run->messages);
    fflush(stdout);
}
