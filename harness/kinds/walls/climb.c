/* climb.c -- one server that gets more and more connections, until something stops it.
 *
 *     server ready ─▶ limits ─▶ connect N ─▶ limits ─▶ window ─▶ next N
 *                        ▲          │                    │
 *                        │          │                    └─▶ wall: p99 is over 1 s
 *                        │          └─▶ wall: not all got in: which limit is used up?
 *                        └─▶ wall: the next N would leave too little to other programs
 *
 * The number held at a wall is exact, however large the steps are: connections that had an echo are
 * counted. */
#include "harness/kinds/walls/climb.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "harness/measure/connects.h"
#include "harness/measure/quiet.h"
#include "harness/measure/shortage.h"

enum { COMMAND_MAX = 4096, LOOK_MS = 100 };

static const double p99_wall_ns = 1e9;

/* ---- starting ---- */

/* Starts the server under its limits; false with the reason. */
static bool start_target(struct climb *climb)
{
    const struct session *session = climb->session;
    char plain[COMMAND_MAX / 2], line[COMMAND_MAX];
    const char *why = "its command is too long";
    if (climb->limits.files == 0 && climb->limits.processes == 0)
        return session_start_target(session, 0, &climb->target, climb->reason, CLIMB_TEXT_MAX);
    if (!session_command(session, plain, sizeof plain) ||
        !limits_wrap(&climb->limits, plain, line, sizeof line, &why)) {
        snprintf(climb->reason, CLIMB_TEXT_MAX, "%s: %s", climb->limits_word, why);
        return false;
    }
    return target_start_command(line, 0, &session->cpus.server, NULL, &climb->target, climb->reason,
                                CLIMB_TEXT_MAX);
}

static void read_limits(struct climb *climb, struct limit limits[LIMITS])
{
    struct tree tree = probe_tree(climb->target.process.pid);
    probe_limits(&tree, limits);
    row_set_whole(&climb->row, "processes", tree.count);
    row_set_whole(&climb->row, "threads", tree.threads);
    probe_tree_free(&tree);
}

/* ---- time ---- */

double climb_elapsed_s(const struct climb *climb)
{
    return clock_seconds_since(climb->begin_ns);
}

double climb_time_left_s(const struct climb *climb)
{
    return fmax(conf_real(&climb->session->conf, "time_cap_s") - climb_elapsed_s(climb), 0);
}

/* ---- connections and messages ---- */

/* Messages on all connections, at a low rate: are they still served?  If there was a wall already,
 * what they see there is only noted. */
static enum outcome try_traffic(struct climb *climb, bool at_wall)
{
    static const char *const numbers[] = {
        "offered_per_s",   "sent_per_s",     "achieved_per_s", "window_s",       "sent",
        "received",        "lost",           "latency_ns_p50", "latency_ns_p90", "latency_ns_p99",
        "latency_ns_p999", "latency_ns_max", "latency_ns_mean"};
    const struct session *session = climb->session;
    struct answer window;
    if (!session_traffic(session, &climb->load, "window", session->conf.window_s, &window))
        return wall_give_up(climb, "failed", window.line, OURS_BROKE);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        row_set_real(&climb->row, numbers[i], answer_number(&window, numbers[i]));
    if (answer_number(&window, "corrupt") > 0)
        return wall_give_up(climb, "corrupt", "wrong bytes came back", NO_RESULT);
    if (answer_number(&window, "connections_established") < (double)climb->held &&
        wall_ends_soon(climb))
        return wall_meet_death(climb);
    double p99_ns = answer_number(&window, "latency_ns_p99");
    if (at_wall || isnan(p99_ns) || p99_ns < p99_wall_ns) return GO_ON;
    char evidence[CLIMB_TEXT_MAX];
    snprintf(evidence, sizeof evidence, "p99 %.1f s at %.0f messages/s; %.0f of %.0f lost",
             p99_ns / 1e9, session->conf.rate_per_s, answer_number(&window, "lost"),
             answer_number(&window, "sent"));
    return wall_meet(climb, "latency", "p99 1 s", "none: fewer connections or a faster model",
                     evidence);
}

/* Asks for so many connections once. */
static enum outcome connect_once(struct climb *climb, long connections)
{
    struct answer answer;
    struct connecting connecting = {.held = climb->held, .wanted = connections};
    climb->look = connects_begin(&climb->target);
    if (!session_connect(climb->session, &climb->load, &connecting, &answer))
        return wall_give_up(climb, "failed", answer.line, OURS_BROKE);
    row_set_text(&climb->row, "connect_error", NULL); /* Of the try before. */
    bool fine = session_row_connects(&connecting, &answer, &climb->target, &climb->row,
                                     climb->reason, CLIMB_TEXT_MAX);
    climb->held = (long)answer_number(&answer, "connections_established");
    climb->in_vain = climb->held > connecting.held ? 0 : climb->in_vain + 1;
    if (answer_number(&answer, "corrupt") > 0)
        return wall_give_up(climb, "corrupt", climb->reason, NO_RESULT);
    if (!target_is_running(&climb->target)) return wall_meet_death(climb);
    read_limits(climb, climb->now);
    if (climb->held < connections) return wall_explain_missing(climb, &answer);
    if (fine) return GO_ON;
    return wall_ends_soon(climb) ? wall_meet_death(climb)
                                 : wall_give_up(climb, "failed", climb->reason, NO_RESULT);
}

static enum outcome climb_to(struct climb *climb, long connections)
{
    enum outcome outcome = GO_ON;
    while (outcome == GO_ON && climb->held < connections)
        outcome = connect_once(climb, connections);
    if ((outcome != GO_ON && outcome != WALL) || climb->held == 0) return outcome;
    if (!target_is_running(&climb->target))
        return outcome == GO_ON ? wall_meet_death(climb) : outcome;
    enum outcome traffic = try_traffic(climb, outcome == WALL);
    if (!target_is_running(&climb->target)) return wall_meet_death(climb);
    return traffic == GO_ON ? outcome : traffic;
}

/* ---- the machine must go on ---- */

/* How far the next step may go, by what those held cost; *id is what says so, LIMITS: time. */
static long find_room(const struct climb *climb, enum limit_id *id)
{
    long room = shortage_room(climb->first, climb->now, climb->held, id);
    if (climb->held == 0) return room;
    /* The later ones take longer. */
    double in_time = climb_time_left_s(climb) / climb_elapsed_s(climb) * (double)climb->held / 2;
    if (in_time >= (double)room) return room;
    *id = LIMITS; /* Time is none of them. */
    return (long)in_time;
}

long climb_summit(const struct climb *climb)
{
    const struct conf *conf = &climb->session->conf;
    bool own = climb->limits.files > 0 || climb->limits.processes > 0;
    long limited = conf_long(conf, "connections_limited");
    return own && limited > 0 ? limited : conf->connections[conf->connection_count - 1];
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
    long top = climb_summit(climb);
    while (climb->held < top) {
        enum limit_id id;
        long step = next_step(climb, top), room = find_room(climb, &id);
        bool short_of_it = climb->held + room < step;
        if (short_of_it && room <= climb->held / 100 * WORTH_A_STEP_PERCENT)
            return wall_stop_short(climb, id);
        enum outcome outcome = climb_to(climb, short_of_it ? climb->held + room : step);
        if (outcome != GO_ON) return outcome;
    }
    return wall_meet(climb, "none", "", "", "");
}

/* ---- one ramp ---- */

enum outcome climb_run(struct climb *climb)
{
    const struct session *session = climb->session;
    uint64_t before_ns = clock_ns();
    quiet_settle(&(struct quiet_patience){.max_s = session->conf.settle_s, .look_ms = LOOK_MS});
    row_set_real(&climb->row, "quiet_s", clock_seconds_since(before_ns));
    climb->begin = probe_kernel();
    if (!start_target(climb)) return wall_give_up(climb, "failed", climb->reason, NO_RESULT);
    climb->load = session_start_load(session, climb->target.port);
    read_limits(climb, climb->first);
    climb->begin_ns = clock_ns();
    enum outcome outcome = climb_on(climb);
    session_note_words(&climb->target, climb->words, sizeof climb->words);
    session_end_load(&climb->load);
    target_end(&climb->target);
    return outcome;
}
