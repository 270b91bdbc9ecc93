/* test_chat.c -- guards against a client of the chat that counts a delivery for another member,
 * another window or another moment: the test is the room, and knows what it lets each one hear. */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/kinds/chat/client/crowd.h"
#include "harness/kinds/chat/client/hear.h"
#include "harness/kinds/chat/client/say.h"
#include "common/clock.h"
#include "tests/unit.h"

enum { MEMBERS = 3, LINE_B = 64 };

#define MS NS_PER_MS

static struct crowd crowd;
static int rooms[MEMBERS]; /* The room's ends. */

/* Members that have joined; each line is due in the window. */
static void prepare(void)
{
    crowd = (struct crowd){.line_b = LINE_B,
                           .member_count = MEMBERS,
                           .members = calloc(MEMBERS, sizeof *crowd.members),
                           .held = calloc(MEMBERS, LINE_B),
                           .received = calloc(1, HEAR_B + LINE_B),
                           .epoll_fd = epoll_create1(EPOLL_CLOEXEC),
                           .joined = MEMBERS,
                           .window_end_ns = UINT64_MAX};
    for (uint32_t i = 0; i < MEMBERS; i++) {
        int fds[2];
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        crowd.members[i] =
            (struct crowd_member){.fd = fds[0], .joined = true, .saying = CROWD_NOWHERE};
        rooms[i] = fds[1];
        assert_int_equal(epoll_ctl(crowd.epoll_fd, EPOLL_CTL_ADD, fds[0], &event), 0);
    }
}

static void finish(void)
{
    for (int i = 0; i < MEMBERS; i++) {
        if (crowd.members[i].fd >= 0) close(crowd.members[i].fd);
        close(rooms[i]);
    }
    close(crowd.epoll_fd);
    free(crowd.members);
    free(crowd.held);
    free(crowd.received);
    free(crowd.lines);
    free(crowd.order);
    free(crowd.texts);
}

/* Lets a member hear line `number`. */
static void deliver(int member, uint32_t number)
{
    assert_int_equal(write(rooms[member], crowd.texts + (size_t)number * LINE_B, LINE_B), LINE_B);
    hear_for(&crowd, 0, NULL, NULL);
}

static void every_delivery_counts_once(void **state)
{
    (void)state;
    char said[2 * LINE_B];
    prepare();
    say_at_once(&crowd, 0);
    say_at_once(&crowd, 2);
    assert_int_equal(read(rooms[0], said, sizeof said), LINE_B);
    assert_memory_equal(said, crowd.texts, LINE_B);
    assert_int_equal(read(rooms[2], said, sizeof said), LINE_B);
    assert_memory_equal(said, crowd.texts + LINE_B, LINE_B);
    assert_true(crowd.sent == 2 && crowd.window_sent == 2 && crowd.send_lag_ns.count == 2);
    for (int i = 0; i < MEMBERS; i++)
        for (uint32_t number = 0; number < 2; number++)
            deliver(i, number);
    assert_true(crowd.heard == 6 && crowd.deliveries == 6 && crowd.arrived == 6);
    assert_true(crowd.delivery_ns.count == 6 && crowd_lost(&crowd) == 0);
    assert_true(crowd.out_of_order == 0 && crowd.corrupt == 0 && say_was_heard(&crowd));
    finish();
}

static void what_one_member_misses_is_lost(void **state)
{
    (void)state;
    prepare();
    for (int i = 0; i < 4; i++)
        say_at_once(&crowd, 1);
    for (uint32_t number = 0; number < 4; number++)
        deliver(0, number);
    deliver(1, 0);
    assert_int_equal(crowd_lost(&crowd), 0 + 3 + 4);
    assert_false(say_was_heard(&crowd));
    assert_true(crowd.heard == 5 && crowd.deliveries == 5);
    finish();
}

static void another_order_than_the_first_ones_is_told(void **state)
{
    (void)state;
    prepare();
    for (int i = 0; i < 3; i++)
        say_at_once(&crowd, (uint32_t)i);
    for (uint32_t number = 0; number < 3; number++)
        deliver(0, number);
    deliver(1, 0);
    deliver(1, 2); /* It skipped one, */
    assert_int_equal(crowd.out_of_order, 0);
    deliver(1, 1); /* which comes later, */
    assert_int_equal(crowd.out_of_order, 1);
    deliver(1, 1); /* and again. */
    assert_int_equal(crowd.out_of_order, 2);
    assert_true(crowd.members[1].heard == 4 && crowd.corrupt == 0);
    finish();
}

static void what_one_member_says_keeps_its_order(void **state)
{
    (void)state;
    prepare();
    say_at_once(&crowd, 0);
    say_at_once(&crowd, 0);
    deliver(1, 1); /* No member received a line before. */
    deliver(1, 0);
    assert_int_equal(crowd.out_of_order, 1);
    finish();
}

static void a_wrong_byte_spoils_its_member_only(void **state)
{
    (void)state;
    char wrong[LINE_B];
    prepare();
    say_at_once(&crowd, 0);
    memcpy(wrong, crowd.texts, LINE_B);
    wrong[40] ^= 1;
    assert_int_equal(write(rooms[1], wrong, LINE_B), LINE_B);
    hear_for(&crowd, 0, NULL, NULL);
    deliver(1, 0);
    deliver(2, 0);
    assert_true(crowd.corrupt == 1 && crowd.heard == 1 && crowd.deliveries == 1);
    wrong[7] = '9'; /* A number that was never given out. */
    assert_int_equal(write(rooms[0], wrong, LINE_B), LINE_B);
    hear_for(&crowd, 0, NULL, NULL);
    assert_int_equal(crowd.corrupt, 2);
    finish();
}

/* A line in pieces is one line. */
static void a_line_may_come_in_pieces(void **state)
{
    (void)state;
    prepare();
    say_at_once(&crowd, 0);
    assert_int_equal(write(rooms[1], crowd.texts, 11), 11);
    hear_for(&crowd, 0, NULL, NULL);
    assert_int_equal(crowd.heard, 0);
    assert_int_equal(write(rooms[1], crowd.texts + 11, LINE_B - 11), LINE_B - 11);
    hear_for(&crowd, 0, NULL, NULL);
    assert_true(crowd.heard == 1 && crowd.corrupt == 0);
    finish();
}

/* Latencies are of lines due in the window, whenever they come; speed, of what comes in it. */
static void the_window_bounds_lines_by_their_due_time_and_deliveries_by_their_arrival(void **state)
{
    (void)state;
    prepare();
    for (int i = 0; i < 3; i++)
        say_at_once(&crowd, 0);
    uint64_t now_ns = clock_ns();
    crowd.window_begin_ns = now_ns - 1000 * MS;
    crowd.window_end_ns = now_ns + 60000 * MS;
    crowd.lines[0].due_ns = now_ns - 1001 * MS;
    crowd.lines[1].due_ns = now_ns - 70 * MS;
    crowd.lines[2].due_ns = crowd.window_end_ns;
    for (uint32_t number = 0; number < 3; number++)
        deliver(1, number);
    assert_true(crowd.heard == 3 && crowd.arrived == 3 && crowd.deliveries == 1);
    assert_in_range(crowd.delivery_ns.max, 70 * MS, clock_ns() - now_ns + 70 * MS);
    crowd.window_end_ns = clock_ns(); /* The window is over: a late delivery is no speed. */
    deliver(2, 1);
    assert_true(crowd.arrived == 3 && crowd.deliveries == 2);
    finish();
}

static void an_end_that_was_not_asked_for_is_a_disconnection(void **state)
{
    (void)state;
    prepare();
    crowd.members[0].leaving = crowd.members[2].leaving = true;
    assert_int_equal(write(rooms[2], "half a line", 11), 11);
    for (int i = 0; i < MEMBERS; i++)
        shutdown(rooms[i], SHUT_WR);
    hear_for(&crowd, 0, NULL, NULL);
    hear_for(&crowd, 0, NULL, NULL);
    assert_int_equal(crowd.disconnected, 2); /* One did not leave, one was cut off. */
    for (int i = 0; i < MEMBERS; i++)
        assert_int_equal(crowd.members[i].fd, -1);
    finish();
}

/* Lines are due one after the other, and said by all members in turn. */
static int edges_seen;

static void on_edge(int edge)
{
    assert_int_equal(edge, edges_seen++);
}

static void lines_are_due_on_the_schedule_and_said_in_turn(void **state)
{
    (void)state;
    prepare();
    uint64_t now_ns = clock_ns();
    struct schedule schedule = {.begin_ns = now_ns - 300 * MS, .gap_ns = 10e6, .random = 3};
    schedule_next(&schedule);
    crowd.window_begin_ns = now_ns - 200 * MS;
    crowd.window_end_ns = now_ns - 100 * MS;
    edges_seen = 0;
    crowd_talk(&crowd, &schedule, now_ns + 30 * MS, on_edge); /* No member receives a line. */
    assert_int_equal(edges_seen, 2);
    assert_int_equal(crowd.line_count, 20); /* From -300 to -100 ms. */
    assert_true(crowd.window_due == 10 && crowd.window_sent == 10 && crowd.sent == 20);
    assert_true(crowd.send_lag_ns.count == 10 && crowd.send_lag_ns.min >= 100 * MS);
    assert_true(crowd.send_lag_ns.max <= clock_ns() - crowd.window_begin_ns);
    for (uint32_t number = 0; number < 20; number++)
        assert_int_equal(crowd.lines[number].sender, number % MEMBERS);
    assert_int_equal(crowd_lost(&crowd), 20 * MEMBERS);
    edges_seen = 0;
    crowd_talk(&crowd, &schedule, now_ns, on_edge); /* Too late to begin. */
    assert_int_equal(edges_seen, 2);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_delivery_counts_once),
        cmocka_unit_test(what_one_member_misses_is_lost),
        cmocka_unit_test(another_order_than_the_first_ones_is_told),
        cmocka_unit_test(what_one_member_says_keeps_its_order),
        cmocka_unit_test(a_wrong_byte_spoils_its_member_only),
        cmocka_unit_test(a_line_may_come_in_pieces),
        cmocka_unit_test(the_window_bounds_lines_by_their_due_time_and_deliveries_by_their_arrival),
        cmocka_unit_test(an_end_that_was_not_asked_for_is_a_disconnection),
        cmocka_unit_test(lines_are_due_on_the_schedule_and_said_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
