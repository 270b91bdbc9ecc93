/* die.c -- how every program of the suite reports what is wrong, and ends when it cannot go on. */
#include "common/die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One fprintf a line, so that lines of several processes do not mix. */
static void say(const char *format, va_list arguments)
{
    char message[512];
    vsnprintf(message, sizeof message, format, arguments);
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, message);
}

void die(const char *call)
{
    die_because("%s: %s", call, strerror(errno));
}

void die_because(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    exit(1);
}

void die_usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    exit(2);
}

void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}
