/* screen.c -- the terminal, by way of ncurses. */
#include "harness/demo/screen.h"

#include <errno.h>
#include <ncurses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/die.h"

enum { COLOUR_BAD = 1, ESCAPE_MS = 25 };

static bool has_blocks;
static pid_t owner;     /* Forked children that exit must not touch the terminal. */
static int stderr_fd;   /* The real one. */
static int messages_fd; /* What was said meanwhile. */
static volatile sig_atomic_t resized;

/* Copies what was said on stderr to where it belongs. */
static void tell_messages(void)
{
    char text[4096];
    dup2(stderr_fd, STDERR_FILENO);
    lseek(messages_fd, 0, SEEK_SET);
    for (ssize_t size; (size = read(messages_fd, text, sizeof text)) > 0;)
        if (write(STDERR_FILENO, text, (size_t)size) < 0) return; /* Nobody is left to tell. */
}

static void end(void)
{
    if (getpid() != owner) return;
    endwin();
    tell_messages();
}

/* ncurses draws over whatever else is written to the terminal. */
static void keep_messages(void)
{
    stderr_fd = dup(STDERR_FILENO);
    messages_fd = memfd_create("messages", MFD_CLOEXEC);
    if (stderr_fd < 0 || messages_fd < 0) die("memfd_create");
    while (dup2(messages_fd, STDERR_FILENO) < 0)
        if (errno != EINTR) die("dup2");
}

static void on_resize(int signal_number)
{
    (void)signal_number;
    resized = 1;
}

/* Makes ncurses as large as the terminal, but no larger than a canvas: it takes some 40 bytes for a
 * letter.  A terminal of 0 x 0 does not know its size; then that of its description stays. */
static void fit(void)
{
    struct winsize size;
    resized = 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0) return;
    int rows = size.ws_row < CANVAS_ROWS_MAX ? size.ws_row : CANVAS_ROWS_MAX;
    int cols = size.ws_col < CANVAS_COLS_MAX ? size.ws_col : CANVAS_COLS_MAX;
    if (resizeterm(rows, cols) == ERR) die_because("no memory for %d x %d letters", cols, rows);
}

void screen_begin(bool blocks)
{
    has_blocks = blocks;
    /* Instead of ncurses' own handler, which would ask for as much memory as a terminal claims to
     * need; and no LINES or COLUMNS of the environment. */
    struct sigaction resize = {.sa_handler = on_resize};
    if (sigaction(SIGWINCH, &resize, NULL) < 0) die("sigaction");
    use_env(FALSE);
    SCREEN *screen = newterm(NULL, stdout, stdin);
    if (screen == NULL)
        die_because("the terminal \"%s\" is not known here; try TERM=vt100",
                    getenv("TERM") != NULL ? getenv("TERM") : "");
    owner = getpid();
    keep_messages();
    if (atexit(end) != 0) die_because("atexit refuses");
    cbreak();
    noecho();
    nodelay(stdscr, TRUE);
    keypad(stdscr, TRUE);
    set_escdelay(ESCAPE_MS);
    curs_set(0); /* Not every terminal can hide it. */
    fit();
    if (has_colors() && start_color() == OK && use_default_colors() == OK)
        init_pair(COLOUR_BAD, COLOR_RED, -1);
}

void screen_size(int *rows, int *cols)
{
    getmaxyx(stdscr, *rows, *cols);
}

static void choose_look(enum canvas_look look)
{
    static const chtype plain[] = {[LOOK_PLAIN] = A_NORMAL,
                                   [LOOK_BOLD] = A_BOLD,
                                   [LOOK_BAR] = A_REVERSE,
                                   [LOOK_BAD] = A_REVERSE | A_BOLD};
    if (look == LOOK_BAD && has_colors())
        attrset((int)(A_BOLD | (chtype)COLOR_PAIR(COLOUR_BAD)));
    else
        attrset((int)plain[look]);
}

/* A letter as it is, or a bar. */
static const char *picture_of(char letter, char *buffer)
{
    static const char *const blocks[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                         "\u2585", "\u2586", "\u2587", "\u2588"};
    static const char *const plain[] = {".", ":", "-", "=", "+", "*", "#", "@"};
    if (letter >= 1 && letter <= CANVAS_LEVELS) return (has_blocks ? blocks : plain)[letter - 1];
    buffer[0] = letter;
    buffer[1] = '\0';
    return buffer;
}

void screen_show(const struct canvas *canvas)
{
    int rows, cols;
    screen_size(&rows, &cols);
    for (int row = 0; row < canvas->rows && row < rows; row++) {
        move(row, 0);
        for (int col = 0; col < canvas->cols && col < cols; col++) {
            char buffer[2];
            choose_look(canvas->looks[row][col]);
            addstr(picture_of(canvas->letters[row][col], buffer));
        }
    }
    refresh();
}

int screen_key(void)
{
    if (resized) fit();
    int key = getch();
    if (key == KEY_RESIZE) {
        clear(); /* What was beyond the canvas before must not stay. */
        return SCREEN_RESIZED;
    }
    return key == ERR ? SCREEN_NO_KEY : key;
}
