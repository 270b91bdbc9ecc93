/* message.c -- the line that the load client sends, and expects back byte for byte. */
#include "clients/message.h"

#include <stdlib.h>
#include <string.h>

#include "common/die.h"

enum { HEAD_B = 18, PERIOD = 61 /* Prime and not a power of two: a shifted buffer shows. */ };

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

static void write_head(uint32_t tag, uint32_t sequence, char *out)
{
    write_hex(tag, out);
    out[8] = '-';
    write_hex(sequence, out + 9);
    out[17] = ' ';
}

/* The letters of this message, as if they began at its first byte. */
static const char *letters_of(const struct message_kind *kind, uint32_t tag, uint32_t sequence)
{
    return kind->letters + (tag + sequence) % PERIOD;
}

void message_write(const struct message_kind *kind, uint32_t tag, uint32_t sequence, char *out)
{
    memcpy(out, letters_of(kind, tag, sequence), kind->size_b - 1);
    write_head(tag, sequence, out);
    out[kind->size_b - 1] = '\n';
}

bool message_matches(const struct message_kind *kind, uint32_t tag, uint32_t sequence,
                     size_t offset, const char *bytes, size_t size)
{
    size_t end = offset + size;
    if (offset < HEAD_B) {
        char head[HEAD_B];
        write_head(tag, sequence, head);
        size_t piece = (end < HEAD_B ? end : HEAD_B) - offset;
        if (memcmp(bytes, head + offset, piece) != 0) return false;
        bytes += piece;
        offset += piece;
    }
    if (end == kind->size_b && bytes[--end - offset] != '\n') return false;
    return offset >= end ||
           memcmp(bytes, letters_of(kind, tag, sequence) + offset, end - offset) == 0;
}
