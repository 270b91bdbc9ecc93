/* test_shortage.c -- guards against a wall that is blamed on the wrong limit, advice that would
 * move another one, and a ramp that leaves the machine without processes or memory. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/fleet/limits.h"
#include "harness/measure/shortage.h"
#include "tests/unit.h"

static struct limit limits[LIMITS];

/* A machine with room everywhere. */
static void reset(void)
{
    memset(limits, 0, sizeof limits);
    limits[LIMIT_FILES] = (struct limit){.used = 500, .max = 20000};
    limits[LIMIT_PIDS] = (struct limit){.used = 500, .max = 32768};
    limits[LIMIT_THREADS] = (struct limit){.used = 200, .max = 192731};
    limits[LIMIT_MAPS] = (struct limit){.used = 40, .max = 65530};
    limits[LIMIT_MEMORY] = (struct limit){.used = 1000000, .max = 24000000};
}

static void expect(enum limit_id id, const char *words, const char *errno_name, const char *name,
                   const char *advice)
{
    char text[200];
    assert_int_equal(shortage_find(limits, words), id);
    assert_string_equal(shortage_errno(id, words), errno_name);
    shortage_name(id, &limits[id], text, sizeof text);
    assert_string_equal(text, name);
    shortage_advice(id, &limits[id], text, sizeof text);
    assert_string_equal(text, advice);
}

static void what_is_used_up_is_named_with_what_would_move_it(void **state)
{
    (void)state;
    static const char fork_said[] = "fork: Resource temporarily unavailable: new clients wait";
    reset();
    limits[LIMIT_FILES].used = 20000;
    expect(LIMIT_FILES, "accept: Too many open files", "EMFILE", "RLIMIT_NOFILE 20000",
           "ulimit -n 65536 (in a root shell)");
    reset();
    limits[LIMIT_USER_TASKS] = (struct limit){.used = 500, .max = 500};
    expect(LIMIT_USER_TASKS, fork_said, "EAGAIN", "RLIMIT_NPROC 500",
           "ulimit -u 65536 (in a root shell)");
    reset();
    limits[LIMIT_PIDS].used = 32760;
    expect(LIMIT_PIDS, fork_said, "EAGAIN", "pid_max 32768", "sysctl kernel.pid_max=65536");
    reset();
    limits[LIMIT_THREADS].used = 192700;
    expect(LIMIT_THREADS, fork_said, "EAGAIN", "threads-max 192731",
           "sysctl kernel.threads-max=524288");
    reset();
    limits[LIMIT_GROUP_TASKS] =
        (struct limit){.used = 999, .max = 1000, .path = "/sys/fs/cgroup/a/pids.max"};
    expect(LIMIT_GROUP_TASKS, fork_said, "EAGAIN", "pids.max 1000",
           "echo max > /sys/fs/cgroup/a/pids.max");
    reset();
    limits[LIMIT_MAPS].used = 65530;
    expect(LIMIT_MAPS, "mmap: Cannot allocate memory", "ENOMEM", "max_map_count 65530",
           "sysctl vm.max_map_count=131072");
    reset();
    limits[LIMIT_MEMORY].used = 23900000;
    expect(LIMIT_MEMORY, "malloc: Cannot allocate memory", "ENOMEM", "memory 23437 MiB",
           "more memory");
    reset();
    limits[LIMIT_FILES_ALL] = (struct limit){.used = 9999, .max = 10000};
    expect(LIMIT_FILES_ALL, "accept: Too many open files in system", "ENFILE", "fs.file-max 10000",
           "sysctl fs.file-max=65536");
}

static void the_servers_words_decide_between_two(void **state)
{
    (void)state;
    reset();
    limits[LIMIT_FILES].used = 19999;
    limits[LIMIT_MAPS].used = 65529;
    assert_int_equal(shortage_find(limits, "accept: Too many open files"), LIMIT_FILES);
    assert_int_equal(shortage_find(limits, "pthread_create: Resource temporarily unavailable"),
                     LIMIT_MAPS);
    assert_int_equal(shortage_find(limits, "Kann nicht"), LIMIT_FILES);
    assert_string_equal(shortage_errno(LIMIT_FILES, "Kann nicht"), "EMFILE");
}

static void with_room_everywhere_nothing_is_blamed(void **state)
{
    (void)state;
    reset();
    limits[LIMIT_FILES].used = 19900;
    assert_int_equal(shortage_find(limits, "accept: Too many open files"), LIMITS);
    memset(limits, 0, sizeof limits); /* What cannot be read is no limit. */
    assert_int_equal(shortage_find(limits, ""), LIMITS);
}

static void a_ramp_stops_before_the_machine_does(void **state)
{
    (void)state;
    struct limit now[LIMITS];
    enum limit_id id;
    reset();
    memcpy(now, limits, sizeof now);
    assert_true(shortage_room(limits, now, 0, &id) > 1000000); /* Nothing is known yet. */
    now[LIMIT_FILES].used += 1000;                             /* The server's own to use up. */
    assert_true(shortage_room(limits, now, 1000, &id) > 1000000);
    now[LIMIT_PIDS].used += 1000; /* A process each: 31268 are left, of which 1000 stay. */
    assert_int_equal(shortage_room(limits, now, 1000, &id), 30268);
    assert_int_equal(id, LIMIT_PIDS);
    now[LIMIT_MEMORY].used += 1000000; /* 1000 KiB each: 22000000 are left, 2400000 stay. */
    assert_int_equal(shortage_room(limits, now, 1000, &id), 19600);
    assert_int_equal(id, LIMIT_MEMORY);
    now[LIMIT_MEMORY].used = 23000000;
    assert_int_equal(shortage_room(limits, now, 1000, &id), 0);
}

/* ---- the real ones ---- */

static void limits_are_read_from_their_words(void **state)
{
    (void)state;
    struct limits read;
    assert_true(limits_read("machine", &read) && read.files == 0 && read.processes == 0);
    assert_true(limits_read("files=1024", &read) && read.files == 1024 && read.processes == 0);
    assert_true(limits_read("processes=5", &read) && read.files == 0 && read.processes == 5);
    static const char *const wrong[] = {"", "files", "files=", "files=0", "files=x", "memory=1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(limits_read(wrong[i], &read));
}

static void a_command_under_a_limit_keeps_its_quotes(void **state)
{
    (void)state;
    char line[256];
    const char *why;
    struct limits few = {.files = 77};
    assert_true(limits_wrap(&few, "echo \"it's\" $(ulimit -n) {port}", line, sizeof line, &why));
    /* NOLINTNEXTLINE(cert-env33-c): what a shell makes of the line is the question. */
    FILE *shell = popen(line, "r");
    assert_non_null(shell);
    assert_non_null(fgets(line, sizeof line, shell));
    pclose(shell);
    assert_string_equal(line, "it's 77 {port}\n");
    assert_false(limits_wrap(&few, "echo 0123456789", line, 50, &why)); /* Not half of it. */
    assert_string_equal(why, "its command is too long");
}

/* In a child whose files and mappings are known. */
static void use_what_is_counted(int ready_fd)
{
    enum { FILES = 60, MAPS = 500 };
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = FILES, .rlim_max = FILES});
    close_range(FILES, ~0u, 0); /* Inherited from whoever started the test. */
    while (dup(0) >= 0) {
    }
    for (int i = 0; i < MAPS; i++) /* Neighbours of unlike rights stay apart. */
        if (mmap(NULL, 4096, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
            _exit(1);
    if (write(ready_fd, "x", 1) != 1) _exit(1);
    for (;;)
        pause();
}

static void the_probe_reads_what_a_process_uses(void **state)
{
    (void)state;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) use_what_is_counted(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    struct tree tree = probe_tree(pid);
    probe_limits(&tree, limits);
    probe_tree_free(&tree);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(limits[LIMIT_FILES].max, 60);
    assert_int_equal(limits[LIMIT_FILES].used, 60);
    assert_int_equal(shortage_find(limits, ""), LIMIT_FILES);
    assert_in_range(limits[LIMIT_MAPS].used, 500, 700);
    assert_true(limits[LIMIT_MAPS].max >= 1024 && limits[LIMIT_PIDS].max >= 300);
    assert_in_range(limits[LIMIT_PIDS].used, 302, limits[LIMIT_PIDS].max);
    assert_in_range(limits[LIMIT_MEMORY].used, 1000, limits[LIMIT_MEMORY].max);
    close(ready[0]);
    close(ready[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_used_up_is_named_with_what_would_move_it),
        cmocka_unit_test(the_servers_words_decide_between_two),
        cmocka_unit_test(with_room_everywhere_nothing_is_blamed),
        cmocka_unit_test(a_ramp_stops_before_the_machine_does),
        cmocka_unit_test(limits_are_read_from_their_words),
        cmocka_unit_test(a_command_under_a_limit_keeps_its_quotes),
        cmocka_unit_test(the_probe_reads_what_a_process_uses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
