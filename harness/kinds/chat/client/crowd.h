/* crowd.h -- N members of a chat in one process: they say lines, and compare all that they hear.
 *
 * The order in which lines must be heard is the room's to choose, but the same for all: whoever
 * hears a line first that nobody heard yet writes down its place, and all the others are held to
 * that. Each line has its number and the moment when it was due in it. */
#ifndef C10K_CHAT_CROWD_H
#define C10K_CHAT_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/schedule.h"
#include "common/histogram.h"
#include "common/net.h"

enum { CROWD_LINE_B_MIN = 40, CROWD_LINE_B_MAX = 1024, CROWD_LINES_MAX = 4 * 1024 * 1024 };

/* One line of the chat. */
struct crowd_line {
    uint64_t due_ns;
    uint32_t sender; /* The member that says it. */
    uint32_t place; /* In the order in which lines are heard; CROWD_NOWHERE: nobody heard it yet. */
};

/* One member. */
struct crowd_member {
    int fd;          /* -1: its connection has ended. */
    bool joined;     /* It heard the roll call. */
    bool leaving;    /* We half-closed: then the room may end the connection. */
    bool corrupt;    /* It heard what nobody said; from then on it is not compared. */
    uint32_t next;   /* The place of the line that it should hear next. */
    uint32_t heard;  /* Lines, each what somebody said. */
    uint32_t held;   /* Bytes of a line that is not complete yet. */
    uint32_t saying; /* The line that it is saying, CROWD_NOWHERE: none. */
    uint32_t said_b; /* So much of it. */
    uint32_t placed; /* One more than the number of its last line that has a place. */
};

static const uint32_t CROWD_NOWHERE = UINT32_MAX;

/* Set up `line_b`, `member_count` and `spin`; the rest is crowd_join()'s. */
struct crowd {
    size_t line_b; /* CROWD_LINE_B_MIN to CROWD_LINE_B_MAX; the last byte is '\n'. */
    uint32_t member_count;
    bool spin; /* Poll shortly before a line is due: needs a CPU of its own. */
    struct crowd_member *members;
    char *held, *received; /* line_b for each member; what one read brings. */
    int epoll_fd;
    char roll_call[CROWD_LINE_B_MAX];
    struct crowd_line *lines; /* By number. */
    char *texts;              /* line_b each. */
    uint32_t *order;          /* Numbers of lines, by place. */
    uint32_t line_count, line_max, order_count;
    /* What was found. */
    uint32_t joined;                  /* Members that heard the roll call. */
    uint32_t disconnected;            /* Members whose connection the room ended. */
    int first_errno;                  /* Of the first call on a connection that failed; 0: none. */
    uint32_t corrupt;                 /* Members that heard what nobody said. */
    uint64_t out_of_order;            /* Lines heard again, or after a later one. */
    uint64_t heard;                   /* Lines by members, each what somebody said. */
    uint32_t sent;                    /* Lines that went out whole. */
    uint32_t window_due, window_sent; /* Of them, lines due in the window; sent until now. */
    uint64_t window_begin_ns, window_end_ns;
    uint64_t deliveries;          /* Of lines due in the window, whenever they came. */
    uint64_t arrived;             /* Deliveries of any line that came in the window. */
    struct histogram delivery_ns; /* From due to heard, of lines due in the window. */
    struct histogram send_lag_ns; /* From due to sent, of the same. */
};

/* Connects all and makes sure that the room knows them: the last says a line until all have heard
 * it.  False if some do not within patience_ns; *error is then the errno of a call that failed, or
 * 0. */
bool crowd_join(struct crowd *crowd, const struct net_address *address, uint64_t patience_ns,
                int *error);

/* Says lines on the schedule, in turn, until window_end_ns, and goes on listening until all is
 * heard or `until_ns`.  on_edge(moment) is called as the window begins (0) and as it ends (1). */
void crowd_talk(struct crowd *crowd, struct schedule *schedule, uint64_t until_ns,
                void (*on_edge)(int edge));

/* Each member says `lines_each` lines, all at once and in pieces, and hears all; gives up when
 * nobody heard anything for patience_ns. */
void crowd_talk_at_once(struct crowd *crowd, uint32_t lines_each, uint64_t seed,
                        uint64_t patience_ns);

/* The first member says a last line and half-closes, then all others do; each must hear that line,
 * and then the end of its connection.  Returns how many did not see that end; each of the two steps
 * may take patience_ns. */
uint32_t crowd_part(struct crowd *crowd, uint64_t patience_ns);

/* How many deliveries of lines that were sent are missing. */
uint64_t crowd_lost(const struct crowd *crowd);

/* Ends all connections. */
void crowd_leave(struct crowd *crowd);

#endif
