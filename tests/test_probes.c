/* test_probes.c -- guards against probes that read 0, or the wrong process: each is held against
 * something that this program does and therefore knows. */
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/net.h"
#include "harness/measure/window_edges.h"
#include "harness/probes/probe_kernel.h"
#include "harness/probes/probe_machine.h"
#include "harness/probes/probe_memory.h"
#include "harness/probes/probe_sockets.h"
#include "harness/probes/probe_tasks.h"
#include "harness/probes/probe_tree.h"
#include "harness/probes/proc_file.h"
#include "tests/child.h"
#include "tests/unit.h"

enum { SLEEPS = 50, CHILDREN = 20, MIB = 1024 * 1024 };

static void sleep_often(void)
{
    for (int i = 0; i < SLEEPS; i++)
        clock_sleep_ns(NS_PER_MS / 5);
}

static void burn(void)
{
    uint64_t begin = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    while (clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - begin < 60 * NS_PER_MS) {
    }
}

/* Eight threads that each sleep often, and four that did so and ended. */
static void *sleep_and_wait(void *argument)
{
    sleep_often();
    while (argument != NULL)
        pause();
    return NULL;
}

static void start_threads(void)
{
    static pthread_t threads[12];
    for (int i = 0; i < 12; i++)
        pthread_create(&threads[i], NULL, sleep_and_wait, i < 8 ? threads : NULL);
    for (int i = 8; i < 12; i++)
        pthread_join(threads[i], NULL);
    clock_sleep_ns(100 * NS_PER_MS); /* The others are through by now. */
}

static void start_children(void)
{
    for (int i = 0; i < CHILDREN; i++)
        start_child(i % 2 == 0 ? sleep_often : burn);
}

static void use_memory(void)
{
    char *memory =
        mmap(NULL, (size_t)8 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(memory, 1, (size_t)8 * MIB);
}

static void do_nothing(void)
{
}

static void a_tree_holds_all_descendants_and_nobody_else(void **state)
{
    (void)state;
    pid_t stranger = start_child(do_nothing), root = start_child(start_children);
    struct tree tree = probe_tree(root);
    assert_int_equal(tree.count, 1 + CHILDREN);
    assert_int_equal(tree.threads, 1 + CHILDREN);
    assert_int_equal(tree.pids[0], root);
    for (size_t i = 0; i < tree.count; i++)
        assert_int_not_equal(tree.pids[i], stranger);
    pid_t children[CHILDREN + 1];
    assert_int_equal(probe_tree_children(root, children, CHILDREN + 1), CHILDREN);
    assert_int_equal(probe_tree_children(root, children, 3), 3);
    /* A machine that runs has used some; a PID namespace shows no kernel threads. */
    uint64_t least_ns = tree.sees_all ? 1 : 0;
    uint64_t most_ns = tree.sees_all ? clock_read_ns(CLOCK_BOOTTIME) * (uint64_t)get_nprocs() : 0;
    assert_in_range(tree.kernel_ns, least_ns, most_ns);
    probe_tree_free(&tree);
    end_child(root, NULL);
    end_child(stranger, NULL);
    tree = probe_tree(root);
    assert_int_equal(tree.count, 0);
    probe_tree_free(&tree);
}

/* True outside of a PID namespace. */
static bool sees_kernel_threads(void)
{
    struct tree tree = probe_tree(getpid());
    bool sees = tree.sees_all;
    probe_tree_free(&tree);
    return sees;
}

/* CPU time of the kernel's threads that run on these CPUs only. */
static uint64_t kernel_ns_on(const cpu_set_t *cpus)
{
    pid_t root = start_child(do_nothing);
    assert_int_equal(sched_setaffinity(root, sizeof *cpus, cpus), 0);
    struct tree tree = probe_tree(root);
    uint64_t kernel_ns = tree.kernel_ns;
    probe_tree_free(&tree);
    end_child(root, NULL);
    return kernel_ns;
}

/* Else one that goes from a CPU to another takes its whole past along. */
static void kernel_threads_that_go_about_belong_to_no_single_cpu(void **state)
{
    (void)state;
    cpu_set_t all, one;
    uint64_t of_single_ns = 0;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    if (CPU_COUNT(&all) < 2 || CPU_COUNT(&all) < get_nprocs() || !sees_kernel_threads()) skip();
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET((size_t)cpu, &all)) continue;
        CPU_ZERO(&one);
        CPU_SET((size_t)cpu, &one);
        of_single_ns += kernel_ns_on(&one);
    }
    assert_true(of_single_ns < kernel_ns_on(&all) * 99 / 100);
}

static void who_ended_within_a_window_is_missed(void **state)
{
    (void)state;
    struct edge before = {.tree = {.count = 2, .threads = 5}}, after = before;
    after.tasks.method = "taskstats";
    assert_false(edge_is_incomplete(&before, &after));
    assert_false(edge_misses_switches(&before, &after));
    after.tree.threads = 4; /* The kernel still counts that thread's CPU, perhaps its switches. */
    assert_false(edge_is_incomplete(&before, &after));
    assert_true(edge_misses_switches(&before, &after));
    after.tasks.method = "proc_status";
    assert_true(edge_is_incomplete(&before, &after));
    after.tree = (struct tree){.count = 1, .threads = 5};
    assert_true(edge_is_incomplete(&before, &after));
}

static void switches_agree_with_the_kernels_account_at_exit(void **state)
{
    (void)state;
    struct rusage usage;
    pid_t pid = start_child(sleep_often);
    struct tree tree = probe_tree(pid);
    struct tasks tasks = probe_tasks(&tree);
    probe_tree_free(&tree);
    end_child(pid, &usage);
    assert_in_range(tasks.voluntary, SLEEPS, SLEEPS + 20);
    assert_in_range(usage.ru_nvcsw, tasks.voluntary, tasks.voluntary + 3);
}

static void cpu_time_agrees_with_the_kernels_account_at_exit(void **state)
{
    (void)state;
    struct rusage usage;
    pid_t pid = start_child(burn);
    struct tree tree = probe_tree(pid);
    struct tasks tasks = probe_tasks(&tree);
    probe_tree_free(&tree);
    end_child(pid, &usage);
    uint64_t kernel_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                         (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    assert_in_range(tasks.cpu_ns / NS_PER_US, 60000, 75000);
    assert_in_range(kernel_us, tasks.cpu_ns / NS_PER_US - 1000, tasks.cpu_ns / NS_PER_US + 5000);
}

/* Both ways must tell the same about threads that live; those that ended taskstats counts, too, in
 * new kernels. */
static void compare_ways(void (*work)(void), uint64_t of_living, uint64_t of_ended)
{
    struct tasks fast, slow;
    pid_t pid = start_child(work);
    struct tree tree = probe_tree(pid);
    probe_tasks_by_status(&tree, &slow);
    bool allowed = probe_tasks_by_taskstats(&tree, &fast);
    probe_tree_free(&tree);
    end_child(pid, NULL);
    assert_true(slow.voluntary >= of_living);
    assert_true(slow.cpu_ns > 0);
    if (!allowed) {
        print_message("taskstats is not allowed here\n");
        return;
    }
    assert_in_range(fast.voluntary, slow.voluntary, slow.voluntary + of_ended + of_living / 10);
    /* Those that ended were preempted, too: at most at each of their sleeps. */
    assert_in_range(fast.involuntary, slow.involuntary, slow.involuntary + of_ended + 5);
    assert_true(fast.cpu_ns >= slow.cpu_ns);
}

static void both_ways_agree_about_processes(void **state)
{
    (void)state;
    compare_ways(start_children, CHILDREN / 2UL * SLEEPS, 0);
}

static void both_ways_agree_about_threads(void **state)
{
    (void)state;
    compare_ways(start_threads, 8UL * SLEEPS, 4UL * SLEEPS);
}

static void memory_is_found_where_it_was_used(void **state)
{
    (void)state;
    pid_t large = start_child(use_memory), small = start_child(do_nothing);
    struct tree of_large = probe_tree(large), of_small = probe_tree(small);
    struct memory l = probe_memory(&of_large), s = probe_memory(&of_small);
    assert_in_range(l.private_kib - s.private_kib, 8 * 1024 - 64, 8 * 1024 + 512);
    assert_in_range(l.pss_kib - s.pss_kib, 8 * 1024 - 64, 8 * 1024 + 512);
    assert_true(s.pss_kib < s.rss_kib); /* They share their program. */
    assert_true(s.page_tables_kib >= 8 && l.page_tables_kib > s.page_tables_kib);
    probe_tree_free(&of_large);
    probe_tree_free(&of_small);
    end_child(large, NULL);
    end_child(small, NULL);
}

static void the_machine_is_busy_while_we_burn(void **state)
{
    (void)state;
    struct machine before = probe_machine();
    for (int i = 0; i < 4; i++)
        burn();
    clock_sleep_ns(5 * NS_PER_MS);
    struct machine after = probe_machine();
    assert_int_equal(after.cpus, sysconf(_SC_NPROCESSORS_ONLN));
    assert_true(after.switches > before.switches);
    assert_true(probe_machine_busy_ns(&before, &after) > 200.0 * NS_PER_MS);
}

static void the_kernels_totals_are_there(void **state)
{
    (void)state;
    struct kernel kernel = probe_kernel();
    assert_true(kernel.free_kib > 0 && kernel.slab_kib > 0 && kernel.page_tables_kib > 0);
    assert_true(kernel.kernel_stack_kib > 0 && kernel.tasks > 0);
    double stack_kib = probe_kernel_stack_kib(&kernel);
    assert_true(stack_kib >= 8 && stack_kib <= 64);
}

/* A thousand and more, so that the kernel's answer has several parts. */
static void connections_are_counted_as_the_kernel_holds_them(void **state)
{
    (void)state;
    enum { CLIENTS = 1500, LEAVE = 500 };
    static int clients[CLIENTS];
    struct net_address address;
    net_raise_file_limit();
    assert_true(net_address_read("127.0.0.1", 0, &address));
    int listen_fd = net_listen(&address, CLIENTS);
    uint16_t port = net_port(listen_fd);
    assert_true(net_address_read("127.0.0.1", port, &address));
    assert_int_equal(probe_sockets(port), 0);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM, 0);
        net_close_with_reset(clients[i]);
        assert_int_equal(connect(clients[i], (struct sockaddr *)&address.storage, address.size), 0);
    }
    assert_int_equal(probe_sockets(port), CLIENTS);
    for (int i = 0; i < LEAVE; i++)
        close(clients[i]);
    assert_int_equal(probe_sockets(port), CLIENTS - LEAVE);
    /* Nobody accepted: those who left are still to be told. */
    assert_int_equal(probe_sockets_waiting(port), CLIENTS);
    close(accept(listen_fd, NULL, NULL));
    assert_int_equal(probe_sockets_waiting(port), CLIENTS - 1);
    close(listen_fd);
    assert_int_equal(probe_sockets_waiting(port), -1);
    for (int i = LEAVE; i < CLIENTS; i++)
        close(clients[i]);
}

/* Another server may have the same port on another address. */
static void connections_to_another_address_are_not_ours(void **state)
{
    (void)state;
    struct net_address ours, other;
    assert_true(net_address_read("127.0.0.1", 0, &ours));
    int listen_fd = net_listen(&ours, 5);
    uint16_t port = net_port(listen_fd);
    assert_true(net_address_read("127.0.0.2", port, &other));
    int other_fd = net_listen(&other, 5);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&other.storage, other.size), 0);
    assert_int_equal(probe_sockets(port), 0);
    close(client);
    close(listen_fd);
    close(other_fd);
}

static void kernel_texts_are_read_by_name(void **state)
{
    (void)state;
    static const char table[] = "IpExt: A\nIpExt: 9\nTcpExt: A ListenDrops B\nTcpExt: 1 22 333\n";
    assert_int_equal(proc_file_table(table, "TcpExt:", "ListenDrops"), 22);
    assert_int_equal(proc_file_table(table, "TcpExt:", "B"), 333);
    assert_true(isnan(proc_file_table(table, "TcpExt:", "C"))); /* Not told is not 0. */
    assert_true(isnan(proc_file_table(table, "UdpExt:", "A")));
    static const char lines[] = "Pss_Dirty: 5 kB\nPss:   7 kB\n";
    assert_int_equal(proc_file_number(lines, "Pss:", 0), 7);
    assert_int_equal(proc_file_number(lines, "Rss:", 99), 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_holds_all_descendants_and_nobody_else),
        cmocka_unit_test(kernel_threads_that_go_about_belong_to_no_single_cpu),
        cmocka_unit_test(who_ended_within_a_window_is_missed),
        cmocka_unit_test(switches_agree_with_the_kernels_account_at_exit),
        cmocka_unit_test(cpu_time_agrees_with_the_kernels_account_at_exit),
        cmocka_unit_test(both_ways_agree_about_processes),
        cmocka_unit_test(both_ways_agree_about_threads),
        cmocka_unit_test(memory_is_found_where_it_was_used),
        cmocka_unit_test(the_machine_is_busy_while_we_burn),
        cmocka_unit_test(the_kernels_totals_are_there),
        cmocka_unit_test(connections_are_counted_as_the_kernel_holds_them),
        cmocka_unit_test(connections_to_another_address_are_not_ours),
        cmocka_unit_test(kernel_texts_are_read_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
