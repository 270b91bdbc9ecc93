/* alarms.h -- which connection is due next: a heap of times, each with the place it is for. */
#ifndef C10K_ALARMS_H
#define C10K_ALARMS_H

#include <stdint.h>

struct alarm_entry {
    uint64_t due_ns;
    uint32_t place;
};

/* All zero is an empty one. */
struct alarms {
    struct alarm_entry *heap; /* Owned.  The earliest is [0]; none is earlier than its parent. */
    uint32_t count, capacity;
};

/* Adds an alarm.  Dies if there is no memory for it. */
void alarms_add(struct alarms *alarms, uint64_t due_ns, uint32_t place);

/* When the earliest is due; UINT64_MAX if there is none. */
uint64_t alarms_next_ns(const struct alarms *alarms);

/* Removes the earliest, of which there must be one, and returns its place. */
uint32_t alarms_take(struct alarms *alarms);

void alarms_free(struct alarms *alarms);

#endif
