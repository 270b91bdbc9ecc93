/* test_load.c -- guards the parts of the load client: messages, schedule, report. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients/alarms.h"
#include "clients/backoff.h"
#include "clients/connection.h"
#include "clients/job_traffic.h"
#include "clients/report.h"
#include "clients/schedule.h"
#include "common/clock.h"
#include "common/costs.h"
#include "tests/unit.h"

static const struct message_cost costs[] = {
    {0}, {.us = 1}, {.us = COSTS_US_MAX}, {.us = 20000, .spin = true}};
enum { COSTS = sizeof costs / sizeof costs[0] };

/* Writes a message and holds each piece of it, right and wrong, against what was sent. */
static void check_every_byte(const struct message_kind *kind, struct message_cost cost)
{
    char bytes[300];
    message_write(kind, 77, 123456, cost, bytes);
    for (size_t from = 0; from < kind->size_b; from++) {
        for (size_t to = from + 1; to <= kind->size_b; to += 7)
            assert_true(message_matches(kind, 77, 123456, cost, from, bytes + from, to - from));
        bytes[from] ^= 1;
        assert_false(message_matches(kind, 77, 123456, cost, 0, bytes, kind->size_b));
        assert_false(message_matches(kind, 77, 123456, cost, from, bytes + from, 1));
        bytes[from] ^= 1;
    }
    assert_false(message_matches(kind, 78, 123456, cost, 0, bytes, kind->size_b));
    assert_false(message_matches(kind, 77, 123457, cost, 0, bytes, kind->size_b));
    assert_int_equal(bytes[kind->size_b - 1], '\n');
}

/* Whatever piece of a message comes, right bytes match, and each changed byte is found. */
static void every_wrong_byte_is_found(void **state)
{
    (void)state;
    static const size_t sizes[] = {MESSAGE_B_MIN, MESSAGE_COSTLY_B_MIN, 64, 300};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        struct message_kind kind = message_kind_of(sizes[k]);
        for (size_t c = 0; c < COSTS && (c == 0 || sizes[k] >= MESSAGE_COSTLY_B_MIN); c++)
            check_every_byte(&kind, costs[c]);
        free(kind.letters);
    }
}

/* No two messages are the same: not even their letters, were only the numbers lost. */
static void a_message_names_its_connection_and_its_place(void **state)
{
    (void)state;
    struct message_kind kind = message_kind_of(64);
    char one[64], other[64];
    message_write(&kind, 0x01abcdef, 0x12345678, costs[0], one);
    assert_memory_equal(one, "01abcdef-12345678 ", 18);
    message_write(&kind, 0x01abcdf0, 0x12345678, costs[0], other);
    assert_memory_not_equal(one + 18, other + 18, 45);
    message_write(&kind, 0x01abcdef, 0x12345679, costs[0], other);
    assert_memory_not_equal(one + 18, other + 18, 45);
    message_write(&kind, 0x01abcdef, 0x12345678, costs[3], other);
    assert_memory_equal(other, "!spin 20000 01abcdef-12345678 ", 30);
    free(kind.letters);
}

/* What the client writes is what the server's own scanner reads. */
static void a_server_pays_what_a_message_says(void **state)
{
    (void)state;
    struct message_kind kind = message_kind_of(64);
    struct costs scanner = {0};
    for (size_t c = 0; c < COSTS; c++) {
        char bytes[64];
        message_write(&kind, 1, 2, costs[c], bytes);
        struct costs_due due = costs_scan(&scanner, bytes, sizeof bytes);
        assert_int_equal(due.spin_us, costs[c].spin ? costs[c].us : 0);
        assert_int_equal(due.sleep_us, costs[c].spin ? 0 : costs[c].us);
    }
    free(kind.letters);
}

/* A connection over one end of a socket pair; the test is the server at the other end. */
static struct connection pair(int *server_fd)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    *server_fd = fds[1];
    return (struct connection){.fd = fds[0], .tag = 5, .state = READY};
}

static void echoes_complete_in_order_however_they_are_cut(void **state)
{
    (void)state;
    struct message_kind kind = message_kind_of(64);
    char scratch[64], echo[6400];
    int server_fd;
    struct connection connection = pair(&server_fd);
    for (uint64_t i = 0; i < 100; i++)
        connection_schedule(&connection, 1000 + i, costs[i % 3]);
    uint64_t begin_ns = clock_ns();
    assert_true(connection_send(&connection, &kind, scratch));
    assert_int_equal(read(server_fd, echo, sizeof echo), sizeof echo);
    uint64_t expected_ns = 1000;
    for (size_t at = 0; at < sizeof echo;) {
        size_t size = at % 97 + 1 < sizeof echo - at ? at % 97 + 1 : sizeof echo - at;
        const char *bytes = echo + at;
        at += size;
        struct flight flight;
        enum connection_taken taken;
        while ((taken = connection_take(&connection, &kind, &bytes, &size, &flight)) != TAKEN_ALL) {
            assert_int_equal(taken, TAKEN_MESSAGE);
            assert_int_equal(flight.intended_ns, expected_ns++);
            assert_in_range(flight.sent_ns, begin_ns, clock_ns());
            assert_int_equal(flight.cost.us, costs[(flight.intended_ns - 1000) % 3].us);
        }
    }
    assert_int_equal(expected_ns, 1100);
    connection_close(&connection);
    close(server_fd);
    free(kind.letters);
}

/* The ring of messages under way grows while some are back, and others are not. */
static void the_oldest_message_that_is_not_back_is_due_next(void **state)
{
    (void)state;
    struct message_kind kind = message_kind_of(64);
    char scratch[64], echo[64];
    int server_fd;
    struct connection connection = pair(&server_fd);
    uint64_t scheduled_ns = 0;
    for (uint64_t back_ns = 0; back_ns < 40; back_ns++) { /* Two more for each that is back. */
        connection_schedule(&connection, scheduled_ns++, costs[0]);
        connection_schedule(&connection, scheduled_ns++, costs[0]);
        assert_true(connection_send(&connection, &kind, scratch));
        assert_int_equal(connection_due_ns(&connection), back_ns);
        assert_int_equal(read(server_fd, echo, sizeof echo), sizeof echo);
        const char *bytes = echo;
        size_t size = sizeof echo;
        struct flight flight;
        assert_int_equal(connection_take(&connection, &kind, &bytes, &size, &flight),
                         TAKEN_MESSAGE);
        assert_int_equal(flight.intended_ns, back_ns);
    }
    assert_int_equal(connection_due_ns(&connection), 40);
    connection_close(&connection);
    close(server_fd);
    free(kind.letters);
}

static void bytes_that_were_never_sent_are_wrong(void **state)
{
    (void)state;
    struct message_kind kind = message_kind_of(64);
    char scratch[64], right[64];
    int server_fd;
    struct connection connection = pair(&server_fd);
    message_write(&kind, 5, 0, costs[0], right);
    const char *bytes = right;
    size_t size = 1;
    struct flight flight;
    assert_int_equal(connection_take(&connection, &kind, &bytes, &size, &flight), TAKEN_WRONG);
    connection_schedule(&connection, 1, costs[0]);
    assert_true(connection_send(&connection, &kind, scratch));
    size = 64;
    assert_int_equal(connection_take(&connection, &kind, &bytes, &size, &flight), TAKEN_MESSAGE);
    connection_close(&connection);
    close(server_fd);
    free(kind.letters);
}

/* Mean and spread of 200,000 gaps; and that the schedule is the same for the same seed. */
static void the_schedule_keeps_its_rate(void **state)
{
    (void)state;
    for (int poisson = 0; poisson < 2; poisson++) {
        struct schedule one = {.begin_ns = 1000, .gap_ns = 50000, .poisson = poisson, .random = 3};
        struct schedule same = one;
        double sum = 0, squares = 0;
        uint64_t last = one.begin_ns;
        schedule_next(&one);
        schedule_next(&same);
        enum { GAPS = 200000 };
        for (int i = 0; i < GAPS; i++) {
            assert_true(one.next_ns == same.next_ns && one.next_ns >= last);
            last = one.next_ns;
            schedule_next(&one);
            schedule_next(&same);
            double gap = (double)(one.next_ns - last);
            sum += gap;
            squares += gap * gap;
        }
        double mean = sum / (double)GAPS, deviation = sqrt(squares / (double)GAPS - mean * mean);
        assert_true(fabs(mean - 50000) < 500);
        assert_true(poisson ? fabs(deviation - 50000) < 1000 : deviation < 2);
    }
}

/* Several client processes: were the second's numbers the first's, shifted, no arrivals of theirs
 * would be independent. */
static void generators_share_no_numbers(void **state)
{
    (void)state;
    enum { DRAWS = 1000 };
    uint64_t first[DRAWS], dice = schedule_seed(1, 0);
    for (int i = 0; i < DRAWS; i++)
        first[i] = schedule_random(&dice);
    for (uint32_t other = 1; other < 4; other++) {
        dice = schedule_seed(1, other);
        for (int i = 0; i < DRAWS; i++) {
            uint64_t number = schedule_random(&dice);
            for (int k = 0; k < DRAWS; k++)
                assert_true(number != first[k]);
        }
    }
}

static void a_pause_is_a_random_part_of_a_span_that_doubles_up_to_its_cap(void **state)
{
    (void)state;
    enum { DRAWS = 10000 };
    static const struct backoff backoff = {.jitter = true, .base_ns = 1000, .cap_ns = 6000};
    static const double spans[] = {1000, 2000, 4000, 6000, 6000};
    uint64_t dice = 7;
    for (uint32_t failures = 0; failures < 5; failures++) {
        double sum = 0, longest = 0;
        for (int i = 0; i < DRAWS; i++) {
            double pause = (double)backoff_pause_ns(&backoff, failures, &dice);
            sum += pause;
            if (pause > longest) longest = pause;
        }
        assert_true(longest < spans[failures] && longest > 0.99 * spans[failures]);
        assert_true(fabs(sum / (double)DRAWS - spans[failures] / 2) < 0.02 * spans[failures]);
    }
    assert_true(backoff_pause_ns(&backoff, UINT32_MAX, &dice) < 6000); /* And it comes to an end. */
    static const struct backoff now = {.base_ns = 1000, .cap_ns = 6000};
    assert_int_equal(backoff_pause_ns(&now, 3, &dice), 0);
}

static void alarms_come_in_the_order_of_their_times(void **state)
{
    (void)state;
    enum { ALARMS = 1000 };
    static uint64_t due_ns[ALARMS];
    struct alarms alarms = {0};
    uint64_t dice = 3, before_ns = 0, sum = 0;
    assert_true(alarms_next_ns(&alarms) == UINT64_MAX);
    for (uint32_t i = 0; i < ALARMS; i++) {
        due_ns[i] = schedule_random(&dice) % 500;
        alarms_add(&alarms, due_ns[i], i);
    }
    while (alarms.count > 0) {
        uint64_t next_ns = alarms_next_ns(&alarms);
        uint32_t place = alarms_take(&alarms);
        assert_true(due_ns[place] == next_ns && next_ns >= before_ns);
        before_ns = next_ns;
        sum += place;
    }
    assert_int_equal(sum, ALARMS * (ALARMS - 1) / 2); /* Each of them once. */
    alarms_free(&alarms);
}

static void a_report_reads_the_same_in_all_formats(void **state)
{
    (void)state;
    struct report report = {0};
    report_count(&report, "sent", 7);
    report_text(&report, "connect_error", "");
    report_number(&report, "rate", NAN, 1);
    report_text(&report, "word", "ECONNRESET");
    report_count(&report, "sent", 5); /* The later value holds. */
    report_more(&report, "sent", 3);
    char text[256] = "";
    FILE *file = fmemopen(text, sizeof text, "w");
    report_write_pairs(&report, file);
    fputs("\n", file);
    report_write_csv(&report, file);
    report_write_json(&report, file);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, " sent=8 connect_error=- rate=- word=ECONNRESET\n"
                              "sent,connect_error,rate,word\n8,,,ECONNRESET\n"
                              "{\"sent\":8,\"connect_error\":null,\"rate\":null,"
                              "\"word\":\"ECONNRESET\"}\n");
}

/* The server may end all connections of a process while messages are due. */
static void messages_that_no_connection_can_send_are_lost(void **state)
{
    (void)state;
    static struct worker_report report;
    struct connection gone = {.fd = -1};
    for (uint32_t places = 0; places < 2; places++) {
        uint64_t now_ns = clock_ns();
        struct worker_command command = {.begin_ns = now_ns - 10500, .end_ns = now_ns + NS_PER_S};
        struct pool pool = {.report = &report, .connections = &gone, .count = places};
        struct traffic traffic;
        traffic_begin(&traffic, &pool, &command);
        traffic.places = places;
        traffic.job.schedule = (struct schedule){
            .begin_ns = command.begin_ns, .gap_ns = 1000, .next_ns = command.begin_ns};
        traffic_send_due(&traffic.job, now_ns);
        assert_true(report.traffic.lost > 10);
        assert_int_equal(report.traffic.sent, report.traffic.lost);
        assert_true(traffic.job.schedule.next_ns > now_ns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrong_byte_is_found),
        cmocka_unit_test(a_message_names_its_connection_and_its_place),
        cmocka_unit_test(a_server_pays_what_a_message_says),
        cmocka_unit_test(echoes_complete_in_order_however_they_are_cut),
        cmocka_unit_test(the_oldest_message_that_is_not_back_is_due_next),
        cmocka_unit_test(bytes_that_were_never_sent_are_wrong),
        cmocka_unit_test(the_schedule_keeps_its_rate),
        cmocka_unit_test(generators_share_no_numbers),
        cmocka_unit_test(a_pause_is_a_random_part_of_a_span_that_doubles_up_to_its_cap),
        cmocka_unit_test(alarms_come_in_the_order_of_their_times),
        cmocka_unit_test(a_report_reads_the_same_in_all_formats),
        cmocka_unit_test(messages_that_no_connection_can_send_are_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
