/* commands.h -- the load client as a partner in a talk: a line in, a line out. */
#ifndef C10K_COMMANDS_H
#define C10K_COMMANDS_H

#include "clients/run.h"

/* What --help says about the commands. */
extern const char COMMANDS_HELP[];

/* Reads "sleep" or "spin".  False for any other word. */
bool commands_read_cost_kind(const char *text, struct message_cost *cost);

enum { COMMANDS_PAUSE_MS_MAX = HERD_S_MAX * 1000 }; /* A longer one would never end. */

/* Fills in how clients return, but not limit_s: `text` is "now" or "jitter"; false for any other
 * word.  The pauses are those of backoff.h. */
bool commands_read_policy(const char *text, long base_ms, long cap_ms, struct crew_return *policy);

/* Reads commands from stdin and answers each with a line on stdout, until "quit" or the end. */
void commands_run(struct run *run, const struct net_address *address);

#endif
