/* canvas.h -- the screen as letters in memory, so that what is shown can be tested without one. */
#ifndef C10K_DEMO_CANVAS_H
#define C10K_DEMO_CANVAS_H

#include <stddef.h>

enum { CANVAS_ROWS_MAX = 120, CANVAS_COLS_MAX = 400, CANVAS_LEVELS = 8 };

enum canvas_look { LOOK_PLAIN, LOOK_BOLD, LOOK_BAR, LOOK_BAD };

/* A cell holds a letter, or 1 .. CANVAS_LEVELS: a bar of so many eighths of its height. */
struct canvas {
    int rows, cols;
    char letters[CANVAS_ROWS_MAX][CANVAS_COLS_MAX];
    unsigned char looks[CANVAS_ROWS_MAX][CANVAS_COLS_MAX];
};

/* Makes it blank, of the given size or the largest that there can be. */
void canvas_clear(struct canvas *canvas, int rows, int cols);

/* Writes text at a place, as printf(3); what lies outside is cut off. */
__attribute__((format(printf, 5, 6))) void
canvas_put(struct canvas *canvas, int row, int col, enum canvas_look look, const char *format, ...);

/* Gives `width` cells a look, whatever they hold. */
void canvas_paint(struct canvas *canvas, int row, int col, int width, enum canvas_look look);

/* Writes text in letters of three rows, as clocks show them; only digits, blanks, points, commas
 * and a minus are large.  Ends before column `end`. */
void canvas_put_large(struct canvas *canvas, int row, int end, enum canvas_look look,
                      const char *text);

/* Draws value as a bar that stands on the lower edge of `row`; `largest` would be `height` rows
 * high.  NAN draws nothing. */
void canvas_bar(struct canvas *canvas, int row, int col, int height, double value, double largest);

#endif
