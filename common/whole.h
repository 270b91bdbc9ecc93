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

#endif
