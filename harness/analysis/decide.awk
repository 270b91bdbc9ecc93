# decide.awk -- the one rule by which a difference between two sets of runs is claimed.
#
#   awk -f harness/analysis/decide.awk -f harness/analysis/rank.awk ...       models of one run
#   awk -f harness/analysis/decide.awk -f harness/analysis/compare.awk ...    one model in two runs
#
# A set is what several runs gave: how many they were, the lowest and the highest.  A difference is
# claimed if both sets have at least three runs and the ratio of the two, which may be anything from
# lowest/highest to highest/lowest, keeps clear of 1:
#   - by a share of the wider set that depends on the number of runs: with few, sets of the same
#     server lie apart by chance too often;
#   - by 5 %, for whole runs differ by a few % although their repeats agree;
#   - by what matters of that metric at all, and what is below that counts as that.
# docs/comparing.md shows how often that is wrong, and tests/false_alarms.awk counts it.

# How many times the wider set must fit between the two.
function decide_clearance(runs) { return runs <= 3 ? 3 : runs == 4 ? 1 : runs == 5 ? 0.5 : runs < 8 ? 0.25 : 0 }

# How often that claims a difference between equals: simulated, runs normal on a log scale.
function decide_false_alarm(runs) { return runs < 3 ? 0 : runs == 4 ? 6e-4 : runs <= 5 ? 4e-4 : runs < 8 ? 3e-4 : 2e-4 }

# Differences below this are nobody's concern, in the metric's unit: one context switch in a hundred
# messages, 1 MiB (the kernel's own memory moves by that).
function decide_floor(metric) {
    return metric == "switches_per_message" ? 0.01 : metric ~ /_kib$/ ? 1024 : 1e-9
}

# With how many runs of each set a decision is made.  hyperfine's runs follow each other within seconds: ten say no
# more than five that are apart.
function decide_runs(metric, runs_a, runs_b,    runs) {
    runs = runs_a + 0 < runs_b + 0 ? runs_a + 0 : runs_b + 0
    return metric == "time_s" && runs > 5 ? 5 : runs
}

# Tells what may be said of B against A: "more", "less" or "" (nothing); then decide_why says why.
# Sets decide_low and decide_high, the interval of the ratio B/A.
function decide(metric, runs_a, low_a, high_a, runs_b, low_b, high_b,    floor, runs, clear, widest, apart) {
    floor = decide_floor(metric)
    low_a = decide_least(low_a, floor)
    high_a = decide_least(high_a, floor)
    low_b = decide_least(low_b, floor)
    high_b = decide_least(high_b, floor)
    decide_low = low_b / high_a
    decide_high = high_b / low_a
    decide_why = ""
    runs = decide_runs(metric, runs_a, runs_b)
    clear = decide_low > 1 ? log(decide_low) : decide_high < 1 ? -log(decide_high) : 0
    widest = log(decide_least(high_a / low_a, high_b / low_b))
    apart = decide_low > 1 ? low_b - high_a : low_a - high_b
    if (runs < 3) decide_why = "fewer than 3 good runs"
    else if (clear == 0) decide_why = "the ranges overlap"
    else if (clear < decide_clearance(runs) * widest) decide_why = "the ranges lie too close for " runs " runs"
    else if (clear < log(1.05)) decide_why = "less than 5 % apart"
    else if (apart < floor) decide_why = "too small to matter"
    return decide_why != "" ? "" : decide_low > 1 ? "more" : "less"
}

# The larger of two: `value`, but at least `least`.
function decide_least(value, least) { return value + 0 > least + 0 ? value + 0 : least + 0 }
