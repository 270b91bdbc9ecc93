/* arguments.h -- the words of a command line, added one by one. */
#ifndef C10K_ARGUMENTS_H
#define C10K_ARGUMENTS_H

#include <stddef.h>

enum { ARGUMENTS_MAX = 32, ARGUMENTS_TEXT_MAX = 16 * 1024 };

struct arguments {
    char *words[ARGUMENTS_MAX + 1]; /* Ends in NULL, as execv(3) wants it. */
    size_t count, held;
    char text[ARGUMENTS_TEXT_MAX]; /* Where the words are. */
};

/* Starts a command line without words. */
void arguments_begin(struct arguments *arguments);

/* Adds one word, as printf(3).  Dies where there is no room: a mistake of ours. */
__attribute__((format(printf, 2, 3))) void arguments_add(struct arguments *arguments,
                                                         const char *format, ...);

#endif
