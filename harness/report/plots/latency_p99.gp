# Kinds: latency
# Shows: the latency that one message in a hundred exceeded, counted from the moment it was due (open loop).
# Read: a flat line keeps its promise to the hundredth client, too; both axes grow tenfold from line to line of the grid.
title_text = "p99 latency, lower is better"
metric = "latency_ns_p99"
divide = 1e6
y_label = "p99 latency, ms"
load "harness/report/plots/lines.gp"
