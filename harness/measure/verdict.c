/* verdict.c -- what to think of a point: a pure function from its numbers to a word. */
#include "harness/measure/verdict.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* Where a point stops being what it claims to be.  Each limit was set by trial on a two-core
 * virtual machine; docs/measuring.md tells the method. */
static const double client_cpu_percent_limit = 85; /* Beyond, queues form in the client. */
static const double server_cpu_percent_limit = 85; /* A closed loop that busy is the server's. */
static const double send_lag_ns_floor = 50e3;      /* What waiting with a timer costs anyway. */
static const double send_lag_of_latency = 0.10;    /* The client's share of what it reports. */
static const double sent_of_offered = 0.99;
static const double sent_too_much = 1.01; /* Another load than the one in the row. */
static const double achieved_of_offered = 0.95;
static const double little_error_percent_limit = 5; /* |N - X R| / N, should be 0. */
static const double drift_percent_limit = 10;
static const double steal_percent_limit = 0.5;
static const double foreign_cpu_percent_limit = 3;
static const double run_queue_percent_limit = 1;
static const double wakeup_us = 1; /* 0.7 us pass between wake-up and running on a free CPU. */

/* How many standard deviations of a Poisson count are no surprise. */
static const double poisson_deviations = 3;

static const char *const names[] = {"ok",     "overloaded", "drifting", "noisy", "client_limited",
                                    "failed", "corrupt"};

bool verdict_is_disturbed(enum verdict verdict)
{
    return verdict == VERDICT_DRIFTING || verdict == VERDICT_NOISY ||
           verdict == VERDICT_CLIENT_LIMITED;
}

const char *verdict_name(enum verdict verdict)
{
    return names[verdict];
}

/* Where the reason goes. */
struct reason {
    char *text;
    size_t size;
};

__attribute__((format(printf, 3, 4))) static enum verdict
because(enum verdict verdict, const struct reason *reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason->text, reason->size, format, arguments);
    va_end(arguments);
    return verdict;
}

/* The share of the offered load that chance alone may take away within the window. */
static double chance(const struct verdict_numbers *n)
{
    double expected = n->offered_per_s * n->window_s;
    return n->poisson && expected > 0 ? poisson_deviations / sqrt(expected) : 0;
}

static enum verdict judge_client(const struct verdict_numbers *n, const struct reason *reason)
{
    /* A closed loop drives both ends to their limit.  Where the server is at its own, messages/s is
     * a property of the pair, and CPU per message is still the server's.  Where that is
     * not known, a busy client is taken for the limit: a point too few misleads less. */
    bool known = !isnan(n->server_cpu_percent);
    bool server_full = n->closed && known && n->server_cpu_percent >= server_cpu_percent_limit;
    double busy = n->spin ? n->client_busy_percent_max : n->client_cpu_percent_max;
    if (!server_full && busy >= client_cpu_percent_limit)
        return because(VERDICT_CLIENT_LIMITED, reason, "client used %.0f %% of its CPU%s", busy,
                       n->spin ? " without polls that found nothing" : "");
    if (n->closed) return VERDICT_OK;
    if (n->sent_per_s < n->offered_per_s * (sent_of_offered - chance(n)))
        return because(VERDICT_CLIENT_LIMITED, reason, "client sent %.0f of %.0f messages/s",
                       n->sent_per_s, n->offered_per_s);
    if (n->sent_per_s > n->offered_per_s * (sent_too_much + chance(n)))
        return because(VERDICT_CLIENT_LIMITED, reason,
                       "client sent %.0f messages/s where %.0f were offered", n->sent_per_s,
                       n->offered_per_s);
    double limit = fmax(send_lag_ns_floor, send_lag_of_latency * n->latency_ns_p99);
    if (n->send_lag_ns_p99 > limit)
        return because(VERDICT_CLIENT_LIMITED, reason,
                       "client was late: p99 of its lag is %.0f us; %.0f us are tolerable here",
                       n->send_lag_ns_p99 / 1e3, limit / 1e3);
    return VERDICT_OK;
}

static enum verdict judge_machine(const struct verdict_numbers *n, const struct reason *reason)
{
    if (n->noise != NULL && n->noise[0] != '\0')
        return because(VERDICT_NOISY, reason, "%s", n->noise);
    if (n->steal_percent > steal_percent_limit)
        return because(VERDICT_NOISY, reason, "the host took %.1f %% of the CPU time",
                       n->steal_percent);
    if (n->foreign_cpu_percent > foreign_cpu_percent_limit)
        return because(VERDICT_NOISY, reason, "other programs used %.1f %% of the machine",
                       n->foreign_cpu_percent);
    if (n->foreign_unknown)
        return because(VERDICT_NOISY, reason,
                       "what other programs used of the machine is not known: /proc does not tell");
    if (n->throttled_percent > steal_percent_limit)
        return because(VERDICT_NOISY, reason,
                       "a limit of the control group held the CPUs back for %.1f %% of the time",
                       n->throttled_percent);
    double wakeups_percent = n->wakeups_per_s > 0 ? n->wakeups_per_s * wakeup_us / 1e6 * 100 : 0;
    /* The kernel's network threads push a busy server aside: that is its own traffic. */
    double kernel_percent = n->kernel_cpu_percent > 0 ? n->kernel_cpu_percent : 0;
    double own_percent = wakeups_percent + kernel_percent;
    if (n->single_thread && n->run_queue_percent > run_queue_percent_limit + own_percent)
        return because(VERDICT_NOISY, reason, "the server waited %.1f %% of the time for its CPU",
                       n->run_queue_percent);
    return VERDICT_OK;
}

/* With CPU to spare it is not its work that a server cannot do, but something that it waits for. */
static enum verdict overloaded(const struct verdict_numbers *n, const struct reason *reason)
{
    char cpu[64] = "";
    if (!isnan(n->server_cpu_percent))
        snprintf(cpu, sizeof cpu, "; the server used %s%.0f %% of its CPU",
                 n->server_cpu_percent < server_cpu_percent_limit ? "only " : "",
                 n->server_cpu_percent);
    return because(VERDICT_OVERLOADED, reason, "%.0f of %.0f messages/s came back in time%s",
                   n->achieved_per_s, n->offered_per_s, cpu);
}

static enum verdict judge_server(const struct verdict_numbers *n, const struct reason *reason)
{
    /* A queue that grows makes the second half slower: overload explains drift. */
    if (!n->closed && n->achieved_per_s < n->offered_per_s * (achieved_of_offered - chance(n)))
        return overloaded(n, reason);
    if (n->closed && !(n->achieved_per_s > 0))
        return because(VERDICT_DRIFTING, reason,
                       "the window ended before each of %.0f connections could have its echo",
                       n->connections);
    if (n->lost > 0)
        return because(VERDICT_OVERLOADED, reason, "%.0f messages did not come back in time",
                       n->lost);
    if (fabs(n->drift_percent) > drift_percent_limit)
        return because(VERDICT_DRIFTING, reason, "the halves of the window differ by %.0f %%",
                       n->drift_percent);
    if (n->closed && n->little_error_percent > little_error_percent_limit)
        return because(VERDICT_DRIFTING, reason,
                       "Little's law is off by %.0f %%: connections x time and messages disagree",
                       n->little_error_percent);
    return VERDICT_OK;
}

enum verdict verdict_judge_machine(const struct verdict_numbers *numbers, char *text, size_t size)
{
    const struct reason reason = {text, size};
    because(VERDICT_OK, &reason, "%s", "");
    return judge_machine(numbers, &reason);
}

enum verdict verdict_judge(const struct verdict_numbers *numbers, char *text, size_t size)
{
    const struct reason reason = {text, size};
    because(VERDICT_OK, &reason, "%s", "");
    if (numbers->corrupt > 0)
        return because(VERDICT_CORRUPT, &reason, "%.0f connections got a wrong byte",
                       numbers->corrupt);
    if (numbers->reset > 0)
        return because(VERDICT_FAILED, &reason, "the server ended %.0f connections",
                       numbers->reset);
    if (numbers->lost > 0 && numbers->achieved_per_s <= 0)
        return because(VERDICT_FAILED, &reason, "not one of %.0f messages came back",
                       numbers->lost);
    /* A closed loop has no schedule to be late for.  A program that takes CPU time from the server
     * makes each message cost the client more, which then looks like the limit: the machine is
     * judged first. */
    enum verdict verdict =
        numbers->closed ? judge_machine(numbers, &reason) : judge_client(numbers, &reason);
    if (verdict == VERDICT_OK)
        verdict =
            numbers->closed ? judge_client(numbers, &reason) : judge_machine(numbers, &reason);
    if (verdict == VERDICT_OK) verdict = judge_server(numbers, &reason);
    return verdict;
}
