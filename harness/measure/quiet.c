/* quiet.c -- waits until the machine has cleared away what ran before. */
#include "harness/measure/quiet.h"

#include <math.h>

#include "common/clock.h"
#include "harness/fleet/process.h"

enum {
    STEADY_KIB = 1024,     /* Less than this between two looks is standing still. */
    SOCKETS_LEFT_MAX = 50, /* Of others: a browser, a daemon. */
};

bool quiet_is_still(const struct kernel *before, const struct kernel *now)
{
    return fabs(now->slab_kib - before->slab_kib) < (double)STEADY_KIB &&
           fabs(now->free_kib - before->free_kib) < (double)STEADY_KIB &&
           fabs(now->tcp_allocated - before->tcp_allocated) < (double)SOCKETS_LEFT_MAX;
}

struct kernel quiet_settle(const struct quiet_patience *patience)
{
    uint64_t begin_ns = clock_ns();
    struct kernel before = probe_kernel();
    for (;;) {
        process_sleep_ns((uint64_t)patience->look_ms * NS_PER_MS);
        struct kernel now = probe_kernel();
        double waited_s = clock_seconds_since(begin_ns);
        bool quiet = waited_s >= patience->min_s && quiet_is_still(&before, &now);
        if (quiet || waited_s >= patience->max_s) return now;
        before = now;
    }
}

struct kernel quiet_without_sockets(const struct quiet_patience *patience)
{
    uint64_t begin_ns = clock_ns();
    while (probe_kernel().tcp_allocated > (double)SOCKETS_LEFT_MAX &&
           clock_seconds_since(begin_ns) < patience->max_s)
        process_sleep_ns((uint64_t)patience->look_ms * NS_PER_MS);
    return quiet_settle(patience);
}
