/* say.h -- what members of a crowd say; for crowd.c. */
#ifndef C10K_CHAT_SAY_H
#define C10K_CHAT_SAY_H

#include "harness/kinds/chat/client/crowd.h"

/* Member `i` says one more line, due now, and sends what its socket takes of it. */
void say_at_once(struct crowd *crowd, uint32_t i);

/* True if everybody who is still there heard all that was sent. */
bool say_was_heard(const struct crowd *crowd);

#endif
