/* fuzz_conf.c -- experiments: any bytes are read or refused with a reason, and what was read comes
 * back the same when it is written down and read again. */
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <string.h>

#include "harness/measure/conf.h"
#include "harness/measure/conf_keys.h"

static void check_values(const struct conf *conf)
{
    must(conf_find_key(conf->kind, "connections")->fallback != NULL || conf->connection_count > 0,
         "no connections");
    must(conf->connection_count <= CONF_POINTS_MAX,
         "more connection counts than there is room for");
    for (size_t i = 1; i < conf->connection_count; i++)
        must(conf->connections[i] > conf->connections[i - 1] ||
                 (conf->connections[i] == conf->connections[i - 1] &&
                  conf->active[i] > conf->active[i - 1]),
             "points of which neither number rises");
    must(conf->message_b >= 32 && conf->repeats >= 1, "values out of range were taken");
    must(isfinite(conf->window_s) && conf->window_s > 0, "a window of no time");
}

/* What was read, written down: every key once, as this profile sees it. */
static size_t write_down(const struct conf *conf, char *text, size_t size)
{
    char value[CONF_VALUE_MAX];
    size_t held = 0;
    for (size_t i = 0; i < conf->value_count; i++) {
        const char *name = conf->values[i].key->name;
        must(conf_print(conf, name, value, sizeof value), "a key has no value");
        if (value[0] != '\0')
            held += (size_t)snprintf(text + held, size - held, "%s=%s\n", name, value);
    }
    return held;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const profiles[] = {"quick", "standard", "full"};
    static struct conf conf, again;
    static char text[CONF_KEYS_MAX * 2 * CONF_VALUE_MAX];
    struct conf_error error;
    struct input input = {data, size};
    const char *profile = profiles[input_number(&input, 2)];
    if (!conf_parse((const char *)input.bytes, input.size, profile, &conf, &error)) {
        must(error.what[0] != '\0' && strchr(error.what, '\n') == NULL, "no reason in one line");
        must(error.line >= 0 && (size_t)error.line <= input.size + 1, "a line that is not there");
        return 0;
    }
    check_values(&conf);
    size_t held = write_down(&conf, text, sizeof text);
    must(conf_parse(text, held, profile, &again, &error), "what was read is refused when written");
    must(conf.value_count == again.value_count, "other keys when read again");
    for (size_t i = 0; i < conf.value_count; i++)
        must(strcmp(conf.values[i].text, again.values[i].text) == 0,
             "another text when read again");
    check_values(&again);
    return 0;
}
