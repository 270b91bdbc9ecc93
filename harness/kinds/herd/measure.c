/* measure.c -- the kind herd: a server is killed and started again, and all its clients come back.
 *
 *     connect N ─▶ kill ─▶ gone ─▶ outage over ─▶ ready again ─▶ all back
 *                   │        │                       │             │
 *     clients       └────────┴── try, each as the ───┴─────────────┘
 *     harness       drops    │   policy says         accept queue, each ms
 *                            └─▶ drops ───────────────────────────▶│
 *
 * A killed server closes its connections one after the other, and the kernel may close its listener
 * last: a client that tries at once then meets a queue that is never emptied.  So drops before and
 * after the server's end are counted apart. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/kinds/herd/herd_times.h"
#include "harness/probes/probe_sockets.h"
#include "harness/probes/probe_tree.h"
#include "harness/measure/arguments.h"
#include "harness/measure/estimate.h"
#include "harness/measure/kind.h"
#include "harness/measure/quiet.h"

enum { TEXT_MAX = HERD_TEXT_MAX, LOOK_MS = 100 };

static const uint64_t sample_ns = NS_PER_MS;
static const double answer_patience_s = 20; /* Beyond the time that the clients have. */
static const double head_start_s = 0.1;     /* For the command to reach all clients. */

static double seconds(uint64_t from_ns, uint64_t to_ns)
{
    return ((double)to_ns - (double)from_ns) / NS_PER_S;
}

/* ---- the server goes, and comes ---- */

/* Ends the server as a crash would: no process of it has a last word.  The first goes first, so
 * that no connection is accepted any more. */
static void kill_server(struct herd *herd)
{
    struct tree tree = probe_tree(herd->target.process.pid);
    herd->kill_ns = clock_ns();
    kill(herd->target.process.pid, SIGKILL);
    for (size_t i = 0; i < tree.count; i++)
        kill(tree.pids[i], SIGKILL); /* One that has ended needs no signal. */
    probe_tree_free(&tree);
    target_end(&herd->target);
}

static bool come_back(struct herd *herd, uint16_t port)
{
    double left_s =
        conf_real(&herd->session->conf, "outage_s") - seconds(herd->kill_ns, clock_ns());
    if (left_s > 0) process_sleep_ns((uint64_t)(left_s * NS_PER_S));
    bool started = session_start_target(herd->session, port, &herd->target, herd->reason, TEXT_MAX);
    herd->ready_ns = clock_ns();
    herd->seen.outage_s = seconds(herd->kill_ns, herd->ready_ns);
    return started;
}

/* ---- looking ---- */

static void look_at_queue(struct herd *herd)
{
    uint64_t bin = (clock_ns() - herd->ready_ns) / (HERD_BIN_MS * NS_PER_MS);
    long waiting = probe_sockets_waiting(herd->target.port);
    if (bin < HERD_BINS && waiting > herd->queue[bin]) herd->queue[bin] = waiting;
    if (waiting > herd->seen.accept_queue_max) herd->seen.accept_queue_max = waiting;
}

/* Looks on until the clients have answered. */
static bool await_answer(struct herd *herd, const char *command, double patience_s)
{
    uint64_t deadline_ns = clock_ns() + (uint64_t)(patience_s * NS_PER_S);
    struct pollfd answers = {.fd = herd->load.output_fd, .events = POLLIN};
    while (poll(&answers, 1, 0) <= 0 && clock_ns() < deadline_ns) {
        look_at_queue(herd);
        process_sleep_ns(sample_ns);
    }
    return load_hear(&herd->load, command, 1, &herd->answer);
}

/* ---- one herd ---- */

static void say_command(const struct herd *herd, char *command, size_t size)
{
    const struct conf *conf = &herd->session->conf;
    double cap_s = conf_real(conf, "time_cap_s");
    if (strcmp(herd->seen.policy, "now") == 0)
        snprintf(command, size, "reconnect now %g", cap_s);
    else
        snprintf(command, size, "reconnect jitter %ld %ld %g", conf_long(conf, "base_ms"),
                 conf_long(conf, "cap_ms"), cap_s);
}

/* Kills the server, starts it again, and looks on.  False if there is nothing to tell. */
static bool lose_and_return(struct herd *herd)
{
    char command[TEXT_MAX];
    uint16_t port = herd->target.port;
    say_command(herd, command, sizeof command);
    load_tell(&herd->load, command); /* A client that has ended gives no answer below. */
    process_sleep_ns((uint64_t)(head_start_s * NS_PER_S));
    struct kernel begin = probe_kernel();
    kill_server(herd);
    struct kernel gone = probe_kernel();
    if (!come_back(herd, port)) return false;
    herd->broke = !await_answer(herd, command,
                                conf_real(&herd->session->conf, "time_cap_s") + answer_patience_s);
    struct kernel end = probe_kernel();
    herd->seen.drops_dying = gone.listen_drops - begin.listen_drops;
    herd->seen.drops_back = end.listen_drops - gone.listen_drops;
    herd->seen.syn_retransmits = end.syn_retransmits - begin.syn_retransmits;
    herd->seen.retransmits = end.retransmits - begin.retransmits;
    return !herd->broke;
}

/* The verdict, from what the clients answered. */
static const char *judge(struct herd *herd)
{
    const struct answer *answer = &herd->answer;
    double asked = answer_number(answer, "connections_asked");
    double back = answer_number(answer, "connections_established");
    if (answer_number(answer, "corrupt") > 0) {
        snprintf(herd->reason, TEXT_MAX, "wrong bytes came back");
        return "corrupt";
    }
    if (!target_is_running(&herd->target)) {
        char words[TEXT_MAX];
        process_last_words(&herd->target.process, words, sizeof words);
        snprintf(herd->reason, TEXT_MAX, "the server ended: %.200s", words);
        return "failed";
    }
    if (back >= asked) return "ok";
    snprintf(herd->reason, TEXT_MAX, "%.0f of %.0f were back within %g s; %.0f attempts timed out",
             back, asked, conf_real(&herd->session->conf, "time_cap_s"),
             answer_number(answer, "connections_timed_out"));
    return "failed";
}

/* Connects all, and lets them lose their server.  False: see reason. */
static bool lose_server(struct herd *herd)
{
    const struct session *session = herd->session;
    struct connecting connecting = {.wanted = session->conf.connections[0]};
    if (!session_start_target(session, 0, &herd->target, herd->reason, TEXT_MAX)) return false;
    herd->load = session_start_load(session, herd->target.port);
    bool connected = session_connect(session, &herd->load, &connecting, &herd->answer);
    double held = answer_number(&herd->answer, "connections_established");
    if (connected && held < (double)connecting.wanted) {
        snprintf(herd->reason, TEXT_MAX, "established %.0f of %ld before the kill", held,
                 connecting.wanted);
        return false;
    }
    herd->broke = !connected;
    return connected && lose_and_return(herd);
}

static void prepare(struct herd *herd, const struct session *session, const char *policy,
                    int back_fd)
{
    static const struct process none = {.input_fd = -1, .output_fd = -1, .error_fd = -1};
    *herd = (struct herd){.session = session,
                          .back_fd = back_fd,
                          .target.process = none,
                          .load = none,
                          .seen = {.policy = policy,
                                   .outage_s = NAN,
                                   .back_s_p50 = NAN,
                                   .back_s_p99 = NAN,
                                   .back_s = NAN,
                                   .accept_queue_max = -1,
                                   .drops_dying = NAN,
                                   .drops_back = NAN,
                                   .syn_retransmits = NAN,
                                   .retransmits = NAN}};
    for (size_t i = 0; i < HERD_BINS; i++)
        herd->queue[i] = -1;
}

static void finish(struct herd *herd)
{
    session_end_load(&herd->load);
    target_end(&herd->target);
}

/* Returns false if our own machinery broke. */
static bool run_policy(const struct session *session, const char *policy, int back_fd)
{
    static struct herd herd; /* Its queue is large. */
    const char *status = "failed";
    prepare(&herd, session, policy, back_fd);
    quiet_settle(&(struct quiet_patience){.max_s = session->conf.settle_s, .look_ms = LOOK_MS});
    bool measured = lose_server(&herd);
    if (measured) {
        status = judge(&herd);
        herd_read_times(&herd, strcmp(status, "ok") == 0);
    } else if (herd.reason[0] == '\0') {
        snprintf(herd.reason, TEXT_MAX, "%.200s", herd.answer.line);
    }
    session_note_words(&herd.target, herd.reason, TEXT_MAX);
    herd_table_add(session, &herd.seen, measured ? &herd.answer : NULL, status, herd.reason);
    printf("point %s %ld %s policy=%s back_s=%.2f drops_back=%.0f\n", session->model,
           session->conf.connections[0], status, policy, herd.seen.back_s, herd.seen.drops_back);
    fflush(stdout); /* Progress is shown as it happens; a pipe without a reader is no harm. */
    finish(&herd);
    if (herd.broke) complain("%s", herd.reason);
    return !herd.broke;
}

static bool measure(struct session *session)
{
    int back_fd = herd_back_open(session->out_path);
    columns_of_run(session->out_path, "timelines/part.csv", session->beside,
                   sizeof session->beside);
    bool worked = run_policy(session, "now", back_fd) && run_policy(session, "jitter", back_fd);
    close(back_fd);
    return worked;
}

/* ---- the kind ---- */

/* Twice, and each time all have to connect, to be cleared away, and to come back. */
static double estimate_s(const struct conf *conf)
{
    double clearing_s = estimate_connection_s(conf) * (double)conf->connections[0];
    double back_s = 1 + (double)conf_long(conf, "cap_ms") / 1e3;
    return 2 * (0.5 + clearing_s + conf->settle_s + conf_real(conf, "outage_s") + back_s);
}

static void add_client_options(const struct session *session, struct arguments *arguments)
{
    arguments_add(arguments, "--timeline");
    arguments_add(arguments, "%s", session->beside);
}

const struct kind kind = {.name = "herd",
                          .load = LOAD_OPEN,
                          .columns = &herd_columns,
                          .estimate_s = estimate_s,
                          .add_client_options = add_client_options,
                          .measure = measure};
