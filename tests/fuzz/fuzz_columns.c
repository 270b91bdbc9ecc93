/* fuzz_columns.c -- rows and the answers they are filled from: whatever the load client or a server
 * says, a row has its cells and one end, and a number is a number. */
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/measure/columns.h"
#include "harness/fleet/load_link.h"

/* Reads an answer of which any bytes can be the text. */
static void fill_from_answer(struct row *row, const struct answer *answer)
{
    static const char *const keys[] = {"sent", "window_s", "connect_error", "a"};
    char value[64];
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        bool found = answer_get(answer, keys[i], value, sizeof value);
        must(!found || strchr(value, ' ') == NULL, "a value with a blank");
        double number = answer_number(answer, keys[i]);
        must(found || isnan(number), "a number where there is no value");
        if (found) row_set_text(row, "connect_error", value);
        row_set_real(row, "window_s", number);
    }
}

static void check_line(int fd)
{
    static char line[COLUMNS_MAX * COLUMNS_VALUE_MAX + 1];
    ssize_t size = pread(fd, line, sizeof line, 0);
    int cells = 0, commas = 0;
    while (columns_name(NULL, cells) != NULL)
        cells++;
    must(size > 0 && line[size - 1] == '\n', "a row without an end");
    for (ssize_t i = 0; i + 1 < size; i++) {
        must(line[i] != '\n' && line[i] != '"' && line[i] != '\0', "a byte that breaks a CSV row");
        commas += line[i] == ',';
    }
    must(commas == cells - 1, "a row with more or fewer cells than its header");
}

/* The file may be anything that a user names with --out. */
static void open_any_file(const uint8_t *data, size_t size)
{
    char path[64], why[300] = "";
    int file_fd = memfd_create("raw.csv", 0);
    must(file_fd >= 0 && write(file_fd, data, size) == (ssize_t)size, "no file to write to");
    snprintf(path, sizeof path, "/proc/self/fd/%d", file_fd);
    int fd = columns_open(NULL, path, why, (int)sizeof why);
    must((fd < 0) == (why[0] != '\0') && strchr(why, '\n') == NULL, "refused without a reason");
    /* A header that was cut off is ours, too. */
    must(fd < 0 || memcmp(data, "schema,", size < 7 ? size : 7) == 0,
         "a strange file was taken for ours");
    if (fd >= 0) close(fd);
    close(file_fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct row row;
    static struct answer answer;
    static int fd = -1;
    struct input input = {data, size};
    int column = (int)input_number(&input, COLUMNS_MAX - 1);
    size_t length = input.size < sizeof answer.line - 1 ? input.size : sizeof answer.line - 1;
    memcpy(answer.line, input.bytes, length);
    answer.line[length] = '\0';
    memset(&row, 0, sizeof row);
    fill_from_answer(&row, &answer);
    const char *name = columns_name(NULL, column);
    if (name != NULL) row_set_text(&row, name, answer.line);
    row_set_text(&row, "reason", answer.line);
    if (fd < 0) fd = memfd_create("row", 0);
    must(fd >= 0 && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0, "no file to write to");
    must(row_write(&row, fd), "a row could not be written");
    check_line(fd);
    open_any_file(data, size);
    return 0;
}
