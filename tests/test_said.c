/* test_said.c -- guards against a server's words that fill the memory, or reach a terminal as they
 * are, and against a listener that is taken for another program's. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/plain.h"
#include "harness/probes/probe_listener.h"
#include "harness/fleet/process.h"
#include "harness/fleet/said.h"
#include "tests/unit.h"

static void becomes(const char *text, size_t size, const char *wanted)
{
    char plain[64];
    memcpy(plain, text, size);
    plain_text(plain, size);
    assert_int_equal(size, strlen(wanted));
    assert_memory_equal(plain, wanted, size);
}

#define BECOMES(text, wanted) becomes(text, sizeof(text) - 1, wanted)

static void plain_text_keeps_what_is_text(void **state)
{
    (void)state;
    BECOMES("port 7000\tready\n", "port 7000\tready\n");
    BECOMES("\xc2\xa0\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
            "\xc2\xa0\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
}

static void plain_text_replaces_controls_marks_of_direction_and_bytes_that_are_no_utf8(void **state)
{
    (void)state;
    BECOMES("\033[2Jgone\a\r", "?[2Jgone??");
    BECOMES("a\0b\x7f", "a?b?");
    BECOMES("\xc2\x9b"
            "2J",
            "??2J"); /* CSI in one character of C1. */
    BECOMES("\x9b"
            "2J",
            "?2J"); /* The same as a byte. */
    BECOMES("\xe2\x80\xae"
            "abc",
            "???abc"); /* Right to left from here on. */
    BECOMES("\xe2\x81\xa6"
            "abc",
            "???abc");
    BECOMES("\xc0\xaf", "??");           /* '/' in too many bytes. */
    BECOMES("\xed\xa0\x80", "???");      /* Half a surrogate pair. */
    BECOMES("\xf5\x80\x80\x80", "????"); /* Beyond Unicode. */
    BECOMES("\xf4\x90\x80\x80", "????");
    BECOMES("cut \xe2\x82", "cut ??");
}

static void say(int fd, char letter, size_t size)
{
    static char text[64 * 1024];
    memset(text, letter, sizeof text);
    for (size_t step; size > 0; size -= step) {
        step = size < sizeof text ? size : sizeof text;
        assert_int_equal(write(fd, text, step), step);
    }
}

static void words_without_bound_take_bounded_memory_and_keep_both_ends(void **state)
{
    enum { MIB = 1024 * 1024, KEPT_MAX_B = 256 * 1024 };
    struct stat file;
    char first[4] = "", line[32];
    int fd = said_open();
    (void)state;
    assert_int_equal(write(fd, "one\n", 4), 4);
    assert_false(said_bound(fd));
    for (int i = 0; i < 16; i++) {
        say(fd, 'x', MIB);
        assert_true(said_bound(fd));
        assert_int_equal(fstat(fd, &file), 0);
        assert_true(file.st_blocks * 512 <= KEPT_MAX_B);
    }
    assert_int_equal(write(fd, "\nthe \033end\n", 10), 10);
    said_bound(fd);
    assert_int_equal(said_bytes(fd), 4 + 16 * MIB + 10);
    assert_int_equal(pread(fd, first, 3, 0), 3);
    assert_string_equal(first, "one");
    said_last_line(fd, line, sizeof line);
    assert_string_equal(line, "the ?end");
    close(fd);
}

static void the_last_line_of_nothing_is_empty(void **state)
{
    char line[32] = "before";
    int fd = said_open();
    (void)state;
    said_last_line(fd, line, sizeof line);
    assert_string_equal(line, "");
    close(fd);
    said_last_line(-1, line, sizeof line);
    assert_string_equal(line, "");
    assert_int_equal(said_bytes(-1), 0);
}

/* As proc(5) has it; 1F90 is 8080. */
static const char table[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "101 1 0\n"
    "   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "102 1 0\n"
    "   2: 0200007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "103 1 0\n"
    "   3: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "104 1 0\n"
    "   4: 0100007F:1F90 0100007F:C000 01 00000000:00000000 00:00000000 00000000     0        0 "
    "105 1 0\n"
    "   5: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000     0        0 106 1 0\n";

static void listeners_are_those_of_the_port_that_loopback_leads_to(void **state)
{
    uint64_t inodes[8];
    (void)state;
    assert_int_equal(probe_listener_inodes(table, 8080, inodes, 8), 3);
    assert_int_equal(inodes[0], 101);
    assert_int_equal(inodes[1], 102);
    assert_int_equal(inodes[2], 106);
    assert_int_equal(probe_listener_inodes(table, 8080, inodes, 2), 2);
    assert_int_equal(probe_listener_inodes(table, 8081, inodes, 8), 1);
    assert_int_equal(probe_listener_inodes(table, 8082, inodes, 8), 0);
    assert_int_equal(probe_listener_inodes("", 8080, inodes, 8), 0);
}

static void a_listener_is_ours_if_a_process_of_the_tree_holds_it(void **state)
{
    struct net_address address;
    pid_t self = getpid(), init = 1;
    struct tree ours = {.pids = &self, .count = 1}, other = {.pids = &init, .count = 1};
    (void)state;
    assert_true(net_address_read("127.0.0.1", 0, &address));
    int fd = net_listen(&address, 1);
    assert_true(fd >= 0);
    uint16_t port = net_port(fd);
    assert_int_equal(probe_listener(&ours, port), LISTENER_OURS);
    enum listener of_init = probe_listener(&other, port); /* Only root may look into it. */
    assert_true(of_init == LISTENER_OTHER || of_init == LISTENER_UNKNOWN);
    close(fd);
    assert_int_equal(probe_listener(&ours, port), LISTENER_NONE);
}

/* On a busy machine the line is read late: the keeper has looked many times by then. */
static void a_first_line_is_there_however_much_follows_and_however_late_it_is_read(void **state)
{
    (void)state;
    char *argv[] = {"/bin/sh", "-c", "echo ready port=7; exec yes", NULL};
    char line[64];
    struct process process = process_start_server(argv, NULL, NULL);
    process_sleep_ns(400 * NS_PER_MS);
    assert_int_equal(process_read_line(&process, line, sizeof line, clock_ns() + 10ull * NS_PER_S),
                     LINE_READ);
    assert_string_equal(line, "ready port=7");
    /* Then it does not wait for a reader. */
    uint64_t deadline_ns = clock_ns() + 10ull * NS_PER_S;
    while (process_wrote_b(&process) < 1u << 20 && clock_ns() < deadline_ns)
        process_sleep_ns(5 * NS_PER_MS);
    assert_true(process_wrote_b(&process) >= 1u << 20);
    process_end(&process, 1000);
}

int main(void)
{
    process_prepare();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_keeps_what_is_text),
        cmocka_unit_test(
            plain_text_replaces_controls_marks_of_direction_and_bytes_that_are_no_utf8),
        cmocka_unit_test(words_without_bound_take_bounded_memory_and_keep_both_ends),
        cmocka_unit_test(the_last_line_of_nothing_is_empty),
        cmocka_unit_test(listeners_are_those_of_the_port_that_loopback_leads_to),
        cmocka_unit_test(a_listener_is_ours_if_a_process_of_the_tree_holds_it),
        cmocka_unit_test(a_first_line_is_there_however_much_follows_and_however_late_it_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
