/* conf_estimate.c -- how long an experiment takes: for a progress line, not a measurement. */
#include "harness/measure/conf.h"

#include <stdio.h>
#include <string.h>

enum { HANDSHAKE_VARIANTS = 10 }; /* As harness/kinds/handshakes/measure.sh --list says. */

/* 0.3 ms a connection covers connecting, reading its process and ending it, as seen with the fork
 * model on two cores; a million are only held by models that take less. */
static double per_connection_s(const struct conf *conf)
{
    bool many =
        conf->connection_count > 0 && conf->connections[conf->connection_count - 1] > CONF_MANY;
    return many ? 0.05e-3 : 0.3e-3;
}

/* Each ramp goes to the end, and there waits for those who do not get in. */
static double estimate_walls_s(const struct conf *conf)
{
    double windows_s = (conf->window_s + 0.1) * (double)conf->connection_count;
    double most = (double)conf->connections[conf->connection_count - 1], sum_s = 0;
    char words[CONF_VALUE_MAX], *rest = words;
    snprintf(words, sizeof words, "%s", conf->text[KEY_LIMITS]);
    for (char *word; (word = strsep(&rest, " \t")) != NULL;) {
        if (*word == '\0') continue;
        bool own = strcmp(word, "machine") != 0 && conf->connections_limited > 0;
        double end = own ? (double)conf->connections_limited : most;
        sum_s += 1 + per_connection_s(conf) * end + windows_s;
    }
    return sum_s;
}

/* Of one point, without reruns. */
static double windows_of(enum conf_kind kind)
{
    if (kind == CONF_COUNTERS) return 3; /* Each with a server of its own. */
    return kind == CONF_OMISSION ? 2 : 1;
}

/* Twice, and each time all have to connect, to be cleared away, and to come back. */
static double estimate_herd_s(const struct conf *conf)
{
    double clearing_s = per_connection_s(conf) * (double)conf->connections[0];
    double back_s = 1 + (double)conf->cap_ms / 1e3;
    return 2 * (0.5 + clearing_s + conf->settle_s + conf->outage_s + back_s);
}

double conf_estimate_s(const struct conf *conf)
{
    double sum_s = 0.5, each_s = per_connection_s(conf);
    double spells = conf->warm_until_steady ? 5 : 1, loops = windows_of(conf->kind);
    if (conf->kind == CONF_COLD_START) return 1 + 10 * 0.2e-3 * (double)conf->requests;
    if (conf->kind == CONF_HANDSHAKES)
        return (double)HANDSHAKE_VARIANTS * (0.5 + 0.5e-3 * (double)conf->requests);
    if (conf->kind == CONF_WALLS) return estimate_walls_s(conf);
    if (conf->kind == CONF_HERD) return estimate_herd_s(conf);
    for (size_t i = 0; i < conf->connection_count; i++) {
        if (conf->kind == CONF_MEMORY)
            sum_s += 2 * (each_s * (double)conf->connections[i] + conf->settle_s);
        else
            sum_s += loops * (conf->warmup_s * spells + conf->window_s + 0.1);
    }
    if (conf->kind != CONF_MEMORY)
        sum_s += 2 * each_s * (double)conf->connections[conf->connection_count - 1];
    return sum_s;
}
