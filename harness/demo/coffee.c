/* coffee.c -- the figures in words: the server is a coffee shop. */
#include "harness/demo/coffee.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/demo/words.h"

enum { SENTENCE_MAX = 200 };

int coffee_rows(const struct cast *cast)
{
    return cast->count + 1;
}

/* "1,001 baristas (processes)" */
static void baristas(const double *now, char *text, size_t size)
{
    if (now[FIGURE_THREADS] == 1) {
        snprintf(text, size, "1 barista");
        return;
    }
    snprintf(text, size, "%s baristas (%s)", words_count(now[FIGURE_THREADS]).text,
             now[FIGURE_PROCESSES] > 1 ? "processes" : "threads");
}

/* Who does what, on average over the last window. */
static void sentence(const struct stage *stage, char *text, size_t size)
{
    const double *now = stage->figures.now;
    char staff[64];
    if (stage->state != STAGE_UP) {
        snprintf(text, size, "closed. %s customers wait in the street.",
                 words_count((double)stage->wanted.connections).text);
        return;
    }
    if (isnan(now[FIGURE_WAITING])) {
        snprintf(text, size, "about to open.");
        return;
    }
    baristas(now, staff, sizeof staff);
    snprintf(text, size, "%s, %s at work; of %s customers %s wait", staff,
             words_small(now[FIGURE_CPU_PERCENT] / 100).text,
             words_count(now[FIGURE_CONNECTIONS]).text, words_small(now[FIGURE_WAITING]).text);
}

void coffee_draw(struct canvas *canvas, int row, const struct cast *cast)
{
    canvas_put(canvas, row++, 0, LOOK_BOLD,
               " The coffee shop: threads and processes are baristas, connections customers");
    for (int i = 0; i < cast->count; i++) {
        const char *model = cast->stages[i].session.model;
        char text[SENTENCE_MAX];
        sentence(&cast->stages[i], text, sizeof text);
        canvas_put(canvas, row, 1, LOOK_BOLD, "%s:", model);
        canvas_put(canvas, row++, (int)strlen(model) + 3, LOOK_PLAIN, "%s", text);
    }
}
