/* start.c -- starts a server for a script, says when it is ready, and answers for all that it
 * starts.
 *
 *   a script ──▶ start ──▶ keeper ──▶ server ──▶ its children
 *
 * For scripts that measure without measure.c, which starts servers by itself: through the same
 * functions, so that a server finds the same state under both. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/number.h"
#include "common/options.h"
#include "common/plain.h"
#include "harness/measure/other_run.h"
#include "harness/probes/probe_tree.h"
#include "harness/fleet/target.h"
#include "harness/fleet/user.h"

enum {
    WHY_MAX = 512,
    LOOK_MS = 20,
    PATIENCE_MS = 3000,     /* Between SIGTERM and SIGKILL. */
    PASSED_ON_MAX_B = 4096, /* Of the server's words: its first ones. */
    SIGNALLED = 128,        /* As a shell's exit status. */
};

/* Everything the command line can say. */
struct request {
    const char *command;
    long port;
    pid_t cpu_of; /* 0: a server is to be started. */
    bool has_cpus;
    cpu_set_t cpus;
};

static _Noreturn void help(void)
{
    puts("start -- starts a server, says when it is ready, and ends it with all that it started\n"
         "\n"
         "usage: start [options] COMMAND      COMMAND is for the shell\n"
         "       start [--user U] --print-user\n"
         "       start --cpu-ns PID\n"
         "\n"
         "  --port N      the port that {port} in the command becomes, or on which the command\n"
         "                serves in its own way (default: a free one for {port}; without it the\n"
         "                command prints \"ready port=N\" itself)\n"
         "  --cpus LIST   the CPUs that it runs on, as 0-2,5 (default: those of start)\n"
         "  --user U      name or number of the user that it runs as, for root; root: no change\n"
         "                (default: a user without rights that no other process has)\n"
         "  --print-user  say what servers run as\n"
         "  --cpu-ns PID  print the CPU time of a process and all below it, in ns, with that of\n"
         "                threads and children that have ended; 0: it is gone\n"
         "  --help        this text\n"
         "\n"
         "Prints \"ready port=N pid=P\" once a process of the server listens on port N.  On "
         "stderr:\n"
         "the first 4 KiB of the server's own words as plain text, and the reason if it does not\n"
         "get ready.  SIGTERM, SIGINT and the end of the parent end the server; its processes do\n"
         "not outlive it, also those of another session.\n"
         "Exit status: that of the server, 128 + N if signal N ended it; 1 it did not get ready;\n"
         "2 wrong usage.\n"
         "\n"
         "examples:\n"
         "  start 'exec build/release/server-poll 0'\n"
         "  start --cpus 0 'exec node my.js {port}'");
    exit(0);
}

/* ---- command line ---- */

static cpu_set_t read_cpus(const char *text)
{
    char words[WHY_MAX], *rest = words;
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    snprintf(words, sizeof words, "%s", text);
    for (char *last; (last = strsep(&rest, ",")) != NULL;) {
        const char *first = strsep(&last, "-");
        long from = number_option("--cpus", first, 0, CPU_SETSIZE - 1);
        long to = last != NULL ? number_option("--cpus", last, from, CPU_SETSIZE - 1) : from;
        for (long cpu = from; cpu <= to; cpu++)
            CPU_SET((size_t)cpu, &cpus);
    }
    return cpus;
}

static struct request parse(int argc, char **argv)
{
    static const struct option known[] = {{"port", required_argument, NULL, 'p'},
                                          {"cpus", required_argument, NULL, 'c'},
                                          {"user", required_argument, NULL, 'u'},
                                          {"print-user", no_argument, NULL, 'P'},
                                          {"cpu-ns", required_argument, NULL, 'n'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct request request = {0};
    bool print_user = false;
    for (int c; (c = options_next(argc, argv, known)) != -1;) {
        if (c == 'p') request.port = number_option("--port", optarg, 1, UINT16_MAX);
        if (c == 'u') user_option(optarg);
        if (c == 'P') print_user = true;
        if (c == 'n') request.cpu_of = (pid_t)number_option("--cpu-ns", optarg, 1, INT_MAX);
        if (c == 'h') help();
        if (c != 'c') continue;
        request.cpus = read_cpus(optarg);
        request.has_cpus = true;
    }
    if (print_user || request.cpu_of > 0) return request;
    if (optind == argc) die_usage("which COMMAND? See --help");
    request.command = argv[optind++];
    if (optind < argc) die_usage("one COMMAND is enough, \"%s\" is too much", argv[optind]);
    return request;
}

/* ---- the server's words ---- */

/* Passes on what was said since, up to its last newline, or all of it.  Returns how much it was so
 * far. */
static size_t pass_on(const struct target *target, size_t passed_b, bool all)
{
    char words[PASSED_ON_MAX_B];
    ssize_t got = pread(target->process.error_fd, words, sizeof words - passed_b, (off_t)passed_b);
    size_t size = got > 0 ? (size_t)got : 0;
    const char *newline = memrchr(words, '\n', size);
    if (!all) size = newline != NULL ? (size_t)(newline - words) + 1 : 0;
    plain_text(words, size);
    (void)fwrite(words, 1, size, stderr); /* Best effort: the words of another. */
    return passed_b + size;
}

static void pass_on_last(const struct target *target, size_t passed_b)
{
    uint64_t wrote_b = process_wrote_b(&target->process);
    passed_b = pass_on(target, passed_b, true);
    if (wrote_b <= passed_b) return;
    char line[WHY_MAX];
    process_last_line(&target->process, line, sizeof line);
    fprintf(stderr, "\nstart: the server was chatty: %llu bytes; the last line: %s\n",
            (unsigned long long)wrote_b, line);
}

/* ---- its life ---- */

static bool start(const struct request *request, struct target *target)
{
    char why[WHY_MAX];
    const cpu_set_t *cpus = request->has_cpus ? &request->cpus : NULL;
    bool ready = request->port > 0 ? target_start_on_port(request->command, (uint16_t)request->port,
                                                          cpus, target, why, sizeof why)
                                   : target_start_command(request->command, 0, cpus, NULL, target,
                                                          why, sizeof why);
    if (!ready) fprintf(stderr, "start: %s\n", why);
    return ready;
}

/* Until the server has ended, by itself or because we were told to.  Returns its exit status as a
 * shell would. */
static int keep(struct target *target)
{
    size_t passed_b = 0;
    while (target_is_running(target) && process_asked_to_stop() == 0) {
        passed_b = pass_on(target, passed_b, false);
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * (long)NS_PER_MS}, NULL);
    }
    process_end(&target->process, PATIENCE_MS);
    pass_on_last(target, passed_b);
    int status = target->process.status;
    process_forget(&target->process);
    return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    char text[WHY_MAX];
    struct target target;
    pid_t parent = getppid();
    struct request request = parse(argc, argv);
    if (request.cpu_of > 0)
        return printf("%llu\n", (unsigned long long)probe_tree_cpu_ns(request.cpu_of)) < 0 ||
               fflush(stdout) != 0;
    if (request.command == NULL) {
        user_describe(text, sizeof text);
        return puts(text) < 0 || fflush(stdout) != 0;
    }
    process_prepare();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) return SIGNALLED + SIGTERM; /* It ended before that. */
    other_run_announce();
    net_raise_file_limit();
    if (!start(&request, &target)) return 1;
    printf("ready port=%u pid=%d\n", target.port, target.process.pid);
    if (fflush(stdout) != 0) die("write \"ready\"");
    return keep(&target);
}
