/* estimate.h -- how long an experiment takes: for a progress line, not a measurement. */
#ifndef C10K_ESTIMATE_H
#define C10K_ESTIMATE_H

#include "harness/measure/conf.h"

/* Seconds that connecting to a server and clearing that away again take for one connection of this
 * experiment. */
double estimate_connection_s(const struct conf *conf);

/* Seconds of a ramp: each point has a warm-up and a window, `windows` times. */
double estimate_ramp_s(const struct conf *conf, int windows);

#endif
