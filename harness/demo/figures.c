/* figures.c -- what the demo shows of a model: numbers now, and how they were before. */
#include "harness/demo/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void figures_clear(struct figures *figures)
{
    for (int i = 0; i < FIGURES; i++)
        figures->now[i] = NAN;
}

static double of_row(const struct row *row, const char *name)
{
    const char *text = row_get(row, name);
    return text[0] != '\0' ? strtod(text, NULL) : NAN;
}

void figures_take_window(struct figures *figures, const struct answer *window,
                         const struct row *row)
{
    double *now = figures->now;
    now[FIGURE_CONNECTIONS] = answer_number(window, "connections_established");
    now[FIGURE_MESSAGES_PER_S] = answer_number(window, "achieved_per_s");
    now[FIGURE_P50_NS] = answer_number(window, "merged_ns_p50");
    now[FIGURE_P99_NS] = answer_number(window, "merged_ns_p99");
    now[FIGURE_SLOW_P50_NS] = answer_number(window, "merged_slow_ns_p50");
    now[FIGURE_WAITING] = answer_number(window, "waiting_mean");
    now[FIGURE_CPU_PERCENT] = of_row(row, "server_cpu_percent");
    now[FIGURE_SWITCHES_PER_S] =
        of_row(row, "switches_voluntary_per_s") + of_row(row, "switches_involuntary_per_s");
    now[FIGURE_PROCESSES] = of_row(row, "processes");
    now[FIGURE_THREADS] = of_row(row, "threads");
}

void figures_take_memory(struct figures *figures, const struct memory *memory,
                         double files_alone_kib, double threads, double stack_kib)
{
    double *now = figures->now, files_kib = memory->pss_file_kib;
    now[FIGURE_PROGRAMS_KIB] =
        memory->pss_kib - files_kib +
        (files_kib < files_alone_kib ? files_alone_kib : files_kib); /* NAN stays NAN. */
    now[FIGURE_PAGE_TABLES_KIB] = memory->page_tables_kib;
    now[FIGURE_STACKS_KIB] = threads * stack_kib;
    now[FIGURE_MEMORY_KIB] =
        now[FIGURE_PROGRAMS_KIB] + now[FIGURE_PAGE_TABLES_KIB] + now[FIGURE_STACKS_KIB];
}

void figures_remember(struct figures *figures)
{
    for (int i = 0; i < FIGURES; i++)
        figures->before[i][figures->remembered % FIGURES_HISTORY_MAX] = figures->now[i];
    figures->remembered++;
}

double figures_ago(const struct figures *figures, enum figure figure, size_t ago)
{
    if (ago >= figures->remembered || ago >= FIGURES_HISTORY_MAX) return NAN;
    return figures->before[figure][(figures->remembered - 1 - ago) % FIGURES_HISTORY_MAX];
}

double figures_largest(const struct figures *figures, enum figure figure, size_t points)
{
    double largest = 0;
    for (size_t ago = 0; ago < points; ago++)
        largest = fmax(largest, figures_ago(figures, figure, ago)); /* fmax ignores a NAN. */
    return largest;
}
