/* load.c -- the load client: opens N connections to any echo server, keeps time, compares every
 * byte.
 *
 * Alone it makes one measurement and prints it.  With --interactive it takes
 * commands on stdin, a line each, and answers each with a line: so the harness
 * drives it, and so can a person. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/crew.h"
#include "clients/message.h"
#include "clients/report.h"
#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/number.h"

enum { CONNECTIONS_MAX = 4000000, RATE_MAX = 10000000, DURATION_S_MAX = 3600 };

static const double DEFAULT_RATE_PER_S = 1000;

/* Everything the command line can say. */
struct request {
    const char *host, *output, *hgrm;
    long port, connections, processes, message_b, short_lived, timeout_ms;
    double duration_s, warm_s;
    bool interactive, remote;
    struct crew_traffic traffic;
    /* What went wrong while nothing was recorded, to be told with the next window. */
    uint64_t unrecorded_corrupt, unrecorded_reset;
};

static const char HELP[] =
    "load -- opens connections to an echo server, sends messages on a schedule, compares every "
    "byte\n"
    "\n"
    "usage: load --port P [options]                     one measurement\n"
    "       load --port P --short-lived M [options]     M clients that connect, echo once, close\n"
    "       load --port P --interactive [options]       commands on stdin, see below\n"
    "\n"
    "  --host ADDR        numeric IPv4 or IPv6 address of the server [127.0.0.1]\n"
    "  --remote           allow an address outside this machine: only with its owner's consent\n"
    "  --connections N    connections to hold; with --short-lived: clients at once [1]\n"
    "  --active K         send on K of the N connections only, the rest stay idle [all]\n"
    "  --rate R           messages per second in all, open loop: latency counts from the moment\n"
    "                     a message was due, also when server or client are late [1000]\n"
    "  --poisson          random gaps between messages, as from independent users [yes]\n"
    "  --constant         equal gaps\n"
    "  --closed           no schedule: each connection sends again when its echo is back\n"
    "  --duration S       length of the measured window, in seconds [5]\n"
    "  --warm S           traffic before the window that is not counted, in seconds [0.5]\n"
    "  --message-b B      size of a message, in bytes, 20 at least [64]\n"
    "  --timeout-ms T     how long after the window an echo may still come [1000]\n"
    "  --spin             poll instead of sleeping shortly before a message is due: sharper\n"
    "                     timing for a whole core; not where processes would share one\n"
    "  --processes P      use at least P client processes; more are started when one may not\n"
    "                     hold enough files [1]\n"
    "  --seed N           of the random gaps [1]\n"
    "  --output FORMAT    human, csv or json [human]\n"
    "  --hgrm FILE        write the latency distribution for the HdrHistogram plotter\n"
    "  --help             this text\n"
    "\n"
    "commands with --interactive, each answered by one line:\n"
    "  connect N | warm S | window S | rate R | closed | active K | quit\n"
    "\n"
    "Exit status: 0 all was well, 1 the server refused, lost or changed something, 2 wrong usage.\n"
    "\n"
    "examples:\n"
    "  load --port 7000 --connections 100 --rate 20000 --duration 5    # latency\n"
    "  load --port 7000 --connections 50 --closed --output json        # capacity\n"
    "  load --port 7000 --short-lived 1000 --connections 10            # connects\n";

enum option_key {
    HOST = 256,
    REMOTE,
    PORT,
    CONNECTIONS,
    ACTIVE,
    RATE,
    POISSON,
    CONSTANT,
    CLOSED_LOOP,
    DURATION,
    WARM,
    MESSAGE_B,
    TIMEOUT_MS,
    SPIN,
    PROCESSES,
    SEED,
    OUTPUT,
    HGRM,
    SHORT_LIVED,
    INTERACTIVE,
    USAGE,
};

static const struct option OPTIONS[] = {
    {"host", required_argument, NULL, HOST},
    {"remote", no_argument, NULL, REMOTE},
    {"port", required_argument, NULL, PORT},
    {"connections", required_argument, NULL, CONNECTIONS},
    {"active", required_argument, NULL, ACTIVE},
    {"rate", required_argument, NULL, RATE},
    {"poisson", no_argument, NULL, POISSON},
    {"constant", no_argument, NULL, CONSTANT},
    {"closed", no_argument, NULL, CLOSED_LOOP},
    {"duration", required_argument, NULL, DURATION},
    {"warm", required_argument, NULL, WARM},
    {"message-b", required_argument, NULL, MESSAGE_B},
    {"timeout-ms", required_argument, NULL, TIMEOUT_MS},
    {"spin", no_argument, NULL, SPIN},
    {"processes", required_argument, NULL, PROCESSES},
    {"seed", required_argument, NULL, SEED},
    {"output", required_argument, NULL, OUTPUT},
    {"hgrm", required_argument, NULL, HGRM},
    {"short-lived", required_argument, NULL, SHORT_LIVED},
    {"interactive", no_argument, NULL, INTERACTIVE},
    {"help", no_argument, NULL, USAGE},
    {0},
};

static void set_option(struct request *request, int key, const char *text)
{
    struct crew_traffic *traffic = &request->traffic;
    switch (key) {
    case HOST:
        request->host = text;
        break;
    case REMOTE:
        request->remote = true;
        break;
    case PORT:
        request->port = number_option("--port", text, 1, 65535);
        break;
    case CONNECTIONS:
        request->connections = number_option("--connections", text, 1, CONNECTIONS_MAX);
        break;
    case ACTIVE:
        traffic->active = (uint32_t)number_option("--active", text, 1, CONNECTIONS_MAX);
        break;
    case RATE:
        traffic->rate_per_s = number_option_decimal("--rate", text, 0.1, RATE_MAX);
        break;
    case POISSON:
        traffic->poisson = true;
        break;
    case CONSTANT:
        traffic->poisson = false;
        break;
    case CLOSED_LOOP:
        traffic->closed = true;
        break;
    case DURATION:
        request->duration_s = number_option_decimal("--duration", text, 0.01, DURATION_S_MAX);
        break;
    case WARM:
        request->warm_s = number_option_decimal("--warm", text, 0, DURATION_S_MAX);
        break;
    case MESSAGE_B:
        request->message_b = number_option("--message-b", text, MESSAGE_B_MIN, MESSAGE_B_MAX);
        break;
    case TIMEOUT_MS:
        request->timeout_ms = number_option("--timeout-ms", text, 1, 600000);
        break;
    case SPIN:
        traffic->spin = true;
        break;
    case PROCESSES:
        request->processes = number_option("--processes", text, 1, 256);
        break;
    case SEED:
        traffic->seed = (uint64_t)number_option("--seed", text, 0, INT32_MAX);
        break;
    case OUTPUT:
        request->output = text;
        if (strcmp(text, "human") != 0 && strcmp(text, "csv") != 0 && strcmp(text, "json") != 0)
            die_usage("--output takes human, csv or json, not \"%s\"", text);
        break;
    case HGRM:
        request->hgrm = text;
        break;
    case SHORT_LIVED:
        request->short_lived = number_option("--short-lived", text, 1, CONNECTIONS_MAX);
        break;
    case INTERACTIVE:
        request->interactive = true;
        break;
    case USAGE:
        fputs(HELP, stdout);
        exit(0);
    }
}

static struct request parse(int argc, char **argv)
{
    struct request request = {.host = "127.0.0.1",
                              .output = "human",
                              .connections = 1,
                              .processes = 1,
                              .message_b = 64,
                              .timeout_ms = 1000,
                              .duration_s = 5,
                              .warm_s = 0.5,
                              .traffic = {.poisson = true, .seed = 1}};
    opterr = 0; /* Our own line says more. */
    for (int key; (key = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1;) {
        if (key == ':') die_usage("%s needs a value; see --help", argv[optind - 1]);
        if (key == '?') die_usage("unknown option %s; see --help", argv[optind - 1]);
        set_option(&request, key, optarg);
    }
    if (optind < argc) die_usage("\"%s\" is not an option; see --help", argv[optind]);
    if (request.port == 0) die_usage("--port is missing: the port of the server; see --help");
    if (request.traffic.closed && request.traffic.rate_per_s > 0)
        die_usage("--closed has no schedule, so --rate cannot hold; choose one of them");
    if (request.traffic.active > request.connections && !request.interactive)
        die_usage("--active %u is more than --connections %ld", request.traffic.active,
                  request.connections);
    if (request.traffic.rate_per_s == 0) request.traffic.rate_per_s = DEFAULT_RATE_PER_S;
    return request;
}

static struct crew *start_crew(const struct request *request)
{
    struct worker_setup setup = {.message_b = (size_t)request->message_b,
                                 .timeout_ns = (uint64_t)request->timeout_ms * NS_PER_MS};
    if (!net_address_read(request->host, (uint16_t)request->port, &setup.address))
        die_usage("--host takes a numeric address such as 127.0.0.1 or ::1, not \"%s\"",
                  request->host);
    if (!net_is_loopback(&setup.address) && !request->remote)
        die_usage("--host %s is not this machine; add --remote if its owner agreed to this load",
                  request->host);
    return crew_new(&setup, (uint32_t)request->processes, net_raise_file_limit());
}

static void connect_step(struct crew *crew, uint32_t connections, struct report *report)
{
    static struct worker_connects found;
    uint64_t begin_ns = clock_ns();
    crew_connect(crew, connections, &found);
    report_connects(report, &found, connections, (double)(clock_ns() - begin_ns) / NS_PER_S, crew);
}

/* Runs traffic for duration_s and adds what was found to the report. */
static void traffic_step(struct crew *crew, struct request *request, double duration_s,
                         bool recorded, struct report *report)
{
    static struct worker_traffic found;
    uint64_t busiest_cpu_ns;
    bool spin;
    request->traffic.duration_s = duration_s;
    uint32_t active = crew_run(crew, &request->traffic, &found, &busiest_cpu_ns, &spin);
    /* A wrong byte must not go unnoticed because it came during the warm-up. */
    found.corrupt += request->unrecorded_corrupt;
    found.reset += request->unrecorded_reset;
    request->unrecorded_corrupt = recorded ? 0 : found.corrupt;
    request->unrecorded_reset = recorded ? 0 : found.reset;
    report_window(report, &request->traffic, &found, active, busiest_cpu_ns, spin, crew);
    request->traffic.seed++; /* Each draws its own gaps. */
    if (!recorded || request->hgrm == NULL) return;
    histogram_merge(&found.latency_half_ns[0], &found.latency_half_ns[1]);
    if (!histogram_write_hgrm(&found.latency_half_ns[0], request->hgrm)) die(request->hgrm);
}

/* ---- commands on stdin ---- */

/* Executes one command and writes its answer.  False: it was "quit". */
static bool execute(struct crew *crew, struct request *request, char *line)
{
    struct report report = {0};
    char *rest = line, *word = strsep(&rest, " "), *text = rest ? rest : "";
    long count;
    double number;
    if (strcmp(word, "quit") == 0) {
        puts("quit");
        return false;
    }
    if (strcmp(word, "connect") == 0 && number_read(text, 0, CONNECTIONS_MAX, &count)) {
        connect_step(crew, (uint32_t)count, &report);
    } else if ((strcmp(word, "warm") == 0 || strcmp(word, "window") == 0) &&
               number_read_decimal(text, 0.01, DURATION_S_MAX, &number)) {
        traffic_step(crew, request, number, strcmp(word, "window") == 0, &report);
    } else if (strcmp(word, "rate") == 0 && number_read_decimal(text, 0.1, RATE_MAX, &number)) {
        request->traffic.rate_per_s = number;
        request->traffic.closed = false;
        report_number(&report, "offered_per_s", number, 1);
    } else if (strcmp(word, "closed") == 0 && text[0] == '\0') {
        request->traffic.closed = true;
    } else if (strcmp(word, "active") == 0 && number_read(text, 0, CONNECTIONS_MAX, &count)) {
        request->traffic.active = (uint32_t)count;
        report_count(&report, "connections_active", (uint64_t)count);
    } else {
        printf(
            "error \"%s %s\": try connect N, warm S, window S, rate R, closed, active K or quit\n",
            word, text);
        return true;
    }
    fputs(word, stdout);
    report_write_pairs(&report, stdout);
    puts("");
    return true;
}

static int run_interactive(struct crew *crew, struct request *request)
{
    char *line = NULL;
    size_t room = 0;
    bool more = true;
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (more && getline(&line, &room, stdin) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        more = execute(crew, request, line);
    }
    free(line);
    return 0;
}

/* ---- one measurement ---- */

static void write_report(const struct request *request, const struct report *report)
{
    if (strcmp(request->output, "json") == 0)
        report_write_json(report, stdout);
    else if (strcmp(request->output, "csv") == 0)
        report_write_csv(report, stdout);
    else
        report_write_human(report, stdout);
}

/* Returns the exit status: 0, or 1 with a line about the first thing that went wrong. */
static int judge(const struct report *report, uint64_t connect_failures, uint64_t corrupt)
{
    if (corrupt > 0 || strcmp(report_value(report, "corrupt"), "0") != 0) {
        fprintf(stderr, "load: the server sent bytes that it had not received\n");
        return 1;
    }
    if (connect_failures > 0) {
        fprintf(stderr, "load: %lu of %s connections were not established: %s\n", connect_failures,
                report_value(report, "connections_asked"), report_value(report, "connect_error"));
        return 1;
    }
    const char *lost = report_value(report, "lost");
    if (lost[0] != '\0' && strcmp(lost, "0") != 0) {
        fprintf(stderr, "load: %s of %s messages did not come back\n", lost,
                report_value(report, "sent"));
        return 1;
    }
    return 0;
}

static int run_once(struct crew *crew, struct request *request)
{
    static struct report report;
    connect_step(crew, (uint32_t)request->connections, &report);
    uint64_t failures = (uint64_t)request->connections - crew_open(crew);
    uint64_t corrupt = strcmp(report_value(&report, "corrupt"), "0") != 0;
    if (request->warm_s > 0) {
        struct report ignored = {0};
        traffic_step(crew, request, request->warm_s, false, &ignored);
    }
    traffic_step(crew, request, request->duration_s, true, &report);
    write_report(request, &report);
    return judge(&report, failures, corrupt);
}

static int run_short_lived(struct crew *crew, const struct request *request)
{
    static struct worker_connects found;
    struct report report = {0};
    uint64_t begin_ns = clock_ns();
    crew_visit(crew, (uint32_t)request->short_lived, (uint32_t)request->connections, &found);
    report_connects(&report, &found, (uint32_t)request->short_lived,
                    (double)(clock_ns() - begin_ns) / NS_PER_S, crew);
    write_report(request, &report);
    return judge(&report, found.asked - found.established, found.corrupt);
}

int main(int argc, char **argv)
{
    struct request request = parse(argc, argv);
    struct crew *crew = start_crew(&request);
    if (request.interactive) return run_interactive(crew, &request);
    if (request.short_lived > 0) return run_short_lived(crew, &request);
    return run_once(crew, &request);
}
