/* herd.h -- what client and harness agree on about a herd: clients that lose their server and come
 * back. */
#ifndef C10K_COMMON_HERD_H
#define C10K_COMMON_HERD_H

enum {
    HERD_S_MAX = 60,  /* How long one may take. */
    HERD_BIN_MS = 10, /* Its timeline has steps of so much. */
    HERD_BINS = HERD_S_MAX * 1000 / HERD_BIN_MS,
};

#endif
