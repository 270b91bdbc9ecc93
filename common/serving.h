/* serving.h -- what every server has in common, whether it echoes or not: how much it reads, and
 * what it says and does when files, memory or processes ran out. */
#ifndef C10K_SERVING_H
#define C10K_SERVING_H

#include <stdbool.h>

enum {
    SERVER_BUFFER_B = 16 * 1024, /* One read: a quarter of Linux' largest loopback packet. */
    SERVER_RETRY_MS = 100,       /* How long to wait when something ran out: ten tries a second. */
};

/* Says once per process on stderr which call found what used up; errno holds the reason. */
void server_ran_out(const char *call);

/* Says once per process on stderr that further clients are refused: `limit` is reached. */
void server_is_full(const char *limit);

/* True if `error` of accept(2) is a want of files or memory.  Who accepts tries again after
 * SERVER_RETRY_MS, and a loop also when a client left; until then it serves those it has. */
bool server_is_shortage(int error);

#endif
