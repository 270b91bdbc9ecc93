/* measure.c -- the kind latency: how long messages take that are sent on a schedule. */
#include <string.h>

#include "harness/measure/estimate.h"
#include "harness/measure/kind.h"
#include "harness/measure/ramp.h"

static const char *const own[] = {"deaf_clients",
                                  "deaf_stuck_b",
                                  "client_pss_kib",
                                  "both_ends_slab_kib",
                                  "both_ends_page_tables_kib",
                                  "both_ends_kernel_stack_kib",
                                  "both_ends_lost_kib",
                                  NULL};
static const char *const *const groups[] = {columns_connecting, columns_warm_up,
                                            columns_traffic,    columns_times,
                                            columns_lateness,   columns_cpu,
                                            columns_switches,   columns_tasks,
                                            columns_memory,     own,
                                            columns_drops,      NULL};
static const struct columns columns = {.groups = groups};

/* Makes a point of each number of clients that never read: they come on top of the others, which
 * are the active ones. */
static bool check(struct conf *conf, struct conf_error *error)
{
    long deaf[CONF_POINTS_MAX], reading = conf->connections[0];
    size_t count = conf_counts(conf, "deaf", deaf);
    conf->rest_is_deaf = deaf[count - 1] > 0;
    if (!conf->rest_is_deaf) return true;
    if (conf->connection_count > 1 || conf->active[0] > 0)
        return conf_fail(error, "deaf needs one number in connections and no active");
    for (size_t i = 0; i < count; i++) {
        conf->connections[i] = reading + deaf[i];
        conf->active[i] = deaf[i] > 0 ? reading : 0;
    }
    conf->connection_count = count;
    return true;
}

static double estimate_s(const struct conf *conf)
{
    return estimate_ramp_s(conf, 1);
}

static bool measure(struct session *session)
{
    static const struct ramp_ways ways = {.has_memory = true};
    return ramp_run(session, &ways);
}

const struct kind kind = {.name = "latency",
                          .load = LOAD_OPEN,
                          .needs_two_cpus = true,
                          .polls = true,
                          .columns = &columns,
                          .check = check,
                          .estimate_s = estimate_s,
                          .measure = measure};
