# false_alarms.awk -- pairs of sets of runs by simulation, to see how often the rule finds a difference.
#
#   awk -v runs=5 -v noise=0.3 -v decisions=100000 -v seed=1 [-v factor=1.2] [-v shape=uniform] -f tests/false_alarms.awk
#
# Runs of both sides are normal (or uniform, exponential, two_modes) on a log scale with that standard
# deviation; `factor` is the true ratio [1: equals].  Prints lines of METRIC RUNS LOW HIGH RUNS LOW HIGH, with tabs between, for
# harness/analysis/difference.sql.

function normal(    u) {
    do u = rand(); while (u == 0)
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * rand())
}

# Standard deviation 1.
function draw(    u) {
    if (shape == "uniform") return (rand() - 0.5) * sqrt(12)
    if (shape == "exponential") { do u = rand(); while (u == 0); return -log(u) }
    if (shape == "two_modes") return (rand() < 0.5 ? -0.98 : 0.98) + 0.2 * normal()
    return normal()
}

function draw_set(side, times,    r, value) {
    for (r = 1; r <= runs; r++) {
        value = exp(noise * draw()) * times
        if (r == 1 || value < low[side]) low[side] = value
        if (r == 1 || value > high[side]) high[side] = value
    }
}

BEGIN {
    srand(seed)
    for (d = 0; d < decisions; d++) {
        draw_set("a", 1)
        draw_set("b", factor ? factor : 1)
        printf "x\t%d\t%.17g\t%.17g\t%d\t%.17g\t%.17g\n", runs, low["a"], high["a"], runs, low["b"], high["b"]
    }
}
