/* check_conf.c -- whether experiments are well written, as far as the tables of keys tell.  Small,
 * so that a second builds it, before all else is built: a mistake in an experiment is found before
 * any work.  What one key of a kind demands of another is checked by measure-KIND. */
#include <stdio.h>
#include <string.h>

#include "common/die.h"
#include "common/options.h"
#include "common/program.h"
#include "harness/measure/conf.h"

/* What the command line asks for. */
struct request {
    const char *profile, *print_key;
};

static _Noreturn void help(void)
{
    puts("check_conf -- whether experiments are well written\n"
         "\n"
         "usage: check_conf [--profile P] [--print KEY] CONF...\n"
         "\n"
         "  --profile P      quick, standard or full (default: standard)\n"
         "  --print KEY      print a value of the experiment: any key, or question, shows,\n"
         "                   does_not_show; all: a line KEY=VALUE of each key\n"
         "  --help           this text\n"
         "\n"
         "Exit status: 0 all are well written, 2 one is not, or wrong usage.\n"
         "\n"
         "example:\n"
         "  check_conf --profile quick harness/experiments/*.conf");
    program_end(0);
}

static void parse(int argc, char **argv, struct request *request)
{
    static const struct option known[] = {{"profile", required_argument, NULL, 'p'},
                                          {"print", required_argument, NULL, 'P'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    for (int c; (c = options_next(argc, argv, known)) != -1;) {
        if (c == 'p') request->profile = optarg;
        if (c == 'P') request->print_key = optarg;
        if (c == 'h') help();
    }
    if (optind == argc) die_usage("which experiment? Name a CONF file; see --help");
    if (!conf_is_profile(request->profile))
        die_usage("--profile is quick, standard or full, not \"%s\"", request->profile);
}

static void print(const struct conf *conf, const char *key)
{
    char value[CONF_VALUE_MAX];
    if (strcmp(key, "all") == 0) {
        conf_print_all(conf, stdout);
        return;
    }
    if (!conf_print(conf, key, value, sizeof value))
        die_usage("an experiment of kind %s has no \"%s\"; see --help", conf->kind, key);
    puts(value);
}

int main(int argc, char **argv)
{
    static struct conf conf; /* Too large for a small stack. */
    struct request request = {.profile = "standard"};
    program_begin();
    parse(argc, argv, &request);
    for (int i = optind; i < argc; i++) {
        conf_read(argv[i], request.profile, &conf);
        if (request.print_key != NULL) print(&conf, request.print_key);
    }
    program_end(0);
}
