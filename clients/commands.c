/* commands.c -- the load client as a partner in a talk: a line in, a line out. */
#include "clients/commands.h"

#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "clients/deaf.h"
#include "common/clock.h"
#include "common/costs.h"
#include "common/die.h"
#include "common/number.h"
#include "common/output.h"

enum {
    WORDS_MAX = 5,
    MERGE_MAX = 64,
    ANSWER_MAX_B = 64 * 1024, /* With all its pairs. */
    ATTEMPTS_MAX = 100000,    /* Of one client; some 10 us each, so that it takes 1 s at least. */
};

const char COMMANDS_HELP[] =
    "commands with --interactive, each answered by one line \"WORD name=value ...\":\n"
    "  connect N          hold N connections, each echoed once\n"
    "  warm S             traffic for S seconds that is not counted\n"
    "  window S           traffic for S seconds, and what was found\n"
    "  rate R | closed    open loop with R messages per second; closed loop\n"
    "  active K           send on K connections only; 0: on all\n"
    "  cost KIND US P     P percent of the messages cost US us; KIND is sleep, spin, or none\n"
    "  deaf N             besides, N clients that send what the server takes and read nothing\n"
    "  merge N            windows also tell the latencies of the last N of them together\n"
    "  reconnect now S    wait until the server ended all connections and they are back, for S\n"
    "                     seconds at most; who is back sends.  Lost, a client tries at once, and\n"
    "                     again at once as long as it fails\n"
    "  reconnect jitter BASE CAP S\n"
    "                     the same, but before each try it waits a random part of a span: BASE "
    "ms,\n"
    "                     doubled by each failure, CAP ms at most\n"
    "  quit\n";

/* One command, taken apart. */
struct command {
    char *words[WORDS_MAX]; /* "" where there is none. */
    int count;              /* Of the words; may be more than WORDS_MAX. */
};

static struct command split(char *line)
{
    struct command command = {0};
    for (char *rest = line, *word; (word = strsep(&rest, " ")) != NULL;) {
        if (*word == '\0') continue;
        if (command.count < WORDS_MAX) command.words[command.count] = word;
        command.count++;
    }
    for (int i = command.count; i < WORDS_MAX; i++)
        command.words[i] = "";
    return command;
}

bool commands_read_policy(const char *text, long base_ms, long cap_ms, struct crew_return *policy)
{
    policy->backoff = (struct backoff){.jitter = strcmp(text, "jitter") == 0,
                                       .base_ns = (uint64_t)base_ms * NS_PER_MS,
                                       .cap_ns = (uint64_t)cap_ms * NS_PER_MS};
    policy->attempts_max = ATTEMPTS_MAX;
    return policy->backoff.jitter || strcmp(text, "now") == 0;
}

bool commands_read_cost_kind(const char *text, struct message_cost *cost)
{
    cost->spin = strcmp(text, "spin") == 0;
    return cost->spin || strcmp(text, "sleep") == 0;
}

/* ---- the commands: each returns false if its words are no such command ---- */

static bool do_connect(struct run *run, char **words, struct report *report)
{
    long count;
    if (!number_read(words[1], 0, RUN_CONNECTIONS_MAX, &count)) return false;
    run_connect(run, (uint32_t)count, report);
    return true;
}

static bool do_traffic(struct run *run, char **words, struct report *report)
{
    double duration_s;
    if (!number_read_decimal(words[1], 0.01, RUN_DURATION_S_MAX, &duration_s)) return false;
    run_traffic(run, duration_s, strcmp(words[0], "window") == 0, report);
    return true;
}

static bool do_rate(struct run *run, char **words, struct report *report)
{
    double rate_per_s;
    if (!number_read_decimal(words[1], 0.1, RUN_RATE_MAX, &rate_per_s)) return false;
    run->traffic.rate_per_s = rate_per_s;
    run->traffic.closed = false;
    report_number(report, "offered_per_s", rate_per_s, 1);
    return true;
}

static bool do_closed(struct run *run, char **words, struct report *report)
{
    (void)words, (void)report;
    run->traffic.closed = true;
    return true;
}

static bool do_active(struct run *run, char **words, struct report *report)
{
    long count;
    if (!number_read(words[1], 0, RUN_CONNECTIONS_MAX, &count)) return false;
    run->traffic.active = (uint32_t)count;
    report_count(report, "connections_active", (uint64_t)count);
    return true;
}

static bool do_cost(struct run *run, char **words, struct report *report)
{
    struct message_cost cost = {0};
    long us = 0;
    double percent = 0;
    bool none = strcmp(words[1], "none") == 0 && words[2][0] == '\0';
    if (!none &&
        !(commands_read_cost_kind(words[1], &cost) && number_read(words[2], 1, COSTS_US_MAX, &us) &&
          number_read_decimal(words[3], 0, 100, &percent)))
        return false;
    cost.us = (uint32_t)us;
    if (!run_cost(run, cost, percent)) return false;
    report_count(report, "cost_us", run->traffic.cost.us);
    report_number(report, "cost_percent", run->traffic.cost_percent, 3);
    return true;
}

static bool do_merge(struct run *run, char **words, struct report *report)
{
    long windows;
    if (!number_read(words[1], 0, MERGE_MAX, &windows)) return false;
    run_merge(run, (uint32_t)windows);
    report_count(report, "windows", (uint64_t)windows);
    return true;
}

static bool do_reconnect(struct run *run, char **words, struct report *report)
{
    struct crew_return policy = {0};
    long base_ms = 0, cap_ms = 0;
    bool pauses = words[3][0] != '\0';
    if (pauses && !(number_read(words[2], 1, COMMANDS_PAUSE_MS_MAX, &base_ms) &&
                    number_read(words[3], 1, COMMANDS_PAUSE_MS_MAX, &cap_ms)))
        return false;
    if (!commands_read_policy(words[1], base_ms, cap_ms, &policy) ||
        policy.backoff.jitter != pauses ||
        !number_read_decimal(words[pauses ? 4 : 2], 0.01, HERD_S_MAX, &policy.limit_s))
        return false;
    run_reconnect(run, &policy, report);
    return true;
}

static bool do_deaf(const struct net_address *address, char **words, struct report *report)
{
    long count;
    if (!number_read(words[1], 0, DEAF_CLIENTS_MAX, &count)) return false;
    struct deaf_report found = deaf_clients(address, (uint32_t)count);
    report_count(report, "deaf_clients", found.connected);
    report_count(report, "deaf_stuck_b", found.stuck_b);
    return true;
}

static bool execute(struct run *run, const struct net_address *address, struct command *command,
                    struct report *report)
{
    static const struct {
        const char *word;
        int words_max;
        bool (*execute)(struct run *run, char **words, struct report *report);
    } commands[] = {
        {"reconnect", 5, do_reconnect}, {"connect", 2, do_connect}, {"warm", 2, do_traffic},
        {"window", 2, do_traffic},      {"rate", 2, do_rate},       {"closed", 1, do_closed},
        {"active", 2, do_active},       {"cost", 4, do_cost},       {"merge", 2, do_merge},
    };
    char **words = command->words;
    if (strcmp(words[0], "deaf") == 0)
        return command->count == 2 && do_deaf(address, words, report);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(words[0], commands[i].word) == 0)
            return command->count <= commands[i].words_max &&
                   commands[i].execute(run, words, report);
    return false;
}

/* Executes one line and writes its answer.  False: it was "quit". */
static bool answer(struct run *run, const struct net_address *address, char *line)
{
    char said[64];
    snprintf(said, sizeof said, "%s", line);
    struct command command = split(line);
    struct report report = {0};
    if (strcmp(command.words[0], "quit") == 0) {
        puts("quit");
        return false;
    }
    if (!execute(run, address, &command, &report)) {
        printf("error \"%s\" is no command, or out of range; load --help tells them\n", said);
        return true;
    }
    fputs(command.words[0], stdout);
    report_write_pairs(&report, stdout);
    puts("");
    return true;
}

/* An answer is written whole or not at all: a part of one would be taken for all of it. */
static void send_answer(void)
{
    if (ferror(stdout)) {
        __fpurge(stdout);
        output_failed("an answer");
        exit(1);
    }
    if (!output_flush(stdout, "an answer")) exit(1);
}

void commands_run(struct run *run, const struct net_address *address)
{
    char *line = NULL;
    size_t room = 0;
    bool more = true;
    static char buffer[ANSWER_MAX_B];
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    while (more && getline(&line, &room, stdin) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        more = answer(run, address, line);
        send_answer();
    }
    if (ferror(stdin)) die("read of a command");
    free(line);
}
