/* room.h -- the chat server's one function; main.c has the command line. */
#ifndef C10K_CHAT_ROOM_H
#define C10K_CHAT_ROOM_H

#include <signal.h>
#include <stddef.h>

/* Takes in whoever comes to `listen_fd` and sends each line that one says to all, until *stop is
 * not 0; signals come in under the mask `while_waiting`, between two rounds only.  A line has 1 KiB
 * at most, with its '\n': whose is longer is thrown out.  So is who has more than queue_b bytes
 * unsent; returns how many did. */
unsigned long room_serve(int listen_fd, size_t queue_b, const sigset_t *while_waiting,
                         const volatile sig_atomic_t *stop);

#endif
