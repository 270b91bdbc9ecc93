/* hear.c -- what members hear, compared: each line must have been said, and come in its turn. */
#include "harness/kinds/chat/client/hear.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clients/wait.h"
#include "common/clock.h"

enum { EVENTS_MAX = 256 };

/* Returns the number of the line that somebody said and that looks so, CROWD_NOWHERE if none. */
static uint32_t find_line(const struct crowd *crowd, const char *text)
{
    uint32_t number = 0;
    for (int i = 0; i < CROWD_NUMBER_DIGITS; i++) {
        if (text[i] < '0' || text[i] > '9') return CROWD_NOWHERE;
        number = number * 10 + (uint32_t)(text[i] - '0');
    }
    if (number >= crowd->line_count) return CROWD_NOWHERE;
    bool same = memcmp(crowd->texts + number * crowd->line_b, text, crowd->line_b) == 0;
    return same ? number : CROWD_NOWHERE;
}

/* Gives a line that nobody heard before its place, the next one. */
static void place_line(struct crowd *crowd, uint32_t number)
{
    struct crowd_line *line = &crowd->lines[number];
    struct crowd_member *sender = &crowd->members[line->sender];
    if (number < sender->placed) crowd->out_of_order++; /* What one says keeps its order, too. */
    sender->placed = number + 1;
    line->place = crowd->order_count;
    crowd->order[crowd->order_count++] = number;
}

static void note_time(struct crowd *crowd, const struct crowd_line *line, uint64_t now_ns)
{
    if (now_ns >= crowd->window_begin_ns && now_ns < crowd->window_end_ns) crowd->arrived++;
    if (line->due_ns < crowd->window_begin_ns || line->due_ns >= crowd->window_end_ns) return;
    crowd->deliveries++;
    histogram_record(&crowd->delivery_ns, now_ns > line->due_ns ? now_ns - line->due_ns : 0);
}

static void hear_line(struct crowd *crowd, struct crowd_member *member, const char *text,
                      uint64_t now_ns)
{
    if (member->corrupt) return;
    if (member->heard == 0 && memcmp(text, crowd->roll_call, crowd->line_b) == 0) {
        crowd->joined += !member->joined;
        member->joined = true;
        return;
    }
    uint32_t number = find_line(crowd, text);
    if (number == CROWD_NOWHERE) {
        member->corrupt = true;
        crowd->corrupt++;
        return;
    }
    struct crowd_line *line = &crowd->lines[number];
    if (line->place == CROWD_NOWHERE && member->next == crowd->order_count)
        place_line(crowd, number);
    if (line->place == CROWD_NOWHERE || line->place < member->next)
        crowd->out_of_order++;
    else
        member->next = line->place + 1; /* What it skipped is missing, unless it comes later. */
    member->heard++;
    crowd->heard++;
    note_time(crowd, line, now_ns);
}

static void end_member(struct crowd *crowd, struct crowd_member *member, bool in_order)
{
    close(member->fd);
    member->fd = -1;
    if (!member->leaving || !in_order || member->held > 0) crowd->disconnected++;
}

/* Reads once for member `i`.  Returns the time when that came, 0: nothing did. */
static uint64_t hear_member(struct crowd *crowd, uint32_t i)
{
    struct crowd_member *member = &crowd->members[i];
    char *held = crowd->held + i * crowd->line_b, *text = crowd->received;
    if (member->fd < 0) return 0;
    memcpy(text, held, member->held);
    ssize_t size = read(member->fd, text + member->held, HEAR_B);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (size <= 0) {
        if (size < 0 && crowd->first_errno == 0) crowd->first_errno = errno;
        end_member(crowd, member, size == 0);
        return 0;
    }
    uint64_t now_ns = clock_ns();
    size_t left = member->held + (size_t)size;
    for (; left >= crowd->line_b; left -= crowd->line_b, text += crowd->line_b)
        hear_line(crowd, member, text, now_ns);
    memcpy(held, text, left);
    member->held = (uint32_t)left;
    return now_ns;
}

void hear_for(struct crowd *crowd, uint64_t wait_ns,
              void (*between)(void *argument, uint64_t now_ns), void *argument)
{
    struct epoll_event events[EVENTS_MAX];
    int ready = wait_for_events(crowd->epoll_fd, events, EVENTS_MAX, wait_ns);
    for (int i = 0; i < ready; i++) {
        uint64_t now_ns = hear_member(crowd, events[i].data.u32);
        if (now_ns > 0 && between != NULL) between(argument, now_ns);
    }
}
