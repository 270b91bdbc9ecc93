# Kinds: latency
# Shows: share of the server's CPU time that goes into context switches: how many there were, times what one costs on this machine (switch_cost.csv, without a working set).
# Read: how much of a server's time goes into changing who runs, and not into echoes; direct cost only, cold caches come on top.
title_text = "CPU time spent switching"
metric = "server_switching_percent"
log_y = 0
y_label = "% of server CPU"
load "harness/report/plots/lines.gp"
