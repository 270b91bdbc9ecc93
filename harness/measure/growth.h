/* growth.h -- how much more the machine holds than in its quiet state, and whose part of that is in
 * a row. */
#ifndef C10K_GROWTH_H
#define C10K_GROWTH_H

#include "harness/measure/columns.h"
#include "harness/probes/probe_kernel.h"

/* In KiB; NAN: not known. */
struct growth {
    double slab_kib, page_tables_kib, kernel_stack_kib;
    double lost_kib; /* Free memory that is gone. */
};

struct growth growth_since(const struct kernel *quiet, const struct kernel *now);

/* Fills in what a model and its sockets took, from the growth with an idle acceptor in its place,
 * which has the same clients and sockets. */
void growth_row_model(const struct growth *acceptor, const struct growth *model, struct row *row);

/* Fills in what server and client took together. */
void growth_row_both_ends(const struct growth *growth, struct row *row);

#endif
