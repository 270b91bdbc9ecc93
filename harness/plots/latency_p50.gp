# Kinds: latency
# Shows: the latency of the message in the middle, counted from the moment it was due (open loop).
title_text = "Median latency, lower is better"
metric = "latency_ns_p50"
divide = 1e6
y_label = "p50 latency, ms"
load "harness/plots/lines.gp"
