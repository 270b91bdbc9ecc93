/* whole.c -- reads and writes that go on where a signal or the kernel ended them early. */
#include "common/whole.h"

#include <errno.h>
#include <unistd.h>

bool whole_write(int fd, const void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t piece = write(fd, (const char *)bytes + done, size - done);
        if (piece < 0 && errno != EINTR) return false;
        if (piece > 0) done += (size_t)piece;
    }
    return true;
}

ssize_t whole_read(int fd, void *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t piece = read(fd, (char *)bytes + done, size - done);
        if (piece < 0 && errno != EINTR) return -1;
        if (piece == 0) break;
        if (piece > 0) done += (size_t)piece;
    }
    return (ssize_t)done;
}
