/* crowd.c -- N members of a chat in one process come and go; say.c speaks, hear.c listens. */
#include "harness/kinds/chat/client/crowd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "harness/kinds/chat/client/hear.h"
#include "harness/kinds/chat/client/say.h"
#include "common/clock.h"
#include "common/die.h"

enum {
    ROLL_CALL_NS = 200 * NS_PER_MS,      /* How long one may take before it is repeated, */
    ROLL_CALL_EACH_NS = 100 * NS_PER_US, /* and for each member more. */
    LOOK_NS = 50 * NS_PER_MS,
};

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) die("calloc");
    return memory;
}

/* Returns a connected socket that does not wait, or -1 with errno. */
static int connect_one(const struct net_address *address, uint64_t patience_ns)
{
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    struct timeval patience = {.tv_sec = (time_t)(patience_ns / NS_PER_S) + 1};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); /* Of connect(2), too. */
    if (net_connect(fd, address) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    net_no_delay(fd);
    net_no_wait(fd);
    return fd;
}

static void prepare(struct crowd *crowd)
{
    crowd->members = allocate(crowd->member_count, sizeof *crowd->members);
    crowd->held = allocate(crowd->member_count, crowd->line_b);
    crowd->received = allocate(1, HEAR_B + crowd->line_b);
    crowd->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (crowd->epoll_fd < 0) die("epoll_create1");
    for (uint32_t i = 0; i < crowd->member_count; i++)
        crowd->members[i] = (struct crowd_member){.fd = -1, .saying = CROWD_NOWHERE};
    memset(crowd->roll_call, '.', crowd->line_b);
    memcpy(crowd->roll_call, "who is here?", strlen("who is here?"));
    crowd->roll_call[crowd->line_b - 1] = '\n';
}

/* Sends more of the roll call, of which *sent bytes went out before.  False: the room is gone. */
static bool call_roll(struct crowd *crowd, int fd, size_t *sent)
{
    ssize_t size = write(fd, crowd->roll_call + *sent, crowd->line_b - *sent);
    if (size < 0) {
        if (errno == EAGAIN || errno == EINTR) return true;
        crowd->first_errno = errno;
        return false;
    }
    *sent = (*sent + (size_t)size) % crowd->line_b;
    return true;
}

bool crowd_join(struct crowd *crowd, const struct net_address *address, uint64_t patience_ns,
                int *error)
{
    *error = 0;
    prepare(crowd);
    for (uint32_t i = 0; i < crowd->member_count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        int fd = crowd->members[i].fd = connect_one(address, patience_ns);
        if (fd < 0 || epoll_ctl(crowd->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
            *error = errno;
            return false;
        }
    }
    /* Connected is not yet accepted: who still waits for that does not hear the first call. */
    int last = crowd->members[crowd->member_count - 1].fd;
    size_t sent = 0;
    uint64_t now_ns = clock_ns(), end_ns = now_ns + patience_ns, call_ns = now_ns;
    while (crowd->joined < crowd->member_count && crowd->disconnected == 0 && now_ns < end_ns) {
        if (now_ns >= call_ns) {
            if (!call_roll(crowd, last, &sent)) break;
            if (sent == 0)
                call_ns = now_ns + ROLL_CALL_NS + crowd->member_count * (uint64_t)ROLL_CALL_EACH_NS;
        }
        hear_for(crowd, LOOK_NS, NULL, NULL);
        now_ns = clock_ns();
    }
    *error = crowd->first_errno;
    return crowd->joined == crowd->member_count;
}

/* ---- leaving ---- */

/* Half-closes, so that the room must end the connection. */
static void half_close(struct crowd *crowd, struct crowd_member *member)
{
    member->leaving = true;
    if (member->fd < 0 || shutdown(member->fd, SHUT_WR) == 0) return;
    crowd->first_errno = errno; /* No harm if the room was faster. */
}

static uint32_t count_open(const struct crowd *crowd)
{
    uint32_t open = 0;
    for (uint32_t i = 0; i < crowd->member_count; i++)
        open += crowd->members[i].fd >= 0;
    return open;
}

uint32_t crowd_part(struct crowd *crowd, uint64_t patience_ns)
{
    uint64_t until_ns = clock_ns() + patience_ns;
    say_at_once(crowd, 0);
    half_close(crowd, &crowd->members[0]);
    while ((crowd->members[0].fd >= 0 || !say_was_heard(crowd)) && clock_ns() < until_ns)
        hear_for(crowd, LOOK_NS, NULL, NULL);
    for (uint32_t i = 1; i < crowd->member_count; i++)
        half_close(crowd, &crowd->members[i]);
    until_ns = clock_ns() + patience_ns;
    while (count_open(crowd) > 0 && clock_ns() < until_ns)
        hear_for(crowd, LOOK_NS, NULL, NULL);
    return count_open(crowd);
}

uint64_t crowd_lost(const struct crowd *crowd)
{
    uint64_t lost = 0;
    for (uint32_t i = 0; i < crowd->member_count; i++)
        if (crowd->members[i].heard < crowd->sent) lost += crowd->sent - crowd->members[i].heard;
    return lost;
}

void crowd_leave(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->member_count; i++) {
        if (crowd->members[i].fd < 0) continue;
        net_close_with_reset(crowd->members[i].fd);
        close(crowd->members[i].fd);
    }
    close(crowd->epoll_fd);
    free(crowd->members);
    free(crowd->held);
    free(crowd->received);
    free(crowd->lines);
    free(crowd->texts);
    free(crowd->order);
}
