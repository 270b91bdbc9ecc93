/* load_options.c -- reads the command line of the load client. */
#include "clients/load_options.h"

#include <stdio.h>
#include <string.h>

#include "clients/commands.h"
#include "clients/run.h"
#include "common/costs.h"
#include "common/die.h"
#include "common/number.h"
#include "common/options.h"
#include "common/output.h"
#include "common/program.h"

static const double DEFAULT_RATE_PER_S = 1000, DEFAULT_COST_PERCENT = 1;
enum { DEFAULT_COST_US = 1000, DEFAULT_BASE_MS = 100, DEFAULT_CAP_MS = 5000 };

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
    "  --port P           port of the server\n"
    "  --host ADDR        numeric IPv4 or IPv6 address of the server [127.0.0.1]\n"
    "  --remote           allow an address outside this machine: only with its owner's consent\n"
    "  --connections N    connections to hold; with --short-lived: clients at once [1].  At most\n"
    "                     256 connect at a time, and 3/4 of what a listener's queue may hold\n"
    "                     (net.core.somaxconn).  Only 127.0.0.1 can be reached from many\n"
    "                     addresses: any other server takes about 28,000 from one machine\n"
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
    "  --cost-percent P   of how many messages, in percent, picked at random [1]\n"
    "  --timeout-ms T     how long after the window an echo may still come [1000]\n"
    "  --patience-ms T    give up connecting when nobody got an echo for T ms; for up to 5 s "
    "while\n"
    "                     TCP's own handshake is under way somewhere [2000]\n"
    "  --spin             poll instead of sleeping shortly before a message is due: sharper\n"
    "                     timing for a whole core; not where processes would share one\n"
    "  --reconnect POLICY hold the connections until you end the server, and come back when you\n"
    "                     start it again on its port; --duration S (60 at most) for all of it.\n"
    "                     \"now\": try at once, and again; \"jitter\": before each try wait a "
    "random\n"
    "                     part of a span, which each failure doubles\n"
    "  --base-ms N        that span before the first try [100]\n"
    "  --cap-ms N         the longest span [5000]\n"
    "  --short-lived M    M clients that connect, send one message, and close when it is back;\n"
    "                     one in 64 half-closes, and sees that nothing more comes but the end\n"
    "  --interactive      hold nothing and send nothing until a command on stdin says so\n"
    "  --timeline FILE    write what these clients did, in steps of 10 ms, as CSV\n"
    "  --tls VERSION      TLS on every connection: 1.2 or 1.3, and no other\n"
    "  --ca FILE          PEM file with the one authority that is trusted; the server's "
    "certificate\n"
    "                     must be of its making, for the name localhost\n"
    "  --resume           take up the session of an earlier connection, if the server agrees\n"
    "  --processes P      use at least P client processes; more are started when one may not\n"
    "                     hold enough files [1]\n"
    "  --seed N           of the random gaps [1]\n"
    "  --output FORMAT    human, csv or json [human]\n"
    "  --hgrm FILE        write the latency distribution for the HdrHistogram plotter\n"
    "  --help             this text\n"
    "\n"
    "Exit status: 0 all was well, 1 the server refused, ended, lost or changed something, or a\n"
    "result could not be written, 2 wrong usage.\n"
    "\n"
    "examples:\n"
    "  load --port 7000 --connections 100 --rate 20000 --duration 5    # latency\n"
    "  load --port 7000 --connections 50 --closed --output json        # capacity\n"
    "  load --port 7000 --short-lived 1000 --connections 10            # connects\n"
    "  load --port 7000 --tls 1.3 --ca ca.pem --short-lived 1000 --connections 8    # handshakes\n"
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
    COST_PERCENT,
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
    TLS,
    CA,
    RESUME,
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
    {"cost-percent", required_argument, NULL, COST_PERCENT},
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
    {"tls", required_argument, NULL, TLS},
    {"ca", required_argument, NULL, CA},
    {"resume", no_argument, NULL, RESUME},
    {"interactive", no_argument, NULL, INTERACTIVE},
    {"help", no_argument, NULL, USAGE},
    {0},
};

/* Takes an option that says what it connects to, and how; false if it is another one. */
static bool set_server(struct load_options *options, int key, const char *text)
{
    switch (key) {
    case HOST:
        options->host = text;
        break;
    case REMOTE:
        options->remote = true;
        break;
    case PORT:
        options->port = number_option("--port", text, 1, 65535);
        break;
    case CONNECTIONS:
        options->connections = number_option("--connections", text, 1, RUN_CONNECTIONS_MAX);
        break;
    case PATIENCE_MS:
        options->patience_ms = number_option("--patience-ms", text, 1, 600000);
        break;
    case TLS:
        if (strcmp(text, "1.2") != 0 && strcmp(text, "1.3") != 0)
            die_usage("--tls takes 1.2 or 1.3, not \"%s\"", text);
        options->tls = text;
        break;
    case CA:
        options->ca = text;
        break;
    case RESUME:
        options->resume = true;
        break;
    default:
        return false;
    }
    return true;
}

/* Takes an option that says what it sends; false if it is another one. */
static bool set_traffic(struct load_options *options, int key, const char *text)
{
    struct crew_traffic *traffic = &options->traffic;
    switch (key) {
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
    case MESSAGE_B:
        options->message_b = number_option("--message-b", text, MESSAGE_B_MIN, MESSAGE_B_MAX);
        break;
    case COST:
        if (!commands_read_cost_kind(text, &traffic->cost))
            die_usage("--cost takes sleep or spin, not \"%s\"", text);
        options->costs = true;
        break;
    case COST_US:
        traffic->cost.us = (uint32_t)number_option("--cost-us", text, 1, COSTS_US_MAX);
        options->cost_details = true;
        break;
    case COST_PERCENT:
        traffic->cost_percent = number_option_decimal("--cost-percent", text, 0, 100);
        options->cost_details = true;
        break;
    case SPIN:
        traffic->spin = true;
        break;
    default:
        return false;
    }
    return true;
}

/* Takes an option that says how long it measures, and what it writes; false if it
 * is another one. */
static bool set_measurement(struct load_options *options, int key, const char *text)
{
    switch (key) {
    case SEED:
        options->traffic.seed = (uint64_t)number_option("--seed", text, 0, INT32_MAX);
        break;
    case DURATION:
        options->duration_s = number_option_decimal("--duration", text, 0.01, RUN_DURATION_S_MAX);
        break;
    case WARM:
        options->warm_s = number_option_decimal("--warm", text, 0, RUN_DURATION_S_MAX);
        break;
    case TIMEOUT_MS:
        options->timeout_ms = number_option("--timeout-ms", text, 1, 600000);
        break;
    case PROCESSES:
        options->processes = number_option("--processes", text, 1, 256);
        break;
    case OUTPUT:
        options->output = text;
        if (strcmp(text, "human") != 0 && strcmp(text, "csv") != 0 && strcmp(text, "json") != 0)
            die_usage("--output takes human, csv or json, not \"%s\"", text);
        break;
    case HGRM:
        options->hgrm = text;
        break;
    default:
        return false;
    }
    return true;
}

/* Takes an option that says what is done instead of one window; false if it is another one. */
static bool set_mode(struct load_options *options, int key, const char *text)
{
    switch (key) {
    case SHORT_LIVED:
        options->short_lived = number_option("--short-lived", text, 1, RUN_CONNECTIONS_MAX);
        break;
    case RECONNECT:
        options->reconnect = text;
        break;
    case BASE_MS:
        options->base_ms = number_option("--base-ms", text, 1, COMMANDS_PAUSE_MS_MAX);
        break;
    case CAP_MS:
        options->cap_ms = number_option("--cap-ms", text, 1, COMMANDS_PAUSE_MS_MAX);
        break;
    case TIMELINE:
        options->timeline = text;
        break;
    case INTERACTIVE:
        options->interactive = true;
        break;
    default:
        return false;
    }
    return true;
}

static void set_option(struct load_options *options, int key, const char *text)
{
    if (set_server(options, key, text) || set_traffic(options, key, text) ||
        set_measurement(options, key, text) || set_mode(options, key, text))
        return;
    printf("%s\n%s", HELP, COMMANDS_HELP);
    program_end(0);
}

/* Words that mean nothing beside the way in which the clients come and go. */
static void check_way(const struct load_options *options)
{
    bool returns = options->reconnect != NULL, visits = options->short_lived > 0;
    if (returns + visits + options->interactive > 1)
        die_usage("--reconnect, --short-lived and --interactive exclude each other");
    if (returns && (options->costs || options->traffic.closed))
        die_usage("--reconnect has a schedule of ordinary messages: no --closed, no --cost");
    if (!returns && (options->base_ms > 0 || options->cap_ms > 0))
        die_usage("--base-ms and --cap-ms are for --reconnect jitter");
    if (!returns && !options->interactive && options->timeline != NULL)
        die_usage("--timeline is for --reconnect, or the command of that name");
    if (visits && (options->hgrm != NULL || options->traffic.active > 0))
        die_usage("--short-lived clients send one message each: no --hgrm, no --active");
}

/* Words that contradict each other, or need another one. */
static void check(const struct load_options *options)
{
    if (options->port == 0) die_usage("--port is missing: the port of the server; see --help");
    if (options->traffic.closed && options->traffic.rate_per_s > 0)
        die_usage("--closed has no schedule, so --rate cannot hold; choose one of them");
    if (options->cost_details && !options->costs)
        die_usage("--cost-us and --cost-percent need --cost sleep or --cost spin");
    if (options->traffic.active > options->connections && !options->interactive)
        die_usage("--active %u is more than --connections %ld", options->traffic.active,
                  options->connections);
    if (options->tls == NULL && (options->ca != NULL || options->resume))
        die_usage("--ca and --resume are for --tls only");
    if (options->tls != NULL && options->ca == NULL)
        die_usage("--tls needs --ca FILE: whom to trust; see --help");
    check_way(options);
    if (options->hgrm != NULL) output_check(options->hgrm);
    if (options->timeline != NULL) output_check(options->timeline);
}

struct load_options load_options_read(int argc, char **argv)
{
    struct load_options options = {.host = "127.0.0.1",
                                   .output = "human",
                                   .connections = 1,
                                   .processes = 1,
                                   .message_b = 64,
                                   .timeout_ms = 1000,
                                   .patience_ms = 2000,
                                   .duration_s = 5,
                                   .warm_s = 0.5,
                                   .traffic = {.poisson = true,
                                               .seed = 1,
                                               .cost = {.us = DEFAULT_COST_US},
                                               .cost_percent = DEFAULT_COST_PERCENT}};
    for (int key; (key = options_next(argc, argv, OPTIONS)) != -1;)
        set_option(&options, key, optarg);
    if (optind < argc) die_usage("\"%s\" is not an option; see --help", argv[optind]);
    check(&options);
    if (options.base_ms == 0) options.base_ms = DEFAULT_BASE_MS;
    if (options.cap_ms == 0) options.cap_ms = DEFAULT_CAP_MS;
    if (options.traffic.rate_per_s == 0) options.traffic.rate_per_s = DEFAULT_RATE_PER_S;
    return options;
}
