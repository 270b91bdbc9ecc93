/* probe_kernel.h -- what the kernel holds for everybody: memory and TCP.
 *
 * These numbers are of the whole machine; what a server costs is the difference of two reads.  Six
 * files, 0.2 ms in all. */
#ifndef C10K_PROBE_KERNEL_H
#define C10K_PROBE_KERNEL_H

struct kernel {
    /* /proc/meminfo, KiB. */
    double free_kib; /* MemFree, page cache that would be given back, and the lists of free pages
                      * per CPU (/proc/zoneinfo), which hold tens of MiB after a large program
                      * ended and which MemFree leaves out. */
    double slab_kib, page_tables_kib, kernel_stack_kib;
    /* /proc/net/sockstat. */
    double tcp_allocated;  /* TCP sockets of any state that hold memory. */
    double tcp_memory_kib; /* Buffers of TCP sockets. */
    /* /proc/net/netstat, counted since boot. */
    double listen_overflows, listen_drops, syn_drops;
    double syn_retransmits; /* TCPSynRetrans: SYN and SYN-ACK sent again. */
    double retransmits;     /* RetransSegs of /proc/net/snmp: segments of any kind. */
    double tasks;           /* Threads on the machine, from /proc/loadavg. */
};

/* What cannot be read is NAN, and so is every difference from it: not a 0 that nothing measured. */
struct kernel probe_kernel(void);

/* Its parts, from the texts of /proc/meminfo (without the lists per CPU), /proc/net/sockstat, and
 * /proc/net/netstat and snmp. */
void probe_kernel_parse_memory(const char *text, struct kernel *kernel);
void probe_kernel_parse_sockets(const char *text, struct kernel *kernel);
void probe_kernel_parse_drops(const char *netstat, const char *snmp, struct kernel *kernel);

/* KiB of kernel stack behind one thread: 16 on x86-64.  From the machine's own total; NAN if that
 * cannot be read. */
double probe_kernel_stack_kib(const struct kernel *kernel);

#endif
