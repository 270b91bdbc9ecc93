/* swap.c -- a lying room: one member gets two of the lines in the other order. */
#include <ctype.h>
#include <string.h>
#include <unistd.h>

enum { VICTIM = 20, LINE = 2, LINE_B_MAX = 1024 };

/* NOLINTBEGIN(bugprone-reserved-identifier): these names are of the option --wrap of the linker. */
ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
/* NOLINTEND(bugprone-reserved-identifier) */

/* The first line of the LINE-th write to the VICTIM-th file waits until the first of the next went
 * out.  The client's roll call, which may be repeated, does not begin with a number. */
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    static char kept[LINE_B_MAX];
    static size_t kept_size;
    static int writes;
    const char *end = memchr(bytes, '\n', size);
    if (fd != VICTIM || end == NULL || !isdigit(*(const unsigned char *)bytes))
        return __real_write(fd, bytes, size);
    size_t line = (size_t)(end + 1 - (const char *)bytes);
    if (++writes == LINE) {
        memcpy(kept, bytes, line);
        kept_size = line;
        return (ssize_t)line;
    }
    ssize_t sent = __real_write(fd, bytes, kept_size > 0 ? line : size);
    if (kept_size > 0 && sent == (ssize_t)line && __real_write(fd, kept, kept_size) > 0)
        kept_size = 0;
    return sent;
}
