/* costs.h -- messages that cost the server something: "!spin N" and "!sleep N".
 *
 * A line that starts "!spin N" is echoed only after the server burnt N us of CPU
 * time; "!sleep N" only after it blocked for N us, as on a slow database.  N is
 * at most 1,000,000.  Any other line is just bytes.
 *
 * Bytes are passed on as they come, so a line may arrive in pieces.  This state
 * machine walks over the bytes of one connection, keeps its place between reads
 * in eight bytes, and sees each cost once, in the piece that ends the number:
 *
 *             '!'            "spin " / "sleep "           digit         blank, end of line
 *  LINE_START ───▶ WORD (index) ─────────────▶ NUMBER ───▶ NUMBER (us) ───────────▶ cost!
 *      ▲             │ anything else                                                  │
 *      └──── '\n' ── PLAIN ◀──────────────────────────────────────────────────────────┘
 */
#ifndef C10K_COSTS_H
#define C10K_COSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COSTS_US_MAX = 1000 * 1000 };

/* What one connection remembers between two reads.  All zero is the start of a line. */
struct costs {
    uint8_t state;
    uint8_t matched; /* Characters of the word seen so far. */
    bool has_digits; /* Of the number: it is one. */
    uint8_t is_sleep;
    uint32_t us; /* The number, as far as it was seen. */
};

/* What a piece of input costs, in us of CPU time and in us of blocking. */
struct costs_due {
    uint64_t spin_us, sleep_us;
};

/* Walks over the next `size` bytes of a connection and returns the costs that end in them. */
struct costs_due costs_scan(struct costs *costs, const char *bytes, size_t size);

/* Burns the CPU time, then sleeps: the calling thread's, measured with its own CPU clock. */
void costs_pay(struct costs_due due);

#endif
