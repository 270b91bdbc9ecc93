/* trial.c -- one trap being tried on one fresh server. */
#include "harness/gate/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/net.h"
#include "harness/probes/probe_memory.h"
#include "harness/probes/probe_tasks.h"
#include "harness/probes/proc_file.h"
#include "harness/fleet/said.h"
#include "harness/fleet/target.h"

enum {
    COMMAND_MAX = 4096,
    WHY_MAX = 200,
    END_MS = 5000,        /* 50 processes end in 10 ms. */
    CROWD_END_MS = 20000, /* 4,000 processes, each of which has to get its CPU on a busy machine. */
    BACK_MS = 5000,
    ENDING_MS = 500, /* From the close of its sockets to the end of a process, on a busy machine. */
    LOOK_MS_MAX = 200,
    THREADS_OF_RUNTIME = 8, /* Go starts further ones as it sees fit; a leak is one a client. */
    SANITIZED_FACTOR = 8,   /* ThreadSanitizer forks in 10 ms and runs 5 to 15 times slower. */
};

static const char *command;
static struct trial_verdict *verdict;
static char note[40];
static char failed_call[WHY_MAX]; /* Empty: none did. */
static struct target target;
static uint64_t said_before_ready_b; /* On stderr. */
static bool started, may_run_out, instrumented;
static long clients_max;

void trial_begin(const char *server_command, bool is_instrumented, long server_clients_max,
                 struct trial_verdict *where)
{
    instrumented = is_instrumented;
    clients_max = server_clients_max;
    command = server_command;
    verdict = where;
    process_prepare();
    net_raise_file_limit();
}

static _Noreturn void conclude(enum trial_result result, const char *evidence)
{
    snprintf(verdict->evidence, sizeof verdict->evidence, "%s%s%s", evidence, note[0] ? "; " : "",
             note);
    verdict->result = result; /* Last: until here the gate sees TRIAL_NONE. */
    exit(0);                  /* Ends the server, if it still runs: process_prepare(). */
}

void trial_note(const char *text)
{
    snprintf(note, sizeof note, "%s", text);
}

void trial_call_failed(const char *call)
{
    snprintf(failed_call, sizeof failed_call, "; the last call of a client that failed: %s: %s",
             call, strerror(errno));
}

void trial_fail(const char *format, ...)
{
    char text[sizeof verdict->evidence], said[WHY_MAX] = "";
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (used > 0 && (size_t)used < sizeof text)
        used += snprintf(text + used, sizeof text - (size_t)used, "%s", failed_call);
    if (started) process_last_line(&target.process, said, sizeof said);
    if (said[0] != '\0' && used > 0 && (size_t)used < sizeof text)
        snprintf(text + used, sizeof text - (size_t)used, "; the server said: %s", said);
    conclude(TRIAL_FAIL, text);
}

void trial_skip(const char *format, ...)
{
    char text[sizeof verdict->evidence];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    conclude(TRIAL_SKIP, text);
}

static void stop_within(int ms);

void trial_pass(const char *format, ...)
{
    char text[sizeof verdict->evidence];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (started) stop_within(CROWD_END_MS);
    conclude(TRIAL_PASS, text);
}

static bool start(const char *before, const char *options, char *why)
{
    static char line[COMMAND_MAX];
    /* exec: the process that we signal and look at is the server, not a shell around it. */
    int length = snprintf(line, sizeof line, "exec %s %s %s", before, command, options);
    if ((size_t)length >= sizeof line) {
        snprintf(why, WHY_MAX, "the server's command is too long");
        return false;
    }
    started = target_start_command(line, 0, NULL, NULL, &target, why, WHY_MAX);
    said_before_ready_b = started ? said_bytes(target.process.error_fd) : 0;
    return started;
}

void trial_start(const char *before, const char *options)
{
    char why[WHY_MAX];
    if (!start(before, options, why)) trial_fail("%s", why);
}

bool trial_could_start(const char *before, const char *options)
{
    char why[WHY_MAX];
    if (!start(before, options, why)) return false;
    target_end(&target);
    started = false;
    return true;
}

bool trial_start_if_known(const char *options)
{
    char why[WHY_MAX];
    /* A server of the suite refuses what it does not know. */
    if (!trial_is_of_suite() && trial_could_start("", "--no-such-option")) return false;
    return start("", options, why);
}

int trial_clients(int wanted)
{
    return clients_max > 0 && clients_max < wanted ? (int)clients_max : wanted;
}

int trial_room(int wanted)
{
    enum { FILES_BESIDE = 64 }; /* Of the server, whose limit is ours, or of the gate. */
    long room = net_free_files() - FILES_BESIDE;
    return room >= wanted ? wanted : room > 0 ? (int)room : 0;
}

bool trial_is_of_suite(void)
{
    return clients_max >= 0;
}

int trial_size(int plain, int sanitized)
{
    return instrumented ? sanitized : plain;
}

bool trial_judges_memory(void)
{
    return !instrumented;
}

int trial_patience_ms(int ms)
{
    return instrumented ? ms * SANITIZED_FACTOR : ms;
}

void trial_allow_ran_out(void)
{
    may_run_out = true;
}

uint16_t trial_port(void)
{
    return target.port;
}

void trial_freeze(bool frozen)
{
    trial_check_alive();
    struct tree tree = probe_tree(target.process.pid); /* The root first: it starts no more. */
    for (size_t i = 0; i < tree.count; i++)
        kill(tree.pids[i], frozen ? SIGSTOP : SIGCONT);
    probe_tree_free(&tree);
}

void trial_check_alive(void)
{
    if (target_is_running(&target)) return;
    char words[WHY_MAX];
    process_last_words(&target.process, words, sizeof words);
    started = false;
    trial_fail("the server ended: %s", words);
}

void trial_check_survived(void)
{
    uint64_t deadline_ns = clock_ns() + (uint64_t)trial_patience_ms(ENDING_MS) * NS_PER_MS;
    while (target_is_running(&target) && clock_ns() < deadline_ns)
        process_sleep_ns(2 * NS_PER_MS);
    trial_check_alive();
}

/* A third-party server, which does not know our contract. */
static bool is_guest(void)
{
    return strstr(command, "{port}") != NULL;
}

/* Once it is ready, a server says nothing, or the one line that something ran out.  What is said
 * before is often its runtime's (a warning of node or Java); a guest may keep a log. */
static void check_words(void)
{
    char said[4096] = "";
    off_t from = (off_t)said_before_ready_b;
    if (is_guest() || pread(target.process.error_fd, said, sizeof said - 1, from) <= 0) return;
    char *newline = strchr(said, '\n');
    bool one_line = newline != NULL && newline[1] == '\0';
    if (!may_run_out || !one_line) trial_fail("unexpected words on stderr");
}

static bool ended_well(int status)
{
    enum { SHELL_SAYS_SIGNAL = 128 };
    bool guest = is_guest();
    if (WIFSIGNALED(status)) return guest && WTERMSIG(status) == SIGTERM;
    return WEXITSTATUS(status) == 0 ||
           (guest && WEXITSTATUS(status) == SHELL_SAYS_SIGNAL + SIGTERM);
}

static void stop_within(int ms)
{
    trial_check_alive();
    process_signal(&target.process, SIGTERM);
    uint64_t deadline_ns = clock_ns() + (uint64_t)trial_patience_ms(ms) * NS_PER_MS;
    while (target_is_running(&target)) {
        if (clock_ns() > deadline_ns) {
            process_signal(&target.process, SIGKILL);
            trial_fail("still there %d s after SIGTERM", trial_patience_ms(ms) / 1000);
        }
        process_sleep_ns(2 * NS_PER_MS);
    }
    int status = target.process.status;
    if (!ended_well(status))
        trial_fail("SIGTERM: ended with %s %d, not with 0", WIFEXITED(status) ? "exit" : "signal",
                   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    pid_t left = process_left_behind(&target.process);
    if (left != 0) trial_fail("SIGTERM: process %d was left behind", left);
    check_words();
    started = false;
}

void trial_stop(void)
{
    stop_within(END_MS);
}

/* ---- what the server holds ---- */

static bool is_zombie(pid_t pid)
{
    char path[32], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (proc_file_read(AT_FDCWD, path, text, sizeof text) < 0) return false;
    const char *name_end = strrchr(text, ')');
    return name_end != NULL && strncmp(name_end, ") Z", 3) == 0;
}

struct trial_usage trial_usage(void)
{
    struct tree tree = probe_tree(target.process.pid);
    struct memory memory = probe_memory(&tree);
    if (isnan(memory.rss_kib)) {
        trial_check_alive();
        trial_fail("the memory of the server cannot be read in /proc");
    }
    struct trial_usage usage = {.processes = tree.count,
                                .threads = tree.threads,
                                .rss_kib = (uint64_t)memory.rss_kib,
                                .private_kib = (uint64_t)memory.private_kib,
                                .cpu_ns = probe_tasks(&tree).cpu_ns};
    for (size_t i = 0; i < tree.count; i++) {
        long files = proc_file_open_files(tree.pids[i]);
        int error = errno;
        if (files < 0 && i == 0)
            trial_check_alive(); /* The server itself; others may have ended. */
        if (files < 0 && (error != ENOENT || i == 0))
            trial_fail("the gate itself cannot count the server's open files: %s", strerror(error));
        if (files > 0) usage.files += (uint64_t)files;
        usage.zombies += is_zombie(tree.pids[i]);
    }
    probe_tree_free(&tree);
    return usage;
}

void trial_check_back_to(const struct trial_usage *start_usage)
{
    uint64_t deadline_ns = clock_ns() + (uint64_t)trial_patience_ms(BACK_MS) * NS_PER_MS;
    uint64_t pause_ns = 5 * NS_PER_MS;
    for (;;) {
        struct trial_usage now = trial_usage();
        trial_check_alive();
        if (now.files <= start_usage->files && now.processes <= start_usage->processes &&
            now.threads <= start_usage->threads + THREADS_OF_RUNTIME && now.zombies == 0)
            return;
        if (clock_ns() > deadline_ns)
            trial_fail("left over: files %lu -> %lu, processes %lu -> %lu, threads %lu -> %lu, "
                       "zombies %lu",
                       start_usage->files, now.files, start_usage->processes, now.processes,
                       start_usage->threads, now.threads, now.zombies);
        process_sleep_ns(pause_ns);
        if (pause_ns < LOOK_MS_MAX * NS_PER_MS)
            pause_ns *= 2; /* A look at 600 zombies costs CPU. */
    }
}
