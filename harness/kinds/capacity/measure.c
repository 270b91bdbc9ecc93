/* measure.c -- the kind capacity: how many messages a server takes when the client never waits. */
#include "harness/measure/estimate.h"
#include "harness/measure/kind.h"
#include "harness/measure/ramp.h"

/* A closed loop waits for the server before it sends: its times are no latencies, and the table has
 * none.  */
static const char *const own[] = {"little_error_percent", NULL};
static const char *const *const groups[] = {
    columns_connecting, columns_warm_up, columns_traffic, own, columns_cpu,
    columns_switches,   columns_tasks,   columns_drops,   NULL};
static const struct columns columns = {.groups = groups};

static double estimate_s(const struct conf *conf)
{
    return estimate_ramp_s(conf, 1);
}

static bool measure(struct session *session)
{
    static const struct ramp_ways ways = {0};
    return ramp_run(session, &ways);
}

const struct kind kind = {.name = "capacity",
                          .load = LOAD_CLOSED,
                          .columns = &columns,
                          .estimate_s = estimate_s,
                          .measure = measure};
