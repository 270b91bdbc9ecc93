/* test_worker.c -- guards against a client process that times a message from the wrong moment,
 * forgets one that was lost or never sent, or counts it in the wrong half of the window. */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients/job_herd.h"
#include "clients/job_traffic.h"
#include "clients/pool.h"
#include "common/blocking_echo.h"
#include "common/clock.h"
#include "tests/unit.h"

#define MS NS_PER_MS
enum { PLACES = 3 };

/* ---- a worker whose connections are pairs of sockets ---- */

static struct pool pool;
static struct traffic traffic;
static struct worker_report report;
static struct worker_command command;
static struct connection connections[PLACES];
static int servers[PLACES]; /* The other ends. */

/* A window of a second that begins at begin_ns; the time-out is 300 ms. */
static void prepare(uint64_t begin_ns)
{
    report = (struct worker_report){.open = PLACES};
    command = (struct worker_command){
        .begin_ns = begin_ns, .end_ns = begin_ns + 1000 * MS, .rate_per_s = 1000, .active = PLACES};
    const struct worker_setup setup = {.message_b = 64, .timeout_ns = 300 * MS};
    pool = pool_new(&setup, &report);
    pool.connections = connections;
    pool.count = PLACES;
    for (uint32_t i = 0; i < PLACES; i++) {
        int fds[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        net_no_wait(fds[0]);
        servers[i] = fds[1];
        connections[i] = (struct connection){.fd = fds[0], .tag = i, .state = READY};
        pool_watch(&pool, i, EPOLL_CTL_ADD, false);
    }
    traffic_begin(&traffic, &pool, &command);
    traffic_set_schedule(&traffic, PLACES);
    report.traffic.steady_begin_ns = begin_ns;
}

static void finish(void)
{
    for (int i = 0; i < PLACES; i++) {
        connection_close(&connections[i]);
        if (servers[i] >= 0) close(servers[i]);
    }
    free(pool.kind.letters);
    pool_free(&pool);
}

/* An echo of a message that was due at due_ms of the window, written at sent_ms and back at
 * back_ms. */
static void count_echo(uint64_t due_ms, uint64_t sent_ms, uint64_t back_ms, uint32_t cost_us)
{
    const struct flight flight = {.intended_ns = command.begin_ns + due_ms * MS,
                                  .sent_ns = command.begin_ns + sent_ms * MS,
                                  .cost = {.us = cost_us}};
    traffic.outstanding++;
    traffic_count_echo(&traffic.job, 0, &flight, command.begin_ns + back_ms * MS);
}

/* ---- echoes ---- */

static void a_latency_counts_from_when_its_message_was_due(void **state)
{
    (void)state;
    prepare(5000 * (uint64_t)MS);
    count_echo(100, 112, 150, 0);
    assert_int_equal(report.traffic.latency_half_ns[0].sum, 50 * MS);
    assert_int_equal(report.traffic.from_sent_ns.sum, 38 * MS);
    assert_true(report.traffic.received == 1 && report.traffic.received_in_time == 1);
    assert_true(traffic.outstanding == 0 && report.traffic.lost == 0);
    finish();
}

/* Latencies by when they were due, echoes by when they came. */
static void each_half_of_the_window_has_its_own(void **state)
{
    (void)state;
    prepare(5000 * (uint64_t)MS);
    count_echo(100, 100, 200, 0);
    count_echo(499, 499, 510, 0);
    count_echo(500, 500, 520, 0);
    count_echo(900, 900, 1010, 0); /* Too late for the window. */
    assert_int_equal(report.traffic.latency_half_ns[0].sum, 111 * MS);
    assert_int_equal(report.traffic.latency_half_ns[1].sum, 130 * MS);
    assert_true(report.traffic.received_half[0] == 1 && report.traffic.received_half[1] == 2);
    assert_true(report.traffic.received == 4 && report.traffic.received_in_time == 3);
    /* Under way within the window: 100, 11, 20, and 100 of the 110. */
    assert_int_equal(report.traffic.steady_spent_ns, 231 * MS);
    finish();
}

static void messages_with_a_cost_are_apart(void **state)
{
    (void)state;
    prepare(5000 * (uint64_t)MS);
    count_echo(100, 100, 130, 7);
    assert_int_equal(report.traffic.slow_ns.sum, 30 * MS);
    assert_int_equal(report.traffic.latency_half_ns[0].count, 0);
    assert_int_equal(report.traffic.received, 1);
    finish();
}

/* It was given up in the window before, and counted there. */
static void an_echo_of_the_window_before_counts_nothing(void **state)
{
    (void)state;
    prepare(5000 * (uint64_t)MS);
    const struct flight straggler = {.intended_ns = command.begin_ns - 1};
    traffic_count_echo(&traffic.job, 0, &straggler, command.begin_ns + MS);
    assert_true(report.traffic.received == 0 && report.traffic.latency_half_ns[0].count == 0);
    finish();
}

/* A closed loop is full when each connection has had an echo: speed counts from then on. */
static void a_closed_loop_counts_from_when_it_is_full(void **state)
{
    (void)state;
    prepare(5000 * (uint64_t)MS);
    command.closed = true;
    traffic.started = PLACES;
    report.traffic.steady_begin_ns = 0;
    count_echo(0, 0, 100, 0);
    count_echo(0, 0, 110, 0);
    assert_int_equal(report.traffic.steady_begin_ns, 0);
    count_echo(0, 0, 200, 0);
    assert_true(report.traffic.steady_begin_ns == command.begin_ns + 200 * MS);
    assert_true(report.traffic.received_half[0] + report.traffic.received_half[1] == 0);
    count_echo(150, 150, 590, 0); /* The steady part's middle is at 600 ms. */
    count_echo(590, 590, 610, 0);
    assert_true(report.traffic.received_half[0] == 1 && report.traffic.received_half[1] == 1);
    assert_int_equal(report.traffic.steady_spent_ns, (390 + 20) * MS);
    assert_int_equal(report.traffic.received_in_time, 5);
    assert_int_equal(report.traffic.sent, 5); /* Each echo is answered by the next message. */
    count_echo(900, 900, 1000, 0);            /* But not when the window is over. */
    assert_int_equal(report.traffic.sent, 5);
    finish();
}

/* ---- what is lost ---- */

/* At least the time-out, but an older one has its age. */
static void a_lost_message_counts_with_its_age(void **state)
{
    (void)state;
    prepare(clock_ns() - 900 * MS);
    connection_schedule(&connections[0], command.begin_ns - 1, (struct message_cost){0});
    connection_schedule(&connections[0], command.begin_ns, (struct message_cost){0});
    connection_schedule(&connections[0], command.begin_ns + 800 * MS, (struct message_cost){0});
    traffic.outstanding = 2;
    traffic_count_end(&traffic.job, 0, true);
    const struct worker_traffic *found = &report.traffic;
    assert_true(found->lost == 2 && traffic.outstanding == 0 && found->received == 0);
    assert_true(found->latency_half_ns[1].count == 1);
    assert_int_equal(found->latency_half_ns[1].max, 300 * MS);
    assert_true(found->latency_half_ns[0].count == 1);
    assert_in_range(found->latency_half_ns[0].max, 900 * MS, clock_ns() - command.begin_ns);
    assert_int_equal(found->from_sent_ns.count, 0);
    finish();
}

static void what_is_still_under_way_at_the_end_is_lost(void **state)
{
    (void)state;
    prepare(clock_ns() - 900 * MS);
    for (int i = 0; i < PLACES; i++)
        connection_schedule(&connections[i], command.begin_ns, (struct message_cost){0});
    traffic.outstanding = PLACES;
    traffic_give_up_outstanding(&traffic);
    assert_true(report.traffic.lost == PLACES && traffic.outstanding == 0);
    finish();
}

/* A client that fell behind sends late or not at all: no message of the schedule is left out. */
static void messages_that_could_not_be_sent_are_counted_as_sent_and_lost(void **state)
{
    (void)state;
    prepare(clock_ns() - 2000 * MS);
    command.rate_per_s = 500;
    pool.setup.timeout_ns = 0;
    job_traffic(&pool, &command);
    const struct worker_traffic *found = &report.traffic;
    assert_in_range(found->sent, 499, 501);
    assert_int_equal(found->sent, found->received + found->lost);
    assert_int_equal(found->sent_in_time, 0);
    assert_int_equal(found->send_lag_ns.count, found->sent);
    assert_int_equal(found->latency_half_ns[0].count + found->latency_half_ns[1].count,
                     found->sent);
    assert_true(found->latency_half_ns[0].count >= 249 && found->latency_half_ns[1].min >= MS);
    assert_true(found->send_lag_ns.min >= 1000 * MS);
    finish();
}

/* ---- sending ---- */

static void what_is_due_goes_in_turn_and_is_late_by_its_lag(void **state)
{
    (void)state;
    prepare(5000 * (uint64_t)MS);
    command.rate_per_s = 100;
    traffic_set_schedule(&traffic, PLACES);
    schedule_next(&traffic.job.schedule);
    uint64_t first_ns = traffic.job.schedule.next_ns; /* Within the first gap of 10 ms. */
    assert_in_range(first_ns, command.begin_ns, command.begin_ns + 10 * MS);
    traffic_send_due(&traffic.job, first_ns - 1);
    assert_int_equal(report.traffic.sent, 0);
    traffic_send_due(&traffic.job, first_ns + 4 * MS);
    assert_int_equal(report.traffic.send_lag_ns.min, 4 * MS);
    /* The window is long over by the clock: all the others are due, 64 of them at a time. */
    assert_int_equal(report.traffic.sent, 64);
    assert_int_equal(report.traffic.sent_in_time, 1);
    assert_true(connections[0].scheduled == 22 && connections[1].scheduled == 21);
    assert_true(connections[2].scheduled == 21 && traffic.outstanding == 64);
    finish();
}

static void others_send_in_place_of_a_connection_that_is_gone(void **state)
{
    (void)state;
    prepare(5000 * (uint64_t)MS);
    schedule_next(&traffic.job.schedule);
    connections[1].state = CLOSED;
    traffic_send_due(&traffic.job, command.end_ns);
    assert_true(connections[1].scheduled == 0 && connections[0].scheduled == 32);
    assert_true(report.traffic.sent == 64 && report.traffic.lost == 0);
    connections[0].state = connections[2].state = CLOSED;
    traffic_send_due(&traffic.job, command.end_ns); /* None is left to send. */
    assert_true(report.traffic.sent == 128 && report.traffic.lost == 64);
    connections[0].state = connections[1].state = connections[2].state = READY;
    finish();
}

/* The connections that send are the first ones that are there. */
static void a_share_of_the_messages_has_a_cost(void **state)
{
    (void)state;
    prepare(5000 * (uint64_t)MS);
    command.cost = (struct message_cost){.us = 7};
    command.cost_percent = 25;
    schedule_next(&traffic.job.schedule);
    for (int i = 0; i < 15; i++)
        traffic_send_due(&traffic.job, command.end_ns);
    int costly = 0;
    for (uint32_t i = 0; i < PLACES; i++)
        for (uint32_t k = 0; k < connections[i].scheduled; k++)
            costly += connections[i].flights[k & (connections[i].capacity - 1)].cost.us == 7;
    assert_int_equal(report.traffic.sent, 960);
    assert_in_range(costly, 185, 295); /* Four standard deviations around 240. */
    finish();
}

/* ---- a whole window ---- */

static void *echo(void *fd)
{
    blocking_echo((int)(intptr_t)fd, false);
    return NULL;
}

static uint64_t nanoseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000 * MS + (uint64_t)time.tv_usec * 1000;
}

/* Equal gaps: the number of messages is known, however busy the machine is. */
static void a_window_keeps_its_books(void **state)
{
    (void)state;
    pthread_t threads[PLACES];
    struct rusage before, after;
    prepare(clock_ns() + 5 * MS);
    for (int i = 0; i < PLACES; i++) {
        pthread_create(&threads[i], NULL, echo, (void *)(intptr_t)servers[i]);
        servers[i] = -1; /* The thread's. */
    }
    command.end_ns = command.begin_ns + 200 * MS;
    command.rate_per_s = 20000;
    getrusage(RUSAGE_SELF, &before);
    uint64_t cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    job_traffic(&pool, &command);
    cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
    getrusage(RUSAGE_SELF, &after);
    const struct worker_traffic *found = &report.traffic;
    assert_in_range(found->sent, 3999, 4001);
    assert_int_equal(found->sent, found->received + found->lost);
    assert_true(found->received_in_time <= found->received);
    assert_int_equal(found->received_half[0] + found->received_half[1], found->received_in_time);
    assert_int_equal(found->send_lag_ns.count, found->sent);
    assert_int_equal(found->from_sent_ns.count, found->received);
    /* This process, echoes included: no more than passed around it, and both accounts agree. */
    assert_true(found->cpu_ns <= cpu_ns);
    assert_true(found->user_ns <= nanoseconds(after.ru_utime) - nanoseconds(before.ru_utime));
    assert_true(found->system_ns <= nanoseconds(after.ru_stime) - nanoseconds(before.ru_stime));
    double both_ns = (double)(found->user_ns + found->system_ns);
    assert_true(fabs((double)found->cpu_ns - both_ns) <= 0.1 * both_ns + 1e6);
    finish();
    for (int i = 0; i < PLACES; i++)
        pthread_join(threads[i], NULL);
}

/* ---- connecting ---- */

static void an_attempt_that_failed_is_counted_by_its_reason(void **state)
{
    (void)state;
    static const int errors[] = {ETIMEDOUT, ECONNREFUSED, ECONNREFUSED, ECONNRESET, EPIPE,
                                 EMFILE,    EMFILE,       EMFILE,       EMFILE};
    prepare(5000 * (uint64_t)MS);
    pool.underway = sizeof errors / sizeof *errors;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        connections[0].state = CONNECTING;
        pool_end(&pool, 0, errors[i]);
    }
    const struct worker_connects *connects = &report.connects;
    assert_true(connects->timed_out == 1 && connects->refused == 2);
    assert_true(connects->reset == 2 && connects->failed == 4);
    assert_true(connects->first_errno == ETIMEDOUT && pool.underway == 0);
    assert_true(report.open == PLACES && report.traffic.reset == 0);
    finish();
}

static void a_connection_that_ends_takes_its_messages_along(void **state)
{
    (void)state;
    prepare(clock_ns());
    connection_schedule(&connections[1], command.begin_ns, (struct message_cost){0});
    traffic.outstanding = 1;
    pool_end(&pool, 1, ECONNRESET);
    assert_true(report.open == PLACES - 1 && report.traffic.reset == 1);
    assert_true(report.traffic.lost == 1 && traffic.outstanding == 0);
    pool_end(&pool, 2, 0); /* We closed it: nothing went wrong. */
    assert_true(report.open == PLACES - 2 && report.traffic.reset == 1);
    finish();
}

static void a_connection_is_established_with_its_first_echo(void **state)
{
    (void)state;
    prepare(clock_ns());
    report.open = 2;
    pool.underway = 1;
    connections[1].state = FIRST_ECHO;
    uint64_t begin_ns = clock_ns() - 70 * MS;
    pool_count_connect(&pool, &(struct flight){.intended_ns = begin_ns});
    pool_keep(&pool, 1);
    assert_true(report.open == 3 && report.connects.established == 1 && pool.underway == 0);
    assert_int_equal(connections[1].state, READY);
    assert_in_range(report.connects.connect_ns.max, 70 * MS, clock_ns() - begin_ns);
    finish();
}

/* One address has ports for 12,000 connections: beyond, the next one is taken. */
static void many_connections_come_from_several_addresses(void **state)
{
    (void)state;
    prepare(clock_ns());
    struct net_address any;
    struct sockaddr_in from = {0};
    socklen_t size = sizeof from;
    net_address_read("127.0.0.1", 0, &any);
    int listener = net_listen(&any, 5);
    net_address_read("127.0.0.1", net_port(listener), &pool.setup.address);
    pool.setup.number = 2;
    pool.setup.capacity = 11999;
    for (uint32_t i = 1; i < PLACES; i++) { /* Numbers 23,999 and 24,000. */
        connection_close(&connections[i]);
        assert_true(pool_open(&pool, i));
        assert_int_equal(getsockname(connections[i].fd, (struct sockaddr *)&from, &size), 0);
        assert_int_equal(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK + i);
        assert_int_equal(connections[i].tag >> 24, 2);
    }
    assert_true(pool.underway == 2 && connections[1].tag != connections[2].tag);
    close(listener);
    finish();
}

/* ---- a herd ---- */

static struct herd herd;

/* A herd that began 35 ms ago: now is in its fourth bin, or a later one on a busy machine. */
static uint64_t prepare_herd(uint32_t attempts_max)
{
    prepare(clock_ns() - 35 * MS);
    command.attempts_max = attempts_max;
    command.backoff = (struct backoff){.jitter = true, .base_ns = MS, .cap_ns = 1000 * MS};
    herd_begin(&herd, &pool, &command);
    return clock_ns();
}

/* The sums over all bins, and nothing before the fourth or after now. */
static struct herd_bin sum_of_bins(void)
{
    struct herd_bin sum = {0};
    uint64_t last = (clock_ns() - command.begin_ns) / (10 * MS);
    for (int k = 0; k < HERD_BINS; k++) {
        const struct herd_bin *bin = &report.herd.bins[k];
        if (k < 3 || (uint64_t)k > last)
            assert_true(bin->lost + bin->attempts + bin->failed + bin->back == 0);
        sum.lost += bin->lost;
        sum.failed += bin->failed;
        sum.back += bin->back;
    }
    return sum;
}

static void end_herd(void)
{
    herd_end(&herd);
    finish();
}

static void who_is_away_and_who_is_back_adds_up(void **state)
{
    (void)state;
    uint64_t begin_ns = prepare_herd(1000);
    herd.traffic.job.ended(&herd.traffic.job, 0, true);
    uint64_t first_ns = report.herd.first_lost_ns;
    assert_in_range(first_ns, begin_ns, clock_ns());
    herd.traffic.job.ended(&herd.traffic.job, 1, true);
    assert_true(herd.staying == 1 && herd.away == 2 && report.herd.lost == 2);
    herd.traffic.job.ended(&herd.traffic.job, 0, false); /* A try that failed. */
    herd.traffic.job.ended(&herd.traffic.job, 0, false);
    assert_true(herd.failures[0] == 2 && herd.failures[1] == 0);
    assert_true(report.herd.lost == 2 && herd.away == 2 && herd.alarms.count == 4);
    connections[0].state = FIRST_ECHO;
    herd.traffic.job.stands(&herd.traffic.job, 0, &(struct flight){.intended_ns = first_ns}, false);
    assert_true(herd.away == 1 && report.herd.last_back_ns >= first_ns);
    herd.traffic.job.ended(&herd.traffic.job, 0,
                           true); /* Once more: it is not one of those that stayed. */
    assert_true(herd.staying == 1 && herd.away == 2 && report.herd.lost == 3);
    assert_true(herd.failures[0] == 0 && report.herd.first_lost_ns == first_ns);
    struct herd_bin sum = sum_of_bins();
    assert_true(sum.lost == 3 && sum.failed == 2 && sum.back == 1);
    end_herd();
}

static void who_failed_often_enough_gives_up(void **state)
{
    (void)state;
    prepare_herd(2);
    herd.traffic.job.ended(&herd.traffic.job, 0, true);
    herd.traffic.job.ended(&herd.traffic.job, 0, false);
    assert_true(herd.away == 1 && report.herd.gave_up == 0 && herd.alarms.count == 2);
    herd.traffic.job.ended(&herd.traffic.job, 0, false);
    assert_true(herd.away == 0 && report.herd.gave_up == 1 && herd.alarms.count == 2);
    end_herd();
}

/* With each failure the span is twice as long, of which a random part is waited for. */
static void the_next_try_waits_for_the_pause(void **state)
{
    (void)state;
    enum { DRAWS = 200 };
    double sum_ns[2] = {0};
    for (uint32_t failures = 0; failures < 2; failures++) {
        prepare_herd(1000);
        for (int i = 0; i < DRAWS; i++) {
            herd.failures[0] = 6 * failures; /* 1 ms and 64 ms. */
            herd.alarms.count = 0;
            uint64_t now_ns = clock_ns();
            herd.traffic.job.ended(&herd.traffic.job, 0, false);
            sum_ns[failures] += (double)(alarms_next_ns(&herd.alarms) - now_ns);
        }
        end_herd();
    }
    /* One more failure has been counted by then: 2 ms and 128 ms, of which half is the mean. */
    assert_true(sum_ns[0] / (double)DRAWS > 0.7e6 && sum_ns[1] / (double)DRAWS > 50e6);
    assert_true(sum_ns[1] / (double)DRAWS < 80e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_latency_counts_from_when_its_message_was_due),
        cmocka_unit_test(each_half_of_the_window_has_its_own),
        cmocka_unit_test(messages_with_a_cost_are_apart),
        cmocka_unit_test(an_echo_of_the_window_before_counts_nothing),
        cmocka_unit_test(a_closed_loop_counts_from_when_it_is_full),
        cmocka_unit_test(a_lost_message_counts_with_its_age),
        cmocka_unit_test(what_is_still_under_way_at_the_end_is_lost),
        cmocka_unit_test(messages_that_could_not_be_sent_are_counted_as_sent_and_lost),
        cmocka_unit_test(what_is_due_goes_in_turn_and_is_late_by_its_lag),
        cmocka_unit_test(others_send_in_place_of_a_connection_that_is_gone),
        cmocka_unit_test(a_share_of_the_messages_has_a_cost),
        cmocka_unit_test(a_window_keeps_its_books),
        cmocka_unit_test(an_attempt_that_failed_is_counted_by_its_reason),
        cmocka_unit_test(a_connection_that_ends_takes_its_messages_along),
        cmocka_unit_test(a_connection_is_established_with_its_first_echo),
        cmocka_unit_test(many_connections_come_from_several_addresses),
        cmocka_unit_test(who_is_away_and_who_is_back_adds_up),
        cmocka_unit_test(who_failed_often_enough_gives_up),
        cmocka_unit_test(the_next_try_waits_for_the_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
