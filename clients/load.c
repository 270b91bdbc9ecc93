/* load.c -- the load client: opens N connections to any echo server, keeps time, compares every
 * byte.
 *
 * Alone it makes one measurement and prints it.  With --interactive it takes
 * commands on stdin, a line each, and answers each with a line: so the harness
 * drives it, and so can a person. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "clients/commands.h"
#include "clients/findings.h"
#include "clients/load_options.h"
#include "clients/run.h"
#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/program.h"

static struct net_address server_address(const struct load_options *options)
{
    struct net_address address;
    if (!net_address_read(options->host, (uint16_t)options->port, &address))
        die_usage("--host takes a numeric address such as 127.0.0.1 or ::1, not \"%s\"",
                  options->host);
    if (!net_is_loopback(&address) && !options->remote)
        die_usage("--host %s is not this machine; add --remote if its owner agreed to this load",
                  options->host);
    return address;
}

static struct run prepare(const struct load_options *options, const struct net_address *address,
                          struct tls_client *tls)
{
    struct worker_setup setup = {.address = *address,
                                 .tls = tls,
                                 .message_b = (size_t)options->message_b,
                                 .timeout_ns = (uint64_t)options->timeout_ms * NS_PER_MS,
                                 .patience_ns = (uint64_t)options->patience_ms * NS_PER_MS};
    struct run run = {.traffic = options->traffic,
                      .message_b = (size_t)options->message_b,
                      .hgrm = options->hgrm,
                      .timeline = options->timeline};
    if (!run_cost(&run, options->traffic.cost, options->costs ? options->traffic.cost_percent : 0))
        die_usage("--cost does not fit into %ld bytes; give --message-b %d or more",
                  options->message_b, MESSAGE_COSTLY_B_MIN);
    net_raise_file_limit();
    run.crew = crew_new(&setup, (uint32_t)options->processes, net_free_files());
    return run;
}

/* ---- one measurement ---- */

/* Returns the exit status: 0, or 1 with a line about the first thing that went wrong. */
static int judge(const struct report *report, uint64_t connect_failures)
{
    if (strcmp(report_value(report, "corrupt"), "0") != 0) {
        fprintf(stderr, "load: the server sent bytes that it had not received\n");
        return 1;
    }
    if (connect_failures > 0) {
        fprintf(stderr, "load: %lu of %s connections were not established: %s\n", connect_failures,
                report_value(report, "connections_asked"), report_value(report, "connect_error"));
        return 1;
    }
    /* A herd's connections_reset are attempts, which failed and were made again. */
    bool herd = report_value(report, "attempts")[0] != '\0';
    if (!herd && strcmp(report_value(report, "connections_reset"), "0") != 0) {
        fprintf(stderr, "load: the server ended %s connections\n",
                report_value(report, "connections_reset"));
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

static int run_once(struct run *run, const struct load_options *options)
{
    static struct report report;
    run_connect(run, (uint32_t)options->connections, &report);
    uint64_t failures = (uint64_t)options->connections - crew_open(run->crew);
    if (options->warm_s > 0) {
        struct report ignored = {0};
        run_traffic(run, options->warm_s, false, &ignored);
    }
    run_traffic(run, options->duration_s, true, &report);
    findings_write(&report, options->output, stdout);
    return judge(&report, failures);
}

static int run_short_lived(struct run *run, const struct load_options *options)
{
    static struct worker_connects found;
    struct report report = {0};
    crew_visit(run->crew, (uint32_t)options->short_lived, (uint32_t)options->connections, &found);
    findings_connects(&report, &found, (uint32_t)options->short_lived, run->crew);
    report_count(&report, "connections_established", found.established); /* None is held. */
    findings_write(&report, options->output, stdout);
    return judge(&report, found.asked - found.established);
}

static int run_herd(struct run *run, const struct load_options *options)
{
    static struct report report;
    struct report ignored = {0};
    struct crew_return policy = {.limit_s = options->duration_s};
    if (!commands_read_policy(options->reconnect, options->base_ms, options->cap_ms, &policy))
        die_usage("--reconnect takes now or jitter, not \"%s\"", options->reconnect);
    if (options->duration_s > (double)HERD_S_MAX)
        die_usage("--reconnect takes a --duration of %d s at most", HERD_S_MAX);
    run_connect(run, (uint32_t)options->connections, &ignored);
    fprintf(stderr, "load: %u connections are held: end the server, then start it again\n",
            crew_open(run->crew));
    run_reconnect(run, &policy, &report);
    findings_write(&report, options->output, stdout);
    return judge(&report, (uint64_t)options->connections - crew_open(run->crew));
}

int main(int argc, char **argv)
{
    program_begin();
    struct load_options options = load_options_read(argc, argv);
    signal(SIGPIPE,
           SIG_IGN); /* A server or a client process that is gone is an error of write(2). */
    struct net_address address = server_address(&options);
    struct tls_client *tls = NULL;
    if (options.tls != NULL) tls = tls_client_new(options.tls, options.ca, options.resume);
    struct run run = prepare(&options, &address, tls);
    int status = 0;
    if (options.interactive)
        commands_run(&run, &address);
    else if (options.short_lived > 0)
        status = run_short_lived(&run, &options);
    else if (options.reconnect != NULL)
        status = run_herd(&run, &options);
    else
        status = run_once(&run, &options);
    crew_end(run.crew);
    tls_client_free(tls);
    program_end(run.unwritten && status == 0 ? 1 : status);
}
