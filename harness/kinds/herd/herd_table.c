/* herd_table.c -- the tables of kind herd. */
#include "harness/kinds/herd/herd_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/die.h"

enum { PATH_MAX_B = 4096, VALUE_MAX_B = 64 };

static const char *const seen_names[] = {"server_options",
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
                                         NULL};

/* The client answers these under the same name. */
static const char *const answered[] = {"connections_established",
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
                                       NULL};
static const char *const *const groups[] = {seen_names, answered, NULL};
const struct columns herd_columns = {.groups = groups};

/* From `connected` to `back`: what the client's timeline has, in its order. */
static const char *const step_names[] = {"connected", "lost", "attempts", "failed", "back", NULL};
static const char *const step_of[] = {"experiment", "model", "variant", "repeat", "s", NULL};
static const char *const step_seen[] = {"accept_queue", NULL};
static const char *const *const step_groups[] = {step_of, step_names, step_seen, NULL};
static const struct columns step_columns = {.groups = step_groups, .is_bare = true};

static void timeline_path(const char *out, char *path, size_t size)
{
    columns_of_run(out, "timelines/herd.csv", path, size);
}

int herd_back_open(const char *out)
{
    char path[PATH_MAX_B], why[PATH_MAX_B + 256];
    columns_of_run(out, "timelines", path, sizeof path);
    if (mkdir(path, 0777) < 0 && errno != EEXIST)
        die_usage("cannot make %s: %s; choose another --out", path, strerror(errno));
    timeline_path(out, path, sizeof path);
    int fd = columns_open(&step_columns, path, why, (int)sizeof why);
    if (fd < 0) die_usage("%s", why);
    return fd;
}

static void set_seen(struct row *row, const struct herd_seen *seen)
{
    row_set_text(row, "variant", seen->policy);
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
    for (size_t i = 0; answer != NULL && answered[i] != NULL; i++) {
        char value[VALUE_MAX_B] = "";
        answer_get(answer, answered[i], value, sizeof value);
        row_set_text(row, answered[i], value);
    }
}

void herd_table_add(const struct session *session, const struct herd_seen *seen,
                    const struct answer *answer, const char *status, const char *reason)
{
    const struct conf *conf = &session->conf;
    static struct row row; /* Too large for a small stack. */
    session_begin_row(session, conf->connections[0], 0, &row);
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
    memset(&row, 0, sizeof row);
    row.columns = &step_columns;
    row_set_text(&row, "experiment", session->experiment);
    row_set_text(&row, "model", session->model);
    row_set_text(&row, "variant", policy);
    row_set_whole(&row, "repeat", (uint64_t)session->repeat);
    row_set_text(&row, "s", since);
    for (size_t i = 0; step_names[i] != NULL; i++)
        row_set_text(&row, step_names[i], strsep(&rest, ","));
    if (queue >= 0) row_set_whole(&row, "accept_queue", (uint64_t)queue);
    char path[PATH_MAX_B];
    timeline_path(session->out_path, path, sizeof path);
    row_append(&row, table_fd, path);
}
