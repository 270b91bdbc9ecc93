/* options.h -- walks over a command line: one way to read options, and to say which
 * word is wrong. */
#ifndef C10K_OPTIONS_H
#define C10K_OPTIONS_H

#include <getopt.h>

/* Returns the key of the next option, which must be one of `known` (its last entry is all zero),
 * and leaves its value in optarg; -1 after the last: then the words that are no options stand from
 * argv[optind] on.  For an option that is unknown, or lacks its value: one line, and exit 2. */
int options_next(int argc, char **argv, const struct option *known);

#endif
