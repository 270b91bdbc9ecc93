/* fuzz_costs.c -- lines that cost: the state machine sees the same costs however the bytes are cut,
 * and the same as a reader that has the whole text before it. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/costs.h"

/* The definition in common/costs.h, read off a whole line that ends at `end`. */
static void read_line(const char *line, const char *end, bool ended, struct costs_due *due)
{
    static const char spin[] = "!spin ", sleep[] = "!sleep ";
    size_t size = (size_t)(end - line);
    bool is_spin = size >= strlen(spin) && memcmp(line, spin, strlen(spin)) == 0;
    bool is_sleep = size >= strlen(sleep) && memcmp(line, sleep, strlen(sleep)) == 0;
    if (!is_spin && !is_sleep) return;
    uint64_t us = 0;
    const char *first = line + strlen(is_spin ? spin : sleep), *digit = first;
    for (; digit < end && *digit >= '0' && *digit <= '9'; digit++)
        if (us <= COSTS_US_MAX) us = us * 10 + (uint64_t)(*digit - '0');
    bool stopped = digit < end ? *digit == ' ' || *digit == '\t' || *digit == '\r' : ended;
    if (digit > first && stopped && us <= COSTS_US_MAX)
        *(is_spin ? &due->spin_us : &due->sleep_us) += us;
}

static struct costs_due read_whole(const char *text, size_t size)
{
    struct costs_due due = {0};
    for (const char *end = text + size; text < end;) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        read_line(text, stop != NULL ? stop : end, stop != NULL, &due);
        text = stop != NULL ? stop + 1 : end;
    }
    return due;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { PIECES_MAX = 16 };
    struct input input = {data, size};
    size_t pieces[PIECES_MAX] = {0};
    uint32_t count = input_number(&input, PIECES_MAX - 1);
    for (uint32_t i = 0; i < count; i++)
        pieces[i] = input_number(&input, 255);
    const char *text = (const char *)input.bytes;
    struct costs costs = {0};
    struct costs_due sum = {0};
    for (size_t at = 0, i = 0; at < input.size; i++) { /* What is left goes in turns. */
        size_t piece = i < count && pieces[i] < input.size - at ? pieces[i] : input.size - at;
        struct costs_due due = costs_scan(&costs, text + at, piece);
        sum.spin_us += due.spin_us;
        sum.sleep_us += due.sleep_us;
        uint64_t turn_us = due.spin_us + due.sleep_us;
        must(due.size <= piece && (due.size > 0 || piece == 0),
             "a turn has no bytes, or more than there are");
        must(turn_us < COSTS_TURN_US_MAX + COSTS_US_MAX, "a turn takes too long");
        must(due.size == piece || turn_us >= COSTS_TURN_US_MAX, "a turn ends too early");
        at += due.size;
    }
    struct costs_due whole = read_whole(text, input.size);
    must(sum.spin_us == whole.spin_us, "the pieces spin for another time than the whole");
    must(sum.sleep_us == whole.sleep_us, "the pieces sleep for another time than the whole");
    return 0;
}
