/* test_number.c -- guards against numbers that are taken for what the user did not say. */
#include "common/number.h"
#include "tests/unit.h"

static void whole_numbers_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    long value = -1;
    assert_true(number_read("0", 0, 10, &value));
    assert_int_equal(value, 0);
    assert_true(number_read("65535", 0, 65535, &value));
    assert_int_equal(value, 65535);
    static const char *const wrong[] = {
        "",   "-1", "+1", " 1", "1 ", "12x", "0x10", "65536", "1e3", "1.0", "99999999999999999999",
        "one"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(number_read(wrong[i], 0, 65535, &value));
    assert_int_equal(value, 65535); /* Left alone. */
}

static void decimals_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    double value = -1;
    assert_true(number_read_decimal("0.5", 0, 10, &value));
    assert_true(value == 0.5);
    assert_true(number_read_decimal("20000", 0, 1e6, &value));
    assert_true(value == 20000);
    assert_true(number_read_decimal(".25", 0, 1e6, &value));
    static const char *const wrong[] = {"", ".", "-1", "1e5", "inf", "nan", "1.2.3", "0x1", "11"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(number_read_decimal(wrong[i], 0, 10, &value));
    assert_true(value == 0.25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_read_whole_or_not_at_all),
        cmocka_unit_test(decimals_are_read_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
