# Kinds: chat
# Shows: CPU time of the room, user and kernel, for each line that it sent to one member.
# Read: a flat line pays the same for a delivery however many members there are; a rising one likely pays for memory that no cache holds any more.
title_text = "The room's CPU per delivery"
metric = "server_cpu_us_per_delivery"
log_y = 0
y_label = "CPU time, µs / delivery"
x_name = "members of the room"
load "harness/report/plots/lines.gp"
