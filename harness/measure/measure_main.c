/* measure_main.c -- measures one experiment for one model: reads the command line and the
 * experiment, opens the table, and lets the kind that is linked measure. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/net.h"
#include "common/number.h"
#include "common/options.h"
#include "common/program.h"
#include "harness/fleet/process.h"
#include "harness/fleet/user.h"
#include "harness/measure/kind.h"
#include "harness/measure/other_run.h"

enum { NAME_MAX_B = 64, PATH_MAX_B = 4096 };

/* Everything the command line can say. */
struct request {
    const char *conf_path, *print_key, *rate;
    bool check;
    struct session session;
};

static _Noreturn void help(void)
{
    printf(
        "measure-%s -- one experiment, one model, one repeat: appends a row per point to a table\n",
        kind.name);
    puts(
        "\n"
        "usage: measure-KIND CONF --model M --out TABLE.csv [options]\n"
        "       measure-KIND CONF [--profile P] --print KEY | --check\n"
        "\n"
        "  --model M        what to measure: BIN_DIR/server-M, or the name for --command\n"
        "  --command CMD    measure this shell command; {port} in it becomes a free port,\n"
        "                   without {port} it must print \"ready port=N\"\n"
        "  --out FILE       CSV file to append to; results/README.md explains its columns.  What\n"
        "                   a kind writes beside its rows is written beside this file\n"
        "  --profile P      quick, standard or full (default: standard)\n"
        "  --repeat K       number of this repeat, for the CSV (default: 1)\n"
        "  --rate R         messages per second, instead of the experiment's rate_per_s\n"
        "  --seed N         of the random arrivals (default: 1)\n"
        "  --user U         name or number of the user that servers run as, for root; root: no\n"
        "                   change (default: one without rights that no other process has)\n"
        "  --bin-dir DIR    where server-M and load are (default: build/release)\n"
        "  --print KEY      print a value of the experiment: any key, or question, shows,\n"
        "                   does_not_show, estimate_s (seconds per model and repeat); all: a\n"
        "                   line KEY=VALUE of each key and of estimate_s\n"
        "  --check          only check the experiment\n"
        "  --help           this text\n"
        "\n"
        "Prints a line per finished point.  A server that fails is a row with status failed.\n"
        "Exit status: 0 rows were written, 1 our own machinery broke or a file\n"
        "could not be written, 2 wrong usage.\n"
        "\n"
        "examples:\n"
        "  measure-latency harness/experiments/ramp.conf --model poll --profile quick --out a.csv\n"
        "  measure-latency my.conf --model go --command 'go-echo --port {port}' --out a.csv");
    program_end(0);
}

/* ---- command line ---- */

static void take_option(int c, struct request *request)
{
    struct session *session = &request->session;
    switch (c) {
    case 'm':
        session->model = optarg;
        break;
    case 'c':
        session->command = optarg;
        break;
    case 'o':
        session->out_path = optarg;
        break;
    case 'p':
        session->profile = optarg;
        break;
    case 'k':
        session->repeat = number_option("--repeat", optarg, 1, 1000000);
        break;
    case 'r':
        request->rate = optarg;
        break;
    case 's':
        session->seed = number_option("--seed", optarg, 0, 1000000000);
        break;
    case 'u':
        user_option(optarg);
        break;
    case 'b':
        session->bin_dir = optarg;
        break;
    case 'P':
        request->print_key = optarg;
        break;
    case 'C':
        request->check = true;
        break;
    default:
        help();
    }
}

static void parse(int argc, char **argv, struct request *request)
{
    static const struct option known[] = {{"model", required_argument, NULL, 'm'},
                                          {"command", required_argument, NULL, 'c'},
                                          {"out", required_argument, NULL, 'o'},
                                          {"profile", required_argument, NULL, 'p'},
                                          {"repeat", required_argument, NULL, 'k'},
                                          {"rate", required_argument, NULL, 'r'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"bin-dir", required_argument, NULL, 'b'},
                                          {"user", required_argument, NULL, 'u'},
                                          {"print", required_argument, NULL, 'P'},
                                          {"check", no_argument, NULL, 'C'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct session *session = &request->session;
    session->kind = &kind;
    session->profile = "standard";
    session->bin_dir = "build/release";
    session->repeat = session->seed = 1;
    for (int c; (c = options_next(argc, argv, known)) != -1;)
        take_option(c, request);
    if (optind == argc) die_usage("which experiment? Name a CONF file; see --help");
    request->conf_path = argv[optind++];
    if (optind < argc) die_usage("one CONF is enough, \"%s\" is too much", argv[optind]);
    if (!conf_is_profile(session->profile))
        die_usage("--profile is quick, standard or full, not \"%s\"", session->profile);
}

/* ---- the experiment ---- */

/* Reads it, or dies with what is wrong there. */
static void read_experiment(struct request *request)
{
    struct conf *conf = &request->session.conf;
    struct conf_error error = {0};
    conf_read(request->conf_path, request->session.profile, conf);
    if (strcmp(conf->kind, kind.name) != 0)
        die_usage("%s is of kind %s, and this program measures kind %s", request->conf_path,
                  conf->kind, kind.name);
    if (kind.check != NULL && !kind.check(conf, &error)) conf_refuse(request->conf_path, &error);
}

/* "harness/experiments/ramp.conf" is the experiment "ramp". */
static const char *experiment_name(const char *path)
{
    static char name[NAME_MAX_B];
    const char *slash = strrchr(path, '/');
    snprintf(name, sizeof name, "%s", slash != NULL ? slash + 1 : path);
    char *end = strrchr(name, '.');
    if (end != NULL && strcmp(end, ".conf") == 0) *end = '\0';
    return name;
}

static void need_program(const char *folder, const char *name, const char *advice)
{
    char path[PATH_MAX_B];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (access(path, X_OK) == 0) return;
    if (errno == ENOENT) die_usage("there is no %s; %s", path, advice);
    die_usage("cannot run %s: %s", path, strerror(errno));
}

static void need_model(const struct session *session)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-:=+";
    const char *model = session->model;
    if (model == NULL) die_usage("--model is missing; see --help");
    if (session->out_path == NULL) die_usage("--out is missing; see --help");
    if (model[0] == '\0' || model[strspn(model, allowed)] != '\0')
        die_usage("--model takes a name of a-z, 0-9, _, -, :, = and +, not \"%s\"", model);
}

static void need_cpus(const struct session *session)
{
    if (session->cpus.apart) return;
    if (kind.needs_two_cpus)
        die_usage(
            "only one CPU core: server and client would wait for each other, and no latency could "
            "be told from that; use an experiment of another kind");
    complain("ONLY ONE CPU CORE: server and client share it; do not compare these "
             "figures with those of other machines");
}

/* Finds every mistake before anything is started or written. */
static void prepare(struct request *request)
{
    struct session *session = &request->session;
    char server[PATH_MAX_B], why[PATH_MAX_B + 256];
    need_model(session);
    if (request->rate != NULL)
        session->conf.rate_per_s = number_option_decimal("--rate", request->rate, 1, 1e7);
    session->cpus = cpus_of_this_process();
    need_cpus(session);
    snprintf(server, sizeof server, "server-%s", session->model);
    if (session->command == NULL)
        need_program(session->bin_dir, server, "is the model's name right, and was it built?");
    need_program(session->bin_dir, "load", "build it with make");
    session->out_fd = columns_open(kind.columns, session->out_path, why, (int)sizeof why);
    if (session->out_fd < 0) die_usage("%s", why);
}

static _Noreturn void print(const struct request *request)
{
    const struct conf *conf = &request->session.conf;
    bool all = strcmp(request->print_key, "all") == 0;
    char value[CONF_VALUE_MAX];
    if (all) conf_print_all(conf, stdout);
    if (all || strcmp(request->print_key, "estimate_s") == 0) {
        printf("%s%.1f\n", all ? "estimate_s=" : "", kind.estimate_s(conf));
    } else {
        if (!conf_print(conf, request->print_key, value, sizeof value))
            die_usage("an experiment of kind %s has no \"%s\"; see --help", conf->kind,
                      request->print_key);
        puts(value);
    }
    program_end(0);
}

int main(int argc, char **argv)
{
    static struct request request; /* Too large for a small stack. */
    program_begin();
    parse(argc, argv, &request);
    read_experiment(&request);
    if (request.print_key != NULL) print(&request);
    if (request.check) program_end(0);
    request.session.experiment = experiment_name(request.conf_path);
    prepare(&request);
    other_run_announce();
    /* Children inherit it; a server from elsewhere may not raise its own. */
    net_raise_file_limit();
    process_prepare();
    program_end(kind.measure(&request.session) ? 0 : 1);
}
