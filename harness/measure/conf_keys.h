/* conf_keys.h -- the keys of an experiment and what each of them takes.
 *
 * They come from tables with a line for each key: harness/measure/keys.tsv has those of all kinds,
 * harness/kinds/NAME/keys.tsv those of one.  A key of one kind takes the place of the one that all
 * kinds have under the same name.  The Makefile makes conf_keys.inc of them:
 * harness/kinds/README.md has the types. */
#ifndef C10K_CONF_KEYS_H
#define C10K_CONF_KEYS_H

#include "harness/measure/conf.h"

struct conf_key {
    const char *kind; /* NULL: of all kinds. */
    const char *name, *type;
    double min, max;
    const char *fallback; /* NULL: the file must say it. */
};

/* Ends in a key without a name.  The keys of all kinds come last. */
extern const struct conf_key conf_keys[];

/* Ends in NULL. */
extern const char *const conf_kinds[];

/* Finds the key that `kind` has under a name, one of its own first.  Without a kind (NULL): that of
 * all kinds, else that of any.  NULL if there is none. */
const struct conf_key *conf_find_key(const char *kind, const char *name);

/* True if a key takes this value; else the mistake is in *error. */
bool conf_takes(const struct conf_key *key, const char *value, struct conf_error *error);

/* Reads rising whole numbers within the key's range.  False with the mistake in *error. */
bool conf_read_counts(const struct conf_key *key, const char *value, long *counts, size_t *count,
                      struct conf_error *error);

/* The value of a key; NULL if the experiment's kind has no such key. */
const struct conf_value *conf_find_value(const struct conf *conf, const char *name);

/* Fills in the members of *conf from its values, with a pair for each point, and checks what one
 * value demands of another, for all kinds.  False with the mistake in *error. */
bool conf_complete(struct conf *conf, struct conf_error *error);

/* Writes "a, b or c" of a list that ends in NULL. */
void conf_list(const char *const *words, char *text, size_t size);

#endif
