/* herd_times.h -- when how many clients of a herd were back. */
#ifndef C10K_HERD_TIMES_H
#define C10K_HERD_TIMES_H

#include "common/herd.h"
#include "harness/kinds/herd/herd_table.h"

enum { HERD_TEXT_MAX = 256 };

/* One herd. */
struct herd {
    const struct session *session;
    int back_fd;
    struct herd_seen seen;
    struct target target;
    struct process load;
    struct answer answer;
    bool broke; /* Something of ours, not of the server's. */
    uint64_t kill_ns, ready_ns;
    long queue[HERD_BINS]; /* Longest accept queue, in steps since ready_ns; -1: not looked at. */
    char reason[HERD_TEXT_MAX];
};

/* Copies the timeline that the client wrote to timelines/herd.csv, and notes when half and nearly
 * all were back; with `all_back` also when the last one was.  Dies if there is no timeline. */
void herd_read_times(struct herd *herd, bool all_back);

#endif
