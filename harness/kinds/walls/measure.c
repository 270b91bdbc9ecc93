/* measure.c -- the kind walls: more and more connections, until something breaks; a ramp under each
 * of the experiment's limits. */
#include <stdio.h>
#include <string.h>

#include "common/die.h"
#include "harness/kinds/walls/climb.h"
#include "harness/measure/arguments.h"
#include "harness/measure/estimate.h"

static const char *const wall_columns[] = {"wall", "wall_limit", "wall_advice", "wall_evidence",
                                           NULL};
static const char *const *const groups[] = {
    columns_connecting, columns_traffic, columns_times, columns_tasks,
    wall_columns,       columns_drops,   NULL};
static const struct columns columns = {.groups = groups};

/* Returns false if our own machinery broke. */
static bool run_under(const struct session *session, const char *word)
{
    static struct climb climb; /* Its row is large. */
    memset(&climb, 0, sizeof climb);
    climb.session = session;
    climb.limits_word = word;
    climb.status = "ok";
    limits_read(word, &climb.limits); /* The experiment was checked. */
    session_begin_row(session, climb_summit(&climb), 0, &climb.row);
    row_set_text(&climb.row, "variant", word);
    enum outcome outcome = climb_run(&climb);
    session_row_drops(&climb.begin, &climb.row);
    bool ok = outcome == WALL;
    session_finish_row(session, &climb.row, climb.status, ok ? climb.words : climb.reason);
    if (outcome == OURS_BROKE) complain("%s", climb.reason);
    return outcome != OURS_BROKE;
}

/* Calls `take` with each word of the key `limits`, until one returns false; returns that. */
static bool for_each_limit(const struct conf *conf, bool (*take)(const char *word, void *argument),
                           void *argument)
{
    char words[CONF_VALUE_MAX], *rest = words;
    snprintf(words, sizeof words, "%s", conf_text(conf, "limits"));
    for (char *word; (word = strsep(&rest, " \t")) != NULL;)
        if (*word != '\0' && !take(word, argument)) return false;
    return true;
}

static bool take_limit(const char *word, void *session)
{
    return run_under(session, word);
}

static bool measure(struct session *session)
{
    return for_each_limit(&session->conf, take_limit, session);
}

/* ---- the kind ---- */

struct estimate {
    const struct conf *conf;
    double sum_s;
};

/* Each ramp goes to the end, and there waits for connections that are not established. */
static bool add_limit(const char *word, void *argument)
{
    struct estimate *estimate = argument;
    const struct conf *conf = estimate->conf;
    double windows_s = (conf->window_s + 0.1) * (double)conf->connection_count;
    long most = conf->connections[conf->connection_count - 1];
    long limited = conf_long(conf, "connections_limited");
    bool own = strcmp(word, "machine") != 0 && limited > 0;
    double connections = (double)(own ? limited : most);
    estimate->sum_s += 1 + estimate_connection_s(conf) * connections + windows_s;
    return true;
}

static double estimate_s(const struct conf *conf)
{
    struct estimate estimate = {.conf = conf};
    for_each_limit(conf, add_limit, &estimate);
    return estimate.sum_s;
}

static void show_row(const struct row *row)
{
    static const char *const shown[] = {"wall", "wall_limit"};
    printf(" limits=%s", row_get(row, "variant"));
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (row_get(row, shown[i])[0] != '\0') printf(" %s=%s", shown[i], row_get(row, shown[i]));
}

/* It asks again before it takes a server for full. */
static void add_client_options(const struct session *session, struct arguments *arguments)
{
    (void)session;
    arguments_add(arguments, "--patience-ms");
    arguments_add(arguments, "300"); /* Of connecting, when no connection is accepted. */
}

const struct kind kind = {.name = "walls",
                          .load = LOAD_OPEN,
                          .finds_count = true,
                          .columns = &columns,
                          .estimate_s = estimate_s,
                          .add_client_options = add_client_options,
                          .show_row = show_row,
                          .measure = measure};
