/* herd_times.c -- when how many clients of a herd were back, by the timeline of the client. */
#include "harness/kinds/herd/herd_times.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"

/* When `share` of all were connected, by the timeline; it is only noted once. */
static void note_share(double *at_s, double back_s, double connected, double share)
{
    if (isnan(*at_s) && connected >= share) *at_s = back_s;
}

/* Takes one line of the clients' timeline into ours: "ms,connected,...". */
static void take_step(struct herd *herd, char *line, double begin_s, double asked)
{
    char *rest;
    double at_s = begin_s + strtod(line, &rest) / 1e3;
    if (rest == line || *rest != ',') return; /* The header is no number. */
    rest[strcspn(rest, "\n")] = '\0';
    double connected = strtod(rest + 1, NULL), back_s = at_s - herd->seen.outage_s;
    /* The step has ended then, and began up to one of our bins earlier: its middle tells. */
    double bin = floor(back_s * 1e3 / (double)HERD_BIN_MS - 0.5);
    bool looked = bin >= 0 && bin < (double)HERD_BINS;
    if (back_s >= 0) {
        note_share(&herd->seen.back_s_p50, back_s, connected, 0.5 * asked);
        note_share(&herd->seen.back_s_p99, back_s, connected, 0.99 * asked);
    }
    herd_back_add(herd->back_fd, herd->session, herd->seen.policy, at_s, rest + 1,
                  looked ? herd->queue[(int)bin] : -1);
}

/* The client's own words say why it wrote none, if it is that. */
static _Noreturn void die_without_timeline(const struct herd *herd)
{
    char words[200];
    int error = errno;
    process_last_line(&herd->load, words, sizeof words);
    die_because("%s: %s; %s", herd->session->beside, strerror(error), words);
}

void herd_read_times(struct herd *herd, bool all_back)
{
    char line[HERD_TEXT_MAX];
    double begin_ns = answer_number(&herd->answer, "begin_ns");
    double begin_s = (begin_ns - (double)herd->kill_ns) / NS_PER_S; /* Since the kill. */
    double asked = answer_number(&herd->answer, "connections_asked");
    FILE *timeline = fopen(herd->session->beside, "r");
    if (timeline == NULL) die_without_timeline(herd);
    while (fgets(line, sizeof line, timeline) != NULL)
        take_step(herd, line, begin_s, asked);
    if (ferror(timeline)) die(herd->session->beside);
    (void)fclose(timeline);        /* It was only read. */
    unlink(herd->session->beside); /* Best effort: it lies among the results. */
    if (!all_back) return;
    struct herd_seen *seen = &herd->seen;
    seen->back_s = begin_s + answer_number(&herd->answer, "last_back_s") - seen->outage_s;
    /* The end of a step may lie behind the last one who came in it. */
    seen->back_s_p50 = fmin(seen->back_s_p50, seen->back_s);
    seen->back_s_p99 = fmin(seen->back_s_p99, seen->back_s);
}
