/* test_other_run.c -- guards against two runs at once of which the rows know nothing, and against a
 * run that takes its own processes for another. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/measure/other_run.h"
#include "tests/unit.h"

/* What a run with the number 7 makes of these sockets. */
static bool seen_in(const char *sockets)
{
    char path[] = "/tmp/test_other_run.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, sockets, strlen(sockets)), strlen(sockets));
    close(fd);
    setenv("C10K_RUN", "7", 1);
    bool seen = other_run_seen(path);
    unlink(path);
    return seen;
}

static void only_processes_of_another_run_are_others(void **state)
{
    (void)state;
    assert_false(seen_in(""));
    assert_false(seen_in("0: 2 0 0 1 01 1 /run/systemd/c10k-bench/8/9\n"));
    assert_false(seen_in("0: 2 0 0 2 01 1 @c10k-bench/7/40\n0: 2 0 0 2 01 1 @c10k-bench/7/8\n"));
    assert_true(seen_in("0: 2 0 0 2 01 1 @c10k-bench/7/40\n0: 2 0 0 2 01 1 @c10k-bench/77/7\n"));
    errno = 0;
    assert_false(other_run_seen("/nonexistent"));
    assert_int_equal(errno, ENOENT); /* Not known is not the same as none. */
}

static void a_process_that_measures_is_in_the_list(void **state)
{
    char name[64], line[512];
    bool found = false;
    (void)state;
    setenv("C10K_RUN", "12345678", 1);
    other_run_announce();
    snprintf(name, sizeof name, "@c10k-bench/12345678/%d\n", getpid());
    FILE *file = fopen(OTHER_RUN_SOCKETS, "r");
    assert_non_null(file);
    while (!found && fgets(line, sizeof line, file) != NULL)
        found = strstr(line, name) != NULL;
    assert_int_equal(fclose(file), 0);
    assert_true(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_processes_of_another_run_are_others),
        cmocka_unit_test(a_process_that_measures_is_in_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
