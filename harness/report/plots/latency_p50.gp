# Kinds: latency
# Shows: the latency of the message in the middle, counted from the moment it was due (open loop).
# Read: what a usual client waits; both axes grow tenfold from line to line of the grid, so a straight slope is a power.
metric = "latency_ns_p50"
load "harness/report/plots/lines.gp"
