/* test_quiet.c -- guards against a measurement that begins while the kernel still clears away what
 * the one before left. */
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/net.h"
#include "harness/measure/quiet.h"
#include "tests/unit.h"

/* Two steps lie between any two looks, however both drift. */
enum { STEPS = 12, STEP_MS = 60, LOOK_MS = 150, STEP_B = 4 * 1024 * 1024, SOCKETS = 100 };

static const double MOVING_S = (STEPS - 3) * STEP_MS / 1e3;

static double settle_s(double min_s, double max_s)
{
    const struct quiet_patience patience = {.min_s = min_s, .max_s = max_s, .look_ms = LOOK_MS};
    uint64_t begin_ns = clock_ns();
    quiet_settle(&patience);
    return clock_seconds_since(begin_ns);
}

/* Uses memory step by step, as a process that ends gives it back. */
static void *use_memory(void *argument)
{
    char *memory = argument;
    for (int i = 0; i < STEPS; i++) {
        memset(memory + (size_t)i * STEP_B, 1, STEP_B);
        clock_sleep_ns(STEP_MS * NS_PER_MS);
    }
    return NULL;
}

/* A neighbour that gives back as much as we take makes memory stand still: then once more. */
static void memory_that_moves_is_waited_for(void **state)
{
    (void)state;
    double waited_s = 0;
    for (int try = 0; try < 5 && waited_s < MOVING_S; try++) {
        pthread_t thread;
        char *memory = mmap(NULL, (size_t)STEPS * STEP_B, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(memory != MAP_FAILED);
        assert_int_equal(pthread_create(&thread, NULL, use_memory, memory), 0);
        clock_sleep_ns(STEP_MS * NS_PER_MS);
        waited_s = settle_s(0, 10);
        pthread_join(thread, NULL);
        munmap(memory, (size_t)STEPS * STEP_B);
    }
    assert_true(waited_s >= MOVING_S);
}

/* Opens sockets step by step. */
static void *open_sockets(void *argument)
{
    int *fds = argument;
    for (int i = 0; i < STEPS * SOCKETS; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (i % SOCKETS == 0) clock_sleep_ns(STEP_MS * NS_PER_MS);
    }
    return NULL;
}

static void sockets_that_move_are_waited_for(void **state)
{
    (void)state;
    static int fds[STEPS * SOCKETS];
    pthread_t thread;
    net_raise_file_limit();
    assert_int_equal(pthread_create(&thread, NULL, open_sockets, fds), 0);
    clock_sleep_ns(STEP_MS * NS_PER_MS);
    assert_true(settle_s(0, 10) >= MOVING_S);
    pthread_join(thread, NULL);
    for (int i = 0; i < STEPS * SOCKETS; i++)
        close(fds[i]);
}

/* Each of the three in both directions: just below its bound, and at it. */
static void what_moves_less_than_its_bound_is_still(void **state)
{
    (void)state;
    const struct kernel before = {.slab_kib = 7000, .free_kib = 90000, .tcp_allocated = 300};
    static const struct {
        double slab_kib, free_kib, sockets;
        bool still;
    } cases[] = {
        {0, 0, 0, true},      {1023, -1023, 49, true}, {-1023, 1023, -49, true},
        {1024, 0, 0, false},  {-1024, 0, 0, false},    {0, 1024, 0, false},
        {0, -1024, 0, false}, {0, 0, 50, false},       {0, 0, -50, false},
        {NAN, 0, 0, false},   {0, NAN, 0, false},      {0, 0, NAN, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kernel now = before;
        now.slab_kib += cases[i].slab_kib;
        now.free_kib += cases[i].free_kib;
        now.tcp_allocated += cases[i].sockets;
        assert_int_equal(quiet_is_still(&before, &now), cases[i].still);
    }
}

static void no_wait_is_shorter_or_longer_than_allowed(void **state)
{
    (void)state;
    assert_true(settle_s(0.3, 10) >= 0.3);
    assert_true(settle_s(0.3, 0.2) < 1); /* Whatever moves. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_moves_is_waited_for),
        cmocka_unit_test(sockets_that_move_are_waited_for),
        cmocka_unit_test(what_moves_less_than_its_bound_is_still),
        cmocka_unit_test(no_wait_is_shorter_or_longer_than_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
