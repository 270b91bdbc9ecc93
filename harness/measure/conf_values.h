/* conf_values.h -- the keys of an experiment and what each of them takes; for conf.c and its
 * fuzzer. */
#ifndef C10K_CONF_VALUES_H
#define C10K_CONF_VALUES_H

#include "harness/measure/conf.h"

struct conf_key_info {
    const char *name;
    const char *fallback; /* NULL: the file must say it. */
};

extern const struct conf_key_info conf_keys[CONF_KEYS];

/* Reads the value of one key into *conf.  False with the mistake in *error. */
bool conf_take(enum conf_key key, const char *value, struct conf *conf, struct conf_error *error);

/* Notes a mistake; returns false.  Text as printf(3). */
__attribute__((format(printf, 2, 3))) bool conf_fail(struct conf_error *error, const char *format,
                                                     ...);

/* Returns the place of `name` in `names`, or -1. */
int conf_find(const char *name, const char *const *names, int count);

#endif
