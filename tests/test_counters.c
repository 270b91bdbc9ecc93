/* test_counters.c -- guards against counters that lose who has ended, read 0 in silence, or count
 * what nobody did: each is held against tasks that know what they did. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "harness/probes/probe_calls.h"
#include "harness/probes/probe_events.h"
#include "harness/probes/probe_tasks.h"
#include "harness/fleet/process.h"
#include "tests/unit.h"

enum {
    TASKS = 1000,
    SLEEPS = 25,
    MISTAKES = 7,
    PATIENCE_S = 20,
    STACK_B = 32 * 1024,
};

/* What the tasks tell us, in memory that all see. */
struct truth {
    atomic_long switches; /* By their own account, right before they ended or stayed. */
    atomic_int done;
    atomic_bool here, go;
};
static struct truth *truth;

static long switches_of(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return usage.ru_nvcsw + usage.ru_nivcsw;
}

/* Every other task ends; the others stay and do nothing more. */
static void sleep_often(long number)
{
    for (int i = 0; i < SLEEPS; i++)
        clock_sleep_ns(NS_PER_MS);
    atomic_fetch_add(&truth->switches, switches_of(RUSAGE_THREAD));
    atomic_fetch_add(&truth->done, 1);
    if (number % 2 == 0) return;
    for (;;)
        pause();
}

static void *sleeping_thread(void *number)
{
    sleep_often((long)number);
    return NULL;
}

static void run_threads(void)
{
    static pthread_t threads[TASKS];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK_B);
    for (long i = 0; i < TASKS; i++)
        if (pthread_create(&threads[i], &small, sleeping_thread, (void *)i) != 0) _exit(1);
    for (int i = 0; i < TASKS; i += 2)
        pthread_join(threads[i], NULL);
}

static void run_children(void)
{
    for (long i = 0; i < TASKS; i++) {
        pid_t pid = fork();
        if (pid < 0) _exit(1);
        if (pid > 0) continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sleep_often(i);
        _exit(0);
    }
    for (int i = 0; i < TASKS; i += 2)
        wait(NULL);
}

static void await(atomic_bool *flag)
{
    while (!atomic_load(flag))
        clock_sleep_ns(NS_PER_MS);
}

/* A server of sorts: waits for the start, has its tasks work, tells what it did itself. */
static void be_server(void (*work)(void))
{
    await(&truth->go);
    long own = switches_of(RUSAGE_THREAD);
    work();
    atomic_fetch_add(&truth->switches, switches_of(RUSAGE_THREAD) - own);
    atomic_fetch_add(&truth->done, 1);
    for (;;)
        pause();
}

static pid_t start_server(void (*work)(void))
{
    memset(truth, 0, sizeof *truth);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setpgid(0, 0); /* So that all of it can be ended. */
        be_server(work);
    }
    setpgid(pid, pid);
    return pid;
}

static void end_server(pid_t pid)
{
    kill(-pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void await_all(void)
{
    uint64_t deadline_ns = clock_ns() + (uint64_t)PATIENCE_S * NS_PER_S;
    while (atomic_load(&truth->done) < TASKS + 1 && clock_ns() < deadline_ns)
        clock_sleep_ns(10 * NS_PER_MS);
    assert_int_equal(atomic_load(&truth->done), TASKS + 1);
    clock_sleep_ns(50 * NS_PER_MS);
}

static void compare_with_truth(const char *what, double counted)
{
    double told = (double)atomic_load(&truth->switches);
    print_message("%s: counted %.0f, truth %.0f (%+.2f %%)\n", what, counted, told,
                  100 * (counted - told) / told);
    assert_true(told > 0.9 * (double)TASKS * (double)SLEEPS);
    /* After its own account a task is switched once more: as it ends, or as it begins to pause. */
    assert_true(counted > 0.97 * told && counted < 1.03 * told + (double)TASKS);
}

/* Counts what a server does from the start to the end of its tasks. */
static void count_switches(void (*work)(void), const char *what)
{
    char why[256];
    double count;
    pid_t pid = start_server(work);
    struct events events = events_attach(pid);
    struct event_counts before = events_read(&events);
    atomic_store(&truth->go, true);
    await_all();
    struct event_counts after = events_read(&events);
    bool counted =
        events_between(&events, &before, &after, EVENT_CONTEXT_SWITCHES, &count, why, sizeof why);
    end_server(pid);
    events_detach(&events);
    if (events.error[EVENT_CONTEXT_SWITCHES] != 0) {
        print_message("%s: %s\n", what, why);
        skip();
    }
    assert_true(counted);
    compare_with_truth(what, count);
}

static void switches_of_a_thousand_children_are_true_though_half_of_them_end(void **state)
{
    (void)state;
    count_switches(run_children, "perf, children");
}

static void switches_of_a_thousand_threads_are_true_though_half_of_them_end(void **state)
{
    (void)state;
    count_switches(run_threads, "perf, threads");
}

static void taskstats_keeps_what_ended_threads_did(void **state)
{
    (void)state;
    struct tasks before = {0}, after = {0};
    pid_t pid = start_server(run_threads);
    struct tree tree = probe_tree(pid);
    bool allowed = probe_tasks_by_taskstats(&tree, &before);
    atomic_store(&truth->go, true);
    await_all();
    if (allowed) probe_tasks_by_taskstats(&tree, &after);
    probe_tree_free(&tree);
    end_server(pid);
    if (!allowed) skip();
    compare_with_truth("taskstats, threads", (double)(after.voluntary + after.involuntary) -
                                                 (double)(before.voluntary + before.involuntary));
}

/* ---- what to believe ---- */

static bool between(struct event_count before, struct event_count after, enum event event,
                    struct events *events, double *count, char *why)
{
    struct event_counts b = {0}, a = {0};
    a.of[EVENT_TASK_CLOCK] = (struct event_count){5000, 9000, 9000};
    b.of[event] = before;
    a.of[event] = after;
    return events_between(events, &b, &a, event, count, why, 256);
}

static void a_silent_zero_is_not_believed(void **state)
{
    (void)state;
    struct events events = {0};
    char why[256] = "";
    double count;
    const struct event_count none = {0}, ran = {0, 9000, 9000}, counted = {300, 8000, 2000};
    assert_false(between(none, none, EVENT_CYCLES, &events, &count, why));
    assert_string_equal(why, "the counter never ran");
    assert_false(between(none, ran, EVENT_INSTRUCTIONS, &events, &count, why));
    assert_string_equal(why, "it reads 0 although the server worked");
    assert_true(between(none, ran, EVENT_MIGRATIONS, &events, &count, why) && count == 0);
    /* Where the CPU took turns between counters, the rest is estimated. */
    assert_true(between(none, counted, EVENT_CYCLES, &events, &count, why) && count == 1200);
    /* If the clock stands still, no other zero is to be believed. */
    struct event_counts zero = {0}, after = {.of[EVENT_MIGRATIONS] = ran};
    assert_false(events_between(&events, &zero, &after, EVENT_MIGRATIONS, &count, why, sizeof why));
}

static void a_counter_that_is_refused_says_why(void **state)
{
    (void)state;
    char why[256] = "";
    double count;
    struct event_counts none = {0};
    struct events events = {.fd = {[EVENT_CYCLES] = -1}, .error = {[EVENT_CYCLES] = ENOENT}};
    assert_false(events_between(&events, &none, &none, EVENT_CYCLES, &count, why, sizeof why));
    assert_string_equal(why, "this machine has no such counter");
    events.error[EVENT_CYCLES] = EACCES;
    assert_false(events_between(&events, &none, &none, EVENT_CYCLES, &count, why, sizeof why));
    assert_non_null(strstr(why, "kernel.perf_event_paranoid = "));
}

/* ---- system calls ---- */

static void make_calls(void)
{
    for (int i = 0; i < SLEEPS; i++)
        syscall(SYS_getppid);
    for (int i = 0; i < MISTAKES; i++)
        close(-1);
}

static void *calling_thread(void *nothing)
{
    make_calls();
    return nothing;
}

/* Itself, a thread that ends, a child that ends, and a signal that must still arrive. */
static void call_in_all_ways(void *nothing)
{
    (void)nothing;
    pthread_t thread;
    atomic_store(&truth->here, true);
    await(&truth->go);
    make_calls();
    if (pthread_create(&thread, NULL, calling_thread, NULL) != 0) _exit(1);
    pthread_join(thread, NULL);
    if (fork() == 0) {
        make_calls();
        _exit(0);
    }
    wait(NULL);
    atomic_store(&truth->done, 1);
    for (;;)
        pause();
}

static void calls_are_counted_with_their_failures_in_all_who_descend(void **state)
{
    (void)state;
    static struct calls before, after;
    struct calls_tracer tracer = {0};
    char why[256] = "";
    memset(truth, 0, sizeof *truth);
    struct process process = process_fork(call_in_all_ways, NULL, NULL);
    await(&truth->here); /* The calls of process_fork() itself are over. */
    if (!calls_attach(&tracer, process.pid, NULL, why, sizeof why)) {
        print_message("%s\n", why);
        process_end(&process, 100);
        calls_detach(&tracer);
        skip();
    }
    calls_read(&tracer, &before);
    atomic_store(&truth->go, true);
    while (atomic_load(&truth->done) == 0)
        clock_sleep_ns(NS_PER_MS);
    calls_read(&tracer, &after);
    assert_int_equal(after.count[SYS_getppid] - before.count[SYS_getppid], 3 * SLEEPS);
    assert_int_equal(after.failed[SYS_getppid], before.failed[SYS_getppid]);
    assert_int_equal(after.failed[SYS_close] - before.failed[SYS_close], 3 * MISTAKES);
    assert_true(after.stops - before.stops >= 2UL * 3 * (SLEEPS + MISTAKES));
    process_end(&process, 5000);
    assert_true(WIFSIGNALED(process.status) && WTERMSIG(process.status) == SIGTERM);
    calls_detach(&tracer);
}

static void calls_have_their_names(void **state)
{
    (void)state;
    assert_string_equal(calls_name(SYS_read), "read");
    assert_string_equal(calls_name(SYS_epoll_ctl), "epoll_ctl");
    assert_string_equal(calls_name(CALLS_MAX - 1), "call_1023");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(switches_of_a_thousand_children_are_true_though_half_of_them_end),
        cmocka_unit_test(switches_of_a_thousand_threads_are_true_though_half_of_them_end),
        cmocka_unit_test(taskstats_keeps_what_ended_threads_did),
        cmocka_unit_test(a_silent_zero_is_not_believed),
        cmocka_unit_test(a_counter_that_is_refused_says_why),
        cmocka_unit_test(calls_are_counted_with_their_failures_in_all_who_descend),
        cmocka_unit_test(calls_have_their_names),
    };
    truth = mmap(NULL, sizeof *truth, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (truth == MAP_FAILED) return 1;
    process_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
