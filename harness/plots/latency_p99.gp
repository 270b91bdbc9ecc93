# Kinds: latency
# Shows: the latency that one message in a hundred exceeded, counted from the moment it was due (open loop).
title_text = "p99 latency, lower is better"
metric = "latency_ns_p99"
divide = 1e6
y_label = "p99 latency, ms"
load "harness/plots/lines.gp"
