/* shortage.h -- which limit stopped a server, or will stop it next: pure functions of what
 * probe_limits() read. */
#ifndef C10K_SHORTAGE_H
#define C10K_SHORTAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/probes/probe_limits.h"

/* Returns the limit that is used up, LIMITS if none is.  `words` is what the server said: of two
 * that are used up, the one whose errno it names is meant. */
enum limit_id shortage_find(const struct limit limits[LIMITS], const char *words);

/* Returns the name of the errno that `words` tell as strerror(3) does ("EMFILE"), else the one that
 * the limit gives; "" without both. */
const char *shortage_errno(enum limit_id id, const char *words);

/* Writes a limit's name and size, "RLIMIT_NOFILE 1024". */
void shortage_name(enum limit_id id, const struct limit *limit, char *text, size_t size);

/* Writes the command that would move the limit. */
void shortage_advice(enum limit_id id, const struct limit *limit, char *text, size_t size);

/* Returns how many connections more can be tried, when `held` of them took what lies between two
 * reads, without taking from the machine what other programs need to go on; *id is the limit that
 * says so, LIMITS if none does.  Any number with none held. */
long shortage_room(const struct limit first[LIMITS], const struct limit now[LIMITS], long held,
                   enum limit_id *id);

#endif
