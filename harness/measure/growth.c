/* growth.c -- how much more the machine holds than in its quiet state, and whose part of that is in
 * a row. */
#include "harness/measure/growth.h"

struct growth growth_since(const struct kernel *quiet, const struct kernel *now)
{
    return (struct growth){.slab_kib = now->slab_kib - quiet->slab_kib,
                           .page_tables_kib = now->page_tables_kib - quiet->page_tables_kib,
                           .kernel_stack_kib = now->kernel_stack_kib - quiet->kernel_stack_kib,
                           .lost_kib = quiet->free_kib - now->free_kib};
}

/* A part below 0 is below the resolution of this method; NAN stays NAN, unlike in fmax(3). */
static double at_least_0(double kib)
{
    return kib < 0 ? 0 : kib;
}

void growth_row_model(const struct growth *acceptor, const struct growth *model, struct row *row)
{
    double sockets_kib =
        at_least_0(acceptor->slab_kib / 2); /* The server's end of each connection. */
    row_set_real(row, "sockets_kib", sockets_kib);
    row_set_real(row, "slab_kib", at_least_0(model->slab_kib - acceptor->slab_kib));
    row_set_real(row, "machine_lost_kib",
                 at_least_0(model->lost_kib - acceptor->lost_kib + sockets_kib));
}

void growth_row_both_ends(const struct growth *growth, struct row *row)
{
    row_set_real(row, "both_ends_slab_kib", at_least_0(growth->slab_kib));
    row_set_real(row, "both_ends_page_tables_kib", at_least_0(growth->page_tables_kib));
    row_set_real(row, "both_ends_kernel_stack_kib", at_least_0(growth->kernel_stack_kib));
    row_set_real(row, "both_ends_lost_kib", at_least_0(growth->lost_kib));
}
