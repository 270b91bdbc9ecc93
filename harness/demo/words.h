/* words.h -- numbers as a person in the back row reads them: three digits and a unit. */
#ifndef C10K_DEMO_WORDS_H
#define C10K_DEMO_WORDS_H

enum { WORDS_MAX = 24 };

struct words {
    char text[WORDS_MAX]; /* "-" for a number that is not known. */
};

struct words words_count(double count);      /* "1,234,567" */
struct words words_small(double count);      /* "0.25", "1.5", "37": below 10 with decimals. */
struct words words_duration(double ns);      /* "123 us", "1.23 ms", "12.3 s" */
struct words words_memory(double kib);       /* "812 KiB", "12.3 MiB", "1.16 GiB" */
struct words words_percent(double percent);  /* "3.4 %" */
struct words words_stopwatch(double passed); /* Seconds as "1:02.5" */

#endif
