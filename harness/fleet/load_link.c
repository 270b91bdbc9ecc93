/* load_link.c -- talks to the load client: one command line, one answer line. */
#include "harness/fleet/load_link.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

static bool fail(struct answer *answer, const char *what, const char *detail)
{
    char line[256];
    snprintf(line, sizeof line, "%s%.200s", what, detail);
    snprintf(answer->line, sizeof answer->line, "%s", line);
    return false;
}

bool load_tell(struct process *load, const char *command)
{
    return dprintf(load->input_fd, "%s\n", command) > 0;
}

/* Says what came instead of an answer. */
static bool explain_silence(struct process *load, enum process_line got, double patience_s,
                            struct answer *answer)
{
    char words[200];
    process_sleep_ns(20 * NS_PER_MS); /* Ctrl-C ends both of us: then it is no failure. */
    if (!process_is_running(load))
        process_last_words(load, words, sizeof words);
    else if (got == LINE_LATE)
        snprintf(words, sizeof words, "no answer within %.0f s", patience_s);
    else
        snprintf(words, sizeof words,
                 got == LINE_ENDED ? "it closed its stdout" : "its answer is too long");
    return fail(answer, "the load client: ", words);
}

bool load_hear(struct process *load, const char *command, double patience_s, struct answer *answer)
{
    uint64_t deadline_ns = clock_ns() + (uint64_t)(patience_s * NS_PER_S);
    enum process_line got = process_read_line(load, answer->line, sizeof answer->line, deadline_ns);
    if (got != LINE_READ) return explain_silence(load, got, patience_s, answer);
    size_t word = strcspn(command, " ");
    if (strncmp(answer->line, command, word) == 0 && strchr(" ", answer->line[word]) != NULL)
        return true;
    char said[200];
    snprintf(said, sizeof said, "%.180s", answer->line);
    return fail(answer, "the load client answered: ", said);
}

bool load_ask(struct process *load, const char *command, double patience_s, struct answer *answer)
{
    if (load_tell(load, command)) return load_hear(load, command, patience_s, answer);
    if (errno == EPIPE) return load_hear(load, command, 0, answer); /* It has ended: of what? */
    return fail(answer, "the load client cannot be told: ", strerror(errno));
}

bool answer_get(const struct answer *answer, const char *key, char *value, size_t size)
{
    size_t key_size = strlen(key);
    for (const char *at = answer->line; (at = strchr(at, ' ')) != NULL;) {
        at++;
        if (strncmp(at, key, key_size) != 0 || at[key_size] != '=') continue;
        at += key_size + 1;
        int length = (int)strcspn(at, " ");
        if (length == 1 && *at == '-') return false;
        snprintf(value, size, "%.*s", length, at);
        return true;
    }
    return false;
}

double answer_number(const struct answer *answer, const char *key)
{
    char value[64], *end;
    if (!answer_get(answer, key, value, sizeof value)) return NAN;
    double number = strtod(value, &end);
    return *end == '\0' && end != value ? number : NAN;
}
