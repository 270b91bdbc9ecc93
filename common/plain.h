/* plain.h -- makes the text of other programs fit for a terminal, a table and a report. */
#ifndef C10K_PLAIN_H
#define C10K_PLAIN_H

#include <stddef.h>

/* Replaces what is no plain text among `size` bytes by '?', byte by byte: control characters but
 * for tab and newline, C1, DEL, the marks that turn the direction of writing, and invalid UTF-8.  A
 * character that is cut off at the end is invalid.  NUL is replaced, too: `text` need not end. */
void plain_text(char *text, size_t size);

#endif
