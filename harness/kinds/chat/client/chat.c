/* chat.c -- the load for a chat server: N members in one process, who say lines on a schedule and
 * compare every line that every one of them hears. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <signal.h>
#include <unistd.h>

#include "harness/kinds/chat/client/crowd.h"
#include "clients/report.h"
#include "clients/wait.h"
#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/number.h"
#include "common/options.h"
#include "common/program.h"

enum {
    MEMBERS_MAX = 25000, /* One address of a client reaches about 28,000 ports of a server. */
    FILES_BESIDE = 16,   /* That a process has open besides its members. */
};

/* Everything the command line can say. */
struct request {
    long port, members, message_b, timeout_ms, patience_ms, seed, check, server_pid;
    double rate_per_s, duration_s, warm_s;
    bool spin;
    const char *output;
};

static const char HELP[] =
    "chat -- N members of a chat: each line that one says must reach all, in one order\n"
    "\n"
    "usage: chat --port P [options]              lines on a schedule, for a while\n"
    "       chat --port P --check L [options]    each member says L lines, all at once, in pieces\n"
    "\n"
    "  --port P          of the chat server on 127.0.0.1\n"
    "  --members N       connections, in one process [10]\n"
    "  --rate R          lines per second in all, with random gaps (Poisson); one after the other\n"
    "                    by all members in turn; R x N deliveries per second [100]\n"
    "  --message-b B     size of a line with its newline, 40 to 1024 bytes [64]\n"
    "  --duration S      length of the window, in seconds [5]\n"
    "  --warm S          lines before it that are compared, but not timed, in seconds [0.5]\n"
    "  --timeout-ms T    how long after the window, or in a check after anything came, a line may\n"
    "                    still come [2000]\n"
    "  --patience-ms T   how long joining may take [10000]\n"
    "  --spin            poll instead of sleeping shortly before a line is due: sharper timing\n"
    "                    for a whole core\n"
    "  --server-pid P    also tell the CPU time of this process in the window\n"
    "  --check L         no schedule; and at the end all half-close, the first one with a line\n"
    "                    just said: exit status 1 unless everything arrived\n"
    "  --seed N          of the random gaps and pieces [1]\n"
    "  --output FORMAT   csv or json, one line of values [json]\n"
    "  --help            this text\n"
    "\n"
    "The latency of a delivery counts from the moment when its line was due.\n"
    "Exit status: 0 all was well, 1 something was lost, changed, out of order or cut off, or the\n"
    "report could not be written, 2 wrong usage.\n"
    "\n"
    "examples:\n"
    "  chat --port 7000 --members 1000 --rate 50   # 50,000 deliveries a second\n"
    "  chat --port 7000 --members 50 --check 100   # is it a chat at all?\n";

enum option_key {
    PORT = 256,
    MEMBERS,
    RATE,
    MESSAGE_B,
    DURATION,
    WARM,
    TIMEOUT_MS,
    PATIENCE_MS,
    SPIN,
    SERVER_PID,
    CHECK,
    SEED,
    OUTPUT,
    USAGE,
};

static const struct option OPTIONS[] = {
    {"port", required_argument, NULL, PORT},
    {"members", required_argument, NULL, MEMBERS},
    {"rate", required_argument, NULL, RATE},
    {"message-b", required_argument, NULL, MESSAGE_B},
    {"duration", required_argument, NULL, DURATION},
    {"warm", required_argument, NULL, WARM},
    {"timeout-ms", required_argument, NULL, TIMEOUT_MS},
    {"patience-ms", required_argument, NULL, PATIENCE_MS},
    {"spin", no_argument, NULL, SPIN},
    {"server-pid", required_argument, NULL, SERVER_PID},
    {"check", required_argument, NULL, CHECK},
    {"seed", required_argument, NULL, SEED},
    {"output", required_argument, NULL, OUTPUT},
    {"help", no_argument, NULL, USAGE},
    {0},
};

static void set_option(struct request *request, int key, const char *text)
{
    if (key == PORT) request->port = number_option("--port", text, 1, 65535);
    if (key == MEMBERS) request->members = number_option("--members", text, 1, MEMBERS_MAX);
    if (key == RATE) request->rate_per_s = number_option_decimal("--rate", text, 0.1, 1e6);
    if (key == MESSAGE_B)
        request->message_b = number_option("--message-b", text, CROWD_LINE_B_MIN, CROWD_LINE_B_MAX);
    if (key == DURATION) request->duration_s = number_option_decimal("--duration", text, 0.1, 3600);
    if (key == WARM) request->warm_s = number_option_decimal("--warm", text, 0, 3600);
    if (key == TIMEOUT_MS) request->timeout_ms = number_option("--timeout-ms", text, 1, 600000);
    if (key == PATIENCE_MS) request->patience_ms = number_option("--patience-ms", text, 1, 600000);
    if (key == SPIN) request->spin = true;
    if (key == SERVER_PID) request->server_pid = number_option("--server-pid", text, 1, INT32_MAX);
    if (key == CHECK) request->check = number_option("--check", text, 1, 10000);
    if (key == SEED) request->seed = number_option("--seed", text, 0, INT32_MAX);
    if (key == OUTPUT) {
        request->output = text;
        if (strcmp(text, "csv") != 0 && strcmp(text, "json") != 0)
            die_usage("--output takes csv or json, not \"%s\"", text);
    }
    if (key == USAGE) {
        fputs(HELP, stdout);
        program_end(0);
    }
}

static struct request parse(int argc, char **argv)
{
    struct request request = {.members = 10,
                              .rate_per_s = 100,
                              .message_b = 64,
                              .duration_s = 5,
                              .warm_s = 0.5,
                              .timeout_ms = 2000,
                              .patience_ms = 10000,
                              .seed = 1,
                              .output = "json"};
    for (int key; (key = options_next(argc, argv, OPTIONS)) != -1;)
        set_option(&request, key, optarg);
    if (optind < argc) die_usage("\"%s\" is not an option; see --help", argv[optind]);
    if (request.port == 0) die_usage("--port is missing: the port of the server; see --help");
    double lines = request.rate_per_s * (request.warm_s + request.duration_s);
    if (request.check > 0) lines = (double)request.check * (double)request.members;
    const long lines_max = CROWD_LINES_MAX / 2;
    if (lines > (double)lines_max)
        die_usage(
            "%.0f lines are too many to keep, %ld are not; less --rate, --duration or --check",
            lines, lines_max);
    net_raise_file_limit();
    long files = net_free_files();
    if (request.members + FILES_BESIDE > files)
        die_usage(
            "--members %ld need %ld open files, and this process may open %ld more: raise the "
            "hard limit (ulimit -Hn), or ask for %ld",
            request.members, request.members + FILES_BESIDE, files, files - FILES_BESIDE);
    return request;
}

/* ---- the window's edges ---- */

static long server_pid;
static uint64_t client_cpu_ns[2], server_cpu_ns[2];

/* CPU time of the server's first thread, which is all that chat-room has: proc(5), schedstat. */
static uint64_t server_cpu(void)
{
    char path[64];
    unsigned long long on_cpu_ns = 0;
    snprintf(path, sizeof path, "/proc/%ld/schedstat", server_pid);
    errno = 0;
    FILE *file = fopen(path, "re");
    /* NOLINTNEXTLINE(cert-err34-c): numbers of the kernel fit their types. */
    if (file == NULL || fscanf(file, "%llu", &on_cpu_ns) != 1)
        die_usage("--server-pid %ld: cannot read %s: %s; is it running?", server_pid, path,
                  errno != 0 ? strerror(errno) : "it holds no number");
    (void)fclose(file); /* It was only read. */
    return on_cpu_ns;
}

static void on_edge(int edge)
{
    client_cpu_ns[edge] = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    if (server_pid > 0) server_cpu_ns[edge] = server_cpu();
}

/* ---- the report ---- */

static void report_crowd(struct report *report, const struct crowd *crowd)
{
    report_count(report, "members", crowd->member_count);
    report_count(report, "joined", crowd->joined);
    report_count(report, "lost", crowd_lost(crowd));
    report_count(report, "out_of_order", crowd->out_of_order);
    report_count(report, "corrupt", crowd->corrupt);
    report_count(report, "disconnected", crowd->disconnected);
}

static void report_talk(struct report *report, const struct request *request,
                        const struct crowd *crowd)
{
    const struct histogram *delivery = &crowd->delivery_ns;
    double window_ns = request->duration_s * NS_PER_S;
    double server_ns = server_pid > 0 ? (double)(server_cpu_ns[1] - server_cpu_ns[0]) : NAN;
    report_number(report, "offered_per_s", request->rate_per_s, 3);
    report_number(report, "window_s", request->duration_s, 3);
    report_count(report, "message_b", (uint64_t)request->message_b);
    report_count(report, "lines_due", crowd->window_due);
    report_count(report, "lines_sent", crowd->window_sent);
    report_count(report, "deliveries", crowd->deliveries);
    report_number(report, "deliveries_per_s", (double)crowd->arrived / request->duration_s, 1);
    report_percentile(report, "delivery_ns_p50", delivery, 50);
    report_percentile(report, "delivery_ns_p99", delivery, 99);
    report_percentile(report, "delivery_ns_p999", delivery, 99.9);
    report_maximum(report, "delivery_ns_max", delivery);
    report_percentile(report, "send_lag_ns_p99", &crowd->send_lag_ns, 99);
    report_maximum(report, "send_lag_ns_max", &crowd->send_lag_ns);
    report_count(report, "spin", request->spin);
    report_number(report, "client_cpu_percent",
                  (double)(client_cpu_ns[1] - client_cpu_ns[0]) / window_ns * 100, 2);
    report_number(report, "server_cpu_percent", server_ns / window_ns * 100, 2);
    report_number(report, "server_cpu_us_per_delivery",
                  crowd->arrived > 0 ? server_ns / NS_PER_US / (double)crowd->arrived : NAN, 4);
}

/* ---- the two ways ---- */

static void talk(const struct request *request, struct crowd *crowd)
{
    uint64_t now_ns = clock_ns();
    struct schedule schedule = {.begin_ns = now_ns,
                                .gap_ns = NS_PER_S / request->rate_per_s,
                                .poisson = true,
                                .random = (uint64_t)request->seed};
    crowd->window_begin_ns = now_ns + (uint64_t)(request->warm_s * NS_PER_S);
    crowd->window_end_ns = crowd->window_begin_ns + (uint64_t)(request->duration_s * NS_PER_S);
    schedule_next(&schedule);
    crowd_talk(crowd, &schedule, crowd->window_end_ns + (uint64_t)request->timeout_ms * NS_PER_MS,
               on_edge);
}

/* Returns how many members did not see the end of their connection. */
static uint32_t check(const struct request *request, struct crowd *crowd)
{
    uint64_t patience_ns = (uint64_t)request->timeout_ms * NS_PER_MS;
    crowd_talk_at_once(crowd, (uint32_t)request->check, (uint64_t)request->seed, patience_ns);
    return crowd_part(crowd, patience_ns);
}

int main(int argc, char **argv)
{
    program_begin();
    struct request request = parse(argc, argv);
    static struct crowd crowd; /* Its histograms are too large for a small stack. */
    static struct report report;
    struct net_address address;
    int error;
    crowd.member_count = (uint32_t)request.members;
    crowd.line_b = (size_t)request.message_b;
    crowd.spin = request.spin;
    server_pid = request.server_pid;
    if (server_pid > 0) server_cpu(); /* A wrong number is told before anything starts. */
    if (!net_address_read("127.0.0.1", (uint16_t)request.port, &address)) die("inet_pton");
    signal(SIGPIPE, SIG_IGN);
    wait_sharply();
    if (!crowd_join(&crowd, &address, (uint64_t)request.patience_ms * NS_PER_MS, &error))
        die_because("%u of %u members joined the chat on port %ld%s%s", crowd.joined,
                    crowd.member_count, request.port, error ? ": " : "; the room did not answer",
                    error ? strerror(error) : "");
    uint32_t stayed = 0;
    report_crowd(&report, &crowd);
    if (request.check > 0) {
        stayed = check(&request, &crowd);
        report_count(&report, "not_ended", stayed);
    } else {
        talk(&request, &crowd);
        report_talk(&report, &request, &crowd);
    }
    report_crowd(&report, &crowd);
    report_write(&report, request.output, stdout);
    bool well =
        crowd_lost(&crowd) + crowd.out_of_order + crowd.corrupt + crowd.disconnected + stayed ==
            0 &&
        crowd.sent == crowd.line_count;
    crowd_leave(&crowd);
    if (!well)
        fprintf(
            stderr,
            "chat: not everything arrived: see lost, out_of_order, corrupt, disconnected%s%s%s\n",
            request.check > 0 ? ", not_ended" : "", crowd.first_errno ? ": " : "",
            crowd.first_errno ? strerror(crowd.first_errno) : "");
    program_end(well ? 0 : 1);
}
