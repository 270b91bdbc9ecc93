/* check_conf.c -- whether experiments are well written.  Small, so that a second builds it, before
 * all else is built: a mistake in an experiment is found before any work. */
#include "common/die.h"
#include "common/program.h"
#include "harness/measure/conf.h"

int main(int argc, char **argv)
{
    static struct conf conf;
    program_begin();
    if (argc < 3) die_usage("usage: check_conf PROFILE CONF...");
    if (!conf_is_profile(argv[1]))
        die_usage("PROFILE is quick, standard or full, not \"%s\"", argv[1]);
    for (int i = 2; i < argc; i++)
        conf_read(argv[i], argv[1], &conf);
    program_end(0);
}
