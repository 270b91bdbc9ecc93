/* probe_machine.c -- what the whole machine did: /proc/stat. */
#include "harness/probe_machine.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/proc_file.h"

struct machine probe_machine(void)
{
    static char text[256 * 1024]; /* A line per CPU and one for all interrupts. */
    unsigned long long idle, disk, steal;
    struct machine machine = {0};
    if (proc_file_read(AT_FDCWD, "/proc/stat", text, sizeof text) < 0) die("read /proc/stat");
    machine.read_ns = clock_ns();
    if (sscanf(text, "cpu %*u %*u %*u %llu %llu %*u %*u %llu", &idle, &disk, &steal) != 3)
        die_because("/proc/stat has another format than proc(5) says");
    uint64_t tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
    machine.idle_ns = (idle + disk) * tick_ns;
    machine.steal_ns = steal * tick_ns;
    machine.switches = proc_file_number(text, "ctxt ", 0);
    for (const char *line = text; (line = strstr(line, "\ncpu")) != NULL; line++)
        machine.cpus += isdigit((unsigned char)line[4]) != 0;
    return machine;
}

double probe_machine_busy_ns(const struct machine *before, const struct machine *after)
{
    double whole = (double)(after->read_ns - before->read_ns) * after->cpus;
    double idle = (double)(after->idle_ns - before->idle_ns);
    double busy = whole - idle - (double)(after->steal_ns - before->steal_ns);
    return busy > 0 ? busy : 0;
}
