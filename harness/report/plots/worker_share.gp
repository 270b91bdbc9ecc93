# Kinds: latency capacity
# Experiments: workers million
# Shows: connections of the worker process that has the most, as a part of an even share. Thin dashes: of the one that has the fewest. At 100 % all have the same.
# Read: near 100 % all workers have the same number of clients; at 200 % the busiest has twice its share, and its clients wait for it.
title_text = "Busiest worker's share"
after_title = ", nearer to 100 is better (thin: idlest)"
metric = "worker_share_percent_max"
second = "worker_share_percent_min"
log_y = 0
y_label = "connections, % of an even share"
load "harness/report/plots/lines.gp"
