/* message.c -- the line that the load client sends, and expects back byte for byte. */
#include "clients/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"

enum {
    HEAD_B = 18,      /* Tag and sequence. */
    FRONT_B_MAX = 40, /* With a cost: at most "!sleep 4294967295 " more. */
    PERIOD = 61,      /* Prime and not a power of two: a shifted buffer shows. */
};

struct message_kind message_kind_of(size_t size_b)
{
    static const char alphabet[PERIOD + 1] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012345678";
    struct message_kind kind = {.size_b = size_b, .letters = malloc(size_b + PERIOD)};
    if (kind.letters == NULL) die("malloc");
    for (size_t i = 0; i < size_b + PERIOD; i++)
        kind.letters[i] = alphabet[i % PERIOD];
    return kind;
}

static void write_hex(uint32_t number, char *out)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        *out++ = "0123456789abcdef"[number >> shift & 15];
}

/* Writes the cost, tag and sequence; returns their size. */
static size_t write_front(uint32_t tag, uint32_t sequence, struct message_cost cost, char *out)
{
    char *head = out;
    if (cost.us > 0)
        head += sprintf(out, "!%s %" PRIu32 " ", cost.spin ? "spin" : "sleep", cost.us);
    write_hex(tag, head);
    head[8] = '-';
    write_hex(sequence, head + 9);
    head[17] = ' ';
    return (size_t)(head - out) + HEAD_B;
}

/* The letters of this message, as if they began at its first byte. */
static const char *letters_of(const struct message_kind *kind, uint32_t tag, uint32_t sequence)
{
    return kind->letters + (tag + sequence) % PERIOD;
}

void message_write(const struct message_kind *kind, uint32_t tag, uint32_t sequence,
                   struct message_cost cost, char *out)
{
    memcpy(out, letters_of(kind, tag, sequence), kind->size_b - 1);
    char front[FRONT_B_MAX];
    size_t front_b = write_front(tag, sequence, cost, front);
    memcpy(out, front, front_b);
    out[kind->size_b - 1] = '\n';
}

bool message_matches(const struct message_kind *kind, uint32_t tag, uint32_t sequence,
                     struct message_cost cost, size_t offset, const char *bytes, size_t size)
{
    size_t end = offset + size;
    if (offset < FRONT_B_MAX) {
        char front[FRONT_B_MAX];
        size_t front_b = write_front(tag, sequence, cost, front);
        size_t piece = offset < front_b ? (end < front_b ? end : front_b) - offset : 0;
        if (memcmp(bytes, front + offset, piece) != 0) return false;
        bytes += piece;
        offset += piece;
    }
    if (end == kind->size_b && bytes[--end - offset] != '\n') return false;
    return offset >= end ||
           memcmp(bytes, letters_of(kind, tag, sequence) + offset, end - offset) == 0;
}
