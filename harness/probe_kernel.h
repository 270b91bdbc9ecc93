/* probe_kernel.h -- what the kernel holds for everybody: memory and TCP.
 *
 * These numbers are of the whole machine; what a server costs is the difference of two reads.  Six
 * files, 0.2 ms in all. */
#ifndef C10K_PROBE_KERNEL_H
#define C10K_PROBE_KERNEL_H

#include <stdint.h>

struct kernel {
    /* /proc/meminfo, KiB. */
    uint64_t free_kib; /* MemFree, page cache that would be given back, and the lists of free pages
                        * per CPU (/proc/zoneinfo), which hold tens of MiB after a large program
                        * ended and which MemFree leaves out. */
    uint64_t slab_kib, page_tables_kib, kernel_stack_kib;
    /* /proc/net/sockstat. */
    uint64_t tcp_allocated;  /* TCP sockets of any state that hold memory. */
    uint64_t tcp_memory_kib; /* Buffers of TCP sockets. */
    /* /proc/net/netstat, counted since boot. */
    uint64_t listen_overflows, listen_drops, syn_drops;
    uint64_t syn_retransmits; /* TCPSynRetrans: SYN and SYN-ACK sent again. */
    uint64_t retransmits;     /* RetransSegs of /proc/net/snmp: segments of any kind. */
    uint64_t tasks;           /* Threads on the machine, from /proc/loadavg. */
};

/* What cannot be read is 0. */
struct kernel probe_kernel(void);

/* KiB of kernel stack behind one thread: 16 on x86-64.  From the machine's own total; NAN if that
 * cannot be read. */
double probe_kernel_stack_kib(const struct kernel *kernel);

#endif
