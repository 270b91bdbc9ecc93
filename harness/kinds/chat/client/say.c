/* say.c -- what members say: lines on a schedule, or all at once and in pieces. */
#include "harness/kinds/chat/client/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/kinds/chat/client/hear.h"
#include "clients/wait.h"
#include "common/clock.h"
#include "common/die.h"

enum {
    PIECES_PER_TURN = 32,     /* Between two looks at what came. */
    LOOK_NS = 50 * NS_PER_MS, /* Where nothing is due. */
    RETRY_NS = 1 * NS_PER_MS, /* Where a socket is full. */
};

/* Makes room for one more line. */
static void grow(struct crowd *crowd)
{
    if (crowd->line_count < crowd->line_max) return;
    uint32_t room = crowd->line_max ? 2 * crowd->line_max : 1024;
    crowd->lines = realloc(crowd->lines, room * sizeof *crowd->lines);
    crowd->order = realloc(crowd->order, room * sizeof *crowd->order);
    crowd->texts = realloc(crowd->texts, room * crowd->line_b);
    if (crowd->lines == NULL || crowd->order == NULL || crowd->texts == NULL) die("realloc");
    crowd->line_max = room;
}

/* Writes a new line down: "00000042 0000001234567890123 lmnop...\n".  Returns its number. */
static uint32_t new_line(struct crowd *crowd, uint32_t sender, uint64_t due_ns)
{
    grow(crowd);
    uint32_t number = crowd->line_count++;
    char *text = crowd->texts + number * crowd->line_b;
    int size = snprintf(text, crowd->line_b, "%0*" PRIu32 " %019" PRIu64 " ", CROWD_NUMBER_DIGITS,
                        number, due_ns);
    for (size_t i = (size_t)size; i < crowd->line_b - 1; i++)
        text[i] = (char)('a' + (number + i) % 26);
    text[crowd->line_b - 1] = '\n';
    crowd->lines[number] = (struct crowd_line){due_ns, sender, CROWD_NOWHERE};
    return number;
}

static bool in_window(const struct crowd *crowd, uint64_t due_ns)
{
    return due_ns >= crowd->window_begin_ns && due_ns < crowd->window_end_ns;
}

/* Sends up to `size` bytes of the line that a member says.  False: it is not complete yet. */
static bool say_more(struct crowd *crowd, struct crowd_member *member, size_t size)
{
    const char *text = crowd->texts + member->saying * crowd->line_b;
    if (size > crowd->line_b - member->said_b) size = crowd->line_b - member->said_b;
    uint64_t due_ns = crowd->lines[member->saying].due_ns, now_ns = clock_ns();
    ssize_t said = write(member->fd, text + member->said_b, size);
    if (said > 0) member->said_b += (uint32_t)said; /* Else it must wait, or its end is heard. */
    if (member->said_b < crowd->line_b) return false;
    crowd->sent++;
    if (in_window(crowd, due_ns)) {
        crowd->window_sent++;
        histogram_record(&crowd->send_lag_ns, now_ns - due_ns);
    }
    member->saying = CROWD_NOWHERE;
    member->said_b = 0;
    return true;
}

void say_at_once(struct crowd *crowd, uint32_t i)
{
    if (crowd->members[i].fd < 0) return;
    crowd->members[i].saying = new_line(crowd, i, clock_ns());
    say_more(crowd, &crowd->members[i], crowd->line_b);
}

bool say_was_heard(const struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->member_count; i++)
        if (crowd->members[i].fd >= 0 && crowd->members[i].heard < crowd->sent) return false;
    return true;
}

/* ---- on a schedule ---- */

struct talk {
    struct crowd *crowd;
    struct schedule *schedule;
    uint32_t unsent; /* The first line that was not sent whole. */
};

/* The member whose turn it is, or the next one who is still there; member_count if nobody is. */
static uint32_t speaker_of(const struct crowd *crowd, uint32_t number)
{
    for (uint32_t i = 0; i < crowd->member_count; i++) {
        uint32_t at = (uint32_t)(((uint64_t)number + i) % crowd->member_count);
        if (crowd->members[at].fd >= 0) return at;
    }
    return crowd->member_count;
}

/* Writes down what is due, and sends in this order what was not sent yet.  If a socket is full the
 * lines of others wait, too; their lag tells. */
static void say_due(void *argument, uint64_t now_ns)
{
    struct talk *talk = argument;
    struct crowd *crowd = talk->crowd;
    struct schedule *schedule = talk->schedule;
    for (; schedule->next_ns <= now_ns && schedule->next_ns < crowd->window_end_ns;
         schedule_next(schedule)) {
        uint32_t speaker = speaker_of(crowd, crowd->line_count);
        if (speaker == crowd->member_count || crowd->line_count == CROWD_LINES_MAX) return;
        new_line(crowd, speaker, schedule->next_ns);
        crowd->window_due += in_window(crowd, schedule->next_ns);
    }
    for (; talk->unsent < crowd->line_count; talk->unsent++) {
        struct crowd_member *speaker = &crowd->members[crowd->lines[talk->unsent].sender];
        if (speaker->fd < 0) continue; /* It was cut off. */
        speaker->saying = talk->unsent;
        if (!say_more(crowd, speaker, crowd->line_b)) return;
    }
}

/* How long to sleep: until the next line, or the next edge of the window. */
static uint64_t pause_ns(const struct talk *talk, uint64_t edge_ns)
{
    uint64_t until_ns = talk->schedule->next_ns < edge_ns ? talk->schedule->next_ns : edge_ns;
    uint64_t now_ns = clock_ns();
    uint64_t wait_ns = wait_asleep_ns(until_ns > now_ns ? until_ns - now_ns : 0, talk->crowd->spin);
    uint64_t most_ns = talk->unsent < talk->crowd->line_count ? RETRY_NS : LOOK_NS;
    return wait_ns < most_ns ? wait_ns : most_ns;
}

void crowd_talk(struct crowd *crowd, struct schedule *schedule, uint64_t until_ns,
                void (*on_edge)(int edge))
{
    struct talk talk = {crowd, schedule, crowd->line_count};
    const uint64_t edges[] = {crowd->window_begin_ns, crowd->window_end_ns};
    int edge = 0;
    for (uint64_t now_ns; (now_ns = clock_ns()) < until_ns;) {
        say_due(&talk, now_ns);
        for (; edge < 2 && now_ns >= edges[edge]; edge++)
            on_edge(edge);
        if (edge == 2 && talk.unsent == crowd->line_count && say_was_heard(crowd)) return;
        hear_for(crowd, edge < 2 ? pause_ns(&talk, edges[edge]) : RETRY_NS, say_due, &talk);
    }
    for (; edge < 2; edge++) /* We did not run between the window's end and until_ns. */
        on_edge(edge);
}

/* ---- all at once ---- */

/* A member says a piece of its line, of a random size.  False: it has said all its lines. */
static bool say_piece(struct crowd *crowd, uint32_t i, uint32_t *lines_left, uint64_t *dice)
{
    struct crowd_member *member = &crowd->members[i];
    if (member->fd < 0) return false;
    if (member->saying == CROWD_NOWHERE) member->saying = new_line(crowd, i, clock_ns());
    size_t size = 1 + schedule_random(dice) % crowd->line_b;
    if (say_more(crowd, member, size)) --*lines_left;
    return *lines_left > 0;
}

void crowd_talk_at_once(struct crowd *crowd, uint32_t lines_each, uint64_t seed,
                        uint64_t patience_ns)
{
    uint64_t heard = 0, heard_ns = clock_ns();
    uint32_t talkers = crowd->member_count;
    uint32_t *who = malloc(talkers * sizeof *who), *left = malloc(talkers * sizeof *left);
    if (who == NULL || left == NULL) die("malloc");
    for (uint32_t i = 0; i < talkers; i++) {
        who[i] = i;
        left[i] = lines_each;
    }
    while ((talkers > 0 || !say_was_heard(crowd)) && clock_ns() - heard_ns < patience_ns) {
        for (int piece = 0; piece < PIECES_PER_TURN && talkers > 0; piece++) {
            uint32_t at = (uint32_t)(schedule_random(&seed) % talkers);
            if (!say_piece(crowd, who[at], &left[who[at]], &seed)) who[at] = who[--talkers];
        }
        hear_for(crowd, talkers > 0 ? 0 : LOOK_NS, NULL, NULL);
        if (crowd->heard > heard) heard_ns = clock_ns();
        heard = crowd->heard;
    }
    free(who);
    free(left);
}
