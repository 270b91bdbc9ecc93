# Kinds: capacity
# Shows: echoes per second when every client sends again as soon as its echo is back (closed loop).
# Read: where a line falls, each further client takes time from all others.
title_text = "Capacity"
metric = "achieved_per_s"
divide = 1000
log_y = 0
y_label = "thousand messages / s"
load "harness/report/plots/lines.gp"
