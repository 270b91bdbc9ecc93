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

#include "clients/commands.h"
#include "clients/run.h"
#include "common/clock.h"
#include "common/costs.h"
#include "common/die.h"
#include "common/net.h"
#include "common/number.h"

static const double DEFAULT_RATE_PER_S = 1000, DEFAULT_COST_PERCENT = 1;
enum { DEFAULT_COST_US = 1000 };

/* Everything the command line can say. */
struct request {
    const char *host, *output, *hgrm;
    const char *reconnect, *timeline; /* How clients return that lose their server; NULL: not. */
    long base_ms, cap_ms;
    long port, connections, processes, message_b, short_lived, timeout_ms, patience_ms;
    double duration_s, warm_s;
    bool interactive, remote, costs, cost_details;
    struct crew_traffic traffic;
};

static const char HELP[] =
    "load -- opens connections to an echo server, sends messages on a schedule, compares every "
    "byte\n"
    "\n"
    "usage: load --port P [options]                     one measurement\n"
    "       load --port P --reconnect POLICY [options]  clients that lose the server and come "
    "back\n"
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
    "  --message-b B      size of a message, in bytes, 20 at least, with a cost 36 [64]\n"
    "  --cost KIND        some messages cost the server (started with --costs) time: \"sleep\"\n"
    "                     blocks it, \"spin\" burns CPU; their latencies are told apart\n"
    "  --cost-us N        how much, in us, at most 1000000 [1000]\n"
    "  --cost-share P     of how many messages, in percent, picked at random [1]\n"
    "  --timeout-ms T     how long after the window an echo may still come [1000]\n"
    "  --patience-ms T    how long connecting goes on when all wait for the server [2000]\n"
    "  --spin             poll instead of sleeping shortly before a message is due: sharper\n"
    "                     timing for a whole core; not where processes would share one\n"
    "  --reconnect POLICY hold the connections until you end the server, and come back when you\n"
    "                     start it again on its port; --duration S (60 at most) for all of it.\n"
    "                     \"now\": try at once, and again; \"jitter\": before each try wait a "
    "random\n"
    "                     part of a span, which each failure doubles\n"
    "  --base-ms N        that span before the first try [100]\n"
    "  --cap-ms N         the longest span [5000]\n"
    "  --timeline FILE    write what these clients did, in steps of 10 ms, as CSV\n"
    "  --processes P      use at least P client processes; more are started when one may not\n"
    "                     hold enough files [1]\n"
    "  --seed N           of the random gaps [1]\n"
    "  --output FORMAT    human, csv or json [human]\n"
    "  --hgrm FILE        write the latency distribution for the HdrHistogram plotter\n"
    "  --help             this text\n"
    "\n"
    "Exit status: 0 all was well, 1 the server refused, lost or changed something, 2 wrong usage.\n"
    "\n"
    "examples:\n"
    "  load --port 7000 --connections 100 --rate 20000 --duration 5    # latency\n"
    "  load --port 7000 --connections 50 --closed --output json        # capacity\n"
    "  load --port 7000 --short-lived 1000 --connections 10            # connects\n"
    "  load --port 7000 --connections 500 --reconnect jitter --duration 30   # then end the "
    "server\n";

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
    COST,
    COST_US,
    COST_SHARE,
    MESSAGE_B,
    TIMEOUT_MS,
    PATIENCE_MS,
    SPIN,
    PROCESSES,
    SEED,
    OUTPUT,
    HGRM,
    SHORT_LIVED,
    RECONNECT,
    BASE_MS,
    CAP_MS,
    TIMELINE,
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
    {"cost", required_argument, NULL, COST},
    {"cost-us", required_argument, NULL, COST_US},
    {"cost-share", required_argument, NULL, COST_SHARE},
    {"message-b", required_argument, NULL, MESSAGE_B},
    {"timeout-ms", required_argument, NULL, TIMEOUT_MS},
    {"patience-ms", required_argument, NULL, PATIENCE_MS},
    {"spin", no_argument, NULL, SPIN},
    {"processes", required_argument, NULL, PROCESSES},
    {"seed", required_argument, NULL, SEED},
    {"output", required_argument, NULL, OUTPUT},
    {"hgrm", required_argument, NULL, HGRM},
    {"short-lived", required_argument, NULL, SHORT_LIVED},
    {"reconnect", required_argument, NULL, RECONNECT},
    {"base-ms", required_argument, NULL, BASE_MS},
    {"cap-ms", required_argument, NULL, CAP_MS},
    {"timeline", required_argument, NULL, TIMELINE},
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
        request->connections = number_option("--connections", text, 1, RUN_CONNECTIONS_MAX);
        break;
    case ACTIVE:
        traffic->active = (uint32_t)number_option("--active", text, 1, RUN_CONNECTIONS_MAX);
        break;
    case RATE:
        traffic->rate_per_s = number_option_decimal("--rate", text, 0.1, RUN_RATE_MAX);
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
        request->duration_s = number_option_decimal("--duration", text, 0.01, RUN_DURATION_S_MAX);
        break;
    case WARM:
        request->warm_s = number_option_decimal("--warm", text, 0, RUN_DURATION_S_MAX);
        break;
    case MESSAGE_B:
        request->message_b = number_option("--message-b", text, MESSAGE_B_MIN, MESSAGE_B_MAX);
        break;
    case TIMEOUT_MS:
        request->timeout_ms = number_option("--timeout-ms", text, 1, 600000);
        break;
    case COST:
        if (!commands_read_cost_kind(text, &traffic->cost))
            die_usage("--cost takes sleep or spin, not \"%s\"", text);
        request->costs = true;
        break;
    case COST_US:
        traffic->cost.us = (uint32_t)number_option("--cost-us", text, 1, COSTS_US_MAX);
        request->cost_details = true;
        break;
    case COST_SHARE:
        traffic->cost_percent = number_option_decimal("--cost-share", text, 0, 100);
        request->cost_details = true;
        break;
    case PATIENCE_MS:
        request->patience_ms = number_option("--patience-ms", text, 1, 600000);
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
        request->short_lived = number_option("--short-lived", text, 1, RUN_CONNECTIONS_MAX);
        break;
    case RECONNECT:
        request->reconnect = text;
        break;
    case BASE_MS:
        request->base_ms = number_option("--base-ms", text, 1, COMMANDS_PAUSE_MS_MAX);
        break;
    case CAP_MS:
        request->cap_ms = number_option("--cap-ms", text, 1, COMMANDS_PAUSE_MS_MAX);
        break;
    case TIMELINE:
        request->timeline = text;
        break;
    case INTERACTIVE:
        request->interactive = true;
        break;
    case USAGE:
        printf("%s\n%s", HELP, COMMANDS_HELP);
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
                              .patience_ms = 2000,
                              .base_ms = 100,
                              .cap_ms = 5000,
                              .duration_s = 5,
                              .warm_s = 0.5,
                              .traffic = {.poisson = true,
                                          .seed = 1,
                                          .cost = {.us = DEFAULT_COST_US},
                                          .cost_percent = DEFAULT_COST_PERCENT}};
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
    if (request.cost_details && !request.costs)
        die_usage("--cost-us and --cost-share need --cost sleep or --cost spin");
    if (request.traffic.active > request.connections && !request.interactive)
        die_usage("--active %u is more than --connections %ld", request.traffic.active,
                  request.connections);
    if (request.traffic.rate_per_s == 0) request.traffic.rate_per_s = DEFAULT_RATE_PER_S;
    return request;
}

static struct net_address server_address(const struct request *request)
{
    struct net_address address;
    if (!net_address_read(request->host, (uint16_t)request->port, &address))
        die_usage("--host takes a numeric address such as 127.0.0.1 or ::1, not \"%s\"",
                  request->host);
    if (!net_is_loopback(&address) && !request->remote)
        die_usage("--host %s is not this machine; add --remote if its owner agreed to this load",
                  request->host);
    return address;
}

static struct run prepare(const struct request *request, const struct net_address *address)
{
    struct worker_setup setup = {.address = *address,
                                 .message_b = (size_t)request->message_b,
                                 .timeout_ns = (uint64_t)request->timeout_ms * NS_PER_MS,
                                 .patience_ns = (uint64_t)request->patience_ms * NS_PER_MS};
    struct run run = {.traffic = request->traffic,
                      .message_b = (size_t)request->message_b,
                      .hgrm = request->hgrm,
                      .timeline = request->timeline};
    if (!run_cost(&run, request->traffic.cost, request->costs ? request->traffic.cost_percent : 0))
        die_usage("--cost does not fit into %ld bytes; give --message-b %d or more",
                  request->message_b, MESSAGE_COSTLY_B_MIN);
    run.crew = crew_new(&setup, (uint32_t)request->processes, net_raise_file_limit());
    return run;
}

/* ---- one measurement ---- */

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

static int run_once(struct run *run, const struct request *request)
{
    static struct report report;
    run_connect(run, (uint32_t)request->connections, &report);
    uint64_t failures = (uint64_t)request->connections - crew_open(run->crew);
    uint64_t corrupt = strcmp(report_value(&report, "corrupt"), "0") != 0;
    if (request->warm_s > 0) {
        struct report ignored = {0};
        run_traffic(run, request->warm_s, false, &ignored);
    }
    run_traffic(run, request->duration_s, true, &report);
    report_write(&report, request->output, stdout);
    return judge(&report, failures, corrupt);
}

static int run_short_lived(struct run *run, const struct request *request)
{
    static struct worker_connects found;
    struct report report = {0};
    uint64_t begin_ns = clock_ns();
    crew_visit(run->crew, (uint32_t)request->short_lived, (uint32_t)request->connections, &found);
    report_connects(&report, &found, (uint32_t)request->short_lived,
                    (double)(clock_ns() - begin_ns) / NS_PER_S, run->crew);
    report_write(&report, request->output, stdout);
    return judge(&report, found.asked - found.established, found.corrupt);
}

static int run_herd(struct run *run, const struct request *request)
{
    static struct report report;
    struct report ignored = {0};
    struct crew_return policy = {.limit_s = request->duration_s};
    if (!commands_read_policy(request->reconnect, request->base_ms, request->cap_ms, &policy))
        die_usage("--reconnect takes now or jitter, not \"%s\"", request->reconnect);
    if (request->duration_s > HERD_S_MAX)
        die_usage("--reconnect takes a --duration of %d s at most", HERD_S_MAX);
    run_connect(run, (uint32_t)request->connections, &ignored);
    fprintf(stderr, "load: %u connections are held: end the server, then start it again\n",
            crew_open(run->crew));
    run_reconnect(run, &policy, &report);
    report_write(&report, request->output, stdout);
    return judge(&report, (uint64_t)request->connections - crew_open(run->crew), 0);
}

int main(int argc, char **argv)
{
    struct request request = parse(argc, argv);
    struct net_address address = server_address(&request);
    struct run run = prepare(&request, &address);
    if (request.short_lived > 0 && !request.interactive) return run_short_lived(&run, &request);
    if (request.reconnect != NULL && !request.interactive) return run_herd(&run, &request);
    if (!request.interactive) return run_once(&run, &request);
    commands_run(&run, &address);
    return 0;
}
