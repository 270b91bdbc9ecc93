/* output.h -- files that a program of the suite writes: refused early, and never lost silently. */
#ifndef C10K_OUTPUT_H
#define C10K_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/* Opens `path` for writing, empty, close-on-exec.  If that fails: one line on stderr, exit 2. */
FILE *output_open(const char *path);

/* Ends like output_open() if `path` cannot be opened for writing, but leaves the file as it is: for
 * a file that is written when the work is done. */
void output_check(const char *path);

/* Says on stderr that `name` could not be written, errno being the reason.  Returns false. */
bool output_failed(const char *name);

/* Writes out what `file` holds.  False, and a line on stderr with `name`, if that failed, or any
 * write before it. */
bool output_flush(FILE *file, const char *name);

/* The same, and closes the file. */
bool output_close(FILE *file, const char *name);

#endif
