/* number.c -- numbers that a person typed. */
#include "common/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"

bool number_read(const char *text, long min, long max, long *value)
{
    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0') return false;
    errno = 0;
    long read = strtol(text, NULL, 10);
    if (errno != 0 || read < min || read > max) return false;
    *value = read;
    return true;
}

bool number_read_decimal(const char *text, double min, double max, double *value)
{
    size_t whole = strspn(text, "0123456789");
    size_t point = text[whole] == '.';
    size_t fraction = strspn(text + whole + point, "0123456789");
    if (whole + fraction == 0 || text[whole + point + fraction] != '\0') return false;
    double read = strtod(text, NULL);
    if (read < min || read > max) return false;
    *value = read;
    return true;
}

long number_option(const char *name, const char *text, long min, long max)
{
    long value;
    if (!number_read(text, min, max, &value))
        die_usage("%s takes a whole number from %ld to %ld, not \"%s\"", name, min, max, text);
    return value;
}

double number_option_decimal(const char *name, const char *text, double min, double max)
{
    double value;
    if (!number_read_decimal(text, min, max, &value))
        die_usage("%s takes a number from %g to %g, not \"%s\"", name, min, max, text);
    return value;
}
