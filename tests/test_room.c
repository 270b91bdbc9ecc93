/* test_room.c -- guards against starting what the machine cannot hold, and against refusing what it
 * can. */
#include <stdio.h>
#include <string.h>

#include "harness/measure/fit.h"
#include "tests/unit.h"

static char limit[200];

static void memory_is_named_where_it_is_shorter(void **state)
{
    (void)state;
    /* 10 % of 11,000,000 KiB are left alone; the rest holds 900,000 connections of 11 KiB. */
    assert_int_equal(room_from(11e6, 1e9, limit, sizeof limit), 900000);
    assert_non_null(strstr(limit, "10742 MiB of free memory"));
}

static void open_files_are_named_where_they_are_shorter(void **state)
{
    (void)state;
    assert_int_equal(room_from(1e9, 210000, limit, sizeof limit), 100000);
    assert_non_null(strstr(limit, "fs.file-max leaves 210000 open files"));
}

static void a_control_group_may_leave_less_memory_than_the_machine(void **state)
{
    (void)state;
    struct limit machine = {.used = 3000, .max = 8000}, group = {.used = 100, .max = 1000},
                 none = {0};
    assert_true(room_memory_kib(&machine, &none) == 5000);
    assert_true(room_memory_kib(&machine, &group) == 900);
    group.used = 1001; /* It may be over its limit for a moment. */
    assert_true(room_memory_kib(&machine, &group) == 0);
    assert_true(room_memory_kib(&none, &none) > 1e9);
}

static void nothing_fits_into_nothing(void **state)
{
    (void)state;
    assert_int_equal(room_from(0, 1e9, limit, sizeof limit), 0);
    assert_int_equal(room_from(1e9, 100, limit, sizeof limit), 0);
}

static void this_machine_holds_at_least_one(void **state)
{
    (void)state;
    assert_true(room_for_connections(limit, sizeof limit) > 1);
    assert_true(strlen(limit) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_named_where_it_is_shorter),
        cmocka_unit_test(open_files_are_named_where_they_are_shorter),
        cmocka_unit_test(a_control_group_may_leave_less_memory_than_the_machine),
        cmocka_unit_test(nothing_fits_into_nothing),
        cmocka_unit_test(this_machine_holds_at_least_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
