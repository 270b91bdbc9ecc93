/* probe_kernel.c -- what the kernel holds for everybody: memory and TCP. */
#include "harness/probe_kernel.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/proc_file.h"

/* Sums the lines "count: N", one per zone and CPU.  Best effort: not every system shows the file.
 */
static uint64_t free_pages_of_cpus(void)
{
    static char text[256 * 1024];
    uint64_t pages = 0;
    if (proc_file_read(AT_FDCWD, "/proc/zoneinfo", text, sizeof text) < 0) return 0;
    for (const char *at = text; (at = strstr(at, " count:")) != NULL;) {
        at += strlen(" count:");
        pages += strtoull(at, NULL, 10);
    }
    return pages;
}

static void read_memory(struct kernel *kernel)
{
    char text[8192];
    if (proc_file_read(AT_FDCWD, "/proc/meminfo", text, sizeof text) < 0) return;
    kernel->free_kib = proc_file_number(text, "MemFree:", 0) +
                       proc_file_number(text, "Buffers:", 0) +
                       proc_file_number(text, "Cached:", 0) - proc_file_number(text, "Shmem:", 0) +
                       free_pages_of_cpus() * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
    kernel->slab_kib = proc_file_number(text, "Slab:", 0);
    kernel->page_tables_kib = proc_file_number(text, "PageTables:", 0);
    kernel->kernel_stack_kib = proc_file_number(text, "KernelStack:", 0);
}

static void read_sockets(struct kernel *kernel)
{
    char text[2048];
    if (proc_file_read(AT_FDCWD, "/proc/net/sockstat", text, sizeof text) < 0) return;
    const char *line = strstr(text, "TCP:"), *at;
    if (line == NULL) return;
    if ((at = strstr(line, "alloc ")) != NULL)
        kernel->tcp_allocated = strtoull(at + strlen("alloc "), NULL, 10);
    if ((at = strstr(line, "mem ")) != NULL)
        kernel->tcp_memory_kib =
            strtoull(at + strlen("mem "), NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static void read_drops(struct kernel *kernel)
{
    char text[16384];
    if (proc_file_read(AT_FDCWD, "/proc/net/netstat", text, sizeof text) < 0) return;
    kernel->listen_overflows = proc_file_table(text, "TcpExt:", "ListenOverflows");
    kernel->listen_drops = proc_file_table(text, "TcpExt:", "ListenDrops");
    kernel->syn_drops = proc_file_table(text, "TcpExt:", "TCPReqQFullDrop");
    kernel->syn_retransmits = proc_file_table(text, "TcpExt:", "TCPSynRetrans");
    if (proc_file_read(AT_FDCWD, "/proc/net/snmp", text, sizeof text) < 0) return;
    kernel->retransmits = proc_file_table(text, "Tcp:", "RetransSegs");
}

static void read_tasks(struct kernel *kernel)
{
    char text[256];
    if (proc_file_read(AT_FDCWD, "/proc/loadavg", text, sizeof text) < 0) return;
    const char *slash = strchr(text, '/');
    if (slash != NULL) kernel->tasks = strtoull(slash + 1, NULL, 10);
}

struct kernel probe_kernel(void)
{
    struct kernel kernel = {0};
    read_memory(&kernel);
    read_sockets(&kernel);
    read_drops(&kernel);
    read_tasks(&kernel);
    return kernel;
}

/* Stacks come in powers of two; rounding removes those of threads that are just starting or gone.
 */
double probe_kernel_stack_kib(const struct kernel *kernel)
{
    if (kernel->tasks == 0 || kernel->kernel_stack_kib == 0) return NAN;
    return exp2(round(log2((double)kernel->kernel_stack_kib / (double)kernel->tasks)));
}
