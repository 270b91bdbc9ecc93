/* commands.h -- the load client as a partner in a talk: a line in, a line out. */
#ifndef C10K_COMMANDS_H
#define C10K_COMMANDS_H

#include "clients/run.h"

/* What --help says about the commands. */
extern const char COMMANDS_HELP[];

/* Reads "sleep" or "spin".  False for any other word. */
bool commands_read_cost_kind(const char *text, struct message_cost *cost);

/* Reads commands from stdin and answers each with a line on stdout, until "quit" or the end. */
void commands_run(struct run *run, const struct net_address *address);

#endif
