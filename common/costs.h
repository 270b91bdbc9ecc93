/* costs.h -- messages that cost the server something: "!spin N" and "!sleep N".
 *
 * A line that starts "!spin N" is echoed only after the server burnt N us of CPU
 * time; "!sleep N" only after it blocked for N us, as on a slow database.  N is
 * at most 1,000,000.  Any other line is just bytes.
 *
 * A read may hold a thousand such lines.  A server pays for them in turns of about
 * one second, and serves its other clients between two of them.
 *
 * Bytes are passed on as they come, so a line may arrive in pieces.  This state
 * machine walks over the bytes of one connection, keeps its place between reads
 * in eight bytes, and sees each cost once, in the piece that ends the number:
 *
 *             '!'            "spin " / "sleep "           digit         blank, end of line
 *  LINE_START ───▶ WORD (index) ─────────────▶ NUMBER ───▶ NUMBER (us) ───────────▶ cost!
 *      ▲             │ anything else                                                  │
 *      └──── '\n'
 * ── PLAIN ◀──────────────────────────────────────────────────────────┘ */
#ifndef C10K_COSTS_H
#define C10K_COSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COSTS_US_MAX = 1000 * 1000,       /* Of one line, */
    COSTS_TURN_US_MAX = COSTS_US_MAX, /* and of the lines after which no further one is begun. */
};

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
    size_t size; /* Of the piece, in bytes: less than there were where it ends a turn. */
};

/* Walks over the next bytes of a connection, at most `size`, and returns the costs that end in
 * them.  It stops at the end of the line that makes COSTS_TURN_US_MAX complete: a turn takes less
 * than twice as long.  The caller pays, echoes these bytes, and goes on behind them in its next
 * turn. */
struct costs_due costs_scan(struct costs *costs, const char *bytes, size_t size);

/* Burns the CPU time, then sleeps: the calling thread's, measured with its own CPU clock. */
void costs_pay(struct costs_due due);

/* Both: pays for a turn, and returns how many bytes may be echoed now. */
size_t costs_pay_turn(struct costs *costs, const char *bytes, size_t size);

#endif
