/* screen.h -- the terminal, by way of ncurses: shows a canvas, reads keys, and leaves the terminal
 * as it was, however the program ends. */
#ifndef C10K_DEMO_SCREEN_H
#define C10K_DEMO_SCREEN_H

#include <stdbool.h>

#include "harness/demo/canvas.h"

enum { SCREEN_NO_KEY = -1, SCREEN_RESIZED = -2 };

/* Takes the terminal over until the program exits; `blocks`: bars may be Unicode's block elements.
 * What is written to stderr meanwhile appears after the end.  Dies if there is no terminal that can
 * do it. */
void screen_begin(bool blocks);

/* How many letters there are now: it may change. */
void screen_size(int *rows, int *cols);

/* Shows the canvas, as far as the screen has room; only what changed is sent. */
void screen_show(const struct canvas *canvas);

/* Returns a key that was pressed, SCREEN_RESIZED, or SCREEN_NO_KEY; does not wait. */
int screen_key(void);

#endif
