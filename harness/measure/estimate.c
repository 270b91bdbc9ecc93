/* estimate.c -- how long an experiment takes: for a progress line, not a measurement. */
#include "harness/measure/estimate.h"

/* 0.3 ms a connection covers connecting, reading its process and ending it, as seen with the fork
 * model on two cores; a million are only held by models that take less. */
double estimate_connection_s(const struct conf *conf)
{
    bool many =
        conf->connection_count > 0 && conf->connections[conf->connection_count - 1] > CONF_MANY;
    return many ? 0.05e-3 : 0.3e-3;
}

double estimate_ramp_s(const struct conf *conf, int windows)
{
    double spells = conf->warm_until_steady ? 5 : 1;
    double window_s = conf->warmup_s * spells + conf->window_s + 0.1;
    double most = (double)conf->connections[conf->connection_count - 1];
    return 0.5 + (double)conf->connection_count * windows * window_s +
           2 * estimate_connection_s(conf) * most;
}
