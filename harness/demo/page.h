/* page.h -- how the demo looks: what stands where, for any size of screen.
 *
 *     title                       what is running, how long
 *     load                        what each model gets
 *     fork   thread   poll  ...   a column each
 *     ok     ok       killed
 *     connections   1,000 ....    a line for each figure: now, and before
 *     ...
 *     The coffee shop: ...        the same in words
 *
 *  message, keys */
#ifndef C10K_DEMO_PAGE_H
#define C10K_DEMO_PAGE_H

#include <stdbool.h>

#include "harness/demo/canvas.h"
#include "harness/demo/cast.h"
#include "harness/probes/probe_kernel.h"

enum { PAGE_ROWS_MIN = 24, PAGE_COLS_MIN = 80 };

/* What is shown. */
struct page {
    const struct cast *cast;
    struct kernel kernel; /* Of the whole machine. */
    double elapsed_s;
    int cpus;
    char message[120]; /* The last key or words of the script; "" for none. */
    bool help;
};

/* Draws all of it for a screen of this size; for a smaller one than PAGE_..._MIN, says so. */
void page_draw(const struct page *page, int rows, int cols, struct canvas *canvas);

#endif
