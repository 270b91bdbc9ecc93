/* arguments.c -- the words of a command line, added one by one. */
#include "harness/measure/arguments.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/die.h"

void arguments_begin(struct arguments *arguments)
{
    arguments->count = arguments->held = 0;
    arguments->words[0] = NULL;
}

void arguments_add(struct arguments *arguments, const char *format, ...)
{
    char *word = arguments->text + arguments->held;
    size_t room = sizeof arguments->text - arguments->held;
    va_list values;
    va_start(values, format);
    int size = vsnprintf(word, room, format, values);
    va_end(values);
    if (size < 0 || (size_t)size >= room || arguments->count == ARGUMENTS_MAX)
        die_because("a command line is longer than there is room for, at \"%.40s\"", format);
    arguments->held += (size_t)size + 1;
    arguments->words[arguments->count++] = word;
    arguments->words[arguments->count] = NULL;
}
