/* walls.c -- the walls kind: more and more connections, until something breaks.
 *
 *     server ready ─▶ limits ─▶ connect N ─▶ limits ─▶ window ─▶ next N
 *                        ▲          │                    │
 *                        │          │                    └─▶ wall: p99 is over 1 s
 *                        │          └─▶ wall: not all got in: which limit is used up?
 *                        └─▶ wall: the next N would leave too little to everybody else
 *
 * The number held at a wall is exact, however large the steps are: who had an echo is counted. */
#include "harness/kinds/walls/walls.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "harness/measure/connects.h"
#include "harness/fleet/limits.h"
#include "harness/measure/quiet.h"
#include "harness/measure/shortage.h"

enum {
    TEXT_MAX = 256,
    COMMAND_MAX = 4096,
    LOOK_MS = 100,
    IN_VAIN_MAX = 3,
    IN_VAIN_DISTURBED_MAX = 10,
    DEATH_LOOK_MS = 10,
    DEATH_LOOKS = 50
};

static const double p99_wall_ns = 1e9;

/* One server on its way up. */
struct climb {
    const struct session *session;
    const char *limits_word;
    struct limits limits;
    struct target target;
    struct process load;
    struct kernel begin;
    struct foreign_look look; /* Before the last connects. */
    uint64_t begin_ns;
    long held;   /* Connections. */
    int in_vain; /* Tries in a row that brought nobody in. */
    struct limit first[LIMITS], now[LIMITS];
    struct row row;
    char reason[TEXT_MAX]; /* Why there is no result; "" while there may be one. */
    char words[TEXT_MAX];  /* That the server wrote much, or "". */
    const char *status;
};

enum outcome { GO_ON, WALL, NO_RESULT, OURS_BROKE };

/* ---- what is written ---- */

static enum outcome meet(struct climb *climb, const char *wall, const char *limit,
                         const char *advice, const char *evidence)
{
    row_set_text(&climb->row, "wall", wall);
    row_set_text(&climb->row, "wall_limit", limit);
    row_set_text(&climb->row, "wall_advice", advice);
    row_set_text(&climb->row, "wall_evidence", evidence);
    return WALL;
}

static enum outcome give_up(struct climb *climb, const char *status, const char *reason,
                            enum outcome outcome)
{
    climb->status = status;
    if (reason != climb->reason) snprintf(climb->reason, TEXT_MAX, "%.200s", reason);
    return outcome;
}

static enum outcome meet_death(struct climb *climb)
{
    char words[TEXT_MAX];
    process_last_words(&climb->target.process, words, sizeof words);
    return meet(climb, "ended", "none: the server ended", "none: a server that ran out should wait",
                words);
}

/* The kernel closes the connections of a server that dies before its end is reported: where
 * connections are missing, waits for that report.  Returns true if the server has ended. */
static bool ends_soon(struct climb *climb)
{
    for (int looks = 0; looks < DEATH_LOOKS && target_is_running(&climb->target); looks++)
        clock_sleep_ns((uint64_t)DEATH_LOOK_MS * NS_PER_MS);
    return !target_is_running(&climb->target);
}

/* ---- starting ---- */

/* Starts the server under its limits; false with the reason. */
static bool start_target(struct climb *climb)
{
    const struct session *session = climb->session;
    char plain[COMMAND_MAX / 2], line[COMMAND_MAX];
    const char *why = "its command is too long";
    if (climb->limits.files == 0 && climb->limits.processes == 0)
        return session_start_target(session, 0, &climb->target, climb->reason, TEXT_MAX);
    if (!session_command(session, plain, sizeof plain) ||
        !limits_wrap(&climb->limits, plain, line, sizeof line, &why)) {
        snprintf(climb->reason, TEXT_MAX, "%s: %s", climb->limits_word, why);
        return false;
    }
    return target_start_command(line, 0, &session->cpus.server, NULL, &climb->target, climb->reason,
                                TEXT_MAX);
}

static void read_limits(struct climb *climb, struct limit limits[LIMITS])
{
    struct tree tree = probe_tree(climb->target.process.pid);
    probe_limits(&tree, limits);
    row_set_whole(&climb->row, "processes", tree.count);
    row_set_whole(&climb->row, "threads", tree.threads);
    probe_tree_free(&tree);
}

/* ---- walls ---- */

static double elapsed_s(const struct climb *climb)
{
    return clock_seconds_since(climb->begin_ns);
}

static double time_left_s(const struct climb *climb)
{
    return fmax(climb->session->conf.time_cap_s - elapsed_s(climb), 0);
}

/* Goes no further, although nothing broke. */
static enum outcome stop_short(struct climb *climb, enum limit_id id)
{
    char name[TEXT_MAX], advice[TEXT_MAX], evidence[TEXT_MAX];
    if (id == LIMITS) {
        snprintf(evidence, sizeof evidence, "time_cap_s = %g", climb->session->conf.time_cap_s);
        return meet(climb, "time", "time of the experiment", "a larger time_cap_s in its .conf",
                    evidence);
    }
    shortage_name(id, &climb->now[id], name, sizeof name);
    shortage_advice(id, &climb->now[id], advice, sizeof advice);
    snprintf(evidence, sizeof evidence,
             "stopped short of it: %llu of %llu are used and the machine must go on",
             (unsigned long long)climb->now[id].used, (unsigned long long)climb->now[id].max);
    return meet(climb, "reserve", name, advice, evidence);
}

/* True if the client, not the server, has no more room. */
static bool is_clients_fault(const struct answer *answer, char *error, size_t size)
{
    static const char *const own[] = {"EADDRNOTAVAIL", "EMFILE", "ENFILE"};
    if (!answer_get(answer, "connect_error", error, size)) return false;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(error, own[i]) == 0) return true;
    return false;
}

/* A limit of the kernel's is used up. */
static enum outcome meet_shortage(struct climb *climb, enum limit_id id, const char *said)
{
    char name[TEXT_MAX], advice[TEXT_MAX];
    shortage_name(id, &climb->now[id], name, sizeof name);
    shortage_advice(id, &climb->now[id], advice, sizeof advice);
    return meet(climb, shortage_errno(id, said), name, advice, said);
}

/* No limit is used up: either nobody took them off the queue, or the server does not want them. */
static enum outcome meet_refusal(struct climb *climb, const struct answer *answer, const char *said)
{
    static const char own[] = "none: the server's own";
    static const char advice[] = "none: see the options of the server (--help)";
    char evidence[TEXT_MAX], error[32] = "";
    struct kernel now = probe_kernel();
    bool dropped = now.listen_overflows > climb->begin.listen_overflows;
    answer_get(answer, "connect_error", error, sizeof error);
    snprintf(evidence, sizeof evidence, "%s%s%.200s", error, said[0] != '\0' ? ": " : "", said);
    if (dropped)
        return meet(climb, "accept_queue", "accept queue: net.core.somaxconn and --backlog",
                    "sysctl net.core.somaxconn=65535; and --backlog 65535 for the server",
                    evidence);
    bool refused = answer_number(answer, "connections_refused") > 0 ||
                   answer_number(answer, "connections_reset") > 0;
    return meet(climb, refused ? "refused" : "unanswered", own, advice, evidence);
}

/* A server that took none of the new connections several times is full; where other programs use
 * the machine, it is asked more often. */
static bool asked_enough(struct climb *climb, const struct answer *answer)
{
    char unused[TEXT_MAX] = "";
    if (climb->in_vain < IN_VAIN_MAX) return false;
    return climb->in_vain >= IN_VAIN_DISTURBED_MAX ||
           connects_judge(&climb->target, &climb->look, answer, unused, sizeof unused) !=
               VERDICT_NOISY;
}

/* Not all got in.  A server that is only slow is asked again: it is full if a limit is used up, or
 * if it took nobody several times. */
static enum outcome explain_missing(struct climb *climb, const struct answer *answer)
{
    char said[TEXT_MAX], error[32];
    process_last_line(&climb->target.process, said, sizeof said);
    enum limit_id id = shortage_find(climb->now, said);
    if (id != LIMITS) return meet_shortage(climb, id, said);
    if (is_clients_fault(answer, error, sizeof error)) {
        snprintf(climb->reason, TEXT_MAX, "the client could not connect: %s", error);
        return give_up(climb, "client_limited", climb->reason, NO_RESULT);
    }
    if (asked_enough(climb, answer))
        return ends_soon(climb) ? meet_death(climb) : meet_refusal(climb, answer, said);
    return time_left_s(climb) > 0 ? GO_ON : stop_short(climb, LIMITS);
}

/* Messages to all who are connected, at a low rate: are they still served?  If there was a wall
 * already, what they see there is only noted. */
static enum outcome try_traffic(struct climb *climb, bool at_wall)
{
    static const char *const numbers[] = {
        "offered_per_s",   "sent_per_s",     "achieved_per_s", "window_s",       "sent",
        "received",        "lost",           "latency_ns_p50", "latency_ns_p90", "latency_ns_p99",
        "latency_ns_p999", "latency_ns_max", "latency_ns_mean"};
    const struct session *session = climb->session;
    struct answer window;
    if (!session_traffic(session, &climb->load, "window", session->conf.window_s, &window))
        return give_up(climb, "failed", window.line, OURS_BROKE);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        row_set_real(&climb->row, numbers[i], answer_number(&window, numbers[i]));
    if (answer_number(&window, "corrupt") > 0)
        return give_up(climb, "corrupt", "wrong bytes came back", NO_RESULT);
    if (answer_number(&window, "connections_established") < (double)climb->held && ends_soon(climb))
        return meet_death(climb);
    double p99_ns = answer_number(&window, "latency_ns_p99");
    if (at_wall || isnan(p99_ns) || p99_ns < p99_wall_ns) return GO_ON;
    char evidence[TEXT_MAX];
    snprintf(evidence, sizeof evidence, "p99 %.1f s at %.0f messages/s; %.0f of %.0f lost",
             p99_ns / 1e9, session->conf.rate_per_s, answer_number(&window, "lost"),
             answer_number(&window, "sent"));
    return meet(climb, "latency", "p99 1 s", "none: fewer connections or a faster model", evidence);
}

/* Asks for so many connections once. */
static enum outcome connect_once(struct climb *climb, long connections)
{
    struct answer answer;
    struct connecting connecting = {.held = climb->held, .wanted = connections};
    climb->look = connects_begin(&climb->target);
    if (!session_connect(climb->session, &climb->load, &connecting, &answer))
        return give_up(climb, "failed", answer.line, OURS_BROKE);
    row_set_text(&climb->row, "connect_error", NULL); /* Of the try before. */
    bool fine = session_row_connects(&connecting, &answer, &climb->target, &climb->row,
                                     climb->reason, TEXT_MAX);
    climb->held = (long)answer_number(&answer, "connections_established");
    climb->in_vain = climb->held > connecting.held ? 0 : climb->in_vain + 1;
    if (answer_number(&answer, "corrupt") > 0)
        return give_up(climb, "corrupt", climb->reason, NO_RESULT);
    if (!target_is_running(&climb->target)) return meet_death(climb);
    read_limits(climb, climb->now);
    if (climb->held < connections) return explain_missing(climb, &answer);
    if (fine) return GO_ON;
    return ends_soon(climb) ? meet_death(climb)
                            : give_up(climb, "failed", climb->reason, NO_RESULT);
}

static enum outcome climb_to(struct climb *climb, long connections)
{
    enum outcome outcome = GO_ON;
    while (outcome == GO_ON && climb->held < connections)
        outcome = connect_once(climb, connections);
    if ((outcome != GO_ON && outcome != WALL) || climb->held == 0) return outcome;
    if (!target_is_running(&climb->target)) return outcome == GO_ON ? meet_death(climb) : outcome;
    enum outcome traffic = try_traffic(climb, outcome == WALL);
    if (!target_is_running(&climb->target)) return meet_death(climb);
    return traffic == GO_ON ? outcome : traffic;
}

/* ---- the machine must go on ---- */

/* How far the next step may go, by what those held cost; *id is what says so, LIMITS: time. */
static long find_room(const struct climb *climb, enum limit_id *id)
{
    long room = shortage_room(climb->first, climb->now, climb->held, id);
    if (climb->held == 0) return room;
    /* The later ones take longer. */
    double in_time = time_left_s(climb) / elapsed_s(climb) * (double)climb->held / 2;
    if (in_time >= (double)room) return room;
    *id = LIMITS; /* Time is none of them. */
    return (long)in_time;
}

/* Where this ramp ends if nothing stops it. */
static long summit(const struct climb *climb)
{
    const struct conf *conf = &climb->session->conf;
    bool own = climb->limits.files > 0 || climb->limits.processes > 0;
    return own && conf->connections_limited > 0 ? conf->connections_limited
                                                : conf->connections[conf->connection_count - 1];
}

/* The experiment's next step. */
static long next_step(const struct climb *climb, long top)
{
    const struct conf *conf = &climb->session->conf;
    for (size_t i = 0; i < conf->connection_count; i++)
        if (conf->connections[i] > climb->held && conf->connections[i] < top)
            return conf->connections[i];
    return top;
}

static enum outcome climb_on(struct climb *climb)
{
    enum { WORTH_A_STEP_PERCENT = 5 };
    long top = summit(climb);
    while (climb->held < top) {
        enum limit_id id;
        long step = next_step(climb, top), room = find_room(climb, &id);
        bool short_of_it = climb->held + room < step;
        if (short_of_it && room <= climb->held / 100 * WORTH_A_STEP_PERCENT)
            return stop_short(climb, id);
        enum outcome outcome = climb_to(climb, short_of_it ? climb->held + room : step);
        if (outcome != GO_ON) return outcome;
    }
    return meet(climb, "none", "", "", "");
}

/* ---- one ramp ---- */

static enum outcome climb_from_start(struct climb *climb)
{
    const struct session *session = climb->session;
    uint64_t before_ns = clock_ns();
    quiet_settle(&(struct quiet_patience){.max_s = session->conf.settle_s, .look_ms = LOOK_MS});
    row_set_real(&climb->row, "quiet_s", clock_seconds_since(before_ns));
    climb->begin = probe_kernel();
    if (!start_target(climb)) return give_up(climb, "failed", climb->reason, NO_RESULT);
    climb->load = session_start_load(session, climb->target.port);
    read_limits(climb, climb->first);
    climb->begin_ns = clock_ns();
    enum outcome outcome = climb_on(climb);
    session_note_words(&climb->target, climb->words, sizeof climb->words);
    session_end_load(&climb->load);
    target_end(&climb->target);
    return outcome;
}

/* Returns false if our own machinery broke. */
static bool run_under(const struct session *session, const char *word)
{
    static struct climb climb; /* Its row is large. */
    climb = (struct climb){.session = session, .limits_word = word, .status = "ok"};
    limits_read(word, &climb.limits); /* The experiment was checked. */
    session_begin_row(session, summit(&climb), 0, &climb.row);
    row_set_text(&climb.row, "limits", word);
    enum outcome outcome = climb_from_start(&climb);
    session_row_drops(&climb.begin, &climb.row);
    bool ok = outcome == WALL;
    session_finish_row(session, &climb.row, climb.status, ok ? climb.words : climb.reason);
    if (outcome == OURS_BROKE) fprintf(stderr, "measure: %s\n", climb.reason);
    return outcome != OURS_BROKE;
}

bool walls_run(const struct session *session)
{
    char words[CONF_VALUE_MAX], *rest = words;
    snprintf(words, sizeof words, "%s", session->conf.text[KEY_LIMITS]);
    for (char *word; (word = strsep(&rest, " \t")) != NULL;)
        if (*word != '\0' && !run_under(session, word)) return false;
    return true;
}
