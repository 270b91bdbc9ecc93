/* test_foreign.c -- guards against a number that nothing measured: what a file of /proc does not
 * tell, or a container hides, must never become 0.  The texts were recorded by proc(5)'s rules,
 * with numbers of which no two are equal. */
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "harness/probes/control_group.h"
#include "harness/measure/foreign.h"
#include "harness/probes/probe_kernel.h"
#include "harness/probes/proc_file.h"
#include "tests/unit.h"

enum { TICK_MS = 10 };

#define MS NS_PER_MS

static bool is(double found, double wanted)
{
    if (fabs(found - wanted) < 1e-9 * fmax(1, fabs(wanted))) return true;
    print_message("%g instead of %g\n", found, wanted);
    return false;
}

/* user nice system idle iowait irq softirq steal guest guest_nice */
static const char stat_text[] = "cpu  10 20 30 1111 22 9 12 15 0 0\n"
                                "cpu0 1 2 3 101 7 2 3 5 0 0\n"
                                "cpu1 1 2 3 203 11 3 4 6 0 0\n"
                                "cpu2 1 2 3 807 4 0 5 4 0 0\n"
                                "intr 99 1 2 3\n"
                                "ctxt 424242\n";

static void the_machine_is_our_cpus_and_no_others(void **state)
{
    (void)state;
    struct machine machine = {0};
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(0, &cpus);
    CPU_SET(2, &cpus);
    assert_true(probe_machine_parse(stat_text, &cpus, &machine));
    assert_int_equal(machine.cpus, 2);
    assert_int_equal(machine.all_cpus, 3);
    assert_int_equal(machine.idle_ns, (uint64_t)(101 + 7 + 807 + 4) * TICK_MS * MS);
    /* CPU 2 samples them within programs: there they are part of the programs' time. */
    assert_int_equal(machine.interrupts_ns, (uint64_t)(2 + 3) * TICK_MS * MS);
    assert_int_equal(machine.steal_ns, (uint64_t)(5 + 4) * TICK_MS * MS);
    assert_true(is(machine.switches, 424242));
    machine = (struct machine){0};
    CPU_ZERO(&cpus);
    CPU_SET(7, &cpus);
    assert_false(probe_machine_parse(stat_text, &cpus, &machine)); /* Told of others only. */
    machine = (struct machine){0};
    CPU_SET(0, &cpus);
    assert_false(probe_machine_parse("cpu  1 2 3\ncpu0 1 2 3\n", &cpus, &machine));
    assert_true(probe_machine_parse("cpu\ncpu0 1 2 3 4 5 6 7 8 9\n", &cpus, &machine));
    assert_true(isnan(machine.switches));
}

/* Ten seconds of two CPUs: 8 s idle, 1 s stolen, 0.5 s in interrupts, 6 s ours. */
static struct foreign_look begin, end;

static void ten_seconds(bool sees_all)
{
    const uint64_t S = 1000 * MS;
    begin = (struct foreign_look){.machine = {.read_ns = 100 * S,
                                              .idle_ns = 70 * S,
                                              .steal_ns = 3 * S,
                                              .interrupts_ns = 2 * S,
                                              .cpus = 2,
                                              .all_cpus = 8,
                                              .is_true = true},
                                  .seen_ns = 500 * S,
                                  .read_ns = 99 * S,
                                  .ours_ns = 40 * S,
                                  .sees_all = sees_all};
    end = begin;
    end.machine.read_ns += 10 * S;
    end.machine.idle_ns += 8 * S;
    end.machine.steal_ns += 1 * S;
    end.machine.interrupts_ns += S / 2;
    end.seen_ns += 2 * S;
    end.read_ns += 5 * S;
    end.ours_ns += 6 * S;
}

static void programs_that_proc_shows_count_by_their_own_time(void **state)
{
    (void)state;
    ten_seconds(true);
    assert_true(is(foreign_percent(&begin, &end), 100 * 2 / (5 * 8.)));
}

static void programs_that_proc_hides_count_by_what_the_cpus_did_beyond_us(void **state)
{
    (void)state;
    ten_seconds(false);
    double rest_s = 20 - 8 - 1 - 0.5 - 6 - 2 * TICK_MS / 1e3;
    assert_true(is(foreign_percent(&begin, &end), 100 * rest_s / 20));
    end.ours_ns += 10000 * MS; /* More than the CPUs did: rounding gives no negative share. */
    assert_true(is(foreign_percent(&begin, &end), 0));
}

/* One that ended took its time along: the CPUs still say what there was. */
static void a_sum_that_fell_is_told_by_the_cpus(void **state)
{
    (void)state;
    ten_seconds(true);
    end.seen_ns = begin.seen_ns - 1;
    assert_true(is(foreign_percent(&begin, &end), 100 * 4.48 / 20));
}

/* One that ended between two reads of /proc was in the sum by itself, and in its parent. */
static void a_sum_beyond_all_cpus_is_told_by_the_cpus(void **state)
{
    (void)state;
    ten_seconds(true);
    end.seen_ns = begin.seen_ns + 40000 * MS; /* All that eight CPUs can do in 5 s. */
    assert_true(is(foreign_percent(&begin, &end), 100));
    end.seen_ns++;
    assert_true(is(foreign_percent(&begin, &end), 100 * 4.48 / 20));
}

static void behind_a_made_up_file_nothing_is_known(void **state)
{
    (void)state;
    ten_seconds(false);
    end.machine.is_true = false;
    assert_true(isnan(foreign_percent(&begin, &end)));
    end.sees_all = true; /* The programs themselves are all there. */
    assert_true(foreign_percent(&begin, &end) > 0);
}

static void throttling_is_read_in_both_versions_of_control_groups(void **state)
{
    (void)state;
    static const char two[] = "usage_usec 7\nnr_throttled 2\nthrottled_usec 1500\n";
    static const char one[] = "nr_periods 3\nnr_throttled 2\nthrottled_time 1700\n";
    assert_int_equal(control_group_throttled_in(two), 1500 * 1000);
    assert_int_equal(control_group_throttled_in(one), 1700);
    assert_int_equal(control_group_throttled_in("usage_usec 7\n"), 0); /* No limit. */
}

static void what_the_kernel_does_not_tell_is_no_zero(void **state)
{
    (void)state;
    struct kernel kernel;
    probe_kernel_parse_memory("MemTotal: 900 kB\nMemFree: 100 kB\nBuffers: 20 kB\nCached: 50 kB\n"
                              "Shmem: 7 kB\nSlab: 31 kB\nKernelStack: 64 kB\nPageTables: 0 kB\n",
                              &kernel);
    assert_true(is(kernel.free_kib, 100 + 20 + 50 - 7));
    assert_true(is(kernel.slab_kib, 31));
    assert_true(is(kernel.kernel_stack_kib, 64));
    assert_true(is(kernel.page_tables_kib, 0)); /* A zero that was told is one. */
    probe_kernel_parse_memory("MemTotal: 900 kB\nMemFree: 100 kB\nCached: 50 kB\n", &kernel);
    assert_true(isnan(kernel.free_kib) && isnan(kernel.slab_kib) && isnan(kernel.page_tables_kib));
    probe_kernel_parse_sockets("sockets: used 9\nTCP: inuse 3 orphan 0 tw 2 alloc 5 mem 4\n",
                               &kernel);
    assert_true(is(kernel.tcp_allocated, 5));
    probe_kernel_parse_sockets("sockets: used 9\n", &kernel);
    assert_true(isnan(kernel.tcp_allocated) && isnan(kernel.tcp_memory_kib));
    probe_kernel_parse_drops("TcpExt: A ListenOverflows ListenDrops\nTcpExt: 1 22 333\n", "",
                             &kernel);
    assert_true(is(kernel.listen_overflows, 22));
    assert_true(is(kernel.listen_drops, 333));
    assert_true(isnan(kernel.syn_drops) && isnan(kernel.retransmits));
    kernel.kernel_stack_kib = 1600;
    kernel.tasks = NAN;
    assert_true(isnan(probe_kernel_stack_kib(&kernel)));
    kernel.tasks = 100;
    assert_true(is(probe_kernel_stack_kib(&kernel), 16));
}

static void files_of_a_process_that_is_gone_are_not_none(void **state)
{
    (void)state;
    assert_int_equal(proc_file_entries("/proc/no such folder"), -1);
    assert_true(proc_file_entries("/proc/self/fd") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_is_our_cpus_and_no_others),
        cmocka_unit_test(programs_that_proc_shows_count_by_their_own_time),
        cmocka_unit_test(programs_that_proc_hides_count_by_what_the_cpus_did_beyond_us),
        cmocka_unit_test(a_sum_that_fell_is_told_by_the_cpus),
        cmocka_unit_test(a_sum_beyond_all_cpus_is_told_by_the_cpus),
        cmocka_unit_test(behind_a_made_up_file_nothing_is_known),
        cmocka_unit_test(throttling_is_read_in_both_versions_of_control_groups),
        cmocka_unit_test(what_the_kernel_does_not_tell_is_no_zero),
        cmocka_unit_test(files_of_a_process_that_is_gone_are_not_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
