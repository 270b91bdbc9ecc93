/* test_crew.c -- guards against client processes that each do the work of all, draw the same
 * numbers, or are left out of a sum. */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/crew_parts.h"
#include "clients/schedule.h"
#include "common/blocking_echo.h"
#include "common/clock.h"
#include "tests/unit.h"

#define MS NS_PER_MS

/* ---- shares ---- */

static void shares_are_even_as_far_as_there_is_room(void **state)
{
    (void)state;
    static const struct {
        uint32_t total, rooms[4], shares[4];
    } cases[] = {
        {10, {100, 100, 100, 100}, {3, 3, 2, 2}}, {40, {5, 100, 100, 7}, {5, 14, 14, 7}},
        {3, {9, 9, 9, 9}, {1, 1, 1, 0}},          {0, {9, 9, 9, 9}, {0, 0, 0, 0}},
        {99, {1, 2, 3, 4}, {1, 2, 3, 4}},         {5, {0, 9, 0, 9}, {0, 3, 0, 2}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        uint32_t shares[4];
        crew_deal(cases[k].total, cases[k].rooms, shares, 4);
        for (int i = 0; i < 4; i++)
            assert_int_equal(shares[i], cases[k].shares[i]);
    }
}

static void connections_that_send_are_in_as_few_processes_as_hold_them(void **state)
{
    (void)state;
    static const uint32_t open[] = {10, 20, 30};
    uint32_t shares[3];
    crew_deal_active(25, open, shares, 3);
    assert_true(shares[0] == 10 && shares[1] == 15 && shares[2] == 0);
    crew_deal_active(60, open, shares, 3);
    assert_true(shares[0] == 10 && shares[1] == 20 && shares[2] == 30);
}

/* Each process offers its part of the rate, and draws gaps that no other draws. */
static void the_rate_is_shared_and_the_numbers_are_not(void **state)
{
    (void)state;
    static const uint32_t shares[] = {10, 20, 50};
    const struct crew_traffic traffic = {.rate_per_s = 8000, .poisson = true, .seed = 5};
    struct worker_command commands[3] = {0};
    double sum = 0;
    for (uint32_t i = 0; i < 3; i++) {
        crew_give_rate(&commands[i], &traffic, i, shares[i], 80);
        assert_true(commands[i].poisson);
        assert_true(commands[i].rate_per_s == 100. * shares[i]);
        sum += commands[i].rate_per_s;
        for (uint32_t k = 0; k < i; k++)
            assert_true(commands[i].seed != commands[k].seed);
    }
    assert_true(sum == 8000);
    assert_true(commands[2].seed == schedule_seed(5, 2)); /* The same seed, the same run. */
    crew_give_rate(&commands[0], &traffic, 0, 0, 0);
    assert_true(commands[0].rate_per_s == 0);
}

/* ---- sums ---- */

static void what_processes_found_while_connecting_adds_up(void **state)
{
    (void)state;
    static struct worker_connects sum, first, second; /* Histograms are large. */
    first = (struct worker_connects){.asked = 1,
                                     .established = 2,
                                     .refused = 3,
                                     .reset = 4,
                                     .timed_out = 5,
                                     .failed = 6,
                                     .corrupt = 7,
                                     .handshake_sent_b = 8,
                                     .handshake_received_b = 9,
                                     .resumed = 10,
                                     .begin_ns = 2000,
                                     .end_ns = 3000,
                                     .cpu_ns = 11};
    second = (struct worker_connects){.asked = 100,
                                      .established = 200,
                                      .refused = 300,
                                      .reset = 400,
                                      .timed_out = 500,
                                      .failed = 600,
                                      .corrupt = 700,
                                      .first_errno = ETIMEDOUT,
                                      .handshake_sent_b = 800,
                                      .handshake_received_b = 900,
                                      .resumed = 1000,
                                      .begin_ns = 1500,
                                      .end_ns = 4000,
                                      .cpu_ns = 1100};
    histogram_record(&first.connect_ns, 21);
    histogram_record(&second.connect_ns, 22);
    histogram_record(&second.handshake_ns, 23);
    histogram_record(&second.round_trips, 2);
    sum = (struct worker_connects){0};
    crew_add_connects(&sum, &first);
    crew_add_connects(&sum, &second);
    assert_true(sum.asked == 101 && sum.established == 202 && sum.refused == 303);
    assert_true(sum.reset == 404 && sum.timed_out == 505 && sum.failed == 606);
    assert_true(sum.corrupt == 707 && sum.first_errno == ETIMEDOUT && sum.cpu_ns == 1111);
    assert_true(sum.handshake_sent_b == 808 && sum.handshake_received_b == 909);
    assert_true(sum.begin_ns == 1500 && sum.end_ns == 4000 && sum.resumed == 1010);
    assert_true(sum.connect_ns.sum == 43 && sum.handshake_ns.sum == 23 && sum.round_trips.sum == 2);
}

static void what_processes_found_in_a_window_adds_up(void **state)
{
    (void)state;
    static struct worker_traffic sum, part;
    part = (struct worker_traffic){.sent = 1,
                                   .received = 2,
                                   .lost = 3,
                                   .sent_in_time = 4,
                                   .received_in_time = 5,
                                   .received_half = {6, 7},
                                   .corrupt = 8,
                                   .reset = 9,
                                   .cpu_ns = 10,
                                   .user_ns = 11,
                                   .system_ns = 12};
    histogram_record(&part.latency_half_ns[0], 21);
    histogram_record(&part.latency_half_ns[1], 22);
    histogram_record(&part.slow_ns, 23);
    histogram_record(&part.from_sent_ns, 24);
    histogram_record(&part.send_lag_ns, 25);
    sum = (struct worker_traffic){0};
    for (int i = 0; i < 3; i++)
        crew_add_traffic(&sum, &part);
    assert_true(sum.sent == 3 && sum.received == 6 && sum.lost == 9);
    assert_true(sum.sent_in_time == 12 && sum.received_in_time == 15);
    assert_true(sum.received_half[0] == 18 && sum.received_half[1] == 21);
    assert_true(sum.corrupt == 24 && sum.reset == 27);
    assert_true(sum.cpu_ns == 30 && sum.user_ns == 33 && sum.system_ns == 36);
    assert_true(sum.latency_half_ns[0].sum == 63 && sum.latency_half_ns[1].sum == 66);
    assert_true(sum.slow_ns.sum == 69 && sum.from_sent_ns.sum == 72 && sum.send_lag_ns.sum == 75);
}

/* Speeds add up; of the busiest process it is asked whether it had CPU to spare. */
static void the_speed_is_of_all_processes_and_the_load_of_the_busiest(void **state)
{
    (void)state;
    struct crew_window window = {0};
    static struct worker_traffic fast, slow, idle;
    fast = (struct worker_traffic){.received = 900,
                                   .steady_begin_ns = 1000 * (uint64_t)MS,
                                   .received_half = {300, 500},
                                   .steady_spent_ns = 5000 * (uint64_t)MS,
                                   .cpu_ns = 70,
                                   .busy_ns = 60};
    slow = (struct worker_traffic){.received = 50,
                                   .steady_begin_ns = 2000 * (uint64_t)MS,
                                   .received_half = {10, 30},
                                   .steady_spent_ns = 500 * (uint64_t)MS,
                                   .cpu_ns = 80,
                                   .busy_ns = 20};
    crew_add_window(&window, &fast, 3000 * (uint64_t)MS);
    crew_add_window(&window, &slow, 3000 * (uint64_t)MS);
    crew_add_window(&window, &idle, 3000 * (uint64_t)MS);
    assert_true(fabs(window.achieved_per_s - (400 + 40)) < 1e-6);
    assert_true(fabs(window.under_way - (2.5 + 0.5)) < 1e-9);
    assert_true(window.busiest_cpu_ns == 80 && window.busiest_ns == 60);
    slow.steady_begin_ns = 0; /* It was never full: no speed can be told. */
    crew_add_window(&window, &slow, 3000 * (uint64_t)MS);
    assert_true(isnan(window.achieved_per_s) && isnan(window.under_way));
}

static void what_processes_found_of_a_herd_adds_up(void **state)
{
    (void)state;
    static struct worker_herd sum, first, second;
    first = (struct worker_herd){.held = 1, .lost = 2, .lost_in_order = 3, .gave_up = 4};
    first.first_lost_ns = 500;
    first.last_back_ns = 900;
    first.bins[3] = (struct herd_bin){.lost = 1, .attempts = 2, .failed = 3, .back = 4};
    second = first;
    second.first_lost_ns = 400;
    second.last_back_ns = 800;
    second.bins[5] = first.bins[3];
    sum = (struct worker_herd){0};
    crew_add_herd(&sum, &first);
    crew_add_herd(&sum, &second);
    crew_add_herd(&sum, &(struct worker_herd){.held = 10}); /* It lost none. */
    assert_true(sum.held == 12 && sum.lost == 4 && sum.lost_in_order == 6 && sum.gave_up == 8);
    assert_true(sum.first_lost_ns == 400 && sum.last_back_ns == 900);
    assert_true(sum.bins[3].lost == 2 && sum.bins[3].attempts == 4 && sum.bins[3].failed == 6 &&
                sum.bins[3].back == 8);
    assert_true(sum.bins[5].lost == 1 && sum.bins[5].back == 4 && sum.bins[4].back == 0);
}

/* ---- a real crew ---- */

static void *echo(void *fd)
{
    blocking_echo((int)(intptr_t)fd, false);
    return NULL;
}

/* A server of our own on any free port; ends with us. */
static pid_t start_server(struct net_address *address)
{
    net_address_read("127.0.0.1", 0, address);
    int listener = net_listen(address, 100);
    assert_true(listener >= 0);
    net_address_read("127.0.0.1", net_port(listener), address);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) {
        close(listener);
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        pthread_t thread;
        int fd = blocking_accept(listener);
        if (pthread_create(&thread, NULL, echo, (void *)(intptr_t)fd) != 0) _exit(1);
    }
}

static struct crew *crew_of(const struct net_address *address, uint32_t processes)
{
    const struct worker_setup setup = {.address = *address,
                                       .message_b = 64,
                                       .timeout_ns = 2000 * (uint64_t)MS,
                                       .patience_ns = 2000 * (uint64_t)MS};
    return crew_new(&setup, processes, 200);
}

/* With equal gaps the number of messages is known exactly, however busy the machine is: what could
 * not be sent in time is counted, too. */
static void several_processes_offer_one_rate_together(void **state)
{
    (void)state;
    static struct worker_connects connects;
    static struct worker_traffic found;
    struct net_address address;
    pid_t server = start_server(&address);
    for (uint32_t processes = 1; processes <= 4; processes += 3) {
        struct crew *crew = crew_of(&address, processes);
        crew_connect(crew, 13, &connects); /* Not as many for each. */
        assert_int_equal(crew_processes(crew), processes);
        assert_int_equal(connects.established, 13);
        const struct crew_traffic traffic = {.rate_per_s = 2000, .duration_s = 0.2, .seed = 3};
        struct crew_window window = crew_run(crew, &traffic, &found);
        assert_in_range(found.sent, 400 - processes, 400 + processes);
        assert_int_equal(found.sent, found.received + found.lost);
        assert_int_equal(window.active, 13);
        double in_time = (double)(found.received_half[0] + found.received_half[1]);
        assert_true(fabs(window.achieved_per_s * 0.2 - in_time) < 1e-3);
        assert_true(found.cpu_ns >= window.busiest_cpu_ns && window.busiest_cpu_ns > 0);
        assert_true(processes == 1 ? found.cpu_ns == window.busiest_cpu_ns
                                   : found.cpu_ns > window.busiest_cpu_ns);
        crew_end(crew);
    }
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

/* One that polls on a CPU that another one needs makes both late. */
static void processes_poll_only_where_each_has_a_cpu(void **state)
{
    (void)state;
    static struct worker_connects connects;
    static struct worker_traffic found;
    struct net_address address;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    pid_t server = start_server(&address);
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    struct crew *crew = crew_of(&address, 2);
    crew_connect(crew, 4, &connects);
    struct crew_traffic traffic = {.spin = true, .rate_per_s = 100, .duration_s = 0.02, .seed = 3};
    assert_false(crew_run(crew, &traffic, &found).spin);
    traffic.active = 2; /* All in the first process. */
    assert_true(crew_run(crew, &traffic, &found).spin);
    traffic.spin = false;
    assert_false(crew_run(crew, &traffic, &found).spin);
    crew_end(crew);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_even_as_far_as_there_is_room),
        cmocka_unit_test(connections_that_send_are_in_as_few_processes_as_hold_them),
        cmocka_unit_test(the_rate_is_shared_and_the_numbers_are_not),
        cmocka_unit_test(what_processes_found_while_connecting_adds_up),
        cmocka_unit_test(what_processes_found_in_a_window_adds_up),
        cmocka_unit_test(the_speed_is_of_all_processes_and_the_load_of_the_busiest),
        cmocka_unit_test(what_processes_found_of_a_herd_adds_up),
        cmocka_unit_test(several_processes_offer_one_rate_together),
        cmocka_unit_test(processes_poll_only_where_each_has_a_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
