/* number.h -- numbers that a person typed. */
#ifndef C10K_NUMBER_H
#define C10K_NUMBER_H

#include <stdbool.h>

/* Reads all of `text` as a decimal whole number from `min` to `max`, both allowed, into *value.
 * Returns false, and leaves *value alone, for anything else: signs, blanks, overflow, "12x", "". */
bool number_read(const char *text, long min, long max, long *value);

/* Like number_read, for a decimal number with a fraction ("0.5", "20000").  No
 * exponents, no "inf". */
bool number_read_decimal(const char *text, double min, double max, double *value);

/* The value of command line option `name`, from `min` to `max`, both allowed; or one clear line on
 * stderr and exit 2. */
long number_option(const char *name, const char *text, long min, long max);

/* Like number_option, for a decimal number with a fraction, as number_read_decimal() reads it. */
double number_option_decimal(const char *name, const char *text, double min, double max);

#endif
