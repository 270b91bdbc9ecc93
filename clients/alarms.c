/* alarms.c -- which connection is due next: a heap of times, each with the place it is for. */
#include "clients/alarms.h"

#include <stdlib.h>

#include "common/die.h"

void alarms_add(struct alarms *alarms, uint64_t due_ns, uint32_t place)
{
    if (alarms->count == alarms->capacity) {
        alarms->capacity = alarms->capacity ? alarms->capacity * 2 : 64;
        alarms->heap = realloc(alarms->heap, alarms->capacity * sizeof *alarms->heap);
        if (alarms->heap == NULL) die("realloc");
    }
    uint32_t at = alarms->count++;
    for (uint32_t parent; at > 0 && alarms->heap[parent = (at - 1) / 2].due_ns > due_ns;
         at = parent)
        alarms->heap[at] = alarms->heap[parent];
    alarms->heap[at] = (struct alarm_entry){.due_ns = due_ns, .place = place};
}

uint64_t alarms_next_ns(const struct alarms *alarms)
{
    return alarms->count > 0 ? alarms->heap[0].due_ns : UINT64_MAX;
}

uint32_t alarms_take(struct alarms *alarms)
{
    uint32_t place = alarms->heap[0].place, at = 0;
    struct alarm_entry last = alarms->heap[--alarms->count];
    for (uint32_t child; (child = 2 * at + 1) < alarms->count; at = child) {
        if (child + 1 < alarms->count &&
            alarms->heap[child + 1].due_ns < alarms->heap[child].due_ns)
            child++;
        if (alarms->heap[child].due_ns >= last.due_ns) break;
        alarms->heap[at] = alarms->heap[child];
    }
    alarms->heap[at] = last;
    return place;
}

void alarms_free(struct alarms *alarms)
{
    free(alarms->heap);
    *alarms = (struct alarms){0};
}
