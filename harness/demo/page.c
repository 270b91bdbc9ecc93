/* page.c -- how the demo looks: what stands where, for any size of screen. */
#include "harness/demo/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/demo/coffee.h"
#include "harness/demo/words.h"

enum {
    LABEL_WIDTH = 13,
    VALUE_WIDTH = 9,
    VALUE_WIDTH_LARGE = 26, /* "123,456" of large letters, or "1.23" and a unit. */
    HEAD_ROWS = 4,          /* Title, load, names, verdicts. */
    FOOT_ROWS = 2,          /* Message, keys. */
    LARGE_ROWS = 3,
};

/* One line of figures. */
struct line {
    enum figure figure;
    const char *label;
    struct words (*words)(double value);
    bool large; /* Read from the back row, where there is room. */
};

static const struct line LINES[] = {
    {FIGURE_CONNECTIONS, "connections", words_count, false},
    {FIGURE_OPENED_NS, "opened within", words_duration, false},
    {FIGURE_MESSAGES_PER_S, "messages/s", words_count, true},
    {FIGURE_P50_NS, "latency p50", words_duration, true},
    {FIGURE_P99_NS, "latency p99", words_duration, true},
    {FIGURE_SLOW_P50_NS, "slow ones p50", words_duration, false},
    {FIGURE_UNREAD_KIB, "never fetched", words_memory, false},
    {FIGURE_CPU_PERCENT, "CPU", words_percent, true},
    {FIGURE_SWITCHES_PER_S, "switches/s", words_count, true},
    {FIGURE_MEMORY_KIB, "memory", words_memory, true},
    {FIGURE_PROGRAMS_KIB, "  programs", words_memory, false},
    {FIGURE_PAGE_TABLES_KIB, "  page tables", words_memory, false},
    {FIGURE_STACKS_KIB, "  stacks", words_memory, false},
};
enum { LINES_COUNT = sizeof LINES / sizeof LINES[0] };

/* Where the figures go. */
struct layout {
    int column_width, value_width, history; /* Letters; points of the history line. */
    bool large;
    int gap; /* Blank rows after a line of figures. */
};

static int figure_rows(const struct layout *layout)
{
    int rows = 0;
    for (int i = 0; i < LINES_COUNT; i++)
        rows += (LINES[i].large && layout->large ? LARGE_ROWS : 1) + layout->gap;
    return rows;
}

/* Large letters and air, as far as there is room for them. */
static struct layout layout_of(const struct page *page, int rows, int cols)
{
    int columns = page->cast->count;
    int room = rows - HEAD_ROWS - FOOT_ROWS - 1 - coffee_rows(page->cast);
    struct layout layout = {.column_width = (cols - LABEL_WIDTH) / columns};
    layout.large = layout.column_width >= VALUE_WIDTH_LARGE + 8;
    layout.large = layout.large && figure_rows(&layout) <= room;
    layout.gap = 1;
    if (figure_rows(&layout) > room) layout.gap = 0;
    layout.value_width = layout.large ? VALUE_WIDTH_LARGE : VALUE_WIDTH;
    layout.history = layout.column_width - layout.value_width - 2;
    if (layout.history > FIGURES_HISTORY_MAX) layout.history = FIGURES_HISTORY_MAX;
    return layout;
}

/* ---- the figures ---- */

static void draw_value(struct canvas *canvas, int row, int end, const struct line *line,
                       double value, bool large)
{
    struct words words = line->words(value);
    char *unit = strchr(words.text, ' ');
    if (!large || isnan(value)) {
        canvas_put(canvas, large ? row + LARGE_ROWS - 1 : row, end - (int)strlen(words.text),
                   LOOK_BOLD, "%s", words.text);
        return;
    }
    /* Only the number is large. */
    int unit_width = unit != NULL ? (int)strlen(unit) : 0;
    if (unit != NULL) {
        canvas_put(canvas, row + LARGE_ROWS - 1, end - unit_width, LOOK_BOLD, "%s", unit);
        *unit = '\0';
    }
    canvas_put_large(canvas, row, end - unit_width, LOOK_BOLD, words.text);
}

/* One scale for all models, so that the lines can be compared. */
static double scale_of(const struct cast *cast, enum figure figure, int points)
{
    double largest = 0;
    for (int i = 0; i < cast->count; i++)
        largest = fmax(largest, figures_largest(&cast->stages[i].figures, figure, (size_t)points));
    return largest;
}

static void draw_line(struct canvas *canvas, const struct page *page, const struct layout *layout,
                      int row, const struct line *line)
{
    const struct cast *cast = page->cast;
    bool large = line->large && layout->large;
    int base = large ? row + LARGE_ROWS - 1 : row;
    double scale = scale_of(cast, line->figure, layout->history);
    canvas_put(canvas, base, 0, LOOK_PLAIN, "%s", line->label);
    for (int i = 0; i < cast->count; i++) {
        const struct figures *figures = &cast->stages[i].figures;
        int col = LABEL_WIDTH + i * layout->column_width;
        draw_value(canvas, row, col + layout->value_width, line, figures->now[line->figure], large);
        for (int ago = 0; ago < layout->history; ago++)
            canvas_bar(canvas, base, col + layout->value_width + layout->history - ago,
                       base - row + 1, figures_ago(figures, line->figure, (size_t)ago), scale);
    }
}

static int draw_figures(struct canvas *canvas, const struct page *page, const struct layout *layout,
                        int row)
{
    for (int i = 0; i < LINES_COUNT; i++) {
        draw_line(canvas, page, layout, row, &LINES[i]);
        row += (LINES[i].large && layout->large ? LARGE_ROWS : 1) + layout->gap;
    }
    return row;
}

/* ---- above and below them ---- */

static const char *mode_of(const struct cast *cast)
{
    if (cast->paused) return "PAUSED";
    if (cast->count == 1) return "one model";
    return cast->in_turns ? "one at a time" : "all at once";
}

static void draw_title(struct canvas *canvas, const struct page *page)
{
    canvas_put(canvas, 0, 0, LOOK_BAR, " C10K Bench: what does one more connection cost?");
    char right[64];
    int size = snprintf(right, sizeof right, "%s, %d CPUs  %s ", mode_of(page->cast), page->cpus,
                        words_stopwatch(page->elapsed_s).text);
    canvas_put(canvas, 0, canvas->cols - size, LOOK_BAR, "%s", right);
    canvas_paint(canvas, 0, 0, canvas->cols, LOOK_BAR);
}

static bool same_wish(const struct wish *one, const struct wish *other)
{
    return one->connections == other->connections && one->idle_percent == other->idle_percent &&
           one->rate_per_s == other->rate_per_s && one->slow == other->slow &&
           one->deaf == other->deaf;
}

/* What all get, or whom the keys are for. */
static void draw_load(struct canvas *canvas, const struct cast *cast)
{
    static const char *const slow[] = {
        [SLOW_NONE] = "", [SLOW_SLEEP] = ", 1 % sleep 10 ms", [SLOW_SPIN] = ", 1 % burn 10 ms"};
    const struct stage *stage = &cast->stages[cast->chosen == CAST_ALL ? 0 : cast->chosen];
    bool same = true;
    for (int i = 0; i < cast->count && cast->chosen == CAST_ALL; i++)
        same = same && same_wish(&stage->wanted, &cast->stages[i].wanted);
    if (!same) {
        canvas_put(canvas, 1, 0, LOOK_PLAIN, " different load for each");
        return;
    }
    const struct wish *wish = &stage->wanted;
    canvas_put(canvas, 1, 0, LOOK_PLAIN, " %s: %s clients, %d %% idle, %s messages/s%s%s",
               cast->chosen == CAST_ALL ? "each" : stage->session.model,
               words_count((double)wish->connections).text, wish->idle_percent,
               words_count(wish->rate_per_s).text, slow[wish->slow], wish->deaf ? ", 1 deaf" : "");
}

/* Names, with a mark at the one that is served, and verdicts. */
static void draw_heads(struct canvas *canvas, const struct page *page, const struct layout *layout)
{
    const struct cast *cast = page->cast;
    for (int i = 0; i < cast->count; i++) {
        const struct stage *stage = &cast->stages[i];
        int col = LABEL_WIDTH + i * layout->column_width, width = layout->column_width - 1;
        bool good = strcmp(stage->word, "ok") == 0;
        canvas_put(canvas, 2, col, LOOK_BOLD, "%d%c%.*s", i + 1, stage_is_busy(stage) ? '>' : ' ',
                   width - 2, stage->session.model);
        if (cast->chosen == i) canvas_paint(canvas, 2, col, width, LOOK_BAR);
        canvas_put(canvas, 3, col, good ? LOOK_PLAIN : LOOK_BAD, "%.*s", width, stage->word);
    }
}

/* Who is in trouble, the last key, or else the machine as a whole. */
static void draw_message(struct canvas *canvas, const struct page *page)
{
    int row = canvas->rows - FOOT_ROWS;
    if (page->message[0] != '\0') {
        canvas_put(canvas, row, 0, LOOK_BOLD, " %s", page->message);
        return;
    }
    for (int i = 0; i < page->cast->count; i++) {
        const struct stage *stage = &page->cast->stages[i];
        if (stage->trouble[0] == '\0') continue;
        canvas_put(canvas, row, 0, LOOK_BAD, " %s: %s", stage->session.model, stage->trouble);
        return;
    }
    canvas_put(canvas, row, 0, LOOK_PLAIN, " whole machine: %s TCP sockets, %s in their buffers",
               words_count(page->kernel.tcp_allocated).text,
               words_memory(page->kernel.tcp_memory_kib).text);
}

static void draw_keys(struct canvas *canvas)
{
    int col = 1, row = canvas->rows - 1;
    for (const struct key *key = KEYS; key->key != 0; key++) {
        if (key->shown == NULL) continue;
        canvas_put(canvas, row, col, LOOK_PLAIN, "%s", key->shown);
        col += (int)strlen(key->shown) + 2;
    }
}

static void draw_help(struct canvas *canvas)
{
    int row = 0;
    canvas_put(canvas, row++, 0, LOOK_BAR, " Keys");
    canvas_paint(canvas, 0, 0, canvas->cols, LOOK_BAR);
    for (const struct key *key = KEYS; key->key != 0; key++) {
        if (key->key >= '2' && key->key <= '4') continue; /* The line of 1 tells. */
        canvas_put(canvas, row, 1, LOOK_BOLD, "%c", key->key);
        canvas_put(canvas, row++, 4, LOOK_PLAIN, "%s", key->help);
    }
    static const char *const notes[] = {
        "latency counts from the moment a message was due; - means too few messages",
        "memory is what /proc shows of the server: its programs (PSS), page tables, kernel",
        "stacks. What the machine really lost is measured by  ./run_all.sh memory",
        "a history line has one scale for all models; its right end is now",
    };
    row++;
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        canvas_put(canvas, row++, 1, LOOK_PLAIN, "%s", notes[i]);
}

void page_draw(const struct page *page, int rows, int cols, struct canvas *canvas)
{
    canvas_clear(canvas, rows, cols);
    if (rows < PAGE_ROWS_MIN || cols < PAGE_COLS_MIN) {
        canvas_put(canvas, 0, 0, LOOK_BOLD, "%d x %d letters are needed, here are %d x %d",
                   PAGE_COLS_MIN, PAGE_ROWS_MIN, cols, rows);
        canvas_put(canvas, 1, 0, LOOK_PLAIN, "Enlarge the window, or choose smaller letters.");
        return;
    }
    if (page->help) {
        draw_help(canvas);
        return;
    }
    struct layout layout = layout_of(page, canvas->rows, canvas->cols);
    draw_title(canvas, page);
    draw_load(canvas, page->cast);
    draw_heads(canvas, page, &layout);
    int row = draw_figures(canvas, page, &layout, HEAD_ROWS);
    coffee_draw(canvas, row + (canvas->rows > PAGE_ROWS_MIN), page->cast);
    draw_message(canvas, page);
    draw_keys(canvas);
}
