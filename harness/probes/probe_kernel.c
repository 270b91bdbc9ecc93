/* probe_kernel.c -- what the kernel holds for everybody: memory and TCP. */
#include "harness/probes/probe_kernel.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/probes/proc_file.h"

/* Sums the lines "count: N", one per zone and CPU; NAN if the file cannot be read. */
static double free_pages_of_cpus(void)
{
    static char text[256 * 1024];
    uint64_t pages = 0;
    if (proc_file_read(AT_FDCWD, "/proc/zoneinfo", text, sizeof text) < 0) return NAN;
    for (const char *at = text; (at = strstr(at, " count:")) != NULL;) {
        at += strlen(" count:");
        pages += strtoull(at, NULL, 10);
    }
    return (double)pages;
}

static double page_kib(void)
{
    return (double)sysconf(_SC_PAGESIZE) / 1024;
}

void probe_kernel_parse_memory(const char *text, struct kernel *kernel)
{
    kernel->free_kib = proc_file_real(text, "MemFree:") + proc_file_real(text, "Buffers:") +
                       proc_file_real(text, "Cached:") - proc_file_real(text, "Shmem:");
    kernel->slab_kib = proc_file_real(text, "Slab:");
    kernel->page_tables_kib = proc_file_real(text, "PageTables:");
    kernel->kernel_stack_kib = proc_file_real(text, "KernelStack:");
}

/* The number behind a word in a line; NAN if the word is missing. */
static double number_behind(const char *line, const char *word)
{
    const char *at = line != NULL ? strstr(line, word) : NULL;
    return at != NULL ? (double)strtoull(at + strlen(word), NULL, 10) : NAN;
}

void probe_kernel_parse_sockets(const char *text, struct kernel *kernel)
{
    const char *line = strstr(text, "TCP:");
    kernel->tcp_allocated = number_behind(line, "alloc ");
    kernel->tcp_memory_kib = number_behind(line, "mem ") * page_kib();
}

void probe_kernel_parse_drops(const char *netstat, const char *snmp, struct kernel *kernel)
{
    kernel->listen_overflows = proc_file_table(netstat, "TcpExt:", "ListenOverflows");
    kernel->listen_drops = proc_file_table(netstat, "TcpExt:", "ListenDrops");
    kernel->syn_drops = proc_file_table(netstat, "TcpExt:", "TCPReqQFullDrop");
    kernel->syn_retransmits = proc_file_table(netstat, "TcpExt:", "TCPSynRetrans");
    kernel->retransmits = proc_file_table(snmp, "Tcp:", "RetransSegs");
}

/* The text of a file; "", in which nothing is found, if it cannot be read. */
static const char *text_of(const char *path, char *text, size_t size)
{
    return proc_file_read(AT_FDCWD, path, text, size) < 0 ? "" : text;
}

struct kernel probe_kernel(void)
{
    static char text[16384], snmp[4096];
    struct kernel kernel;
    probe_kernel_parse_memory(text_of("/proc/meminfo", text, sizeof text), &kernel);
    kernel.free_kib += free_pages_of_cpus() * page_kib();
    probe_kernel_parse_sockets(text_of("/proc/net/sockstat", text, sizeof text), &kernel);
    probe_kernel_parse_drops(text_of("/proc/net/netstat", text, sizeof text),
                             text_of("/proc/net/snmp", snmp, sizeof snmp), &kernel);
    kernel.tasks = number_behind(text_of("/proc/loadavg", text, sizeof text), "/");
    return kernel;
}

/* Stacks come in powers of two; rounding removes those of threads that are just
 * starting or gone. */
double probe_kernel_stack_kib(const struct kernel *kernel)
{
    double each_kib = kernel->kernel_stack_kib / kernel->tasks;
    return each_kib > 0 ? exp2(round(log2(each_kib))) : NAN;
}
