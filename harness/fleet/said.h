/* said.h -- what a program says on stderr: a file in memory whose middle is given back.
 *
 *     first 64 KiB │ given back to the kernel │ last 64 KiB
 *
 * The program is never held up, as it is by a full pipe, and never ended by SIGPIPE.  Its words
 * never take more memory than it writes between two calls of said_bound(). */
#ifndef C10K_SAID_H
#define C10K_SAID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens an empty file, close-on-exec.  Dies if it cannot. */
int said_open(void);

/* Gives back what lies between the first and the last 64 KiB.  True if there is more than that. */
bool said_bound(int fd);

/* How many bytes were said in all; 0 if `fd` is -1. */
uint64_t said_bytes(int fd);

/* Writes the last line as plain text, "" if nothing was said or `fd` is -1; also while the program
 * runs. */
void said_last_line(int fd, char *line, size_t size);

#endif
