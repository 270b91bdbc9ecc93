/* costs.c -- messages that cost the server something: "!spin N" and "!sleep N". */
#include "common/costs.h"

#include <stdbool.h>
#include <string.h>

#include "common/clock.h"

enum state { LINE_START, WORD, NUMBER, PLAIN };

static const char SPIN[] = "spin ", SLEEP[] = "sleep ";

/* One character inside the word: both words start with 's', the second character decides. */
static void step_word(struct costs *costs, char c)
{
    if (costs->matched == 1) costs->is_sleep = c == SLEEP[1];
    const char *word = costs->is_sleep ? SLEEP : SPIN;
    if (c != word[costs->matched]) {
        costs->state = c == '\n' ? LINE_START : PLAIN;
    } else if (word[++costs->matched] == '\0') {
        costs->state = NUMBER;
        costs->has_digits = false;
        costs->us = 0;
    }
}

/* One character of the number, or the one after it.  Returns true if a cost ends here. */
static bool step_number(struct costs *costs, char c)
{
    if (c >= '0' && c <= '9') {
        costs->us = costs->us * 10 + (uint32_t)(c - '0');
        costs->has_digits = true;
        /* Too large to be a cost: just bytes.  Checked at each digit, so it cannot overflow. */
        if (costs->us > COSTS_US_MAX) costs->state = PLAIN;
        return false;
    }
    costs->state = c == '\n' ? LINE_START : PLAIN;
    return costs->has_digits && strchr(" \t\r\n", c) != NULL && c != '\0';
}

struct costs_due costs_scan(struct costs *costs, const char *bytes, size_t size)
{
    struct costs_due due = {.size = size};
    for (const char *c = bytes, *end = bytes + size; c < end; c++) {
        if (costs->state == PLAIN) {
            c = memchr(c, '\n', (size_t)(end - c));
            if (c == NULL) break;
            costs->state = LINE_START;
        } else if (costs->state == LINE_START) {
            costs->matched = 0;
            costs->is_sleep = 0;
            if (*c != '\n') costs->state = *c == '!' ? WORD : PLAIN;
        } else if (costs->state == WORD) {
            step_word(costs, *c);
        } else if (step_number(costs, *c)) {
            *(costs->is_sleep ? &due.sleep_us : &due.spin_us) += costs->us;
        }
        if (costs->state == LINE_START && due.sleep_us + due.spin_us >= COSTS_TURN_US_MAX) {
            due.size = (size_t)(c + 1 - bytes);
            break;
        }
    }
    return due;
}

void costs_pay(struct costs_due due)
{
    if (due.spin_us > 0) {
        uint64_t end = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) + due.spin_us * NS_PER_US;
        while (clock_read_ns(CLOCK_THREAD_CPUTIME_ID) < end) {
        }
    }
    if (due.sleep_us > 0) clock_sleep_ns(due.sleep_us * NS_PER_US);
}

size_t costs_pay_turn(struct costs *costs, const char *bytes, size_t size)
{
    struct costs_due due = costs_scan(costs, bytes, size);
    costs_pay(due);
    return due.size;
}
