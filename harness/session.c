/* session.c -- one call of measure: one experiment, one model, one repeat. */
#include "harness/session.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "harness/probe_sockets.h"

enum { PATH_MAX_B = 4096, WORD_MAX = 32, REASON_MAX = 200 };

/* How long the client may take beyond what it was told to: an answer always comes, so that a
 * missing one means that our own machinery broke. */
static const double patience_s = 20;
static const double connect_patience_s = 5e-3; /* Per connection: the slowest server seen x 10. */

bool session_start_target(const struct session *session, struct target *target, char *why,
                          size_t why_size)
{
    char program[PATH_MAX_B];
    if (session->command != NULL)
        return target_start_command(session->command, &session->cpus.server, target, why, why_size);
    snprintf(program, sizeof program, "%s/server-%s", session->bin_dir, session->model);
    return target_start_model(program, session->conf.text[KEY_SERVER_OPTIONS],
                              &session->cpus.server, target, why, why_size);
}

struct process session_start_load(const struct session *session, int port)
{
    const struct conf *conf = &session->conf;
    char program[PATH_MAX_B], port_text[WORD_MAX], rate[WORD_MAX], seed[WORD_MAX];
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
    if (conf->kind == CONF_LATENCY) {
        argv[argc++] = "--rate";
        argv[argc++] = rate;
        argv[argc++] = conf->poisson ? "--poisson" : "--constant";
        if (session->cpus.apart) argv[argc++] = "--spin"; /* It has a CPU to itself. */
    } else {
        argv[argc++] = "--closed";
    }
    argv[argc] = NULL;
    return process_start(argv, &session->cpus.client, true);
}

bool session_connect(struct process *load, long connections, long active, struct answer *answer)
{
    char command[WORD_MAX * 2];
    if (active > 0) {
        snprintf(command, sizeof command, "active %ld",
                 active < connections ? active : connections);
        if (!load_ask(load, command, patience_s, answer)) return false;
    }
    snprintf(command, sizeof command, "connect %ld", connections);
    return load_ask(load, command, patience_s + connect_patience_s * (double)connections, answer);
}

bool session_rate(struct process *load, double rate_per_s, struct answer *answer)
{
    char command[WORD_MAX * 2];
    snprintf(command, sizeof command, "rate %.3f", rate_per_s);
    return load_ask(load, command, patience_s, answer);
}

bool session_traffic(const struct session *session, struct process *load, const char *word,
                     double duration_s, struct answer *answer)
{
    char command[WORD_MAX * 2];
    snprintf(command, sizeof command, "%s %.3f", word, duration_s);
    double timeout_s = (double)session->conf.timeout_ms / 1e3;
    return load_ask(load, command, duration_s + timeout_s + patience_s, answer);
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
    bool all = active == 0 || active > connections;
    row_set_whole(row, "connections_active", (uint64_t)(all ? connections : active));
    row_set_text(row, "arrival", conf->kind == CONF_CAPACITY ? "closed" : conf->text[KEY_ARRIVAL]);
}

/* "established 3 of 10: ECONNREFUSED" and what the server said about it. */
static void explain_missing(double established, double asked, const char *error,
                            const struct target *target, char *reason, size_t size)
{
    char said[REASON_MAX];
    process_last_line(&target->process, said, sizeof said);
    snprintf(reason, size, "established %.0f of %.0f: %s%s%s", established, asked, error,
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

bool session_row_connects(const struct answer *answer, struct target *target, struct row *row,
                          char *reason, size_t size)
{
    static const char *const numbers[] = {
        "connections_refused", "connections_reset", "connections_timed_out",
        "connections_failed",  "connect_s",         "connect_ns_p50",
        "connect_ns_p99",      "connect_ns_max",    "corrupt"};
    char error[WORD_MAX] = "";
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        row_set_real(row, numbers[i], answer_number(answer, numbers[i]));
    if (answer_get(answer, "connect_error", error, sizeof error))
        row_set_text(row, "connect_error", error);
    double established = answer_number(answer, "connections_established");
    double asked = answer_number(answer, "connections_asked");
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

void session_row_drops(const struct kernel *begin, struct row *row)
{
    struct kernel now = probe_kernel();
    row_set_whole(row, "syn_drops", now.syn_drops - begin->syn_drops);
    row_set_whole(row, "listen_overflows", now.listen_overflows - begin->listen_overflows);
}

static void write_row(const struct session *session, struct row *row, const char *status,
                      const char *reason)
{
    row_set_text(row, "status", status);
    row_set_text(row, "reason", reason);
    if (!row_write(row, session->out_fd)) die("write a row of raw.csv");
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
    static const char *const shown[] = {"achieved_per_s", "latency_ns_p99", "machine_lost_kib"};
    const char *asked = row_get(row, "connections_asked");
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
        struct row row;
        session_begin_row(session, session->conf.connections[i], session->conf.active[i], &row);
        session_finish_row(session, &row, "failed", text);
    }
}
