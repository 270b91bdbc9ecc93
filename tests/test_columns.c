/* test_columns.c -- guards against rows that a spreadsheet reads otherwise than they were meant,
 * and against appending to a file of another kind. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/measure/columns.h"
#include "harness/fleet/cpus.h"
#include "harness/fleet/load_link.h"
#include "harness/measure/kind.h"
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
    row_set_text(&row, "reason", "caf\xc3\xa9 \033[2J \xc2\x9b \xff");
    assert_string_equal(row_get(&row, "reason"), "caf\xc3\xa9 ?[2J ?? ?");
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
    row_set_real(&row, "drift_percent", 1234567.875);
    assert_string_equal(row_get(&row, "drift_percent"), "1234567.875");
    row_set_whole(&row, "sent", UINT64_MAX);
    assert_string_equal(row_get(&row, "sent"), "18446744073709551615");
}

/* A file of a size that holds the header and two rows and a half. */
static void half_a_row_is_taken_back_and_the_rows_before_it_stay(void **state)
{
    (void)state;
    char path[] = "/tmp/c10k-columns-XXXXXX", why[256];
    struct rlimit before, few;
    struct stat file;
    static struct row row;
    close(mkstemp(path));
    row_set_text(&row, "model", "poll");
    int fd = columns_open(NULL, path, why, sizeof why);
    assert_int_equal(fstat(fd, &file), 0);
    off_t header_b = file.st_size;
    assert_true(row_write(&row, fd));
    assert_int_equal(fstat(fd, &file), 0);
    off_t row_b = file.st_size - header_b, two_b = header_b + 2 * row_b;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    few = before;
    few.rlim_cur = (rlim_t)(two_b + row_b / 2);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
    bool second = row_write(&row, fd), third = row_write(&row, fd);
    int error = errno;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(second && !third);
    assert_int_equal(error, EFBIG);
    assert_int_equal(fstat(fd, &file), 0);
    assert_int_equal(file.st_size, two_b);
    close(fd);
    unlink(path);
}

/* Left by a program that was killed within its write. */
static void a_torn_last_line_is_dropped_and_a_torn_header_written_again(void **state)
{
    (void)state;
    char path[] = "/tmp/c10k-columns-XXXXXX", why[256];
    struct stat file;
    static struct row row;
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "schema,exper", 12), 12);
    close(fd);
    fd = columns_open(NULL, path, why, sizeof why);
    assert_true(fd >= 0 && row_write(&row, fd));
    assert_int_equal(fstat(fd, &file), 0);
    off_t whole_b = file.st_size;
    assert_int_equal(write(fd, "3,ramp,latency,qui", 18), 18);
    close(fd);
    fd = columns_open(NULL, path, why, sizeof why);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &file), 0);
    assert_int_equal(file.st_size, whole_b);
    close(fd);
    fd = columns_open(NULL, path, why, sizeof why); /* Whole lines are left alone. */
    assert_int_equal(fstat(fd, &file), 0);
    assert_int_equal(file.st_size, whole_b);
    close(fd);
    unlink(path);
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
    assert_int_equal(fclose(file), 0);
    assert_int_equal(lines, 3);
    assert_null(columns_name(NULL, commas + 1));
    assert_non_null(columns_name(NULL, commas));
    assert_string_equal(columns_name(NULL, 13), "reason"); /* The end of the head. */
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

/* Names of a table of its own, in a folder of a run or in another. */
static void a_table_has_the_head_and_its_own_columns(void **state)
{
    (void)state;
    static const char *const own[] = {"a", "lost", NULL};
    static const char *const *const groups[] = {own, NULL};
    static const struct columns columns = {.groups = groups},
                                bare = {.groups = groups, .is_bare = true};
    static struct row row;
    char path[64];
    assert_string_equal(columns_name(&columns, 0), "schema");
    assert_string_equal(columns_name(&columns, 14), "a");
    assert_null(columns_name(&columns, 16));
    assert_string_equal(columns_name(&bare, 1), "lost");
    assert_null(columns_name(&bare, 2));
    row.columns = &columns;
    row_set_text(&row, "a", "x");
    row_set_text(&row, "latency_ns_p99", "5"); /* Of other tables: left out. */
    assert_string_equal(row_get(&row, "a"), "x");
    assert_string_equal(row_get(&row, "latency_ns_p99"), "");
    columns_of_run("results/run/rows/x.csv", "histograms", path, sizeof path);
    assert_string_equal(path, "results/run/histograms");
    columns_of_run("rows/x.csv", "histograms", path, sizeof path);
    assert_string_equal(path, "histograms");
    columns_of_run("/tmp/arrows/x.csv", "histograms", path, sizeof path);
    assert_string_equal(path, "/tmp/arrows/histograms");
    columns_of_run("x.csv", "histograms", path, sizeof path);
    assert_string_equal(path, "histograms");
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

/* What a kind adds to each of its rows. */
static void add_own_key(const struct session *session, struct row *row)
{
    (void)session;
    row_set_whole(row, "stop_ms", 7);
}

/* What every row of a session says of itself. */
static void a_row_begins_with_what_was_asked_for(void **state)
{
    (void)state;
    static const char text[] = "connections = 1\nmessage_b = 65\narrival = constant\n";
    static const char *const own[] = {"stop_ms", "message_b", NULL};
    static const char *const *const groups[] = {own, NULL};
    static const struct columns columns = {.groups = groups};
    static const struct kind open_loop = {
        .name = "latency", .load = LOAD_OPEN, .columns = &columns, .begin_row = add_own_key};
    static const struct kind closed_loop = {.name = "c", .load = LOAD_CLOSED};
    static const struct kind idle = {.name = "i", .load = LOAD_IDLE};
    static struct session session; /* Large, as a row is. */
    static struct row row;
    struct conf_error error;
    session = (struct session){.kind = &open_loop,
                               .experiment = "e",
                               .profile = "quick",
                               .model = "poll",
                               .repeat = 2,
                               .seed = 9};
    assert_true(conf_parse_without_kind(text, sizeof text - 1, "quick", &session.conf, &error));
    session_begin_row(&session, 100, 30, &row);
    static const char *const wanted[][2] = {
        {"experiment", "e"}, {"kind", "latency"},    {"profile", "quick"}, {"model", "poll"},
        {"repeat", "2"},     {"try", "1"},           {"superseded", "0"},  {"seed", "9"},
        {"message_b", "65"}, {"connections", "100"}, {"active", "30"},     {"variant", "constant"},
        {"stop_ms", "7"},    {"status", ""}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_string_equal(row_get(&row, wanted[i][0]), wanted[i][1]);
    session.kind = &closed_loop;
    session_begin_row(&session, 100, 0, &row);
    assert_string_equal(row_get(&row, "variant"), "closed");
    assert_string_equal(row_get(&row, "active"), "100");
    session.kind = &idle;
    session_begin_row(&session, 100, 0, &row);
    assert_string_equal(row_get(&row, "active"), "0");
    assert_string_equal(row_get(&row, "variant"), "");
}

static double cell(const struct row *row, const char *name)
{
    return strtod(row_get(row, name), NULL);
}

/* Of the whole machine, where others may lose connections meanwhile. */
static void drops_are_those_since_the_beginning(void **state)
{
    (void)state;
    static struct row row;
    struct kernel now = probe_kernel(), begin = now;
    begin.syn_drops -= 7;
    begin.listen_overflows -= 3000;
    session_row_drops(&begin, &row);
    struct kernel later = probe_kernel();
    assert_true(cell(&row, "syn_drops") >= 7);
    assert_true(cell(&row, "syn_drops") <= 7 + later.syn_drops - now.syn_drops);
    assert_true(cell(&row, "listen_overflows") >= 3000);
    assert_true(cell(&row, "listen_overflows") <=
                3000 + later.listen_overflows - now.listen_overflows);
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
    /* NOLINTNEXTLINE(cert-env33-c): a line of this test, with a path that it made itself. */
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
    /* NOLINTNEXTLINE(cert-env33-c): a line of this test, with a path that it made itself. */
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_value_breaks_its_line),
        cmocka_unit_test(what_is_no_number_stays_empty),
        cmocka_unit_test(half_a_row_is_taken_back_and_the_rows_before_it_stay),
        cmocka_unit_test(a_torn_last_line_is_dropped_and_a_torn_header_written_again),
        cmocka_unit_test(the_file_has_one_header_and_whole_rows),
        cmocka_unit_test(a_file_of_another_kind_is_left_alone),
        cmocka_unit_test(a_table_has_the_head_and_its_own_columns),
        cmocka_unit_test(an_answer_is_taken_apart),
        cmocka_unit_test(a_row_begins_with_what_was_asked_for),
        cmocka_unit_test(drops_are_those_since_the_beginning),
        cmocka_unit_test(server_and_client_never_share_a_cpu_if_there_are_two),
        cmocka_unit_test(whole_cores_are_dealt_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
