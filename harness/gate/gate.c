/* gate.c -- the conformance gate: tries every trap on a server given as a command.
 *
 * Each trap has a process and a server of its own; a few run side by side.  docs/conformance.md
 * tells what each trap is about. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/number.h"
#include "common/output.h"
#include "common/program.h"
#include "harness/gate/traps.h"
#include "harness/gate/trial.h"
#include "harness/fleet/process.h"
#include "harness/fleet/user.h"

enum { TRAPS_MAX = 64, COMMAND_MAX = 4096, SIDE_BY_SIDE_MAX = 6, TRAP_S_MAX = 150 };

/* A trap, what became of it, and the process that tries it. */
struct attempt {
    const struct trap *trap;
    const char *exception; /* Declared for this server: not tried. */
    struct trial_verdict *verdict;
    struct process process;
    uint64_t begin_ns;
    bool begun, done;
};

static struct attempt attempts[TRAPS_MAX];
static size_t attempt_count;
static char command[COMMAND_MAX];
static bool instrumented;
unsigned long traps_seed;
/* What the server declares to serve at once; 0: no limit, -1: it is none of the suite's. */
static long clients_max = -1;

static void add_traps(const struct trap *traps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        attempts[attempt_count++].trap = &traps[i];
}

static struct attempt *find(const char *name)
{
    for (size_t i = 0; i < attempt_count; i++)
        if (strcmp(attempts[i].trap->name, name) == 0) return &attempts[i];
    die_usage("there is no trap \"%s\"; gate --list shows them", name);
}

static _Noreturn void help(void)
{
    puts("gate -- does a server keep the echo protocol, also when clients or limits are unkind?\n"
         "\n"
         "usage: gate [options] -- COMMAND...\n"
         "\n"
         "  COMMAND              starts the server.  {port} in it becomes a free port; without "
         "{port}\n"
         "                       it must print \"ready port=N\", as the servers of this suite do\n"
         "  --name NAME          how to call it in the last line [the command]\n"
         "  --trap TRAP          try only this one; may be given more than once\n"
         "  --except TRAP=WHY    a declared exception: not tried, shown as skip with the reason\n"
         "  --instrumented       the server is built with a sanitizer: bring smaller crowds, and "
         "do not\n"
         "                       judge its memory\n"
         "  --tsv FILE           also write the rows as trap, result, evidence, tab between\n"
         "  --jobs N             traps tried side by side, at most 6 [4]\n"
         "  --seed N             of what mixed-crowd leaves to chance [random, shown]\n"
         "  --user U             the user that the server runs as, for root; root: no change [one\n"
         "                       without rights that no other process has]\n"
         "  --list               name the traps and end\n"
         "  --help               this text\n"
         "\n"
         "Exit status: 0 all passed, 1 some did not or a row could not be written, 2 wrong\n"
         "usage.\n"
         "\n"
         "examples:\n"
         "  gate -- build/release/server-poll 0\n"
         "  gate --name mine --trap half-close -- node my.js {port}");
    program_end(0);
}

static _Noreturn void list(void)
{
    for (size_t i = 0; i < attempt_count; i++)
        printf("%-18s %s\n", attempts[i].trap->name, attempts[i].trap->summary);
    program_end(0);
}

/* ---- trying ---- */

static void try_trap(void *argument)
{
    struct attempt *attempt = argument;
    trial_begin(command, instrumented, clients_max, attempt->verdict);
    attempt->trap->run();
}

static void begin(struct attempt *attempt)
{
    attempt->begun = true;
    attempt->begin_ns = clock_ns();
    attempt->process = process_fork(try_trap, attempt, NULL);
}

/* Looks whether an attempt has ended, or must be ended. */
static void look_after(struct attempt *attempt)
{
    if (process_is_running(&attempt->process)) {
        if (clock_ns() - attempt->begin_ns < (uint64_t)TRAP_S_MAX * NS_PER_S) return;
        process_end(&attempt->process, 2000);
        if (attempt->verdict->result == TRIAL_NONE)
            snprintf(attempt->verdict->evidence, sizeof attempt->verdict->evidence,
                     "no verdict after %d s", TRAP_S_MAX);
    }
    attempt->done = true;
    if (attempt->verdict->result != TRIAL_NONE) return;
    attempt->verdict->result = TRIAL_FAIL;
    if (attempt->verdict->evidence[0] == '\0')
        snprintf(attempt->verdict->evidence, sizeof attempt->verdict->evidence,
                 "the trap itself ended without a verdict");
}

static const char *result_name(const struct attempt *attempt)
{
    static const char *const names[] = {"FAIL", "pass", "FAIL", "skip"};
    return names[attempt->verdict->result];
}

/* A cell of the table, which no tab of a server's own words may split. */
static void put_cell(const char *text, char end, FILE *tsv)
{
    for (; *text != '\0'; text++)
        fputc(*text == '\t' || *text == '\n' ? ' ' : *text, tsv);
    fputc(end, tsv);
}

static void show(const struct attempt *attempt, FILE *tsv)
{
    printf("%s  %-18s %s\n", result_name(attempt), attempt->trap->name, attempt->verdict->evidence);
    fflush(stdout);
    if (tsv == NULL) return;
    put_cell(attempt->trap->name, '\t', tsv);
    put_cell(result_name(attempt), '\t', tsv);
    put_cell(attempt->verdict->evidence, '\n', tsv);
}

/* A server of the suite says how many clients it serves at once, by design.  Others get an option
 * that they do not know: whatever they do then, it is no number. */
static void ask_clients_max(void)
{
    enum { PATIENCE_MS = 2000 };
    char line[COMMAND_MAX + 32], answer[32];
    if (strstr(command, "{port}") != NULL) return; /* A guest. */
    snprintf(line, sizeof line, "exec %s --clients-max", command);
    char *argv[] = {"/bin/sh", "-c", line, NULL};
    struct process server = process_start_server(argv, NULL, NULL);
    if (process_read_line(&server, answer, sizeof answer, clock_ns() + PATIENCE_MS * NS_PER_MS) ==
        LINE_READ)
        number_read(answer, 0, LONG_MAX, &clients_max);
    process_end(&server, PATIENCE_MS);
    process_forget(&server);
}

/* Why a trap must not be tried on this server.  False if it must. */
static bool is_exception(const struct attempt *attempt, char *why, size_t size)
{
    long clients = attempt->trap->clients;
    if (attempt->exception != NULL)
        snprintf(why, size, "declared exception: %s", attempt->exception);
    else if (clients_max > 0 && clients > clients_max)
        snprintf(why, size, "declared exception: serves %ld at once by design, this takes %ld",
                 clients_max, clients);
    else
        return false;
    return true;
}

/* Tries all from `first` on, `jobs` side by side, and shows them in their order as they come. */
static void try_from(size_t first, int jobs, FILE *tsv)
{
    size_t next = first, shown = first;
    while (shown < attempt_count) {
        int running = 0;
        for (size_t i = first; i < next; i++) {
            if (attempts[i].done) continue;
            look_after(&attempts[i]);
            running += !attempts[i].done;
        }
        for (; running < jobs && next < attempt_count; next++) {
            struct attempt *attempt = &attempts[next];
            struct trial_verdict *verdict = attempt->verdict;
            if (is_exception(attempt, verdict->evidence, sizeof verdict->evidence)) {
                attempt->done = true;
                verdict->result = TRIAL_SKIP;
                continue;
            }
            begin(attempt);
            running++;
        }
        for (; shown < next && attempts[shown].done; shown++)
            show(&attempts[shown], tsv);
        if (shown < attempt_count) process_sleep_ns(5 * NS_PER_MS);
    }
}

/* A server that does not start would fail every trap, and be waited for each time: the first trap
 * tells it. */
static void try_all(int jobs, FILE *tsv)
{
    size_t all = attempt_count;
    attempt_count = 1;
    try_from(0, 1, tsv);
    if (attempts[0].verdict->result == TRIAL_FAIL && attempts[0].trap == &TRAPS_BYTES[0]) return;
    attempt_count = all;
    try_from(1, jobs, tsv);
}

/* ---- command line ---- */

/* What the command line says, besides the command itself. */
struct request {
    const struct attempt *wanted[TRAPS_MAX];
    size_t wanted_count; /* 0: all. */
    const char *name, *tsv_path;
    long jobs;
};

/* Keeps only the traps that were asked for. */
static void choose(const struct attempt *const *wanted, size_t count)
{
    struct attempt chosen[TRAPS_MAX];
    for (size_t i = 0; i < count; i++)
        chosen[i] = *wanted[i];
    if (count == 0) return;
    memcpy(attempts, chosen, count * sizeof chosen[0]);
    attempt_count = count;
}

static void take_exception(char *text)
{
    char *why = strchr(text, '=');
    if (why == NULL || why[1] == '\0') die_usage("--except takes TRAP=WHY, not \"%s\"", text);
    *why = '\0';
    find(text)->exception = why + 1;
}

static void join_command(int count, char **words)
{
    size_t held = 0;
    for (int i = 0; i < count; i++) {
        int added = snprintf(command + held, sizeof command - held, "%s%s", i ? " " : "", words[i]);
        held += (size_t)added;
        if (held >= sizeof command) die_usage("the command is longer than %d", COMMAND_MAX);
    }
}

/* Sanitized servers end at their first finding, so that the trap that met it fails.  With threads,
 * ThreadSanitizer would sleep for a second at the end of each. */
static void set_sanitizers(void)
{
    setenv("ASAN_OPTIONS", "halt_on_error=1:quarantine_size_mb=1:detect_leaks=1", 0);
    setenv("TSAN_OPTIONS", "halt_on_error=1:atexit_sleep_ms=50", 0);
    setenv("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1", 0);
}

static void set_option(struct request *request, int key, char *text)
{
    if (key == 'n') request->name = text;
    if (key == 't' && request->wanted_count < TRAPS_MAX)
        request->wanted[request->wanted_count++] = find(text);
    if (key == 'e') take_exception(text);
    if (key == 'o') request->tsv_path = text;
    if (key == 'j') request->jobs = number_option("--jobs", text, 1, SIDE_BY_SIDE_MAX);
    if (key == 'u') user_option(text);
    if (key == 's') traps_seed = (unsigned long)number_option("--seed", text, 0, LONG_MAX);
    if (key == 'i') instrumented = true;
    if (key == 'h') help();
    if (key == 'l') list();
}

static struct request parse(int argc, char **argv)
{
    static const struct option options[] = {{"name", required_argument, NULL, 'n'},
                                            {"trap", required_argument, NULL, 't'},
                                            {"except", required_argument, NULL, 'e'},
                                            {"tsv", required_argument, NULL, 'o'},
                                            {"user", required_argument, NULL, 'u'},
                                            {"jobs", required_argument, NULL, 'j'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"instrumented", no_argument, NULL, 'i'},
                                            {"list", no_argument, NULL, 'l'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct request request = {.jobs = 4};
    opterr = 0; /* Our own line says more. */
    for (int key; (key = getopt_long(argc, argv, "+:", options, NULL)) != -1;) {
        if (key == ':') die_usage("%s needs a value; see --help", argv[optind - 1]);
        if (key == '?') die_usage("unknown option %s; see --help", argv[optind - 1]);
        set_option(&request, key, optarg);
    }
    if (optind == argc) die_usage("which server? Give its command after --; see --help");
    join_command(argc - optind, argv + optind);
    return request;
}

/* Room for verdicts that the processes of the traps write and we read. */
static void share_verdicts(void)
{
    struct trial_verdict *verdicts =
        mmap(NULL, TRAPS_MAX * sizeof *verdicts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
             -1, 0);
    if (verdicts == MAP_FAILED) die("mmap");
    for (size_t i = 0; i < attempt_count; i++)
        attempts[i].verdict = &verdicts[i];
}

/* The last line; returns how many traps failed. */
static int show_counts(const char *name)
{
    int counts[TRIAL_SKIP + 1] = {0};
    for (size_t i = 0; i < attempt_count; i++)
        counts[attempts[i].verdict->result]++;
    printf("%s: %d passed, %d failed, %d skipped\n", name, counts[TRIAL_PASS], counts[TRIAL_FAIL],
           counts[TRIAL_SKIP]);
    return counts[TRIAL_FAIL];
}

int main(int argc, char **argv)
{
    program_begin();
    traps_seed = clock_ns() / NS_PER_US % 1000000;
    add_traps(TRAPS_BYTES, TRAPS_BYTES_COUNT);
    add_traps(TRAPS_SHORTAGE, TRAPS_SHORTAGE_COUNT); /* Early: they wait while others work. */
    add_traps(TRAPS_PEERS, TRAPS_PEERS_COUNT);
    add_traps(TRAPS_CROWDS, TRAPS_CROWDS_COUNT);
    add_traps(TRAPS_MIXED, TRAPS_MIXED_COUNT);
    struct request request = parse(argc, argv);
    choose(request.wanted, request.wanted_count);
    FILE *tsv = request.tsv_path == NULL ? NULL : output_open(request.tsv_path);
    share_verdicts();
    set_sanitizers();
    process_prepare();
    ask_clients_max();
    try_all((int)request.jobs, tsv);
    int failed = show_counts(request.name != NULL ? request.name : command);
    bool written = tsv == NULL || output_close(tsv, request.tsv_path);
    program_end(failed > 0 || !written);
}
