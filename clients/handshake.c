/* handshake.c -- what does a connection cost before the first byte?  Opens N connections one after
 * the other, K at a time, with or without TLS, and prints a line of CSV.
 *
 * The stages of a connection are in handshake_run.c; what passes on the wire is counted in
 * handshake_link.c. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/handshake_run.h"
#include "clients/message.h"
#include "common/clock.h"
#include "common/die.h"
#include "common/number.h"

enum { CONNECTIONS_MAX = 10 * 1000 * 1000, TIMEOUT_S_MAX = 3600 };

static const char HELP[] =
    "handshake -- opens connections to an echo server, with TLS or without; tells what each costs\n"
    "             before its first byte can be sent\n"
    "\n"
    "usage: handshake --port P --plain [options]\n"
    "       handshake --port P --tls 1.2|1.3 --ca FILE [--resume] [options]\n"
    "\n"
    "  --port P           port of the server on this machine (127.0.0.1)\n"
    "  --plain            TCP alone\n"
    "  --tls VERSION      TLS on top: 1.2 or 1.3, and no other\n"
    "  --ca FILE          PEM file with the one authority that is trusted; the server's\n"
    "                     certificate must be of its making, for the name localhost\n"
    "  --resume           take up the session of the connection before, if the server agrees\n"
    "  --connections N    in all [1000]\n"
    "  --at-once K        of them at a time, 1000 at most [8]\n"
    "  --message-b B      bytes that each sends, and compares with its echo, 20 to 16384 [64]\n"
    "  --timeout-s T      for all of it [60]\n"
    "  --help             this text\n"
    "\n"
    "Columns: resumed counts connections; round_trips is the median and round_trips_max the most\n"
    "of a connection, TCP's own among them; the mean bytes of TLS on the wire; time from\n"
    "connect(2) until the first byte can be sent (p50, p99; empty with too few connections).\n"
    "Exit status: 0 all was well, 1 a connection failed or the certificate was refused, 2 wrong\n"
    "usage.\n"
    "\n"
    "example, with the servers that harness/handshakes.sh --serve starts:\n"
    "  handshake --port 7000 --tls 1.3 --ca ca.pem --connections 1000 --resume\n";

enum option_key {
    PORT = 256,
    PLAIN,
    TLS,
    CA,
    RESUME,
    CONNECTIONS,
    AT_ONCE,
    MESSAGE_B,
    TIMEOUT_S,
    USAGE
};

static const struct option OPTIONS[] = {
    {"port", required_argument, NULL, PORT},
    {"plain", no_argument, NULL, PLAIN},
    {"tls", required_argument, NULL, TLS},
    {"ca", required_argument, NULL, CA},
    {"resume", no_argument, NULL, RESUME},
    {"connections", required_argument, NULL, CONNECTIONS},
    {"at-once", required_argument, NULL, AT_ONCE},
    {"message-b", required_argument, NULL, MESSAGE_B},
    {"timeout-s", required_argument, NULL, TIMEOUT_S},
    {"help", no_argument, NULL, USAGE},
    {0},
};

/* What the command line says; the rest of the request follows from it. */
struct words {
    struct handshake_request request;
    long port;
    bool plain;
};

static void set_option(struct words *words, int key, const char *text)
{
    struct handshake_request *request = &words->request;
    switch (key) {
    case PORT:
        words->port = number_option("--port", text, 1, 65535);
        break;
    case PLAIN:
        words->plain = true;
        break;
    case TLS:
        if (strcmp(text, "1.2") != 0 && strcmp(text, "1.3") != 0)
            die_usage("--tls takes 1.2 or 1.3, not \"%s\"", text);
        request->tls = text;
        break;
    case CA:
        request->ca = text;
        break;
    case RESUME:
        request->resume = true;
        break;
    case CONNECTIONS:
        request->connections = (uint32_t)number_option("--connections", text, 1, CONNECTIONS_MAX);
        break;
    case AT_ONCE:
        request->at_once = (uint32_t)number_option("--at-once", text, 1, HANDSHAKE_AT_ONCE_MAX);
        break;
    case MESSAGE_B:
        request->message_b =
            (size_t)number_option("--message-b", text, MESSAGE_B_MIN, HANDSHAKE_MESSAGE_B_MAX);
        break;
    case TIMEOUT_S:
        request->timeout_ns =
            (uint64_t)number_option("--timeout-s", text, 1, TIMEOUT_S_MAX) * NS_PER_S;
        break;
    case USAGE:
        fputs(HELP, stdout);
        exit(0);
    }
}

/* Words that contradict each other, or need another one. */
static void check(const struct words *words)
{
    const struct handshake_request *request = &words->request;
    if (words->port == 0) die_usage("--port is missing: the port of the server; see --help");
    if (words->plain == (request->tls != NULL))
        die_usage("choose one of --plain and --tls 1.2|1.3; see --help");
    if (words->plain && (request->resume || request->ca != NULL))
        die_usage("--resume and --ca are for --tls only");
    if (request->tls != NULL && request->ca == NULL)
        die_usage("--tls needs --ca FILE: whom to trust; see --help");
}

static struct handshake_request parse(int argc, char **argv)
{
    struct words words = {
        .request = {
            .connections = 1000, .at_once = 8, .message_b = 64, .timeout_ns = 60ULL * NS_PER_S}};
    opterr = 0; /* Our own line says more. */
    for (int key; (key = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1;) {
        if (key == ':') die_usage("%s needs a value; see --help", argv[optind - 1]);
        if (key == '?') die_usage("unknown option %s; see --help", argv[optind - 1]);
        set_option(&words, key, optarg);
    }
    if (optind < argc) die_usage("\"%s\" is not an option; see --help", argv[optind]);
    check(&words);
    struct handshake_request *request = &words.request;
    if (request->at_once > request->connections) request->at_once = request->connections;
    if (!net_address_read("127.0.0.1", (uint16_t)words.port, &request->address))
        die_because("no loopback address");
    return *request;
}

/* Nothing in place of a percentile that too few connections stand behind. */
static void print_percentile(const struct histogram *histogram, double percent)
{
    printf(",");
    if (histogram_has_percentile(histogram, percent))
        printf("%" PRIu64, histogram_percentile(histogram, percent));
}

static void print_found(const struct handshake_request *request,
                        const struct handshake_found *found)
{
    const struct histogram *trips = &found->round_trips;
    double shaken = trips->count > 0 ? (double)trips->count : 1;
    double seconds = (double)found->window_ns / NS_PER_S;
    double done = (double)found->done;
    puts("connections,failed,resumed,round_trips,round_trips_max,handshake_sent_b,"
         "handshake_received_b,window_s,connections_per_s,client_cpu_us_per_connection,"
         "handshake_ns_p50,handshake_ns_p99");
    printf("%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",", request->connections, found->failed,
           found->resumed);
    if (trips->count > 0)
        printf("%" PRIu64 ",%" PRIu64 ",%.0f,%.0f,", histogram_percentile(trips, 50), trips->max,
               (double)found->sent_b / shaken, (double)found->received_b / shaken);
    else
        printf(",,,,");
    printf("%.6f,%.1f,", seconds, done / seconds);
    if (found->done > 0) printf("%.3f", (double)found->cpu_ns / NS_PER_US / done);
    print_percentile(&found->time_ns, 50);
    print_percentile(&found->time_ns, 99);
    puts("");
}

int main(int argc, char **argv)
{
    static struct handshake_found found;
    struct handshake_request request = parse(argc, argv);
    signal(SIGPIPE, SIG_IGN); /* A server that is gone is an error of write(2). */
    net_raise_file_limit();
    handshake_run(&request, &found);
    print_found(&request, &found);
    if (found.failed == 0) return 0;
    fprintf(stderr, "handshake: %" PRIu64 " of %" PRIu32 " connections failed, the first %s\n",
            found.failed, request.connections, found.why);
    return 1;
}
