/* wall.c -- which limit stopped a server, and which setting would move it. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "harness/kinds/walls/climb.h"
#include "harness/measure/connects.h"
#include "harness/measure/shortage.h"

enum { IN_VAIN_MAX = 3, IN_VAIN_DISTURBED_MAX = 10, DEATH_LOOK_MS = 10, DEATH_LOOKS = 50 };

enum outcome wall_meet(struct climb *climb, const char *wall, const char *limit, const char *advice,
                       const char *evidence)
{
    row_set_text(&climb->row, "wall", wall);
    row_set_text(&climb->row, "wall_limit", limit);
    row_set_text(&climb->row, "wall_advice", advice);
    row_set_text(&climb->row, "wall_evidence", evidence);
    return WALL;
}

enum outcome wall_give_up(struct climb *climb, const char *status, const char *reason,
                          enum outcome outcome)
{
    climb->status = status;
    if (reason != climb->reason) snprintf(climb->reason, CLIMB_TEXT_MAX, "%.200s", reason);
    return outcome;
}

enum outcome wall_meet_death(struct climb *climb)
{
    char words[CLIMB_TEXT_MAX];
    process_last_words(&climb->target.process, words, sizeof words);
    return wall_meet(climb, "ended", "none: the server ended",
                     "none: a server that ran out should wait", words);
}

bool wall_ends_soon(struct climb *climb)
{
    for (int looks = 0; looks < DEATH_LOOKS && target_is_running(&climb->target); looks++)
        clock_sleep_ns((uint64_t)DEATH_LOOK_MS * NS_PER_MS);
    return !target_is_running(&climb->target);
}

enum outcome wall_stop_short(struct climb *climb, enum limit_id id)
{
    char name[CLIMB_TEXT_MAX], advice[CLIMB_TEXT_MAX], evidence[CLIMB_TEXT_MAX];
    if (id == LIMITS) {
        snprintf(evidence, sizeof evidence, "time_cap_s = %g",
                 conf_real(&climb->session->conf, "time_cap_s"));
        return wall_meet(climb, "time", "time of the experiment",
                         "a larger time_cap_s in its .conf", evidence);
    }
    shortage_name(id, &climb->now[id], name, sizeof name);
    shortage_advice(id, &climb->now[id], advice, sizeof advice);
    snprintf(evidence, sizeof evidence,
             "stopped short of it: %llu of %llu are used and the machine must go on",
             (unsigned long long)climb->now[id].used, (unsigned long long)climb->now[id].max);
    return wall_meet(climb, "reserve", name, advice, evidence);
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
    char name[CLIMB_TEXT_MAX], advice[CLIMB_TEXT_MAX];
    shortage_name(id, &climb->now[id], name, sizeof name);
    shortage_advice(id, &climb->now[id], advice, sizeof advice);
    return wall_meet(climb, shortage_errno(id, said), name, advice, said);
}

/* No limit is used up: the accept queue was full, or the server refuses connections. */
static enum outcome meet_refusal(struct climb *climb, const struct answer *answer, const char *said)
{
    static const char own[] = "none: the server's own";
    static const char advice[] = "none: see the options of the server (--help)";
    char evidence[CLIMB_TEXT_MAX], error[32] = "";
    struct kernel now = probe_kernel();
    bool dropped = now.listen_overflows > climb->begin.listen_overflows;
    answer_get(answer, "connect_error", error, sizeof error);
    snprintf(evidence, sizeof evidence, "%s%s%.200s", error, said[0] != '\0' ? ": " : "", said);
    if (dropped)
        return wall_meet(climb, "accept_queue", "accept queue: net.core.somaxconn and --backlog",
                         "sysctl net.core.somaxconn=65535; and --backlog 65535 for the server",
                         evidence);
    bool refused = answer_number(answer, "connections_refused") > 0 ||
                   answer_number(answer, "connections_reset") > 0;
    return wall_meet(climb, refused ? "refused" : "unanswered", own, advice, evidence);
}

/* A server that took none of the new connections several times is full; where other programs use
 * the machine, it is asked more often. */
static bool asked_enough(struct climb *climb, const struct answer *answer)
{
    char unused[CLIMB_TEXT_MAX] = "";
    if (climb->in_vain < IN_VAIN_MAX) return false;
    return climb->in_vain >= IN_VAIN_DISTURBED_MAX ||
           connects_judge(&climb->target, &climb->look, answer, unused, sizeof unused) !=
               VERDICT_NOISY;
}

enum outcome wall_explain_missing(struct climb *climb, const struct answer *answer)
{
    char said[CLIMB_TEXT_MAX], error[32];
    process_last_line(&climb->target.process, said, sizeof said);
    enum limit_id id = shortage_find(climb->now, said);
    if (id != LIMITS) return meet_shortage(climb, id, said);
    if (is_clients_fault(answer, error, sizeof error)) {
        snprintf(climb->reason, CLIMB_TEXT_MAX, "the client could not connect: %s", error);
        return wall_give_up(climb, "client_limited", climb->reason, NO_RESULT);
    }
    if (asked_enough(climb, answer))
        return wall_ends_soon(climb) ? wall_meet_death(climb) : meet_refusal(climb, answer, said);
    return climb_time_left_s(climb) > 0 ? GO_ON : wall_stop_short(climb, LIMITS);
}
