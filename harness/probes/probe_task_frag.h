/* probe_task_frag.h -- memory that the kernel keeps for each thread that has sent something. */
#ifndef C10K_PROBE_TASK_FRAG_H
#define C10K_PROBE_TASK_FRAG_H

/* A thread that sends on a socket is given a block of memory to cut its packets from, `task_frag`
 * in the kernel (net/core/sock.c, sk_page_frag), and keeps it until it ends.  No file of /proc
 * counts these blocks, so that one is measured: some hundred threads of ours echo a message, and
 * free memory falls.
 *
 * Returns KiB for each thread, the median of a few rounds, which take 0.1 s each; NAN where threads
 * or files ran out.  A block is 32 KiB where memory is not in pieces. */
double probe_task_frag_kib(void);

#endif
