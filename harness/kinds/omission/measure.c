/* measure.c -- the kind omission: a server that is stopped for a moment, seen by both loops.
 *
 *     closed loop │ ...... stop ...... │
 *                 open loop, at the rate the closed one had │ ...... stop ...... │
 *
 * A closed loop waits for the server before it sends again: while the server stands still, the
 * messages that would have waited are not sent, and their latencies are omitted (Tene's coordinated
 * omission).  The open loop sends, or counts as due, what the schedule asks for. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/measure/arguments.h"
#include "harness/measure/estimate.h"
#include "harness/measure/kind.h"
#include "harness/measure/ramp.h"
#include "harness/probes/probe_tree.h"

enum { PATH_MAX_B = SESSION_FOLDER_MAX + 256 };

static bool choose_loop(const struct session *session, struct process *load, bool closed,
                        double rate_per_s, struct answer *answer)
{
    if (closed) return session_close_loop(load, answer);
    return session_rate(load, fmin(rate_per_s, session->conf.rate_per_s), answer);
}

static void signal_all(const struct tree *server, int number)
{
    for (size_t i = 0; i < server->count; i++)
        kill(server->pids[i], number); /* One that has ended needs no signal. */
}

static bool stopped_window(const struct session *session, struct process *load,
                           const struct tree *server, struct answer *answer)
{
    const struct conf *conf = &session->conf;
    if (session_tell_traffic(load, "window", conf->window_s)) {
        process_sleep_ns((uint64_t)(conf->window_s / 3 * NS_PER_S));
        signal_all(server, SIGSTOP);
        process_sleep_ns((uint64_t)conf_long(conf, "stop_ms") * NS_PER_MS);
        signal_all(server, SIGCONT);
    }
    return session_hear_traffic(session, load, "window", conf->window_s, answer);
}

/* ---- the latencies of each window, in a file ---- */

/* Where the client keeps the latencies of each window until they have a name. */
static void write_window_path(const struct session *session, char *path, size_t size)
{
    snprintf(path, size, "%s/window.hgrm", session->beside);
}

static void keep_window(const struct session *session, const struct process *load,
                        const struct row *row)
{
    char window[PATH_MAX_B], kept[PATH_MAX_B], words[200];
    process_last_line(load, words, sizeof words);
    if (words[0] != '\0') die_because("%s", words); /* It could not write the file whole. */
    write_window_path(session, window, sizeof window);
    snprintf(kept, sizeof kept, "%s/%s-%s-%s-%s-%ld.hgrm", session->beside, session->experiment,
             session->model, row_get(row, "connections"), row_get(row, "variant"), session->repeat);
    if (rename(window, kept) < 0) die(kept);
}

/* ---- the kind ---- */

static const char *const own[] = {"stop_ms", "little_error_percent", NULL};
static const char *const *const groups[] = {
    columns_connecting, columns_warm_up,  own,         columns_traffic,
    columns_times,      columns_lateness, columns_cpu, columns_switches,
    columns_tasks,      columns_drops,    NULL};
static const struct columns columns = {.groups = groups};

static bool check(struct conf *conf, struct conf_error *error)
{
    double stop_s = (double)conf_long(conf, "stop_ms") / 1e3;
    return stop_s <= conf->window_s / 2 || conf_fail(error, "stop_ms is at most half of window_s");
}

static double estimate_s(const struct conf *conf)
{
    return estimate_ramp_s(conf, 2);
}

static void add_client_options(const struct session *session, struct arguments *arguments)
{
    char path[PATH_MAX_B];
    write_window_path(session, path, sizeof path);
    session_add_arrival(session, arguments);
    arguments_add(arguments, "--hgrm");
    arguments_add(arguments, "%s", path);
}

static void begin_row(const struct session *session, struct row *row)
{
    row_set_whole(row, "stop_ms", (uint64_t)conf_long(&session->conf, "stop_ms"));
}

static bool measure(struct session *session)
{
    static const struct ramp_ways ways = {
        .window = stopped_window, .keep_window = keep_window, .choose_loop = choose_loop};
    columns_of_run(session->out_path, "histograms", session->beside, sizeof session->beside);
    if (mkdir(session->beside, 0777) < 0 && errno != EEXIST)
        die_usage("cannot make %s: %s; choose another --out", session->beside, strerror(errno));
    return ramp_run(session, &ways);
}

const struct kind kind = {.name = "omission",
                          .load = LOAD_CLOSED,
                          .needs_two_cpus = true,
                          .polls = true,
                          .is_uneven = true,
                          .columns = &columns,
                          .check = check,
                          .estimate_s = estimate_s,
                          .add_client_options = add_client_options,
                          .begin_row = begin_row,
                          .measure = measure};
