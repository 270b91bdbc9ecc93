/* conf_file.c -- the file of an experiment. */
#include "harness/measure/conf.h"

#include "common/die.h"
#include "common/whole.h"

enum { CONF_SIZE_MAX = 64 * 1024 };

_Noreturn void conf_refuse(const char *path, const struct conf_error *error)
{
    if (error->line > 0) die_usage("%s:%d: %s", path, error->line, error->what);
    die_usage("%s: %s", path, error->what);
}

void conf_read(const char *path, const char *profile, struct conf *conf)
{
    static char text[CONF_SIZE_MAX];
    struct conf_error error;
    size_t size = whole_file(path, "an experiment", text, sizeof text);
    if (!conf_parse(text, size, profile, conf, &error)) conf_refuse(path, &error);
}
