/* canvas.c -- the screen as letters in memory. */
#include "harness/demo/canvas.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LARGE_ROWS = 3, LARGE_WIDTH = 3 };

void canvas_clear(struct canvas *canvas, int rows, int cols)
{
    canvas->rows = rows < CANVAS_ROWS_MAX ? rows : CANVAS_ROWS_MAX;
    canvas->cols = cols < CANVAS_COLS_MAX ? cols : CANVAS_COLS_MAX;
    memset(canvas->letters, ' ', sizeof canvas->letters);
    memset(canvas->looks, LOOK_PLAIN, sizeof canvas->looks);
}

static bool is_inside(const struct canvas *canvas, int row, int col)
{
    return row >= 0 && row < canvas->rows && col >= 0 && col < canvas->cols;
}

static void put_letter(struct canvas *canvas, int row, int col, enum canvas_look look, char letter)
{
    if (!is_inside(canvas, row, col)) return;
    canvas->letters[row][col] = letter;
    canvas->looks[row][col] = (unsigned char)look;
}

/* Text of a server or a file must not move the cursor. */
static char harmless(char letter)
{
    if (letter < ' ' || letter >= 0x7f) return '?';
    return letter;
}

void canvas_put(struct canvas *canvas, int row, int col, enum canvas_look look, const char *format,
                ...)
{
    char text[CANVAS_COLS_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (int i = 0; text[i] != '\0'; i++)
        put_letter(canvas, row, col + i, look, harmless(text[i]));
}

void canvas_paint(struct canvas *canvas, int row, int col, int width, enum canvas_look look)
{
    for (int i = 0; i < width; i++)
        if (is_inside(canvas, row, col + i)) canvas->looks[row][col + i] = (unsigned char)look;
}

/* The three rows of a digit in seven strokes; NULL for other letters. */
static const char *const *strokes_of(char letter)
{
    static const char *const digits[10][LARGE_ROWS] = {
        {" _ ", "| |", "|_|"}, {"   ", "  |", "  |"}, {" _ ", " _|", "|_ "}, {" _ ", " _|", " _|"},
        {"   ", "|_|", "  |"}, {" _ ", "|_ ", " _|"}, {" _ ", "|_ ", "|_|"}, {" _ ", "  |", "  |"},
        {" _ ", "|_|", "|_|"}, {" _ ", "|_|", " _|"},
    };
    static const char *const minus[LARGE_ROWS] = {"   ", " _ ", "   "};
    if (letter >= '0' && letter <= '9') return digits[letter - '0'];
    return letter == '-' ? minus : NULL;
}

void canvas_put_large(struct canvas *canvas, int row, int end, enum canvas_look look,
                      const char *text)
{
    int col = end;
    for (const char *letter = text; *letter != '\0'; letter++)
        col -= strokes_of(*letter) != NULL ? LARGE_WIDTH : 1;
    for (const char *letter = text; *letter != '\0'; letter++) {
        const char *const *strokes = strokes_of(*letter);
        if (strokes == NULL) {
            put_letter(canvas, row + LARGE_ROWS - 1, col++, look, harmless(*letter));
            continue;
        }
        for (int i = 0; i < LARGE_ROWS; i++)
            canvas_put(canvas, row + i, col, look, "%s", strokes[i]);
        col += LARGE_WIDTH;
    }
}

void canvas_bar(struct canvas *canvas, int row, int col, int height, double value, double largest)
{
    if (isnan(value)) return;
    double share = largest > 0 ? fmin(fmax(value / largest, 0), 1) : 0;
    /* Something that is not nothing is seen. */
    int eighths = (int)ceil(share * (double)CANVAS_LEVELS * height);
    for (; eighths > 0; eighths -= CANVAS_LEVELS, row--)
        put_letter(canvas, row, col, LOOK_PLAIN,
                   (char)(eighths < CANVAS_LEVELS ? eighths : CANVAS_LEVELS));
}
