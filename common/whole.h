/* whole.h -- reads and writes that go on where a signal or the kernel ended them early. */
#ifndef C10K_WHOLE_H
#define C10K_WHOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Writes all `size` bytes.  Returns false with errno if the kernel refused some of them. */
bool whole_write(int fd, const void *bytes, size_t size);

/* Reads until there are `size` bytes, or the end of the file.  Returns how many there are, or -1
 * with errno. */
ssize_t whole_read(int fd, void *bytes, size_t size);

/* Reads a file that a user names into `text`, of `size` bytes; returns how many there are.  Dies if
 * it cannot be read or has `size` bytes or more: then it is no `kind` ("a script"). */
size_t whole_file(const char *path, const char *kind, char *text, size_t size);

#endif
