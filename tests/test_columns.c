/* test_columns.c -- guards against rows that a spreadsheet reads otherwise than they were meant,
 * and against appending to a file of another kind. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/columns.h"
#include "harness/cpus.h"
#include "harness/load_link.h"
#include "tests/unit.h"

static int count(const char *text, char wanted)
{
    int found = 0;
    for (; *text != '\0'; text++)
        found += *text == wanted;
    return found;
}

static void no_value_breaks_its_line(void **state)
{
    (void)state;
    static struct row row;
    row_set_text(&row, "reason", "exit 1: \"no\nroom\", sorry");
    assert_string_equal(row_get(&row, "reason"), "exit 1: 'no room'; sorry");
    char large[2 * COLUMNS_VALUE_MAX];
    memset(large, ',', sizeof large);
    large[sizeof large - 1] = '\0';
    row_set_text(&row, "reason", large);
    assert_int_equal(strlen(row_get(&row, "reason")), COLUMNS_VALUE_MAX - 1);
    assert_null(strchr(row_get(&row, "reason"), ','));
}

static void what_is_no_number_stays_empty(void **state)
{
    (void)state;
    static struct row row;
    row_set_real(&row, "drift_percent", 12.5);
    assert_string_equal(row_get(&row, "drift_percent"), "12.5");
    row_set_real(&row, "drift_percent", NAN);
    assert_string_equal(row_get(&row, "drift_percent"), "");
    row_set_real(&row, "drift_percent", INFINITY);
    assert_string_equal(row_get(&row, "drift_percent"), "");
    row_set_whole(&row, "sent", UINT64_MAX);
    assert_string_equal(row_get(&row, "sent"), "18446744073709551615");
}

static void the_file_has_one_header_and_whole_rows(void **state)
{
    (void)state;
    char path[] = "/tmp/c10k-columns-XXXXXX", why[256];
    close(mkstemp(path));
    static struct row row;
    row_set_text(&row, "model", "poll");
    for (int i = 0; i < 2; i++) {
        int fd = columns_open(NULL, path, why, sizeof why);
        assert_true(fd >= 0);
        assert_true(row_write(&row, fd));
        close(fd);
    }
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char line[32768];
    int lines = 0, commas = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (lines == 0) commas = count(line, ',');
        assert_int_equal(count(line, ','), commas);
        assert_int_equal(strncmp(line, "schema,experiment,", 18) == 0, lines == 0);
        lines++;
    }
    fclose(file);
    assert_int_equal(lines, 3);
    assert_null(columns_name(commas + 1));
    assert_string_equal(columns_name(commas), "reason");
    unlink(path);
}

static void a_file_of_another_kind_is_left_alone(void **state)
{
    (void)state;
    char path[] = "/tmp/c10k-columns-XXXXXX", why[256] = "", held[64] = "";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "schema,other\n", 13), 13);
    assert_int_equal(columns_open(NULL, path, why, sizeof why), -1);
    assert_non_null(strstr(why, "another header"));
    assert_int_equal(pread(fd, held, sizeof held, 0), 13);
    assert_int_equal(write(fd, "99,x\n", 5), 5);
    assert_int_equal(columns_open(NULL, path, why, sizeof why), -1);
    assert_non_null(strstr(why, "rows of schema 99, this version writes schema"));
    close(fd);
    unlink(path);
    assert_int_equal(columns_open(NULL, "/nowhere/raw.csv", why, sizeof why), -1);
    assert_non_null(strstr(why, "cannot write /nowhere/raw.csv"));
}

static void an_answer_is_taken_apart(void **state)
{
    (void)state;
    struct answer answer = {.line = "window sent=100 latency_ns_p99=- sent_per_s=12.5 x=1y last=7"};
    char value[16];
    assert_true(answer_number(&answer, "sent") == 100);
    assert_true(answer_number(&answer, "sent_per_s") == 12.5);
    assert_true(answer_number(&answer, "last") == 7);
    assert_true(isnan(answer_number(&answer, "latency_ns_p99")));
    assert_true(isnan(answer_number(&answer, "ent")));
    assert_true(isnan(answer_number(&answer, "x")));
    assert_false(answer_get(&answer, "window", value, sizeof value));
}

static void server_and_client_never_share_a_cpu_if_there_are_two(void **state)
{
    (void)state;
    for (int all = 1; all <= 9; all++) {
        cpu_set_t allowed, both;
        CPU_ZERO(&allowed);
        for (int i = 0; i < all; i++)
            CPU_SET((size_t)(3 + 2 * i), &allowed); /* CPUs 3, 5, 7, ... */
        struct cpus cpus = cpus_split(&allowed, "/nowhere");
        CPU_AND(&both, &cpus.server, &cpus.client);
        assert_int_equal(cpus.apart, all > 1);
        assert_int_equal(CPU_COUNT(&both), all > 1 ? 0 : 1);
        assert_int_equal(cpus.server_count, all > 1 ? all / 2 : 1);
        assert_int_equal(CPU_COUNT(&cpus.server), cpus.server_count);
        assert_int_equal(CPU_COUNT(&cpus.client), cpus.client_count);
        assert_true(CPU_ISSET(3, &cpus.server));
    }
}

static char folder[] = "/tmp/test_columns.XXXXXX";

/* Writes what the kernel of a machine with SMT says of a CPU, into a folder of ours. */
static void write_siblings(int cpu, const char *list)
{
    char path[64], command[256];
    snprintf(path, sizeof path, "%s/cpu%d/topology", folder, cpu);
    snprintf(command, sizeof command, "mkdir -p %s && echo %s >%s/thread_siblings_list", path, list,
             path);
    assert_int_equal(system(command), 0);
}

static void assert_cpus(const cpu_set_t *cpus, int first, int second)
{
    assert_int_equal(CPU_COUNT(cpus), 2);
    assert_true(CPU_ISSET((size_t)first, cpus) && CPU_ISSET((size_t)second, cpus));
}

static void whole_cores_are_dealt_out(void **state)
{
    (void)state;
    static const char *const lists[] = {"0,4", "1,5", "2-2,6", "3,7", "0,4", "1,5", "2,6", "3,7"};
    cpu_set_t allowed, spare;
    CPU_ZERO(&allowed);
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < 8; i++) {
        write_siblings(i, lists[i]);
        if (i % 4 < 2) CPU_SET((size_t)i, &allowed); /* Two of the four cores are ours. */
    }
    struct cpus cpus = cpus_split(&allowed, folder);
    assert_true(cpus.apart && cpus.server_count == 2 && cpus.client_count == 2);
    assert_cpus(&cpus.server, 0, 4);
    assert_cpus(&cpus.client, 1, 5);
    assert_false(cpus_spare(&cpus, 1, folder, &spare)); /* Its only core. */
    CPU_SET(2, &cpus.client);
    CPU_SET(6, &cpus.client);
    cpus.client_count = 4;
    assert_false(cpus_spare(&cpus, 3, folder, &spare));
    assert_true(cpus_spare(&cpus, 2, folder, &spare) && cpus.client_count == 2);
    assert_cpus(&spare, 2, 6);
    assert_cpus(&cpus.client, 1, 5);
    CPU_CLR(1, &allowed);
    CPU_CLR(5, &allowed);
    assert_false(cpus_split(&allowed, folder).apart); /* One core, as one CPU. */
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_value_breaks_its_line),
        cmocka_unit_test(what_is_no_number_stays_empty),
        cmocka_unit_test(the_file_has_one_header_and_whole_rows),
        cmocka_unit_test(a_file_of_another_kind_is_left_alone),
        cmocka_unit_test(an_answer_is_taken_apart),
        cmocka_unit_test(server_and_client_never_share_a_cpu_if_there_are_two),
        cmocka_unit_test(whole_cores_are_dealt_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
