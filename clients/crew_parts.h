/* crew_parts.h -- the arithmetic of a crew: what each of its processes gets of the whole, and what
 * their reports come to together. */
#ifndef C10K_CREW_PARTS_H
#define C10K_CREW_PARTS_H

#include <stdint.h>

#include "clients/crew.h"
#include "clients/worker_protocol.h"

/* Returns how many connects all workers together may have under way: 1 to 256, and less than the
 * listener's queue may hold (net.core.somaxconn). */
uint32_t crew_connects_in_flight(void);

/* Distributes `total` over `count` workers, as evenly as their rooms allow. */
void crew_deal(uint32_t total, const uint32_t *rooms, uint32_t *shares, uint32_t count);

/* Distributes the connections that send over as few processes as hold them, of which worker i has
 * open[i]: idle connections need no CPU, and a process that shares its CPU with others that send is
 * late. */
void crew_deal_active(uint32_t active, const uint32_t *open, uint32_t *shares, uint32_t count);

/* Gives a worker its share of the schedule: `share` of `active` connections.  Each connection gets
 * the same rate, wherever it is held, and each worker draws numbers of its own. */
void crew_give_rate(struct worker_command *command, const struct crew_traffic *traffic,
                    uint32_t number, uint32_t share, uint32_t active);

/* Each adds what one worker found.  Start with all zero. */
void crew_add_connects(struct worker_connects *merged, const struct worker_connects *part);
void crew_add_traffic(struct worker_traffic *merged, const struct worker_traffic *part);
void crew_add_herd(struct worker_herd *merged, const struct worker_herd *part);

/* Adds one worker's part of a window that ended at end_ns. */
void crew_add_window(struct crew_window *window, const struct worker_traffic *part,
                     uint64_t end_ns);

#endif
