/* measure.c -- the kind capacity: how many messages a server takes when the client never waits. */
#include "harness/measure/estimate.h"
#include "harness/measure/kind.h"
#include "harness/measure/ramp.h"

static double estimate_s(const struct conf *conf)
{
    return estimate_ramp_s(conf, 1);
}

static bool measure(struct session *session)
{
    static const struct ramp_ways ways = {0};
    return ramp_run(session, &ways);
}

const struct kind kind = {
    .name = "capacity", .load = LOAD_CLOSED, .estimate_s = estimate_s, .measure = measure};
