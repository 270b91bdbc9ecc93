# Kinds: latency
# Shows: the latency that one message in a hundred exceeded, counted from the moment it was due (open loop).
# Read: a flat line keeps its promise to the hundredth client, too; both axes grow tenfold from line to line of the grid.
metric = "latency_ns_p99"
load "harness/report/plots/lines.gp"
