/* findings.h -- what the load client found, put into a report, and told to a person. */
#ifndef C10K_FINDINGS_H
#define C10K_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "clients/crew.h"
#include "clients/report.h"

/* What connecting found: asked_total is the number of connections wanted in all. */
void findings_connects(struct report *report, const struct worker_connects *connects,
                       uint32_t asked_total, const struct crew *crew);

/* What a window found. */
void findings_window(struct report *report, const struct crew_traffic *traffic,
                     const struct crew_window *window, const struct worker_traffic *found,
                     const struct crew *crew);

/* What a herd found that began at begin_ns. */
void findings_herd(struct report *report, const struct worker_herd *herd,
                   const struct worker_connects *connects, const struct worker_traffic *traffic,
                   uint64_t begin_ns, const struct crew *crew);

/* The latencies of several windows together. */
void findings_merged(struct report *report, const struct histogram *ordinary_ns,
                     const struct histogram *slow_ns, uint64_t windows);

/* Writes a report as "human" (text for a person), "csv" or "json". */
void findings_write(const struct report *report, const char *format, FILE *file);

#endif
