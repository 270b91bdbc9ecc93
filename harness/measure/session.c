/* session.c -- one call of measure: one experiment, one model, one repeat. */
#include "harness/measure/session.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/affinity.h"
#include "common/clock.h"
#include "harness/measure/other_run.h"
#include "harness/probes/probe_memory.h"
#include "harness/probes/probe_sockets.h"

enum {
    PATH_MAX_B = 4096,
    WORD_MAX = 32,
    OPTIONS_MAX = CONF_VALUE_MAX + 2 * WORD_MAX,
    REASON_MAX = 200,
    FILES_RESERVED = 64, /* Of a worker: stdio, listeners, epoll. */
    LOAD_PATIENCE_MS = 2000,
    CHATTY_B = 64 * 1024, /* Of a server's words: more than any start or complaint needs. */
};

/* How long the client may take beyond what it was told to: an answer always comes, so that a
 * missing one means that our own machinery broke. */
static const double patience_s = 20;
static const char walls_patience_ms[] = "300"; /* Of connecting, when nobody gets in. */
static const double connect_patience_s = 5e-3; /* Per connection: the slowest server seen x 10. */

long session_workers(long connections, long files_max, long cpus)
{
    long room = files_max - FILES_RESERVED;
    if (files_max < 0) room = LONG_MAX;
    if (room < 1) room = 1;
    long workers = (connections + connections / 8) / room + 1;
    return workers > cpus ? workers : cpus;
}

/* "{workers}" in a model's options becomes as many processes as hold the largest count. */
static void fill_in_workers(const struct conf *conf, char *options, size_t size)
{
    static const char hole[] = "{workers}";
    const char *text = conf->text[KEY_SERVER_OPTIONS], *at = strstr(text, hole);
    if (at == NULL) {
        snprintf(options, size, "%s", text);
        return;
    }
    long most = conf->connections[conf->connection_count - 1];
    long workers = session_workers(most, sysconf(_SC_OPEN_MAX), affinity_cpus());
    snprintf(options, size, "%.*s%ld%s", (int)(at - text), text, workers, at + strlen(hole));
}

/* The options of the server, as the experiment asks for them. */
static void write_options(const struct conf *conf, char *options, size_t size)
{
    fill_in_workers(conf, options, size);
    size_t held = strlen(options);
    if (conf->costs) snprintf(options + held, size - held, " --costs");
}

bool session_command(const struct session *session, char *line, size_t size)
{
    char options[OPTIONS_MAX];
    write_options(&session->conf, options, sizeof options);
    int length;
    if (session->command != NULL)
        length = snprintf(line, size, "%s %s", session->command, options);
    else
        length = snprintf(line, size, "exec \"%s/server-%s\" 0 %s", session->bin_dir,
                          session->model, options);
    return (size_t)length < size;
}

bool session_start_target(const struct session *session, uint16_t port, struct target *target,
                          char *why, size_t why_size)
{
    char program[PATH_MAX_B + OPTIONS_MAX], options[OPTIONS_MAX];
    if (session->command != NULL) {
        if (session_command(session, program, sizeof program))
            return target_start_command(program, port, &session->cpus.server, session->watcher,
                                        target, why, why_size);
        *target = (struct target){.process = {.input_fd = -1, .output_fd = -1, .error_fd = -1}};
        snprintf(why, why_size, "its command is too long");
        return false;
    }
    write_options(&session->conf, options, sizeof options);
    snprintf(program, sizeof program, "%s/server-%s", session->bin_dir, session->model);
    return target_start_model(program, port, options, &session->cpus.server, session->watcher,
                              target, why, why_size);
}

void session_window_file(const struct session *session, char *path, size_t size)
{
    snprintf(path, size, "%s/window.hgrm", session->histograms);
}

struct process session_start_load(const struct session *session, int port)
{
    const struct conf *conf = &session->conf;
    char program[PATH_MAX_B], port_text[WORD_MAX], rate[WORD_MAX], seed[WORD_MAX];
    char histogram[SESSION_FOLDER_MAX + WORD_MAX];
    snprintf(program, sizeof program, "%s/load", session->bin_dir);
    snprintf(port_text, sizeof port_text, "%d", port);
    snprintf(rate, sizeof rate, "%.3f", conf->rate_per_s);
    snprintf(seed, sizeof seed, "%ld", session->seed);
    char *argv[24] = {program,        "--interactive",
                      "--port",       port_text,
                      "--seed",       seed,
                      "--message-b",  (char *)conf->text[KEY_MESSAGE_B],
                      "--timeout-ms", (char *)conf->text[KEY_TIMEOUT_MS]};
    int argc = 10;
    bool open_loop = conf->kind == CONF_LATENCY || conf->kind == CONF_WALLS ||
                     conf->kind == CONF_COUNTERS || conf->kind == CONF_HERD;
    argv[argc++] = open_loop ? "--rate" : "--closed";
    if (open_loop) argv[argc++] = rate;
    if (open_loop || conf->kind == CONF_OMISSION) {
        argv[argc++] = conf->poisson ? "--poisson" : "--constant";
        if (session->cpus.apart && conf->kind != CONF_WALLS && conf->kind != CONF_HERD)
            argv[argc++] = "--spin"; /* It has a CPU to itself. */
    }
    if (conf->kind == CONF_WALLS) { /* It asks again before it takes a server for full. */
        argv[argc++] = "--patience-ms";
        argv[argc++] = (char *)walls_patience_ms;
    }
    if (conf->kind == CONF_HERD) {
        argv[argc++] = "--timeline";
        argv[argc++] = (char *)session->timeline;
    }
    if (conf->kind == CONF_OMISSION) {
        session_window_file(session, histogram, sizeof histogram);
        argv[argc++] = "--hgrm";
        argv[argc++] = histogram;
    }
    argv[argc] = NULL;
    return process_start(argv, &session->cpus.client);
}

void session_end_load(struct process *load)
{
    process_end(load, LOAD_PATIENCE_MS);
    process_forget(load);
}

static bool ask_to_connect(struct process *load, long connections, struct answer *answer)
{
    char command[WORD_MAX * 2];
    snprintf(command, sizeof command, "connect %ld", connections);
    return load_ask(load, command, patience_s + connect_patience_s * (double)connections, answer);
}

/* Connects those that never read, in place of those of the point before. */
static bool connect_deaf(long count, struct process *load, struct connecting *connecting,
                         struct answer *answer)
{
    char command[WORD_MAX];
    snprintf(command, sizeof command, "deaf %ld", count);
    if (!load_ask(load, command, patience_s + (double)count, answer)) return false;
    connecting->deaf = answer_number(answer, "deaf_clients");
    connecting->stuck_b = answer_number(answer, "deaf_stuck_b");
    return true;
}

bool session_connect(const struct session *session, struct process *load,
                     struct connecting *connecting, struct answer *answer)
{
    char command[WORD_MAX * 2];
    long active = connecting->active, wanted = connecting->wanted;
    if (session->conf.rest_is_deaf) {
        active = session_active(wanted, active);
        if (!connect_deaf(wanted - active, load, connecting, answer)) return false;
        wanted = active;
    } else if (active > 0) {
        snprintf(command, sizeof command, "active %ld", session_active(wanted, active));
        if (!load_ask(load, command, patience_s, answer)) return false;
    }
    uint64_t begin_ns = clock_ns();
    connecting->earlier_s = 0;
    for (long step = connecting->held + CONF_MANY; step < wanted; step += CONF_MANY) {
        if (!ask_to_connect(load, step, answer)) return false;
        if (answer_number(answer, "connections_established") < (double)step) return true;
        connecting->earlier_s = clock_seconds_since(begin_ns);
        printf("progress: %s holds %ld of %ld connections after %.0f s\n", session->model, step,
               wanted, connecting->earlier_s);
        fflush(stdout);
    }
    return ask_to_connect(load, wanted, answer);
}

bool session_prepare_traffic(const struct session *session, struct process *load,
                             struct answer *answer)
{
    const struct conf *conf = &session->conf;
    char command[WORD_MAX * 3];
    if (!conf->costs) return true;
    snprintf(command, sizeof command, "cost %.8s %ld %g", conf->text[KEY_COST], conf->cost_us,
             conf->cost_percent);
    return load_ask(load, command, patience_s, answer);
}

bool session_rate(struct process *load, double rate_per_s, struct answer *answer)
{
    char command[WORD_MAX * 2];
    snprintf(command, sizeof command, "rate %.3f", rate_per_s);
    return load_ask(load, command, patience_s, answer);
}

bool session_close_loop(struct process *load, struct answer *answer)
{
    return load_ask(load, "closed", patience_s, answer);
}

bool session_tell_traffic(struct process *load, const char *word, double duration_s)
{
    char command[WORD_MAX * 2];
    snprintf(command, sizeof command, "%s %.3f", word, duration_s);
    return load_tell(load, command);
}

bool session_hear_traffic(const struct session *session, struct process *load, const char *word,
                          double duration_s, struct answer *answer)
{
    double timeout_s = (double)session->conf.timeout_ms / 1e3;
    return load_hear(load, word, duration_s + timeout_s + patience_s, answer);
}

bool session_traffic(const struct session *session, struct process *load, const char *word,
                     double duration_s, struct answer *answer)
{
    (void)session_tell_traffic(load, word, duration_s); /* If it is gone, the next line says so. */
    return session_hear_traffic(session, load, word, duration_s, answer);
}

struct verdict_numbers session_numbers(const struct session *session, bool closed,
                                       const struct answer *window)
{
    bool stopped = session->conf.stop_ms > 0; /* Which makes one half slower. */
    return (struct verdict_numbers){
        .closed = closed,
        .poisson = session->conf.poisson,
        .spin = answer_number(window, "spin") > 0,
        .corrupt = answer_number(window, "corrupt"),
        .lost = answer_number(window, "lost"),
        .reset = answer_number(window, "connections_reset"),
        .offered_per_s = answer_number(window, "offered_per_s"),
        .sent_per_s = answer_number(window, "sent_per_s"),
        .achieved_per_s = answer_number(window, "achieved_per_s"),
        .window_s = answer_number(window, "window_s"),
        .connections = answer_number(window, "connections_active"),
        .client_cpu_percent_max = answer_number(window, "client_cpu_percent_max"),
        .client_busy_percent_max = answer_number(window, "client_busy_percent_max"),
        .latency_ns_p99 = answer_number(window, "latency_ns_p99"),
        .send_lag_ns_p99 = answer_number(window, "send_lag_ns_p99"),
        .little_error_percent = answer_number(window, "little_error_percent"),
        .drift_percent = stopped ? NAN : answer_number(window, "drift_percent"),
        .server_cpu_percent = NAN,
        .steal_percent = NAN,
        .foreign_cpu_percent = NAN,
        .throttled_percent = NAN,
        .run_queue_percent = NAN,
        .kernel_cpu_percent = NAN,
        .wakeups_per_s = NAN,
    };
}

long session_active(long connections, long active)
{
    return active == 0 || active > connections ? connections : active;
}

void session_begin_row(const struct session *session, long connections, long active,
                       struct row *row)
{
    const struct conf *conf = &session->conf;
    *row = (struct row){0};
    row_set_whole(row, "schema", COLUMNS_SCHEMA);
    row_set_text(row, "experiment", session->experiment);
    row_set_text(row, "kind", conf_kind_name(conf->kind));
    row_set_text(row, "profile", session->profile);
    row_set_text(row, "model", session->model);
    row_set_whole(row, "repeat", (uint64_t)session->repeat);
    row_set_whole(row, "try", 1);
    row_set_whole(row, "superseded", 0);
    row_set_whole(row, "seed", (uint64_t)session->seed);
    row_set_whole(row, "connections_asked", (uint64_t)connections);
    row_set_whole(row, "message_b", (uint64_t)conf->message_b);
    if (conf->kind == CONF_MEMORY) {
        row_set_whole(row, "connections_active", 0);
        return;
    }
    row_set_whole(row, "connections_active", (uint64_t)session_active(connections, active));
    bool closed = conf->kind == CONF_CAPACITY || conf->kind == CONF_OMISSION;
    row_set_text(row, "arrival", closed ? "closed" : conf->text[KEY_ARRIVAL]);
    if (conf->stop_ms > 0) row_set_whole(row, "stop_ms", (uint64_t)conf->stop_ms);
}

/* "established 3 of 10: ECONNREFUSED" and what the server said about it. */
static void explain_missing(double established, double asked, const char *error,
                            const struct target *target, char *reason, size_t size)
{
    char said[REASON_MAX];
    process_last_line(&target->process, said, sizeof said);
    snprintf(reason, size, "established %.0f of %.0f: %s%s%s", established, asked,
             error[0] != '\0' ? error : "no error was told",
             said[0] != '\0' ? "; server said: " : "", said);
}

/* The kernel must hold as many connections as the client believes.  True where it does not tell. */
static bool kernel_agrees(double established, const struct target *target, struct row *row,
                          char *reason, size_t size)
{
    long held = probe_sockets(target->port);
    if (held < 0) return true;
    row_set_whole(row, "connections_in_kernel", (uint64_t)held);
    if ((double)held == established) return true;
    snprintf(reason, size, "the client counts %.0f connections; the kernel %ld", established, held);
    return false;
}

bool session_row_connects(const struct connecting *connecting, const struct answer *answer,
                          struct target *target, struct row *row, char *reason, size_t size)
{
    static const char *const counts[] = {"connections_refused", "connections_reset",
                                         "connections_timed_out", "connections_failed", "corrupt"};
    static const char *const times[] = {"connect_ns_p50", "connect_ns_p99", "connect_ns_max"};
    char error[WORD_MAX] = "";
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        row_set_real(row, counts[i], answer_number(answer, counts[i]));
    row_set_real(row, "connect_s", connecting->earlier_s + answer_number(answer, "connect_s"));
    /* Of several steps, no percentile of the whole can be told. */
    for (size_t i = 0; connecting->earlier_s == 0 && i < sizeof times / sizeof *times; i++)
        row_set_real(row, times[i], answer_number(answer, times[i]));
    if (answer_get(answer, "connect_error", error, sizeof error))
        row_set_text(row, "connect_error", error);
    double established = answer_number(answer, "connections_established") + connecting->deaf;
    double asked = (double)connecting->wanted;
    row_set_real(row, "connections_established", established);
    if (answer_number(answer, "corrupt") > 0) {
        snprintf(reason, size, "wrong byte in the first echo");
        return false;
    }
    if (established < asked) {
        explain_missing(established, asked, error, target, reason, size);
        return false;
    }
    return kernel_agrees(established, target, row, reason, size);
}

void session_note_words(const struct target *target, char *reason, size_t size)
{
    uint64_t wrote_b = process_wrote_b(&target->process);
    size_t held = strlen(reason);
    if (wrote_b > CHATTY_B && held < size)
        snprintf(reason + held, size - held, "%sthe server was chatty: it wrote %llu bytes",
                 held > 0 ? "; " : "", (unsigned long long)wrote_b);
}

void session_row_drops(const struct kernel *begin, struct row *row)
{
    struct kernel now = probe_kernel();
    row_set_real(row, "syn_drops", now.syn_drops - begin->syn_drops);
    row_set_real(row, "listen_overflows", now.listen_overflows - begin->listen_overflows);
}

void session_row_memory(const struct tree *tree, const struct kernel *kernel, struct row *row)
{
    struct memory memory = probe_memory(tree);
    row_set_whole(row, "processes", tree->count);
    row_set_whole(row, "threads", tree->threads);
    row_set_real(row, "rss_kib", memory.rss_kib);
    row_set_real(row, "pss_kib", memory.pss_kib);
    row_set_real(row, "private_kib", memory.private_kib);
    row_set_real(row, "page_tables_kib", memory.page_tables_kib);
    row_set_real(row, "kernel_stack_kib", (double)tree->threads * probe_kernel_stack_kib(kernel));
    row_set_real(row, "tcp_memory_kib", kernel->tcp_memory_kib);
}

static void write_row(const struct session *session, struct row *row, const char *status,
                      const char *reason)
{
    bool other = row->columns == NULL && other_run_seen(OTHER_RUN_SOCKETS);
    bool known = row->columns == NULL && (other || errno == 0);
    if (known) row_set_whole(row, "other_run", other);
    row_set_text(row, "status", status);
    row_set_text(row, "reason", reason);
    row_append(row, session->out_fd, session->out_path);
}

void session_keep_try(const struct session *session, struct row *row, const char *status,
                      const char *reason)
{
    row_set_whole(row, "superseded", 1);
    write_row(session, row, status, reason);
}

void session_finish_row(const struct session *session, struct row *row, const char *status,
                        const char *reason)
{
    write_row(session, row, status, reason);
    static const char *const shown[] = {"achieved_per_s", "latency_ns_p99", "machine_lost_kib",
                                        "limits",         "wall",           "wall_limit"};
    bool walls = session->conf.kind == CONF_WALLS;
    const char *asked = row_get(row, walls ? "connections_established" : "connections_asked");
    const char *active = row_get(row, "connections_active");
    printf("point %s %s %s", session->model, asked, status);
    if (session->conf.active[0] > 0 && strcmp(active, asked) != 0) printf(" active=%s", active);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (row_get(row, shown[i])[0] != '\0') printf(" %s=%s", shown[i], row_get(row, shown[i]));
    putchar('\n');
    fflush(stdout); /* Whoever shows progress wants it now; nobody listening is no harm. */
}

void session_not_reached(const struct session *session, size_t first, const char *reason)
{
    char text[REASON_MAX + WORD_MAX];
    snprintf(text, sizeof text, "not reached: %.200s", reason);
    for (size_t i = first; i < session->conf.connection_count; i++) {
        static struct row row; /* Too large for a small stack. */
        session_begin_row(session, session->conf.connections[i], session->conf.active[i], &row);
        session_finish_row(session, &row, "failed", text);
    }
}
