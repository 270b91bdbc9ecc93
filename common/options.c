/* options.c -- walks over a command line: one way to read options, and to say which
 * word is wrong. */
#include "common/options.h"

#include <stdbool.h>
#include <stddef.h>

#include "common/die.h"

/* The word that getopt_long(3) did not understand.  It has passed it, but for a word like "-port",
 * which is four options of one letter to it: then it stands before the second. */
static const char *wrong_word(int argc, char **argv)
{
    const char *next = optind < argc ? argv[optind] : "";
    bool within = next[0] == '-' && next[1] == optopt && next[1] != '\0' && next[2] != '\0';
    return within ? next : argv[optind - 1];
}

int options_next(int argc, char **argv, const struct option *known)
{
    opterr = 0; /* Our own line says more. */
    int key = getopt_long(argc, argv, ":", known, NULL);
    if (key == ':') die_usage("%s needs a value; see --help", argv[optind - 1]);
    if (key == '?') die_usage("unknown option %s; see --help", wrong_word(argc, argv));
    return key;
}
