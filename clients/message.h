/* message.h -- the line that the load client sends, and expects back byte for byte.
 *
 *   0        8 9       17 18                          size-1
 *   ┌────────┬─┬────────┬─┬───────────────────────────┬──┐
 *   │ tag    │-│sequence│ │ letters, their start told │\n│
 *   │ 8 hex  │ │ 8 hex  │ │ by tag + sequence         │  │
 *   └────────┴─┴────────┴─┴───────────────────────────┴──┘
 *
 * The tag names the connection and the sequence number the message, so bytes of
 * another client, of another message, or out of order are told from right ones.
 *
 * A message that costs the server time has "!sleep N " or "!spin N " (common/costs.h) in front of
 * the tag, and so many letters less. */
#ifndef C10K_MESSAGE_H
#define C10K_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MESSAGE_B_MIN = 20,
    MESSAGE_COSTLY_B_MIN = 36, /* With the longest cost in front, "!sleep 1000000 ". */
    MESSAGE_B_MAX = 16 * 1024 * 1024,
};

/* What a server started with --costs pays for a message. */
struct message_cost {
    uint32_t us; /* 0: nothing, an ordinary message. */
    bool spin;   /* It burns the time; else it sleeps. */
};

/* The size of all messages, and the letters they are made of. */
struct message_kind {
    size_t size_b;
    char *letters; /* One period longer than a message, so that each can start at its own letter. */
};

/* Returns the kind with messages of size_b bytes (MESSAGE_B_MIN .. MESSAGE_B_MAX).  Dies if there
 * is no memory; the letters live as long as the process. */
struct message_kind message_kind_of(size_t size_b);

/* Writes the whole message to `out`, which has room for size_b bytes. */
void message_write(const struct message_kind *kind, uint32_t tag, uint32_t sequence,
                   struct message_cost cost, char *out);

/* True if `bytes` are exactly the bytes offset .. offset + size - 1 of that message. */
bool message_matches(const struct message_kind *kind, uint32_t tag, uint32_t sequence,
                     struct message_cost cost, size_t offset, const char *bytes, size_t size);

#endif
