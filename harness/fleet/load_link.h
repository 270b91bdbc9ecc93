/* load_link.h -- talks to the load client: one command line, one answer line. */
#ifndef C10K_LOAD_LINK_H
#define C10K_LOAD_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/fleet/process.h"

enum { LOAD_LINE_MAX = 4096 };

/* One answer, "window sent=100 lost=0 ...", taken apart by answer_get(); or why there is none. */
struct answer {
    char line[LOAD_LINE_MAX];
};

/* The two halves of load_ask(), for whoever has something to do in between.  load_tell() is false
 * if the client is gone; then load_hear() says why. */
bool load_tell(struct process *load, const char *command);
bool load_hear(struct process *load, const char *command, double patience_s, struct answer *answer);

/* Sends a command and waits `patience_s` for its answer.  False if there is none, if the client
 * says it is wrong, or if the answer belongs to another command; answer->line then says why. */
bool load_ask(struct process *load, const char *command, double patience_s, struct answer *answer);

/* Copies the value of `key` into `value`.  False if there is none, or if it is "-". */
bool answer_get(const struct answer *answer, const char *key, char *value, size_t size);

/* The same as a number; NAN if there is none. */
double answer_number(const struct answer *answer, const char *key);

#endif
