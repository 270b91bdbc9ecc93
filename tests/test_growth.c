/* test_growth.c -- guards against memory that is taken for another part of it, or for the wrong end
 * of a connection. */
#include <math.h>
#include <stdlib.h>

#include "harness/measure/growth.h"
#include "tests/unit.h"

static struct row row;

static void expect(const char *name, double wanted)
{
    if (strtod(row_get(&row, name), NULL) != wanted)
        fail_msg("%s is \"%s\" instead of %g", name, row_get(&row, name), wanted);
}

static void a_growth_is_the_difference_to_the_quiet_state(void **state)
{
    (void)state;
    const struct kernel quiet = {.slab_kib = 1000,
                                 .page_tables_kib = 300,
                                 .kernel_stack_kib = 70,
                                 .free_kib = 90000,
                                 .tcp_memory_kib = 5};
    const struct kernel now = {.slab_kib = 1600,
                               .page_tables_kib = 340,
                               .kernel_stack_kib = 75,
                               .free_kib = 80000,
                               .tcp_memory_kib = 9};
    struct growth growth = growth_since(&quiet, &now);
    growth_row_both_ends(&growth, &row);
    expect("both_ends_slab_kib", 600);
    expect("both_ends_page_tables_kib", 40);
    expect("both_ends_kernel_stack_kib", 5);
    expect("both_ends_lost_kib", 10000); /* Free memory falls. */
    growth = growth_since(&now, &quiet); /* Less than before: more than the method can see. */
    growth_row_both_ends(&growth, &row);
    expect("both_ends_slab_kib", 0);
    expect("both_ends_lost_kib", 0);
}

/* Clients and sockets are in both growths; one end of each socket is the server's. */
static void a_model_is_what_it_takes_beyond_an_idle_acceptor(void **state)
{
    (void)state;
    const struct growth acceptor = {.slab_kib = 400, .lost_kib = 3000};
    const struct growth model = {.slab_kib = 900, .lost_kib = 7000};
    growth_row_model(&acceptor, &model, &row);
    expect("sockets_kib", 200);
    expect("slab_kib", 500);
    expect("machine_lost_kib", 4200);
    growth_row_model(&model, &acceptor, &row);
    expect("sockets_kib", 450);
    expect("slab_kib", 0);
    expect("machine_lost_kib", 0);
}

static void what_is_not_known_is_empty_and_not_0(void **state)
{
    (void)state;
    const struct growth unknown = {.slab_kib = NAN, .lost_kib = NAN}, known = {.slab_kib = 2};
    growth_row_model(&known, &unknown, &row);
    assert_string_equal(row_get(&row, "slab_kib"), "");
    assert_string_equal(row_get(&row, "machine_lost_kib"), "");
    growth_row_both_ends(&unknown, &row);
    assert_string_equal(row_get(&row, "both_ends_slab_kib"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_growth_is_the_difference_to_the_quiet_state),
        cmocka_unit_test(a_model_is_what_it_takes_beyond_an_idle_acceptor),
        cmocka_unit_test(what_is_not_known_is_empty_and_not_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
