/* test_models.c -- guards against a model that does more for a message than its design needs, or
 * that ignores an option of its own: both by the kernel's account. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/net.h"
#include "harness/probes/probe_calls.h"
#include "harness/probes/probe_tree.h"
#include "harness/probes/proc_file.h"
#include "harness/fleet/target.h"
#include "tests/unit.h"

enum { MESSAGES = 200, MESSAGE_B = 64 };

/* ---- system calls ---- */

static const char *bin_dir; /* Where the servers are: beside this program. */

/* What a model does for each message: each call as often as it is named here; with a star, any
 * number of times. */
static const struct model {
    const char *name, *options, *calls;
} models[] = {
    {"sequential", "", "read write"},
    {"fork", "", "read write"},
    {"prefork", "", "read write"},
    {"thread", "", "read write"},
    {"select", "", "select read write"},
    {"poll", "", "poll read write"},
    {"epoll", "", "epoll_wait read write"},
    {"epoll", "--buffer-kib 64", "epoll_wait read write"},
    {"epoll_workers", "--workers 1", "epoll_wait read write"},
    {"libuv", "", "epoll_wait read write"},
    {"io_uring", "", "io_uring_enter io_uring_enter"},
    /* Two threads hand each message over: how often one of them waits depends on the scheduler. */
    {"thread_pool", "", "epoll_wait read write epoll_ctl futex* sched_yield*"},
};

static char refused[256];
static struct calls_tracer tracer;

static void attach(pid_t pid, void *argument)
{
    (void)argument;
    calls_attach(&tracer, pid, NULL, refused, sizeof refused);
}

/* Sends a message and waits for its echo, so that no two of them are served together. */
static void exchange(int fd, int messages)
{
    char bytes[MESSAGE_B] = "a message";
    for (int i = 0; i < messages; i++) {
        assert_int_equal(send(fd, bytes, sizeof bytes, MSG_NOSIGNAL), sizeof bytes);
        assert_int_equal(recv(fd, bytes, sizeof bytes, MSG_WAITALL), sizeof bytes);
    }
}

/* Waits until no call is made any more: workers that start, or a look at the queue. */
static void settle(struct calls *calls)
{
    uint64_t stops = 0;
    for (int look = 0; look < 100; look++) {
        calls_read(&tracer, calls);
        if (look > 0 && calls->stops == stops) return;
        stops = calls->stops;
        process_sleep_ns(40 * NS_PER_MS);
    }
}

static int connect_to(uint16_t port)
{
    struct net_address address;
    net_address_read("127.0.0.1", port, &address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address.storage, address.size), 0);
    net_no_delay(fd);
    return fd;
}

/* The C library chooses among variants of a call. */
static const char *family_of(int number)
{
    static const char *const variants[][2] = {
        {"pselect6", "select"}, {"ppoll", "poll"}, {"epoll_pwait", "epoll_wait"}};
    const char *name = calls_name(number);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        if (strcmp(name, variants[i][0]) == 0) return variants[i][1];
    return name;
}

/* How often `calls` names a call; -1: any number of times. */
static int times(const char *calls, const char *name)
{
    int found = 0;
    size_t size = strlen(name);
    for (const char *at = calls; (at = strstr(at, name)) != NULL; at += size) {
        if (at > calls && at[-1] != ' ') continue;
        if (at[size] == '*') return -1;
        found += at[size] == ' ' || at[size] == '\0';
    }
    return found;
}

/* How often a call and its variants were made. */
static int count_of(const char *family, const struct calls *before, const struct calls *after)
{
    int count = 0;
    for (int i = 0; i < CALLS_MAX; i++)
        if (strcmp(family_of(i), family) == 0) count += (int)(after->count[i] - before->count[i]);
    return count;
}

/* A call may have begun before the count, and another one after it. */
static void compare(const struct model *model, const struct calls *before,
                    const struct calls *after)
{
    enum { BESIDE = 4, ANY_MAX = 8 };
    char named[128], *rest = named;
    snprintf(named, sizeof named, "%s", model->calls);
    for (int i = 0; i < CALLS_MAX; i++)
        if (times(model->calls, family_of(i)) == 0 && after->count[i] - before->count[i] > BESIDE)
            fail_msg("%s %s: calls %s", model->name, model->options, calls_name(i));
    for (char *name; (name = strsep(&rest, " ")) != NULL;) {
        name[strcspn(name, "*")] = '\0';
        int count = count_of(name, before, after), each = times(model->calls, name);
        int least = each * MESSAGES - BESIDE, most = each * MESSAGES + BESIDE;
        if (each < 0 ? count > ANY_MAX * MESSAGES : count < least || count > most)
            fail_msg("%s %s: %d x %s for %d messages", model->name, model->options, count, name,
                     MESSAGES);
    }
}

/* False where a model is not built, because its library is not installed. */
static bool start(const char *name, const char *options, const struct process_watcher *watcher,
                  struct target *target)
{
    char program[512], why[256];
    snprintf(program, sizeof program, "%s/server-%s", bin_dir, name);
    if (access(program, X_OK) < 0) return false;
    if (!target_start_model(program, 0, options, NULL, watcher, target, why, sizeof why))
        fail_msg("%s %s: %s", name, options, why);
    return true;
}

static void count_calls_of(const struct model *model)
{
    static struct calls before, after; /* Large. */
    struct target target;
    const struct process_watcher watcher = {.attach = attach};
    refused[0] = '\0';
    tracer = (struct calls_tracer){0};
    if (!start(model->name, model->options, &watcher, &target)) return;
    if (refused[0] == '\0') {
        int fd = connect_to(target.port);
        exchange(fd, 20);
        settle(&before);
        exchange(fd, MESSAGES);
        calls_read(&tracer, &after);
        close(fd);
        compare(model, &before, &after);
    }
    target_end(&target);
    calls_detach(&tracer);
    if (refused[0] == '\0') return;
    print_message("%s\n", refused);
    skip();
}

static void a_message_takes_the_calls_of_its_model_and_no_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        count_calls_of(&models[i]);
}

/* ---- options ---- */

enum { CLIENTS = 8 };

/* What a server has with CLIENTS more clients than one, each of which was echoed once. */
struct design {
    const char *name, *options;
    uint64_t processes, threads;
};

struct seen {
    uint64_t processes, threads;
    double size_kib, rss_kib; /* That one client more takes, within its first process. */
};

static uint64_t status_of(pid_t pid, const char *name)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    assert_true(proc_file_read(AT_FDCWD, path, text, sizeof text) > 0);
    return proc_file_number(text, name, 0);
}

/* Processes and threads of a server.  It is ready before its last worker is started, and a worker
 * that was hired for a moment ends after a second without a client: until as many as designed. */
static void count(pid_t pid, const struct design *design, struct seen *seen)
{
    const uint64_t end_ns = clock_ns() + 10 * NS_PER_S;
    do {
        struct tree tree = probe_tree(pid);
        seen->processes = tree.count;
        seen->threads = tree.threads;
        probe_tree_free(&tree);
    } while ((seen->processes != design->processes || seen->threads != design->threads) &&
             clock_ns() < end_ns);
}

/* The first client makes what all share; it is not counted. */
static struct seen look(const struct design *design)
{
    int fds[1 + CLIENTS];
    struct target target = {0};
    assert_true(start(design->name, design->options, NULL, &target));
    pid_t pid = target.process.pid;
    uint64_t size_kib = 0, rss_kib = 0;
    for (int i = 0; i <= CLIENTS; i++) {
        fds[i] = connect_to(target.port);
        exchange(fds[i], 1);
        if (i > 0) continue;
        size_kib = status_of(pid, "VmSize:");
        rss_kib = status_of(pid, "VmRSS:");
    }
    struct seen seen;
    count(pid, design, &seen);
    seen.size_kib = (double)(status_of(pid, "VmSize:") - size_kib) / (double)CLIENTS;
    seen.rss_kib = (double)(status_of(pid, "VmRSS:") - rss_kib) / (double)CLIENTS;
    for (int i = 0; i <= CLIENTS; i++)
        close(fds[i]);
    target_end(&target);
    return seen;
}

static void a_model_has_the_processes_and_threads_of_its_design(void **state)
{
    (void)state;
    static const struct design designs[] = {
        {"poll", "", 1, 1},
        {"epoll", "", 1, 1},
        {"fork", "", 2 + CLIENTS, 2 + CLIENTS},
        {"thread", "", 1, 2 + CLIENTS},
        {"thread_pool", "", 1, 1 + 8},
        {"thread_pool", "--workers 5", 1, 1 + 5},
        {"epoll_workers", "--workers 3", 1 + 3, 1 + 3},
        {"epoll_workers", "--workers 3 --share exclusive", 1 + 3, 1 + 3},
        {"prefork", "--workers 12", 1 + 12, 1 + 12},
    };
    for (size_t i = 0; i < sizeof designs / sizeof *designs; i++) {
        struct seen seen = look(&designs[i]);
        if (seen.processes != designs[i].processes || seen.threads != designs[i].threads)
            fail_msg("%s %s: %d processes, %d threads", designs[i].name, designs[i].options,
                     (int)seen.processes, (int)seen.threads);
    }
}

/* A stack is promised, and not touched; the kernel rounds each to pages, with one to guard it. */
static void a_thread_has_the_stack_that_was_asked_for(void **state)
{
    (void)state;
    struct seen small = look(&(struct design){"thread", "", 1, 2 + CLIENTS});
    struct seen large = look(&(struct design){"thread", "--stack-kib 1024", 1, 2 + CLIENTS});
    assert_true(small.size_kib >= 64 && small.size_kib < 64 + 16);
    assert_true(large.size_kib >= 1024 && large.size_kib < 1024 + 16);
    assert_true(large.rss_kib < 64);
}

static void a_buffer_that_is_kept_is_memory_that_is_used(void **state)
{
    (void)state;
    struct seen none = look(&(struct design){"epoll", "", 1, 1});
    struct seen kept = look(&(struct design){"epoll", "--buffer-kib 64", 1, 1});
    assert_true(none.rss_kib < 16);
    assert_true(kept.rss_kib >= 64 && kept.rss_kib < 64 + 16);
}

int main(int argc, char **argv)
{
    (void)argc;
    char *slash = strrchr(argv[0], '/');
    if (slash != NULL) *slash = '\0';
    bin_dir = slash != NULL ? argv[0] : ".";
    process_prepare();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_takes_the_calls_of_its_model_and_no_other),
        cmocka_unit_test(a_model_has_the_processes_and_threads_of_its_design),
        cmocka_unit_test(a_thread_has_the_stack_that_was_asked_for),
        cmocka_unit_test(a_buffer_that_is_kept_is_memory_that_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
