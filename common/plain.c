/* plain.c -- makes the text of other programs fit for a terminal, a table and a report. */
#include "common/plain.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Reads one character of UTF-8, RFC 3629, from up to `size` bytes.  Returns how many bytes it
 * takes; 0 if they are no character: a stray or missing continuation, a longer form than needed, a
 * surrogate, or beyond U+10FFFF. */
static size_t read_character(const unsigned char *at, size_t size, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (at[0] > 0xf4 || length == 0 || length > size) return 0;
    *code = length == 1 ? at[0] : at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
        *code = *code << 6 | (at[i] & 0x3f);
    }
    bool surrogate = *code >= 0xd800 && *code < 0xe000;
    return *code < least[length] || surrogate || *code > 0x10ffff ? 0 : length;
}

static bool is_plain(uint32_t code)
{
    if (code == '\t' || code == '\n') return true;
    if (code < ' ' || (code >= 0x7f && code < 0xa0)) return false; /* C0, DEL, C1. */
    /* Unicode's own line ends and its marks of direction, with which a line may read backwards. */
    bool mark = code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
                (code >= 0x2066 && code <= 0x2069);
    return !mark;
}

void plain_text(char *text, size_t size)
{
    for (size_t at = 0, length; at < size; at += length) {
        uint32_t code = 0;
        length = read_character((const unsigned char *)text + at, size - at, &code);
        bool plain = length > 0 && is_plain(code);
        if (length == 0) length = 1;
        if (!plain) memset(text + at, '?', length);
    }
}
