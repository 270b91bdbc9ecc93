/* test_kind_herd.c -- guards against tables of herds whose numbers are in the wrong columns. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/kinds/herd/herd_table.h"
#include "harness/measure/kind.h"
#include "tests/unit.h"

/* Reads a whole file of ours, and removes it. */
static const char *read_and_remove(const char *path)
{
    static char text[8192];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    unlink(path);
    return text;
}

/* The second line of a table, after its header. */
static const char *row_in(const char *text)
{
    const char *row = strchr(text, '\n');
    assert_non_null(row);
    return row + 1;
}

/* A session of a herd, whose tables lie in a folder of ours. */
static struct session session;
static char out[64];

static void prepare_herd(void)
{
    static const char text[] = "kind = herd\nconnections = 1\nbase_ms = 50\ncap_ms = 400\n"
                               "server_options = --backlog 5\n";
    static const struct kind herd = {.name = "herd", .load = LOAD_OPEN, .columns = &herd_columns};
    char why[256];
    static char herd_folder[] = "/tmp/test_columns.XXXXXX";
    strcpy(herd_folder, "/tmp/test_columns.XXXXXX");
    assert_non_null(mkdtemp(herd_folder));
    snprintf(out, sizeof out, "%s/herd.csv", herd_folder);
    session = (struct session){.kind = &herd,
                               .experiment = "e",
                               .profile = "quick",
                               .model = "poll",
                               .out_path = out,
                               .repeat = 2,
                               .seed = 9};
    struct conf_error error;
    assert_true(conf_parse(text, sizeof text - 1, "quick", &session.conf, &error));
    session.out_fd = columns_open(&herd_columns, out, why, (int)sizeof why);
    assert_true(session.out_fd >= 0);
}

static const char *beside(const char *name)
{
    static char path[128];
    columns_of_run(out, name, path, sizeof path);
    return path;
}

/* Each number of a herd is in the column of its name: all are unequal. */
static void a_herd_is_a_row_of_its_numbers(void **state)
{
    (void)state;
    prepare_herd();
    const struct answer answer = {
        "reconnect connections_asked=21 connections_established=22 connections_lost=23 "
        "lost_in_order=24 gave_up=25 attempts=26 connections_refused=27 connections_reset=28 "
        "connections_timed_out=29 connections_failed=30 connect_error=ECONNRESET "
        "connect_ns_p50=31 connect_ns_p99=32 sent=33 received=34 lost=35 corrupt=36 "
        "latency_ns_p50=37 latency_ns_p99=- latency_ns_max=39 send_lag_ns_p99=40"};
    struct herd_seen seen = {.policy = "jitter",
                             .outage_s = 1.5,
                             .back_s_p50 = 2.5,
                             .back_s_p99 = 3.5,
                             .back_s = 4.5,
                             .accept_queue_max = 5,
                             .drops_dying = 6,
                             .drops_back = 7,
                             .syn_retransmits = 8,
                             .retransmits = 10};
    herd_table_add(&session, &seen, &answer, "ok", "");
    seen.policy = "now";
    seen.back_s = NAN;
    seen.accept_queue_max = -1;
    herd_table_add(&session, &seen, NULL, "failed", "x, y");
    close(session.out_fd);
    char wanted[512];
    snprintf(wanted, sizeof wanted,
             "%d,e,herd,quick,poll,jitter,1,1,2,1,0,9,ok,,--backlog 5,50,400,1.5,2.5,3.5,4.5,5,6,7,"
             "8,10,22,23,24,25,26,27,28,29,30,ECONNRESET,31,32,33,34,35,36,37,,39,40\n"
             "%d,e,herd,quick,poll,now,1,1,2,1,0,9,failed,x; y,--backlog 5,,,1.5,2.5,3.5,,,6,7,8,10"
             ",,,,,,,,,,,,,,,,,,,,\n",
             COLUMNS_SCHEMA, COLUMNS_SCHEMA);
    assert_string_equal(row_in(read_and_remove(out)), wanted);
    rmdir(beside(""));
}

static void a_step_of_a_herd_is_a_row_behind_its_time(void **state)
{
    (void)state;
    prepare_herd();
    int table = herd_back_open(out);
    herd_back_add(table, &session, "now", 1.234, "5,6,7,8,9", 11);
    herd_back_add(table, &session, "now", 2.5, "0,0,0,0,0", -1);
    close(table);
    char wanted[128];
    snprintf(wanted, sizeof wanted,
             "e,poll,now,2,1.23,5,6,7,8,9,11\ne,poll,now,2,2.50,0,0,0,0,0,\n");
    assert_string_equal(row_in(read_and_remove(beside("timelines/herd.csv"))), wanted);
    close(session.out_fd);
    unlink(out);
    rmdir(beside("timelines"));
    rmdir(beside(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_herd_is_a_row_of_its_numbers),
        cmocka_unit_test(a_step_of_a_herd_is_a_row_behind_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
