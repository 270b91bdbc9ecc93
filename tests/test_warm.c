/* test_warm.c -- guards against a warm-up that ends while the numbers still move, or never. */
#include <math.h>

#include "harness/measure/warm.h"
#include "tests/unit.h"

static void five_spells_alike_are_steady(void **state)
{
    (void)state;
    static const double rates[] = {90000, 100000, 101000, 100500, 99500, 100000};
    assert_true(warm_is_steady(rates, 6, 1, false)); /* The first is forgotten. */
    assert_false(warm_is_steady(rates, 5, 1, false));
    assert_false(warm_is_steady(rates, 4, 1, false));
}

/* Two values d above and two d below a fifth: their standard deviation is d. */
static void the_limit_is_two_percent(void **state)
{
    (void)state;
    double rates[] = {10000 - 199, 10000 + 199, 10000, 10000 - 199, 10000 + 199};
    assert_true(warm_is_steady(rates, 5, 1, false));
    rates[0] = rates[3] = 10000 - 201;
    rates[1] = rates[4] = 10000 + 201;
    assert_false(warm_is_steady(rates, 5, 1, false));
}

static void chance_is_allowed_for_random_arrivals_only(void **state)
{
    (void)state;
    double rates[] = {970, 1030, 1000, 970, 1030}; /* 3 %; chance alone gives 3.2 %. */
    assert_false(warm_is_steady(rates, 5, 1, false));
    assert_true(warm_is_steady(rates, 5, 1, true));
    assert_false(warm_is_steady(rates, 5, 10, true)); /* Of ten times as many only 1 %. */
}

static void silence_is_not_steady(void **state)
{
    (void)state;
    static const double rates[WARM_SPELLS] = {0};
    assert_false(warm_is_steady(rates, 5, 1, false));
    assert_false(warm_is_steady(rates, 5, 1, true));
}

static void a_brisk_warm_up_takes_as_long_as_its_messages(void **state)
{
    (void)state;
    assert_true(fabs(warm_brisk_s(30000) - 1.65) < 1e-9); /* 20,000/s, and a tenth more. */
    assert_true(fabs(warm_brisk_s(10) - 0.05) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_spells_alike_are_steady),
        cmocka_unit_test(the_limit_is_two_percent),
        cmocka_unit_test(chance_is_allowed_for_random_arrivals_only),
        cmocka_unit_test(silence_is_not_steady),
        cmocka_unit_test(a_brisk_warm_up_takes_as_long_as_its_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
