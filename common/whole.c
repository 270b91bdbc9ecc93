/* whole.c -- reads and writes that go on where a signal or the kernel ended them early. */
#include "common/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"

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

size_t whole_file(const char *path, const char *kind, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : whole_read(fd, text, size);
    if (got < 0) die_usage("cannot read %s: %s", path, strerror(errno));
    if ((size_t)got == size) die_usage("%s is larger than %s (%zu bytes)", path, kind, size);
    close(fd);
    return (size_t)got;
}
