/* script.c -- key presses with times, for a lecture without hands. */
#include "harness/demo/script.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/number.h"
#include "common/plain.h"
#include "harness/demo/keys.h"

static const double SECONDS_MAX = 24 * 3600;

__attribute__((format(printf, 2, 3))) static bool wrong(struct script_error *error,
                                                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->what, sizeof error->what, format, arguments);
    va_end(arguments);
    return false;
}

/* Cuts the first word off *rest. */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    char *end = word + strcspn(word, " \t");
    *rest = end + strspn(end, " \t");
    *end = '\0';
    return word;
}

/* "+" or "say Words to the end of the line." */
static bool read_what(char *word, const char *rest, struct script_event *event,
                      struct script_error *error)
{
    if (strcmp(word, "say") == 0) {
        snprintf(event->words, sizeof event->words, "%s", rest);
        return true;
    }
    if (strlen(word) != 1 || keys_find(word[0]) == NULL)
        return wrong(error, "\"%.40s\" is neither a key of the demo nor \"say\"", word);
    if (*rest != '\0' && *rest != '#')
        return wrong(error, "one key a line; what is \"%.40s\"?", rest);
    event->key = (unsigned char)word[0];
    return true;
}

/* Reads one line, which may be empty. */
static bool read_line(char *line, struct script *script, struct script_error *error)
{
    double last_s = script->count > 0 ? script->events[script->count - 1].at_s : 0;
    struct script_event event = {0};
    char *rest = line, *seconds = next_word(&rest);
    if (*seconds == '\0' || *seconds == '#') return true;
    char *word = next_word(&rest);
    if (!number_read_decimal(seconds, 0, SECONDS_MAX, &event.at_s))
        return wrong(error, "a line starts with seconds such as 2.5, not \"%.40s\"", seconds);
    if (event.at_s < last_s)
        return wrong(error, "%s s is before the line above it; seconds count from the start",
                     seconds);
    if (*word == '\0') return wrong(error, "which key at %s s?", seconds);
    if (!read_what(word, rest, &event, error)) return false;
    if (script->count == SCRIPT_EVENTS_MAX)
        return wrong(error, "more than %d lines", SCRIPT_EVENTS_MAX);
    script->events[script->count++] = event;
    return true;
}

bool script_parse(const char *text, size_t size, struct script *script, struct script_error *error)
{
    *script = (struct script){0};
    *error = (struct script_error){0};
    const char *end = text + size;
    for (const char *at = text; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline != NULL ? newline : end) - at);
        char line[256];
        error->line++;
        if (length >= sizeof line)
            return wrong(error, "a line of more than %zu bytes", sizeof line);
        if (memchr(at, '\0', length) != NULL) return wrong(error, "this is no text");
        memcpy(line, at, length);
        line[length] = '\0';
        line[strcspn(line, "\r")] = '\0';
        plain_text(line, strlen(line)); /* Messages and the screen quote it. */
        if (!read_line(line, script, error)) return false;
        at += length + 1;
    }
    return true;
}

const struct script_event *script_due(struct script *script, double now_s)
{
    if (script->next == script->count || script->events[script->next].at_s > now_s) return NULL;
    return &script->events[script->next++];
}

double script_wait_s(const struct script *script, double now_s)
{
    if (script->next == script->count) return SECONDS_MAX;
    double wait_s = script->events[script->next].at_s - now_s;
    return wait_s > 0 ? wait_s : 0;
}
