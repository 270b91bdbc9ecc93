/* words.c -- numbers as a person in the back row reads them: three digits and a unit. */
#include "harness/demo/words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 1, 2))) static struct words words(const char *format, ...)
{
    struct words words;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words.text, sizeof words.text, format, arguments);
    va_end(arguments);
    return words;
}

/* Decimals that make three digits of a number. */
static int decimals(double number)
{
    return number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
}

struct words words_count(double count)
{
    if (!isfinite(count)) return words("-");
    struct words plain = words("%.0f", count), grouped = {""};
    size_t length = strlen(plain.text), held = 0;
    for (size_t i = 0; i < length && held + 2 < sizeof grouped.text; i++) {
        if (i > 0 && (length - i) % 3 == 0) grouped.text[held++] = ',';
        grouped.text[held++] = plain.text[i];
    }
    return grouped;
}

struct words words_small(double count)
{
    if (!isfinite(count)) return words("-");
    if (count >= 99.95) return words_count(count);
    return words("%.*f", count < 0.995 ? 2 : count < 9.95 ? 1 : 0, count);
}

struct words words_duration(double ns)
{
    if (!isfinite(ns)) return words("-");
    if (ns < 999.5e3) return words("%.0f us", ns / 1e3);
    if (ns < 999.5e6) return words("%.*f ms", decimals(ns / 1e6), ns / 1e6);
    return words("%.*f s", decimals(ns / 1e9), ns / 1e9);
}

struct words words_memory(double kib)
{
    if (!isfinite(kib)) return words("-");
    if (kib < 999.5) return words("%.0f KiB", kib);
    double mib = kib / 1024;
    if (mib < 999.5) return words("%.*f MiB", decimals(mib), mib);
    return words("%.*f GiB", decimals(mib / 1024), mib / 1024);
}

struct words words_percent(double percent)
{
    if (!isfinite(percent)) return words("-");
    return words("%.*f %%", percent < 9.95 ? 1 : 0, percent);
}

struct words words_stopwatch(double passed)
{
    long tenths = (long)(passed * 10 + 1e-6); /* Full ones, however 0.1 is rounded. */
    return words("%ld:%02ld.%ld", tenths / 600, tenths / 10 % 60, tenths % 10);
}
