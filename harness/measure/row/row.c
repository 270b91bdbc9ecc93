/* row.c -- appends one row to a table, for kinds that are scripts: the head, the commas, the schema
 * and the verdict are those of kinds in C. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/number.h"
#include "common/options.h"
#include "common/program.h"
#include "harness/measure/columns.h"
#include "harness/measure/verdict.h"

enum { NAMES_MAX = COLUMNS_MAX, TEXT_MAX = 4096 };

/* What the command line says. */
struct request {
    const char *file;
    char names[TEXT_MAX]; /* Of the table's own columns, cut into words. */
    const char *own[NAMES_MAX + 1];
    bool judge; /* A number or a noise was given. */
    bool last;  /* No further try follows. */
    struct verdict_numbers numbers;
};

static _Noreturn void help(void)
{
    puts("row -- appends one row to a table\n"
         "\n"
         "usage: row --file TABLE.csv --columns \"NAME...\" [options] KEY=VALUE...\n"
         "\n"
         "  --file FILE      the table; its header is written if it is new\n"
         "  --columns NAMES  the columns of this kind, behind the head that all tables have\n"
         "  --number N=V     a number that the verdict needs, once for each "
         "(harness/measure/verdict.h\n"
         "                   has their names); what is not given was not measured\n"
         "  --noise TEXT     why the machine was disturbed, as witness told; \"\": it was not\n"
         "  --last           no further try of this point follows\n"
         "  --help           this text\n"
         "\n"
         "KEY is a column of the head or of --columns.  Where status is given, it holds; else the\n"
         "verdict over all numbers does, with its reason, or \"ok\".  A disturbed try that another "
         "one\n"
         "follows gets superseded=1.  Prints \"STATUS SUPERSEDED REASON\".\n"
         "Exit status: 0 the row was written, 1 it could not be, 2 wrong usage.\n"
         "\n"
         "example:\n"
         "  row --file rows/chat.csv --columns 'lost' --number lost=0 model=room connections=5 "
         "lost=0");
    program_end(0);
}

/* ---- numbers of the verdict ---- */

/* A member of the numbers: a double, or a flag that is true unless 0. */
struct member {
    const char *name;
    size_t offset;
    bool is_flag;
};

#define NUMBER(name)                                                                               \
    {                                                                                              \
#name, offsetof(struct verdict_numbers, name), false                                       \
    }
#define FLAG(name)                                                                                 \
    {                                                                                              \
#name, offsetof(struct verdict_numbers, name), true                                        \
    }
static const struct member members[] = {FLAG(closed),
                                        FLAG(poisson),
                                        FLAG(spin),
                                        FLAG(single_thread),
                                        NUMBER(corrupt),
                                        NUMBER(lost),
                                        NUMBER(reset),
                                        NUMBER(offered_per_s),
                                        NUMBER(sent_per_s),
                                        NUMBER(achieved_per_s),
                                        NUMBER(window_s),
                                        NUMBER(connections),
                                        NUMBER(client_cpu_percent_max),
                                        NUMBER(client_busy_percent_max),
                                        NUMBER(server_cpu_percent),
                                        NUMBER(latency_ns_p99),
                                        NUMBER(send_lag_ns_p99),
                                        NUMBER(little_error_percent),
                                        NUMBER(drift_percent)};
#undef NUMBER
#undef FLAG

enum { MEMBERS = sizeof members / sizeof *members };

static void set_member(struct verdict_numbers *numbers, const struct member *member, double value)
{
    char *at = (char *)numbers + member->offset;
    bool flag = value > 0;
    if (member->is_flag)
        memcpy(at, &flag, sizeof flag);
    else
        memcpy(at, &value, sizeof value);
}

/* NAN: not measured, so that it cannot trigger anything. */
static struct verdict_numbers nothing_measured(void)
{
    struct verdict_numbers numbers = {.steal_percent = NAN,
                                      .foreign_cpu_percent = NAN,
                                      .run_queue_percent = NAN,
                                      .throttled_percent = NAN,
                                      .kernel_cpu_percent = NAN,
                                      .wakeups_per_s = NAN};
    for (size_t i = 0; i < MEMBERS; i++)
        set_member(&numbers, &members[i], members[i].is_flag ? 0 : NAN);
    return numbers;
}

/* "NAME=VALUE"; an empty value was not measured. */
static void take_number(struct request *request, char *text)
{
    char *value = strchr(text, '=');
    double number = NAN;
    if (value == NULL) die_usage("--number is NAME=VALUE, not \"%s\"", text);
    *value++ = '\0';
    if (*value != '\0' && !number_read_decimal(value, 0, 1e300, &number))
        die_usage("--number %s takes a number, not \"%s\"", text, value);
    request->judge = true;
    for (size_t i = 0; i < MEMBERS; i++) {
        if (strcmp(members[i].name, text) != 0) continue;
        set_member(&request->numbers, &members[i], number);
        return;
    }
    die_usage("the verdict has no number \"%s\"", text);
}

/* ---- command line ---- */

static void take_columns(struct request *request, const char *text)
{
    size_t count = 0;
    char *rest = request->names;
    snprintf(request->names, sizeof request->names, "%s", text);
    for (char *word; (word = strsep(&rest, " \t\n")) != NULL;) {
        if (*word == '\0') continue;
        if (count == NAMES_MAX) die_usage("--columns has more than %d names", NAMES_MAX);
        request->own[count++] = word;
    }
    request->own[count] = NULL;
}

static void parse(int argc, char **argv, struct request *request)
{
    static const struct option known[] = {{"file", required_argument, NULL, 'f'},
                                          {"columns", required_argument, NULL, 'c'},
                                          {"number", required_argument, NULL, 'n'},
                                          {"noise", required_argument, NULL, 'N'},
                                          {"last", no_argument, NULL, 'l'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    request->numbers = nothing_measured();
    for (int c; (c = options_next(argc, argv, known)) != -1;) {
        if (c == 'f') request->file = optarg;
        if (c == 'c') take_columns(request, optarg);
        if (c == 'n') take_number(request, optarg);
        if (c == 'N') request->numbers.noise = optarg;
        if (c == 'N') request->judge = true;
        if (c == 'l') request->last = true;
        if (c == 'h') help();
    }
    if (request->file == NULL) die_usage("--file is missing; see --help");
}

/* ---- the row ---- */

static void fill(struct row *row, int argc, char **argv)
{
    row_set_whole(row, "schema", COLUMNS_SCHEMA);
    row_set_text(row, "try", "1");
    row_set_text(row, "superseded", "0");
    for (int i = optind; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (value == NULL) die_usage("\"%s\" is not KEY=VALUE", argv[i]);
        *value++ = '\0';
        row_set_text(row, argv[i], value);
    }
}

/* Gives the row its status and reason, if it has none yet. */
static void judge(const struct request *request, struct row *row)
{
    char reason[COLUMNS_VALUE_MAX] = "", both[2 * COLUMNS_VALUE_MAX];
    if (row_get(row, "status")[0] != '\0') return;
    enum verdict verdict = VERDICT_OK;
    if (request->judge) verdict = verdict_judge(&request->numbers, reason, sizeof reason);
    row_set_text(row, "status", verdict_name(verdict));
    const char *said = row_get(row, "reason");
    snprintf(both, sizeof both, "%s%s%s", reason, reason[0] != '\0' && said[0] != '\0' ? "; " : "",
             said);
    row_set_text(row, "reason", both);
    if (verdict_is_disturbed(verdict) && !request->last) row_set_text(row, "superseded", "1");
}

int main(int argc, char **argv)
{
    static struct request request; /* Too large for a small stack. */
    static struct row row;
    char why[TEXT_MAX];
    program_begin();
    parse(argc, argv, &request);
    const char *const *const groups[] = {request.own, NULL};
    const struct columns columns = {.groups = groups};
    row.columns = &columns;
    fill(&row, argc, argv);
    judge(&request, &row);
    int fd = columns_open(&columns, request.file, why, (int)sizeof why);
    if (fd < 0) die_usage("%s", why);
    row_append(&row, fd, request.file);
    printf("%s %s %s\n", row_get(&row, "status"), row_get(&row, "superseded"),
           row_get(&row, "reason"));
    close(fd);
    program_end(0);
}
