/* test_accounts.c -- guards against a probe that reads the wrong field, in the wrong unit, of one
 * process only, or since the boot: the kernel's own account at the end, or its text,
 * is beside it. */
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "harness/probes/probe_kernel.h"
#include "harness/probes/probe_limits.h"
#include "harness/probes/probe_memory.h"
#include "harness/probes/probe_shares.h"
#include "harness/probes/probe_tasks.h"
#include "harness/probes/probe_tree.h"
#include "harness/probes/proc_file.h"
#include "tests/child.h"
#include "tests/unit.h"

enum { BURN_MS = 100, TICKS_MS = 30 /* Three of the kernel's, of 10 ms. */ };

#define MS NS_PER_MS

static uint64_t nanoseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000 * MS + (uint64_t)time.tv_usec * 1000;
}

static uint64_t own_cpu_ns(void)
{
    return clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* ---- CPU time ---- */

static void burn_as_user(void)
{
    uint64_t until_ns = own_cpu_ns() + BURN_MS * MS;
    while (own_cpu_ns() < until_ns)
        for (volatile int i = 0; i < 100000; i++) {
        }
}

static void burn_in_the_kernel(void)
{
    static char zeros[1024 * 1024];
    int fd = open("/dev/zero", O_RDONLY);
    uint64_t until_ns = own_cpu_ns() + BURN_MS * MS;
    while (own_cpu_ns() < until_ns)
        if (read(fd, zeros, sizeof zeros) < 0) _exit(1);
}

static void assert_near(uint64_t found, uint64_t wanted, uint64_t off)
{
    if (found + off < wanted || found > wanted + off)
        fail_msg("%llu instead of %llu +- %llu", (unsigned long long)found,
                 (unsigned long long)wanted, (unsigned long long)off);
}

/* The scheduler switches tasks at the same ticks at which the kernel samples them.  Of a task that
 * was preempted often, nearly no sample is seen (0 to 16 of 100 ms beside seven busy loops), and
 * every split that the kernel reports is wrong, that of getrusage(2) too. */
enum { PREEMPTIONS_MAX = 5, TRIES_MAX = 20 };

static void compare_split(const struct tree *tree, const struct tasks *slow,
                          const struct tasks *fast, uint64_t user_ns, uint64_t system_ns)
{
    assert_near(tree->user_ns, user_ns, TICKS_MS * MS);
    assert_near(tree->system_ns, system_ns, TICKS_MS * MS);
    assert_near(slow->user_ns, user_ns, TICKS_MS * MS);
    assert_near(slow->system_ns, system_ns, TICKS_MS * MS);
    if (fast == NULL) return;
    /* Its split is sampled, and good for its ratio. */
    double share = (double)fast->user_ns / (double)(fast->user_ns + fast->system_ns);
    assert_true(fabs(share - (double)user_ns / (double)(user_ns + system_ns)) < 0.25);
    assert_in_range(fast->user_ns + fast->system_ns, (user_ns + system_ns) / 3,
                    3 * (user_ns + system_ns));
}

/* Both ways to read, and the tree's own ticks.  False if the split could not be judged. */
static bool compare_accounts(void (*work)(void), bool mostly_user)
{
    struct rusage usage;
    struct tasks fast, slow;
    pid_t pid = start_child(work);
    struct tree tree = probe_tree(pid);
    bool allowed = probe_tasks_by_taskstats(&tree, &fast);
    probe_tasks_by_status(&tree, &slow);
    end_child(pid, &usage);
    uint64_t user_ns = nanoseconds(usage.ru_utime), system_ns = nanoseconds(usage.ru_stime);
    uint64_t voluntary = (uint64_t)usage.ru_nvcsw, involuntary = (uint64_t)usage.ru_nivcsw;
    uint64_t at_the_end = 5 + involuntary / 10; /* Its end is preempted, too. */
    bool undisturbed = involuntary <= PREEMPTIONS_MAX;
    assert_near(tree.user_ns + tree.system_ns, user_ns + system_ns, TICKS_MS * MS);
    assert_near(slow.user_ns + slow.system_ns, user_ns + system_ns, TICKS_MS * MS);
    assert_near(slow.cpu_ns, user_ns + system_ns, 5 * MS);
    assert_near(slow.involuntary, involuntary, at_the_end);
    assert_near(slow.voluntary, voluntary, 5);
    if (allowed) {
        assert_near(fast.cpu_ns, slow.cpu_ns, 5 * MS);
        assert_near(fast.involuntary, involuntary, at_the_end);
        assert_near(fast.voluntary, voluntary, 5);
    }
    if (undisturbed) {
        assert_true((user_ns > system_ns) == mostly_user);
        compare_split(&tree, &slow, allowed ? &fast : NULL, user_ns, system_ns);
    }
    probe_tree_free(&tree);
    return undisturbed;
}

static void compare_until_undisturbed(void (*work)(void), bool mostly_user)
{
    for (int i = 0; i < TRIES_MAX; i++)
        if (compare_accounts(work, mostly_user)) return;
    print_message("the machine is busy: each of %d tasks was preempted within %d ms\n", TRIES_MAX,
                  BURN_MS);
    skip();
}

static void user_and_system_time_are_told_apart(void **state)
{
    (void)state;
    compare_until_undisturbed(burn_as_user, true);
    compare_until_undisturbed(burn_in_the_kernel, false);
}

/* It waited for its child, whose time is its own from then on. */
static void burn_in_a_child_that_ends(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        burn_as_user();
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

static void children_that_ended_count_for_their_parent(void **state)
{
    (void)state;
    struct tree before = probe_tree(getpid());
    uint64_t own_ns = own_cpu_ns();
    pid_t pid = start_child(burn_in_a_child_that_ends);
    struct tree tree = probe_tree(pid);
    own_ns = own_cpu_ns() - own_ns;
    assert_near(tree.user_ns + tree.system_ns, BURN_MS * MS, TICKS_MS * MS);
    assert_true(tree.ours_ns - before.ours_ns + TICKS_MS * MS >= BURN_MS * MS);
    assert_true(tree.ours_ns - before.ours_ns <= BURN_MS * MS + own_ns + TICKS_MS * MS);
    probe_tree_free(&tree);
    probe_tree_free(&before);
    end_child(pid, NULL);
}

/* Two that need one CPU: each waits while the other one runs. */
static void wait_for_the_cpu(void)
{
    cpu_set_t cpus, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof cpus, &cpus) < 0) _exit(1);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &cpus)) CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    pid_t other = fork();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    burn_as_user();
    if (other != 0) return;
    for (;;)
        pause();
}

static void waiting_for_a_cpu_is_counted_by_both_ways(void **state)
{
    (void)state;
    struct tasks fast, slow;
    uint64_t begin_ns = clock_ns();
    pid_t pid = start_child(wait_for_the_cpu);
    clock_sleep_ns(200 * MS); /* The other one is through by now, or waits for longer. */
    struct tree tree = probe_tree(pid);
    bool allowed = probe_tasks_by_taskstats(&tree, &fast);
    probe_tasks_by_status(&tree, &slow);
    uint64_t passed_ns = clock_ns() - begin_ns;
    assert_int_equal(tree.count, 2);
    probe_tree_free(&tree);
    end_child(pid, NULL);
    /* Each waits at least for most of what the other one burns. */
    assert_in_range(slow.run_queue_ns, BURN_MS * MS, 2 * passed_ns);
    assert_in_range(slow.cpu_ns, BURN_MS * MS, 2 * (BURN_MS * MS) + 20 * MS);
    assert_true(slow.involuntary >= 5);
    if (allowed) assert_near(fast.run_queue_ns, slow.run_queue_ns, slow.run_queue_ns / 5 + 5 * MS);
}

/* A process that is no descendant of ours, and burns CPU time: a foreign process. */
static void start_stranger(void)
{
    pid_t pid = fork();
    if (pid > 0) waitpid(pid, NULL, 0);
    if (pid == 0 && fork() > 0) _exit(0);
    if (pid == 0) {
        burn_as_user();
        _exit(0);
    }
}

static void what_others_burn_is_not_ours(void **state)
{
    (void)state;
    struct tree before = probe_tree(getpid());
    if (!before.sees_all) {
        probe_tree_free(&before);
        skip();
    }
    uint64_t own_ns = own_cpu_ns();
    start_stranger();
    clock_sleep_ns(50 * MS); /* Long enough to be seen, and it still runs. */
    struct tree after = probe_tree(getpid());
    own_ns = own_cpu_ns() - own_ns;
    assert_true(after.ours_ns >= before.ours_ns);
    assert_true(after.ours_ns - before.ours_ns <= own_ns + TICKS_MS * MS);
    probe_tree_free(&before);
    probe_tree_free(&after);
    clock_sleep_ns(2 * (BURN_MS * MS)); /* It ends. */
}

/* ---- memory ---- */

enum { LARGE_B = 4 * 1024 * 1024 };

static void use_memory(void)
{
    char *memory = mmap(NULL, LARGE_B, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(memory, 1, LARGE_B);
}

static double of_file(pid_t pid, const char *file, const char *name)
{
    char path[64], text[8192];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    assert_true(proc_file_read(AT_FDCWD, path, text, sizeof text) > 0);
    return (double)proc_file_number(text, name, UINT64_MAX);
}

/* Pages that others share come and go with them: a few KiB. */
static void assert_kib(double found, double wanted, double off)
{
    if (fabs(found - wanted) > off) fail_msg("%g KiB instead of %g", found, wanted);
}

static void memory_is_the_sum_of_what_the_files_say_by_name(void **state)
{
    (void)state;
    struct memory sum = {0};
    pid_t pids[3];
    for (int i = 0; i < 3; i++)
        pids[i] = start_child(use_memory);
    for (int i = 0; i < 3; i++) {
        sum.rss_kib += of_file(pids[i], "smaps_rollup", "Rss:");
        sum.pss_kib += of_file(pids[i], "smaps_rollup", "Pss:");
        sum.pss_file_kib += of_file(pids[i], "smaps_rollup", "Pss_File:");
        sum.private_kib += of_file(pids[i], "smaps_rollup", "Private_Clean:") +
                           of_file(pids[i], "smaps_rollup", "Private_Dirty:");
        sum.page_tables_kib +=
            of_file(pids[i], "status", "VmPTE:") + (double)sysconf(_SC_PAGESIZE) / 1024;
    }
    struct memory found = probe_memory(&(struct tree){.pids = pids, .count = 3});
    assert_kib(found.rss_kib, sum.rss_kib, 64);
    assert_kib(found.pss_kib, sum.pss_kib, 300);
    assert_kib(found.pss_file_kib, sum.pss_file_kib, 300);
    assert_kib(found.private_kib, sum.private_kib, 300);
    assert_kib(found.page_tables_kib, sum.page_tables_kib, 0);
    assert_true(found.pss_file_kib < found.pss_kib - 3 * 4096 + 300);
    for (int i = 0; i < 3; i++)
        end_child(pids[i], NULL);
}

/* Whole pages and KiB are distinct, and nothing is counted twice. */
static void the_kernels_memory_is_what_its_files_say(void **state)
{
    (void)state;
    struct kernel kernel = probe_kernel();
    char text[8192];
    assert_true(proc_file_read(AT_FDCWD, "/proc/meminfo", text, sizeof text) > 0);
    double total = (double)proc_file_number(text, "MemTotal:", 0);
    double plain =
        (double)(proc_file_number(text, "MemFree:", 0) + proc_file_number(text, "Buffers:", 0) +
                 proc_file_number(text, "Cached:", 0)) -
        (double)proc_file_number(text, "Shmem:", 0);
    /* On top, lists of free pages per CPU: some MiB, and not half of the machine. */
    assert_true(kernel.free_kib > plain - 0.05 * total && kernel.free_kib < plain + 0.1 * total);
    double tasks = kernel.tasks;
    assert_true(proc_file_read(AT_FDCWD, "/proc/loadavg", text, sizeof text) > 0);
    double told = strtod(strchr(text, '/') + 1, NULL);
    assert_true(fabs(tasks - told) < 0.2 * told + 20);
}

static void each_count_of_tcp_is_of_its_own_column(void **state)
{
    (void)state;
    struct kernel kernel;
    probe_kernel_parse_sockets("TCP: inuse 3 orphan 0 tw 2 alloc 5 mem 7\nUDP: inuse 1 mem 9\n",
                               &kernel);
    assert_true(kernel.tcp_allocated == 5);
    assert_true(kernel.tcp_memory_kib == 7 * (double)sysconf(_SC_PAGESIZE) / 1024);
    probe_kernel_parse_drops("TcpExt: A ListenOverflows ListenDrops TCPReqQFullDrop TCPSynRetrans\n"
                             "TcpExt: 1 2 3 4 5\n",
                             "Tcp: OutSegs RetransSegs InErrs\nTcp: 6 7 8\n", &kernel);
    assert_true(kernel.listen_overflows == 2 && kernel.listen_drops == 3);
    assert_true(kernel.syn_drops == 4 && kernel.syn_retransmits == 5 && kernel.retransmits == 7);
}

/* ---- limits ---- */

static uint64_t number_in(const char *path)
{
    char text[64];
    assert_true(proc_file_read(AT_FDCWD, path, text, sizeof text) > 0);
    return strtoull(text, NULL, 10);
}

static void limits_are_those_of_their_files(void **state)
{
    (void)state;
    static struct limit limits[LIMITS];
    char text[8192];
    unsigned long long used, most;
    pid_t self = getpid();
    probe_limits(&(struct tree){.pids = &self, .count = 1}, limits);
    assert_int_equal(limits[LIMIT_PIDS].max, number_in("/proc/sys/kernel/pid_max"));
    assert_int_equal(limits[LIMIT_THREADS].max, number_in("/proc/sys/kernel/threads-max"));
    assert_int_equal(limits[LIMIT_MAPS].max, number_in("/proc/sys/vm/max_map_count"));
    /* The first numbers of processes are never used again. */
    assert_int_equal(limits[LIMIT_PIDS].used - limits[LIMIT_THREADS].used, 300);
    assert_true(proc_file_read(AT_FDCWD, "/proc/sys/fs/file-nr", text, sizeof text) > 0);
    /* NOLINTNEXTLINE(cert-err34-c): numbers of the kernel fit their types. */
    assert_int_equal(sscanf(text, "%llu %*u %llu", &used, &most), 2);
    assert_int_equal(limits[LIMIT_FILES_ALL].max, most);
    assert_near(limits[LIMIT_FILES_ALL].used, used, used / 4 + 100);
    assert_true(proc_file_read(AT_FDCWD, "/proc/meminfo", text, sizeof text) > 0);
    uint64_t total = proc_file_number(text, "MemTotal:", 0);
    assert_int_equal(limits[LIMIT_MEMORY].max, total);
    assert_near(limits[LIMIT_MEMORY].used, total - proc_file_number(text, "MemAvailable:", 0),
                total / 20);
}

/* ---- shares ---- */

enum { WORKERS = 4, BESIDE = 7 };

/* Opens what each worker has, and as many connections as its number says: 10, 20, ... */
static void hold_files(int number)
{
    for (int i = 0; i < BESIDE + 10 * number; i++)
        if (dup(0) < 0) _exit(1);
}

static void be_a_server_with_workers(void)
{
    for (int number = 1; number <= WORKERS; number++) {
        pid_t pid = fork();
        if (pid > 0) continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        hold_files(number);
        for (;;)
            pause();
    }
    clock_sleep_ns(20 * MS);
}

/* True when all have opened what they hold. */
static bool hold_all(const struct tree *tree)
{
    long files = 0;
    for (size_t i = 1; i < tree->count; i++)
        files += proc_file_open_files(tree->pids[i]) - proc_file_open_files(tree->pids[0]);
    return files == WORKERS * BESIDE + 100;
}

static void what_each_worker_has_beside_is_no_connection(void **state)
{
    (void)state;
    struct shares shares;
    pid_t pid = start_child(be_a_server_with_workers);
    struct tree tree = probe_tree(pid);
    assert_int_equal(tree.count, 1 + WORKERS);
    for (int try = 0; try < 500 && !hold_all(&tree); try++)
        clock_sleep_ns(10 * MS);
    assert_true(probe_shares(&tree, 100, &shares));
    assert_true(fabs(shares.min_percent - 40) < 1e-9); /* 10 and 40 of 25. */
    assert_true(fabs(shares.max_percent - 160) < 1e-9);
    assert_false(probe_shares(&tree, WORKERS, &shares)); /* At most one for each. */
    assert_false(probe_shares(&tree, 100000, &shares));  /* They do not have so many. */
    probe_tree_free(&tree);
    end_child(pid, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(user_and_system_time_are_told_apart),
        cmocka_unit_test(children_that_ended_count_for_their_parent),
        cmocka_unit_test(waiting_for_a_cpu_is_counted_by_both_ways),
        cmocka_unit_test(what_others_burn_is_not_ours),
        cmocka_unit_test(memory_is_the_sum_of_what_the_files_say_by_name),
        cmocka_unit_test(the_kernels_memory_is_what_its_files_say),
        cmocka_unit_test(each_count_of_tcp_is_of_its_own_column),
        cmocka_unit_test(limits_are_those_of_their_files),
        cmocka_unit_test(what_each_worker_has_beside_is_no_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
