/* wait.h -- how a load client waits until something comes or is due. */
#ifndef C10K_WAIT_H
#define C10K_WAIT_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>

#include "common/clock.h"
#include "common/die.h"

/* Longer than most gaps, so that the CPU does not halt: a virtual one may be given back late.  At
 * 1,000 messages/s p99 of the send lag was above 50 us in 7 of 12 windows with 60 us, in none with
 * 5 ms. */
static const uint64_t WAIT_SPIN_NS = 5 * NS_PER_MS;

/* From now on this thread wakes up when it asked to. */
static inline void wait_sharply(void)
{
    prctl(PR_SET_TIMERSLACK, 1); /* ns; the default lets the kernel wake us 50 us late. */
}

/* How long to sleep where something is due in `due_in_ns`.  With `spin` the caller polls for the
 * rest. */
static inline uint64_t wait_asleep_ns(uint64_t due_in_ns, bool spin)
{
    if (!spin) return due_in_ns;
    return due_in_ns > WAIT_SPIN_NS ? due_in_ns - WAIT_SPIN_NS : 0;
}

/* Waits for events, `wait_ns` at most, and returns how many there are.  Dies if it cannot. */
static inline int wait_for_events(int epoll_fd, struct epoll_event *events, int events_max,
                                  uint64_t wait_ns)
{
    struct timespec timeout = {.tv_sec = (time_t)(wait_ns / NS_PER_S),
                               .tv_nsec = (long)(wait_ns % NS_PER_S)};
    int ready = epoll_pwait2(epoll_fd, events, events_max, &timeout, NULL);
    if (ready < 0 && errno != EINTR) die("epoll_pwait2");
    return ready > 0 ? ready : 0;
}

#endif
