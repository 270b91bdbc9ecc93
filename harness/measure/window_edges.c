/* window_edges.c -- everything that is read at the two edges of a window, and the difference. */
#include "harness/measure/window_edges.h"

#include <math.h>
#include <string.h>

#include "common/clock.h"

struct edge edge_prepare(pid_t root)
{
    struct edge edge = {.tree = probe_tree(root)};
    edge.look = foreign_look(&edge.tree);
    return edge;
}

void edge_before(struct edge *edge)
{
    edge->tasks = probe_tasks(&edge->tree);
    edge->machine = probe_machine();
}

struct edge edge_after(pid_t root)
{
    struct edge edge = {.machine = probe_machine()};
    edge.tree = probe_tree(root);
    edge.look = foreign_look(&edge.tree);
    edge.tasks = probe_tasks(&edge.tree);
    return edge;
}

void edge_free(struct edge *edge)
{
    probe_tree_free(&edge->tree);
}

/* The difference of two counters; NAN if it went down, because what counted has ended. */
static double grown(uint64_t before, uint64_t after)
{
    return after >= before ? (double)(after - before) : NAN;
}

/* `part` in percent of `whole_ns`; not below 0, which rounding to ticks may give. */
static double percent(double part, double whole_ns)
{
    return isnan(part) ? NAN : 100 * fmax(part, 0) / whole_ns;
}

static void row_switches(const struct edge *before, const struct edge *after, double elapsed_s,
                         double received, struct row *row)
{
    double voluntary = grown(before->tasks.voluntary, after->tasks.voluntary);
    double involuntary = grown(before->tasks.involuntary, after->tasks.involuntary);
    row_set_real(row, "switches_voluntary_per_s", voluntary / elapsed_s);
    row_set_real(row, "switches_involuntary_per_s", involuntary / elapsed_s);
    row_set_real(row, "switches_per_message", (voluntary + involuntary) / received);
    row_set_text(row, "switches_method", after->tasks.method);
}

static void row_counters(const struct edge *before, const struct edge *after, double elapsed_s,
                         struct row *row)
{
    row_set_real(row, "machine_switches_per_s",
                 (after->machine.switches - before->machine.switches) / elapsed_s);
    row_set_whole(row, "processes", after->tree.count);
    row_set_whole(row, "threads", after->tree.threads);
}

/* The exact total, split in the ratio of the sampled parts. */
static void row_server_cpu(const struct edge *before, const struct edge *after, double server_ns,
                           double elapsed_ns, double received, struct row *row)
{
    double user_ns = grown(before->tasks.user_ns, after->tasks.user_ns);
    double system_ns = grown(before->tasks.system_ns, after->tasks.system_ns);
    double user = user_ns + system_ns > 0 ? user_ns / (user_ns + system_ns) : NAN;
    row_set_real(row, "server_cpu_percent", percent(server_ns, elapsed_ns));
    row_set_real(row, "server_user_percent", percent(server_ns * user, elapsed_ns));
    row_set_real(row, "server_system_percent", percent(server_ns * (1 - user), elapsed_ns));
    row_set_real(row, "server_cpu_us_per_message", server_ns / NS_PER_US / received);
}

/* A client that polls burns CPU that no message costs: then only its share of the time is told.
 * Its CPU time ends with the window, so it is held against what it sent and received until then. */
static void row_client_cpu(const struct edge *before, const struct edge *after,
                           const struct answer *window, double received, bool spin, struct row *row)
{
    double client_ns = answer_number(window, "client_cpu_ns");
    double halves =
        answer_number(window, "sent_in_time") + answer_number(window, "received_in_time");
    double busy_ns = probe_machine_busy_ns(&before->machine, &after->machine);
    row_set_real(row, "client_cpu_percent",
                 client_ns / answer_number(window, "window_s") / NS_PER_S * 100);
    if (spin) return;
    row_set_real(row, "client_cpu_us_per_message",
                 halves > 0 ? client_ns / NS_PER_US / (halves / 2) : NAN);
    row_set_real(row, "machine_cpu_us_per_message", busy_ns / NS_PER_US / received);
}

static void row_interference(const struct edge *before, const struct edge *after, double elapsed_ns,
                             struct row *row, struct verdict_numbers *numbers)
{
    double machine_ns = elapsed_ns * after->machine.cpus;
    double between_trees_ns = grown(before->tree.read_ns, after->tree.read_ns);
    numbers->single_thread = after->tree.threads == 1;
    numbers->run_queue_percent =
        percent(grown(before->tasks.run_queue_ns, after->tasks.run_queue_ns), elapsed_ns);
    numbers->steal_percent =
        percent(grown(before->machine.steal_ns, after->machine.steal_ns), machine_ns);
    numbers->throttled_percent =
        percent(grown(before->machine.throttled_ns, after->machine.throttled_ns), machine_ns);
    if (after->tree.sees_all)
        numbers->kernel_cpu_percent =
            percent(grown(before->tree.kernel_ns, after->tree.kernel_ns), between_trees_ns);
    numbers->foreign_cpu_percent = foreign_percent(&before->look, &after->look);
    numbers->foreign_unknown = isnan(numbers->foreign_cpu_percent);
    numbers->wakeups_per_s =
        grown(before->tasks.voluntary, after->tasks.voluntary) / elapsed_ns * NS_PER_S;
    row_set_real(row, "server_run_queue_percent", numbers->run_queue_percent);
    row_set_real(row, "steal_percent", numbers->steal_percent);
    row_set_real(row, "foreign_cpu_percent", numbers->foreign_cpu_percent);
}

bool edge_is_incomplete(const struct edge *before, const struct edge *after)
{
    if (after->tree.count == 0 || after->tree.count < before->tree.count) return true;
    if (before->tasks.unknown || after->tasks.unknown) return true;
    bool ended_count = strcmp(after->tasks.method, "taskstats") == 0;
    return !ended_count && after->tree.threads < before->tree.threads;
}

bool edge_misses_switches(const struct edge *before, const struct edge *after)
{
    return edge_is_incomplete(before, after) || after->tree.threads < before->tree.threads;
}

void edge_row(const struct edge *before, const struct edge *after, const struct answer *window,
              const struct cpus *cpus, struct row *row, struct verdict_numbers *numbers)
{
    double elapsed_ns = grown(before->machine.read_ns, after->machine.read_ns);
    double received = answer_number(window, "received");
    if (!(received > 0)) received = NAN; /* Nothing can be said per message. */
    row_client_cpu(before, after, window, received, numbers->spin, row);
    row_interference(before, after, elapsed_ns, row, numbers);
    row_counters(before, after, elapsed_ns / NS_PER_S, row);
    if (edge_is_incomplete(before, after)) return;
    double server_ns = grown(before->tasks.cpu_ns, after->tasks.cpu_ns);
    numbers->server_cpu_percent = percent(server_ns, elapsed_ns * cpus->server_count);
    row_server_cpu(before, after, server_ns, elapsed_ns, received, row);
    if (edge_misses_switches(before, after)) return;
    row_switches(before, after, elapsed_ns / NS_PER_S, received, row);
}
