/* crew_parts.c -- the arithmetic of a crew: what each of its processes gets of the whole, and what
 * their reports come to together. */
#include "clients/crew_parts.h"

#include <math.h>
#include <stdio.h>

#include "clients/schedule.h"
#include "common/clock.h"

/* Connects under way at once where the listener's queue holds more. */
enum { CONNECTS_IN_FLIGHT = 256 };

/* A listener's queue holds net.core.somaxconn connections at most.  One that finds it full is tried
 * again by the kernel after 1 s, so we stay below: a quarter is left to other clients. */
uint32_t crew_connects_in_flight(void)
{
    long queue = 0;
    FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
    if (file == NULL) return CONNECTS_IN_FLIGHT;
    /* NOLINTNEXTLINE(cert-err34-c): numbers of the kernel fit their types. */
    if (fscanf(file, "%ld", &queue) != 1) queue = CONNECTS_IN_FLIGHT;
    (void)fclose(file); /* It was only read. */
    long most = queue - queue / 4;
    return most < 1 ? 1 : most < CONNECTS_IN_FLIGHT ? (uint32_t)most : CONNECTS_IN_FLIGHT;
}

void crew_deal(uint32_t total, const uint32_t *rooms, uint32_t *shares, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        shares[i] = 0;
    for (uint32_t left = total, hungry = count; left > 0 && hungry > 0;) {
        uint32_t each = left > hungry ? left / hungry : 1;
        hungry = 0;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t more = rooms[i] - shares[i] < each ? rooms[i] - shares[i] : each;
            if (more > left) more = left;
            shares[i] += more;
            left -= more;
            hungry += shares[i] < rooms[i];
        }
    }
}

void crew_deal_active(uint32_t active, const uint32_t *open, uint32_t *shares, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        shares[i] = active < open[i] ? active : open[i];
        active -= shares[i];
    }
}

void crew_give_rate(struct worker_command *command, const struct crew_traffic *traffic,
                    uint32_t number, uint32_t share, uint32_t active)
{
    command->poisson = traffic->poisson;
    command->rate_per_s = active ? traffic->rate_per_s * share / active : 0;
    command->seed = schedule_seed(traffic->seed, number);
}

void crew_add_connects(struct worker_connects *merged, const struct worker_connects *part)
{
    merged->asked += part->asked;
    merged->established += part->established;
    merged->refused += part->refused;
    merged->reset += part->reset;
    merged->timed_out += part->timed_out;
    merged->failed += part->failed;
    merged->corrupt += part->corrupt;
    if (merged->first_errno == 0) merged->first_errno = part->first_errno;
    histogram_merge(&merged->connect_ns, &part->connect_ns);
    histogram_merge(&merged->handshake_ns, &part->handshake_ns);
    histogram_merge(&merged->round_trips, &part->round_trips);
    merged->handshake_sent_b += part->handshake_sent_b;
    merged->handshake_received_b += part->handshake_received_b;
    merged->resumed += part->resumed;
    if (merged->begin_ns == 0 || part->begin_ns < merged->begin_ns)
        merged->begin_ns = part->begin_ns;
    if (part->end_ns > merged->end_ns) merged->end_ns = part->end_ns;
    merged->cpu_ns += part->cpu_ns;
}

void crew_add_traffic(struct worker_traffic *merged, const struct worker_traffic *part)
{
    merged->sent += part->sent;
    merged->received += part->received;
    merged->lost += part->lost;
    merged->sent_in_time += part->sent_in_time;
    merged->received_in_time += part->received_in_time;
    merged->corrupt += part->corrupt;
    merged->reset += part->reset;
    merged->cpu_ns += part->cpu_ns;
    merged->user_ns += part->user_ns;
    merged->system_ns += part->system_ns;
    for (int half = 0; half < 2; half++) {
        merged->received_half[half] += part->received_half[half];
        histogram_merge(&merged->latency_half_ns[half], &part->latency_half_ns[half]);
    }
    histogram_merge(&merged->slow_ns, &part->slow_ns);
    histogram_merge(&merged->from_sent_ns, &part->from_sent_ns);
    histogram_merge(&merged->send_lag_ns, &part->send_lag_ns);
}

void crew_add_herd(struct worker_herd *merged, const struct worker_herd *part)
{
    merged->held += part->held;
    merged->lost += part->lost;
    merged->lost_in_order += part->lost_in_order;
    merged->gave_up += part->gave_up;
    if (part->lost > 0 &&
        (merged->first_lost_ns == 0 || part->first_lost_ns < merged->first_lost_ns))
        merged->first_lost_ns = part->first_lost_ns;
    if (part->last_back_ns > merged->last_back_ns) merged->last_back_ns = part->last_back_ns;
    for (int k = 0; k < HERD_BINS; k++) {
        merged->bins[k].lost += part->bins[k].lost;
        merged->bins[k].attempts += part->bins[k].attempts;
        merged->bins[k].failed += part->bins[k].failed;
        merged->bins[k].back += part->bins[k].back;
    }
}

void crew_add_window(struct crew_window *window, const struct worker_traffic *part, uint64_t end_ns)
{
    if (part->cpu_ns > window->busiest_cpu_ns) window->busiest_cpu_ns = part->cpu_ns;
    if (part->busy_ns > window->busiest_ns) window->busiest_ns = part->busy_ns;
    if (part->received == 0) return;
    double steady_ns = part->steady_begin_ns ? (double)(end_ns - part->steady_begin_ns) : NAN;
    double echoes = (double)(part->received_half[0] + part->received_half[1]);
    window->achieved_per_s += echoes / steady_ns * NS_PER_S;
    window->under_way += (double)part->steady_spent_ns / steady_ns;
}
