/* room.c -- a chat of one room: each line that a member says goes to all members, in one order.
 *
 *                    ring: the last bytes said in the room
 *   who speaks       ┌────────────────────────────────┐      who listens: everybody,
 *   a whole line ──▶ │ ...hello\nhow are you?\nfine\n │ ──▶  each from where he was
 *                    └────────▲─────────────▲─────────▲      up to the end
 *                         one heard    another      said
 *
 * What is said is kept once, and a member is a place in it: all hear the same bytes in one order.
 * Who does not read falls behind: more than queue_b, and he is let go.  A chat can neither hold all
 * back for one nor keep for ever what he missed.  (The kernel's buffer for him fills first.)
 *
 * Cost: 1 KiB for each member; for what is said in one round, a write(2) to each of them. */
#include "harness/kinds/chat/room/room.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/ready_echo.h"
#include "common/serving.h"

enum {
    LINE_B = 1024,       /* The longest line, with its '\n'. */
    ROUND_B = 16 * 1024, /* What may be said before all are sent it. */
    EVENTS_MAX = 256,
    ACCEPTS_MAX = 64, /* Per round, so that a storm of newcomers silences nobody. */
};
static const uint64_t STAYS = UINT64_MAX;

struct member {
    struct member *next;
    int fd;             /* -1: gone; freed when the round is over. */
    uint32_t waits_for; /* As the kernel was told. */
    uint64_t heard;     /* How much he was sent of all that was ever said; he starts with now. */
    uint64_t until;     /* He half-closed, and leaves when he heard so much.  STAYS: he did not. */
    size_t typed;
    char line[LINE_B]; /* What he is saying: no '\n' in it yet. */
};

static struct member *first;
static char *ring; /* Byte number n, of all that was ever said, is at n % ring_b. */
static uint64_t ring_b, behind_max, said, sent_to_all;
static unsigned long let_go;
static int epoll_fd, listener;
static bool accepting, some_gone;
static uint64_t retry_at_ns; /* When nobody is accepted: others may have freed something. */

static bool tell(int operation, int fd, uint32_t events, struct member *member)
{
    return epoll_ctl(epoll_fd, operation, fd, &(struct epoll_event){events, {member}}) == 0;
}

/* A listener that is ready but cannot be served would wake us for ever: then we do not ask. */
static void accept_from_now_on(bool wanted)
{
    if (wanted == accepting) return;
    accepting = wanted;
    if (!wanted) retry_at_ns = clock_ns() + SERVER_RETRY_MS * NS_PER_MS;
    if (!tell(EPOLL_CTL_MOD, listener, wanted ? EPOLLIN : 0, NULL)) die("epoll_ctl");
}

static void leave(struct member *member)
{
    close(member->fd); /* Also takes it off the kernel's list. */
    member->fd = -1;
    some_gone = true;
    accept_from_now_on(true);
}

//DOC: chat-send
/* Sends a member what he did not hear yet, as far as his socket takes it.  False: he is gone. */
static bool send_missed(struct member *member)
{
    uint64_t end = member->until < said ? member->until : said;
    while (member->heard < end) {
        uint64_t at = member->heard % ring_b, size = end - member->heard;
        if (size > ring_b - at) size = ring_b - at; /* The rest is at the start of the ring. */
        ssize_t sent = write(member->fd, ring + at, size);
        if (sent < 0) return errno == EAGAIN || errno == EINTR;
        member->heard += (uint64_t)sent;
    }
    return member->heard < member->until;
}

static void send_to(struct member *member)
{
    bool stays = send_missed(member);
    if (stays && said - member->heard > behind_max) {
        if (let_go++ == 0) fputs("chat-room: a member who does not read was let go\n", stderr);
        stays = false;
    }
    uint32_t wanted =
        (member->until == STAYS ? EPOLLIN : 0) | (member->heard < said ? EPOLLOUT : 0);
    if (!stays)
        leave(member);
    else if (wanted != member->waits_for && !tell(EPOLL_CTL_MOD, member->fd, wanted, member))
        die("epoll_ctl");
    member->waits_for = wanted;
}

static void send_to_all(void)
{
    for (struct member *member = first; member != NULL; member = member->next)
        if (member->fd >= 0) send_to(member);
    sent_to_all = said; /* Who stayed is at most behind_max behind. */
}
//DOC-END: chat-send

/* Reads once, so that nobody speaks alone, and says the lines that are whole.  False: he is gone,
 * or his line is too long. */
static bool listen_to(struct member *member)
{
    ssize_t size = read(member->fd, member->line + member->typed, LINE_B - member->typed);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) member->until = said; /* A line without an end was never said. */
    member->typed += (size_t)size;
    const char *last = memrchr(member->line, '\n', member->typed);
    if (last == NULL) return member->typed < LINE_B;
    for (const char *letter = member->line; letter <= last; letter++)
        ring[said++ % ring_b] = *letter;
    member->typed -= (size_t)(last + 1 - member->line);
    memmove(member->line, last + 1, member->typed);
    return true;
}

static void on_ready(struct member *member, uint32_t events)
{
    if (said - sent_to_all > ROUND_B - LINE_B) send_to_all(); /* Keep room in the ring. */
    if (member->fd < 0) return;                               /* He left earlier in this round. */
    if (member->until == STAYS && events != EPOLLOUT && !listen_to(member))
        leave(member);
    else if (member->until != STAYS || events & EPOLLOUT)
        send_to(member);
}

/* Takes in one newcomer.  Returns false when nobody waits, or when there is no room. */
static bool accept_one(void)
{
    int fd = ready_accept(listener);
    struct member *member = fd < 0 ? NULL : malloc(sizeof *member);
    if (member == NULL || !tell(EPOLL_CTL_ADD, fd, EPOLLIN, member)) {
        if (fd >= 0) server_ran_out("memory for a client"); /* Ours, or the kernel's. */
        if (fd >= 0) close(fd);
        if (fd != READY_NOBODY) accept_from_now_on(false);
        free(member);
        return false;
    }
    *member = (struct member){first, fd, EPOLLIN, .heard = said, .until = STAYS};
    first = member;
    return true;
}

static void accept_some(void)
{
    for (int i = 0; i < ACCEPTS_MAX && accept_one(); i++) {
    }
}

static void forget_the_gone(void)
{
    for (struct member **link = &first; *link != NULL;) {
        struct member *member = *link;
        if (member->fd < 0) {
            *link = member->next;
            free(member);
        } else
            link = &member->next;
    }
    some_gone = false;
}

unsigned long room_serve(int listen_fd, size_t queue_b, const sigset_t *while_waiting,
                         const volatile sig_atomic_t *stop)
{
    listener = listen_fd;
    behind_max = queue_b;
    ring_b = queue_b + ROUND_B; /* So what the slowest has still to hear is never written over. */
    ring = malloc(ring_b);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    net_no_wait(listener);
    net_no_delay(listener); /* Those whom it accepts inherit that. */
    accepting = epoll_fd >= 0 && tell(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    if (ring == NULL || !accepting) die("epoll_ctl");
    while (!*stop) {
        struct epoll_event events[EVENTS_MAX];
        int ready = epoll_pwait(epoll_fd, events, EVENTS_MAX, accepting ? -1 : SERVER_RETRY_MS,
                                while_waiting);
        if (ready < 0 && errno != EINTR) die("epoll_wait");
        if (!accepting && clock_ns() >= retry_at_ns) accept_from_now_on(true);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr != NULL)
                on_ready(events[i].data.ptr, events[i].events);
            else
                accept_some();
        }
        if (said > sent_to_all) send_to_all();
        if (some_gone) forget_the_gone();
    }
    return let_go;
}
