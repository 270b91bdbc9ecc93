/* connects.h -- why connections are missing: because of the server, or of the busy machine. */
#ifndef C10K_CONNECTS_H
#define C10K_CONNECTS_H

#include "harness/measure/foreign.h"
#include "harness/fleet/load_link.h"
#include "harness/fleet/target.h"
#include "harness/measure/verdict.h"

/* What the machine has done before the connects. */
struct foreign_look connects_begin(const struct target *target);

/* Judges connects of which some failed, by the client's answer.  Corrupt; or failed, which is the
 * server's; or noisy: connects only timed out, the server reported no shortage, and other
 * programs used the machine since `before`.  Then the reason gets their share.  `reason`
 * says already what was missing; where the server has ended, it becomes that. */
enum verdict connects_judge(struct target *target, const struct foreign_look *before,
                            const struct answer *answer, char *reason, size_t size);

#endif
