/* fuzz.h -- what the fuzzers share.
 *
 * Each fuzz_NAME.c is a program for libFuzzer (clang -fsanitize=fuzzer): it gets bytes that grew
 * out of tests/fuzz/corpus/NAME by chance and by what they reached, and checks what must hold for
 * any bytes.  Text is taken from the front and numbers from the back, so that the corpus can be
 * read. */
#ifndef C10K_FUZZ_H
#define C10K_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *bytes;
    size_t size;
};

/* Takes a number 0 .. max (below 65,536) from the back; 0 when the bytes are used up. */
static inline uint32_t input_number(struct input *input, uint32_t max)
{
    uint32_t number = 0;
    for (uint32_t range = max; range > 0 && input->size > 0; range >>= 8)
        number = number << 8 | input->bytes[--input->size];
    return number % (max + 1);
}

/* Ends the fuzzer with a finding: the input that led here is kept. */
static inline void must(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "FOUND: %s\n", what);
    abort();
}

#endif
