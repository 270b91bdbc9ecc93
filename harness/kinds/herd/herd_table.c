/* herd_table.c -- the tables of kind herd. */
#include "harness/kinds/herd/herd_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/die.h"

enum { PATH_MAX_B = 4096, VALUE_MAX_B = 64 };

/* Those from connections_asked to send_lag_ns_p99 the client answers under the same name. */
static const char *const names[] = {"experiment",
                                    "schema",
                                    "profile",
                                    "model",
                                    "repeat",
                                    "seed",
                                    "server_options",
                                    "policy",
                                    "base_ms",
                                    "cap_ms",
                                    "outage_s",
                                    "back_s_p50",
                                    "back_s_p99",
                                    "back_s",
                                    "accept_queue_max",
                                    "drops_dying",
                                    "drops_back",
                                    "syn_retransmits",
                                    "retransmits",
                                    "connections_asked",
                                    "connections_established",
                                    "connections_lost",
                                    "lost_in_order",
                                    "gave_up",
                                    "attempts",
                                    "connections_refused",
                                    "connections_reset",
                                    "connections_timed_out",
                                    "connections_failed",
                                    "connect_error",
                                    "connect_ns_p50",
                                    "connect_ns_p99",
                                    "sent",
                                    "received",
                                    "lost",
                                    "corrupt",
                                    "latency_ns_p50",
                                    "latency_ns_p99",
                                    "latency_ns_max",
                                    "send_lag_ns_p99",
                                    "status",
                                    "reason"};
enum { ANSWERED_FIRST = 19, ANSWERED_END = 40 };

static const char *const back_names[] = {"experiment", "schema", "model",     "repeat",
                                         "policy",     "s",      "connected", "lost",
                                         "attempts",   "failed", "back",      "accept_queue"};
enum { STEP_FIRST = 6, STEP_END = 11 }; /* What the client's timeline has, in its order. */

const struct columns herd_columns = {names, sizeof names / sizeof *names};
static const struct columns back_columns = {back_names, sizeof back_names / sizeof *back_names};

static const char back_name[] = "herd_back.csv";

int herd_back_open(const char *out)
{
    char path[PATH_MAX_B], why[PATH_MAX_B + 256];
    columns_beside(out, back_name, path, sizeof path);
    int fd = columns_open(&back_columns, path, why, (int)sizeof why);
    if (fd < 0) die_usage("%s", why);
    return fd;
}

/* An empty row of a table, but for whose it is. */
static void begin_row(struct row *row, const struct columns *columns, const struct session *session)
{
    memset(row, 0, sizeof *row);
    row->columns = columns;
    row_set_text(row, "experiment", session->experiment);
    row_set_whole(row, "schema", COLUMNS_SCHEMA);
    row_set_text(row, "model", session->model);
    row_set_whole(row, "repeat", (uint64_t)session->repeat);
}

static void set_seen(struct row *row, const struct herd_seen *seen)
{
    row_set_text(row, "policy", seen->policy);
    row_set_real(row, "outage_s", seen->outage_s);
    row_set_real(row, "back_s_p50", seen->back_s_p50);
    row_set_real(row, "back_s_p99", seen->back_s_p99);
    row_set_real(row, "back_s", seen->back_s);
    if (seen->accept_queue_max >= 0)
        row_set_whole(row, "accept_queue_max", (uint64_t)seen->accept_queue_max);
    row_set_real(row, "drops_dying", seen->drops_dying);
    row_set_real(row, "drops_back", seen->drops_back);
    row_set_real(row, "syn_retransmits", seen->syn_retransmits);
    row_set_real(row, "retransmits", seen->retransmits);
}

static void set_answered(struct row *row, const struct answer *answer)
{
    for (int i = ANSWERED_FIRST; answer != NULL && i < ANSWERED_END; i++) {
        char value[VALUE_MAX_B] = "";
        answer_get(answer, names[i], value, sizeof value);
        row_set_text(row, names[i], value);
    }
}

void herd_table_add(const struct session *session, const struct herd_seen *seen,
                    const struct answer *answer, const char *status, const char *reason)
{
    const struct conf *conf = &session->conf;
    static struct row row; /* Too large for a small stack. */
    begin_row(&row, &herd_columns, session);
    row_set_text(&row, "profile", session->profile);
    row_set_whole(&row, "seed", (uint64_t)session->seed);
    row_set_text(&row, "server_options", conf_text(conf, "server_options"));
    if (strcmp(seen->policy, "jitter") == 0) {
        row_set_whole(&row, "base_ms", (uint64_t)conf_long(conf, "base_ms"));
        row_set_whole(&row, "cap_ms", (uint64_t)conf_long(conf, "cap_ms"));
    }
    set_seen(&row, seen);
    set_answered(&row, answer);
    row_set_text(&row, "status", status);
    row_set_text(&row, "reason", reason);
    row_append(&row, session->out_fd, session->out_path);
}

void herd_back_add(int table_fd, const struct session *session, const char *policy, double since_s,
                   const char *step, long queue)
{
    static struct row row; /* Too large for a small stack. */
    char since[VALUE_MAX_B], values[VALUE_MAX_B * 4], *rest = values;
    snprintf(since, sizeof since, "%.2f", since_s);
    snprintf(values, sizeof values, "%s", step);
    begin_row(&row, &back_columns, session);
    row_set_text(&row, "policy", policy);
    row_set_text(&row, "s", since);
    for (int i = STEP_FIRST; i < STEP_END; i++)
        row_set_text(&row, back_names[i], strsep(&rest, ","));
    if (queue >= 0) row_set_whole(&row, "accept_queue", (uint64_t)queue);
    char path[PATH_MAX_B];
    columns_beside(session->out_path, back_name, path, sizeof path);
    row_append(&row, table_fd, path);
}
