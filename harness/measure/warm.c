/* warm.c -- traffic that does not count, until the throughput is that of a steady state. */
#include "harness/measure/warm.h"

#include <math.h>

#include "harness/measure/kind.h"

enum { SPELLS_MAX = 1000 };

static const double most_s = 10;
static const double brisk_min_s = 0.05; /* The client takes no spell below 0.01 s. */
static const double variation_max = 0.02;

double warm_brisk_s(double messages)
{
    static const double more = 1.1;
    return fmax(more * messages / (double)WARM_BRISK_PER_S, brisk_min_s);
}

bool warm_is_steady(const double *rates, size_t count, double spell_s, bool random_arrivals)
{
    if (count < WARM_SPELLS) return false;
    double sum = 0, squares = 0;
    for (size_t i = count - WARM_SPELLS; i < count; i++) {
        sum += rates[i];
        squares += rates[i] * rates[i];
    }
    double mean = sum / (double)WARM_SPELLS;
    double variance = (squares - sum * mean) / (WARM_SPELLS - 1);
    double limit = variation_max * variation_max;
    if (random_arrivals) limit += 1 / (mean * spell_s);
    return mean > 0 && variance < limit * mean * mean;
}

/* What the spells so far say. */
struct warmth {
    double rates[SPELLS_MAX];
    size_t count;
    double spent_s, received;
};

static bool is_warm(const struct session *session, const struct warmth *warmth)
{
    const struct conf *conf = &session->conf;
    bool random_arrivals = session->kind->load == LOAD_OPEN && conf->poisson;
    return !conf->warm_until_steady ||
           warm_is_steady(warmth->rates, warmth->count, conf->warmup_s, random_arrivals);
}

/* Where the offered rate would take too long to reach every connection, a brisker one does it
 * first. False if the client did not answer. */
static bool reach_all(const struct session *session, struct process *load, double messages,
                      struct warmth *warmth, struct answer *answer)
{
    const struct conf *conf = &session->conf;
    bool scheduled =
        session->kind->load == LOAD_OPEN && conf->rate_per_s < (double)WARM_BRISK_PER_S;
    if (!scheduled || messages <= conf->rate_per_s * fmax(conf->warmup_s, 1)) return true;
    double spell_s = warm_brisk_s(messages);
    if (!session_rate(load, WARM_BRISK_PER_S, answer)) return false;
    if (!session_traffic(session, load, "warm", spell_s, answer)) return false;
    warmth->spent_s += spell_s;
    warmth->received += answer_number(answer, "received");
    return session_rate(load, conf->rate_per_s, answer);
}

bool warm_up(const struct session *session, struct process *load, double messages, struct row *row,
             struct answer *answer)
{
    const struct conf *conf = &session->conf;
    struct warmth warmth = {0};
    bool warm = conf->warmup_s <= 0;
    if (!warm && !reach_all(session, load, messages, &warmth, answer)) return false;
    while (!warm && warmth.spent_s < most_s && warmth.count < SPELLS_MAX) {
        if (!session_traffic(session, load, "warm", conf->warmup_s, answer)) return false;
        warmth.rates[warmth.count++] = answer_number(answer, "achieved_per_s");
        warmth.spent_s += conf->warmup_s;
        warmth.received += answer_number(answer, "received");
        warm = warmth.received >= messages && is_warm(session, &warmth);
    }
    row_set_text(row, "warmup", !conf->warm_until_steady ? "fixed" : warm ? "steady" : "unsteady");
    row_set_real(row, "warmup_s", warmth.spent_s);
    return true;
}
