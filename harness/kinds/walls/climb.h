/* climb.h -- one server that gets more and more connections, and what stops it. */
#ifndef C10K_WALLS_CLIMB_H
#define C10K_WALLS_CLIMB_H

#include "harness/fleet/limits.h"
#include "harness/measure/foreign.h"
#include "harness/measure/kind.h"
#include "harness/probes/probe_limits.h"

enum { CLIMB_TEXT_MAX = 256 };

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
    int in_vain; /* Tries in a row that brought no new connection. */
    struct limit first[LIMITS], now[LIMITS];
    struct row row;
    char reason[CLIMB_TEXT_MAX]; /* Why there is no result; "" while there may be one. */
    char words[CLIMB_TEXT_MAX];  /* That the server wrote much, or "". */
    const char *status;
};

enum outcome { GO_ON, WALL, NO_RESULT, OURS_BROKE };

/* ---- climb.c ---- */

/* Seconds since the server was ready, and those that are left of time_cap_s. */
double climb_elapsed_s(const struct climb *climb);
double climb_time_left_s(const struct climb *climb);

/* The connection count where this ramp ends if nothing stops it. */
long climb_summit(const struct climb *climb);

/* Starts the server, connects more and more clients until something stops it, and ends it. */
enum outcome climb_run(struct climb *climb);

/* ---- wall.c: each notes what stopped the ramp and returns what became of it ---- */

/* Notes a wall: its name, the limit, the setting that would move it, and the evidence. */
enum outcome wall_meet(struct climb *climb, const char *wall, const char *limit, const char *advice,
                       const char *evidence);

/* Notes why there is no result. */
enum outcome wall_give_up(struct climb *climb, const char *status, const char *reason,
                          enum outcome outcome);

/* The server has ended. */
enum outcome wall_meet_death(struct climb *climb);

/* The kernel closes the connections of a server that dies before its end is reported: where
 * connections are missing, waits for that report.  Returns true if the server has ended. */
bool wall_ends_soon(struct climb *climb);

/* Goes no further, although nothing broke, because of a limit of the machine; LIMITS: of time. */
enum outcome wall_stop_short(struct climb *climb, enum limit_id id);

/* Not all connections were established.  A server that is only slow is asked again (GO_ON): it is
 * full if a limit is used up, or if it took no connection several times. */
enum outcome wall_explain_missing(struct climb *climb, const struct answer *answer);

#endif
