/* coffee.h -- the figures in words: the server is a coffee shop, a thread or process a barista, a
 * connection a customer. */
#ifndef C10K_DEMO_COFFEE_H
#define C10K_DEMO_COFFEE_H

#include "harness/demo/canvas.h"
#include "harness/demo/cast.h"

/* How many rows it takes. */
int coffee_rows(const struct cast *cast);

/* Draws it from `row` on. */
void coffee_draw(struct canvas *canvas, int row, const struct cast *cast);

#endif
