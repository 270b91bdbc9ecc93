/* test_switch.c -- guards against a context switch that costs as much as two, or as the pass that
 * brings it. */
#include "harness/machine/switch/pass.h"
#include "tests/unit.h"

static void a_turn_is_two_passes(void **state)
{
    (void)state;
    assert_true(pass_ns(5000, 65000, 10) == 3000);
}

static void a_switch_is_what_a_pass_takes_beyond_a_turn_alone(void **state)
{
    (void)state;
    assert_true(pass_cost_ns(3000, 700, 900) == 2200);
    assert_true(pass_cost_ns(700, 900, 800) == -150); /* Weather is not cut off. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_is_two_passes),
        cmocka_unit_test(a_switch_is_what_a_pass_takes_beyond_a_turn_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
