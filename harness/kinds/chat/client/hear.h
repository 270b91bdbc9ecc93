/* hear.h -- what members of a crowd hear, compared; for crowd.c. */
#ifndef C10K_CHAT_HEAR_H
#define C10K_CHAT_HEAR_H

#include "harness/kinds/chat/client/crowd.h"

enum {
    CROWD_NUMBER_DIGITS = 8, /* A line starts with its number. */
    HEAR_B = 64 * 1024,      /* One read; `received` holds this and one line. */
};

/* Waits for what comes, `wait_ns` at most, and compares it.  After each read calls
 * between(argument, the time), if there is one: what is due must not wait until everybody was
 * heard. */
void hear_for(struct crowd *crowd, uint64_t wait_ns,
              void (*between)(void *argument, uint64_t now_ns), void *argument);

#endif
