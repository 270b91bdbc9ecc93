/* columns.c -- the columns of tables, in their order, and one row to be filled. */
#include "harness/measure/columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/die.h"
#include "common/plain.h"

static const char *const head[] = {"schema",     "experiment",  "kind",   "profile", "model",
                                   "variant",    "connections", "active", "repeat",  "try",
                                   "superseded", "seed",        "status", "reason",  NULL};

const char *const columns_connecting[] = {"message_b",
                                          "quiet_s",
                                          "connections_established",
                                          "connections_in_kernel",
                                          "connections_refused",
                                          "connections_reset",
                                          "connections_timed_out",
                                          "connections_failed",
                                          "connect_error",
                                          "connect_s",
                                          "connect_ns_p50",
                                          "connect_ns_p99",
                                          "connect_ns_max",
                                          "corrupt",
                                          NULL};
const char *const columns_warm_up[] = {
    "warmup", "warmup_s", "drift_percent", "worker_share_percent_min", "worker_share_percent_max",
    NULL};
const char *const columns_traffic[] = {
    "window_s", "sent_per_s", "achieved_per_s", "sent", "received", "lost", NULL};
const char *const columns_times[] = {
    "offered_per_s",   "latency_ns_p50", "latency_ns_p90",  "latency_ns_p99",
    "latency_ns_p999", "latency_ns_max", "latency_ns_mean", NULL};
const char *const columns_lateness[] = {"slow_sent",        "slow_ns_p50",      "slow_ns_p99",
                                        "from_sent_ns_p50", "from_sent_ns_p99", "send_lag_ns_p50",
                                        "send_lag_ns_p99",  "send_lag_ns_max",  NULL};
const char *const columns_cpu[] = {"server_cpu_us_per_message",
                                   "server_cpu_percent",
                                   "server_user_percent",
                                   "server_system_percent",
                                   "server_run_queue_percent",
                                   "client_cpu_us_per_message",
                                   "client_cpu_percent",
                                   "machine_cpu_us_per_message",
                                   "steal_percent",
                                   "foreign_cpu_percent",
                                   NULL};
const char *const columns_switches[] = {"switches_voluntary_per_s", "switches_involuntary_per_s",
                                        "switches_per_message",     "switches_method",
                                        "machine_switches_per_s",   NULL};
const char *const columns_tasks[] = {"processes", "threads", NULL};
const char *const columns_memory[] = {"rss_kib",
                                      "pss_kib",
                                      "private_kib",
                                      "page_tables_kib",
                                      "kernel_stack_kib",
                                      "tcp_memory_kib",
                                      "memory_baseline_pss_kib",
                                      NULL};
const char *const columns_drops[] = {"syn_drops", "listen_overflows", "other_run", NULL};

/* Columns of one or two kinds that functions of this folder fill where a table has them. */
static const char *const others[] = {"little_error_percent",
                                     "slab_kib",
                                     "sockets_kib",
                                     "task_frag_kib",
                                     "machine_lost_kib",
                                     "client_pss_kib",
                                     "both_ends_slab_kib",
                                     "both_ends_page_tables_kib",
                                     "both_ends_kernel_stack_kib",
                                     "both_ends_lost_kib",
                                     "deaf_clients",
                                     "deaf_stuck_b",
                                     NULL};

static const char *const *const shared_groups[] = {
    columns_connecting, columns_warm_up, columns_traffic,  columns_times,
    columns_lateness,   columns_cpu,     columns_switches, columns_tasks,
    columns_memory,     columns_drops,   others,           NULL};
static const struct columns shared = {.groups = shared_groups};

const char *columns_name(const struct columns *columns, int index)
{
    enum { HEAD = sizeof head / sizeof *head - 1 };
    if (columns == NULL) columns = &shared;
    if (!columns->is_bare && index < HEAD) return head[index];
    if (!columns->is_bare) index -= HEAD;
    for (const char *const *const *group = columns->groups; *group != NULL; group++)
        for (const char *const *name = *group; *name != NULL; name++)
            if (index-- == 0) return *name;
    return NULL;
}

static int place_in(const struct columns *columns, const char *name)
{
    const char *other;
    for (int i = 0; (other = columns_name(columns, i)) != NULL; i++)
        if (strcmp(name, other) == 0) return i;
    return -1;
}

/* -1: a column that other tables have. */
static int find(const struct row *row, const char *name)
{
    int place = place_in(row->columns, name);
    if (place >= COLUMNS_MAX) die_because("a table has more than %d columns", COLUMNS_MAX);
    if (place < 0 && place_in(&shared, name) < 0)
        die_because("there is no column \"%s\" in this table", name);
    return place;
}

void row_set_text(struct row *row, const char *name, const char *text)
{
    int place = find(row, name);
    if (place < 0) return;
    char *value = row->value[place];
    snprintf(value, COLUMNS_VALUE_MAX, "%s", text != NULL ? text : "");
    plain_text(value, strlen(value));
    for (; *value != '\0'; value++) {
        if (*value == ',') *value = ';';
        if (*value == '"') *value = '\'';
        if (*value == '\t' || *value == '\n') *value = ' ';
    }
}

void row_set_whole(struct row *row, const char *name, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    row_set_text(row, name, text);
}

void row_set_real(struct row *row, const char *name, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.10g", value);
    row_set_text(row, name, isfinite(value) ? text : NULL);
}

const char *row_get(const struct row *row, const char *name)
{
    int place = find(row, name);
    return place < 0 ? "" : row->value[place];
}

void columns_of_run(const char *out, const char *name, char *path, size_t size)
{
    static const char rows[] = "rows/";
    const char *slash = strrchr(out, '/');
    size_t folder = slash != NULL ? (size_t)(slash - out) + 1 : 0, rows_size = sizeof rows - 1;
    bool in_rows = folder >= rows_size && memcmp(out + folder - rows_size, rows, rows_size) == 0 &&
                   (folder == rows_size || out[folder - rows_size - 1] == '/');
    snprintf(path, size, "%.*s%s", (int)(in_rows ? folder - rows_size : folder), out, name);
}
