/* foreign.c -- how much of our CPUs other programs used between two looks, visible or not. */
#include "harness/measure/foreign.h"

#include <math.h>

struct foreign_look foreign_look(const struct tree *tree)
{
    return (struct foreign_look){.machine = probe_machine(),
                                 .seen_ns = tree->foreign_ns,
                                 .read_ns = tree->read_ns,
                                 .ours_ns = tree->ours_ns,
                                 .sees_all = tree->sees_all};
}

/* By the counters of the programs themselves.  NAN if the sum fell: a program has ended, and its
 * parent does not count what it used; or if it grew by more than all CPUs can do: a program that
 * ended while /proc was read is in it twice, by itself and in its parent. */
static double seen_percent(const struct foreign_look *before, const struct foreign_look *after)
{
    if (after->seen_ns < before->seen_ns) return NAN;
    double time_ns = (double)(after->read_ns - before->read_ns) * after->machine.all_cpus;
    double seen_ns = (double)(after->seen_ns - before->seen_ns);
    return seen_ns > time_ns ? NAN : 100 * seen_ns / time_ns;
}

/* By what the CPUs did beyond us.  Ticks that were cut off are no program. */
static double unexplained_percent(const struct foreign_look *before,
                                  const struct foreign_look *after)
{
    const struct machine *begin = &before->machine, *end = &after->machine;
    if (!end->is_true) return NAN;
    double time_ns = (double)(end->read_ns - begin->read_ns) * end->cpus;
    double interrupts_ns = (double)end->interrupts_ns - (double)begin->interrupts_ns;
    double ours_ns = (double)after->ours_ns - (double)before->ours_ns;
    double rest_ns = probe_machine_busy_ns(begin, end) - fmax(interrupts_ns, 0) - ours_ns -
                     probe_machine_error_ns(end);
    return 100 * fmax(rest_ns, 0) / time_ns;
}

double foreign_percent(const struct foreign_look *before, const struct foreign_look *after)
{
    double seen = after->sees_all ? seen_percent(before, after) : NAN;
    return isnan(seen) ? unexplained_percent(before, after) : seen;
}

/* How much a counter of all our CPUs has grown, in percent of their time. */
static double share_percent(uint64_t before_ns, uint64_t after_ns, double time_ns)
{
    return after_ns > before_ns ? 100 * (double)(after_ns - before_ns) / time_ns : 0;
}

struct verdict_numbers foreign_numbers(const struct foreign_look *before,
                                       const struct foreign_look *after)
{
    const struct machine *begin = &before->machine, *end = &after->machine;
    double time_ns = (double)(end->read_ns - begin->read_ns) * end->cpus;
    double foreign = foreign_percent(before, after);
    return (struct verdict_numbers){
        .steal_percent = share_percent(begin->steal_ns, end->steal_ns, time_ns),
        .throttled_percent = share_percent(begin->throttled_ns, end->throttled_ns, time_ns),
        .foreign_unknown = isnan(foreign),
        .foreign_cpu_percent = foreign,
        .run_queue_percent = NAN,
        .kernel_cpu_percent = NAN,
        .wakeups_per_s = NAN,
    };
}
