/* probe_machine.c -- how busy the CPUs that we may use were, with all programs. */
#include "harness/probes/probe_machine.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/probes/control_group.h"
#include "harness/probes/proc_file.h"

enum { TEXT_MAX = 256 * 1024 /* A line per CPU and one for all interrupts. */ };

static uint64_t tick_ns(void)
{
    return NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
}

bool probe_machine_parse(const char *text, const cpu_set_t *cpus, struct machine *machine)
{
    for (const char *line = text; (line = strstr(line, "\ncpu")) != NULL; line++) {
        unsigned cpu;
        unsigned long long idle, disk, hard, soft, steal;
        /* NOLINTNEXTLINE(cert-err34-c): numbers of the kernel fit their types. */
        if (sscanf(line, " cpu%u %*u %*u %*u %llu %llu %llu %llu %llu", &cpu, &idle, &disk, &hard,
                   &soft, &steal) != 6)
            return false;
        machine->all_cpus++;
        if (cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, cpus)) continue;
        machine->cpus++;
        machine->idle_ns += (idle + disk) * tick_ns();
        if (hard > 0) machine->interrupts_ns += (hard + soft) * tick_ns();
        machine->steal_ns += steal * tick_ns();
    }
    machine->switches = proc_file_real(text, "ctxt ");
    return machine->cpus > 0;
}

/* lxcfs mounts a file of its own over /proc/stat, which hides what others do. */
static bool is_of_kernel(const char *path)
{
    struct statfs system;
    return statfs(path, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

struct machine probe_machine(void)
{
    static char text[TEXT_MAX];
    struct machine machine = {0};
    cpu_set_t cpus;
    if (sched_getaffinity(0, sizeof cpus, &cpus) < 0) die("sched_getaffinity");
    machine.is_true = is_of_kernel("/proc/stat");
    machine.throttled_ns = control_group_throttled_ns();
    if (proc_file_read(AT_FDCWD, "/proc/stat", text, sizeof text) < 0) die("read /proc/stat");
    machine.read_ns = clock_ns();
    if (!probe_machine_parse(text, &cpus, &machine))
        die_because("/proc/stat does not tell the time of our CPUs as proc(5) says");
    return machine;
}

double probe_machine_busy_ns(const struct machine *before, const struct machine *after)
{
    double whole = (double)(after->read_ns - before->read_ns) * after->cpus;
    double idle = (double)(after->idle_ns - before->idle_ns);
    double busy = whole - idle - (double)(after->steal_ns - before->steal_ns);
    return busy > 0 ? busy : 0;
}

double probe_machine_error_ns(const struct machine *machine)
{
    return (double)tick_ns() * machine->cpus;
}
