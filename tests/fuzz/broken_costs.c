/* broken_costs.c -- a control: forgets at each read where it was.  The fuzzer must find it. */
#include <string.h>

#include "common/costs.h"

struct costs_due costs_scan(struct costs *costs, const char *bytes, size_t size)
{
    (void)costs;
    unsigned us = 0;
    size_t all = size;
    for (; size > 6 && memcmp(bytes, "!spin ", 6) == 0; bytes++, size--)
        us = us * 10 + (unsigned)(bytes[6] - '0') % 10;
    return (struct costs_due){.spin_us = us, .size = all};
}
