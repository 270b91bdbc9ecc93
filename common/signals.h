/* signals.h -- signals where the thread sanitizer watches.
 *
 * It holds a signal back until the program makes a call that it knows.  A loop whose only call is
 * io_uring_enter(2), which it does not know, would sleep through SIGTERM for ever. */
#ifndef C10K_SIGNALS_H
#define C10K_SIGNALS_H

#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#if defined __has_feature /* clang's way to tell; gcc has a macro. */
#if __has_feature(thread_sanitizer) && !defined __SANITIZE_THREAD__
#define __SANITIZE_THREAD__ 1
#endif
#endif

#ifdef __SANITIZE_THREAD__
enum { SIGNALS_ARE_HELD = true };
#else
enum { SIGNALS_ARE_HELD = false };
#endif

/* Lets in what was held back; call it once in a while.  Without the sanitizer it does nothing. */
static inline void signals_let_in(void)
{
    if (SIGNALS_ARE_HELD) usleep(1);
}

/* Waits until the descriptor is readable, so that a call that the sanitizer holds signals back for,
 * as accept4(2), need not wait.  Without the sanitizer it does nothing. */
static inline void signals_await(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    while (SIGNALS_ARE_HELD && poll(&entry, 1, 100) <= 0) {
    }
}

#endif
