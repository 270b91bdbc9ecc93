# Kinds: latency capacity
# Shows: CPU time of the server, user and kernel, for each message that it echoed.
# Read: a flat line pays the same for a message however many clients there are; a rising one looks at all of them for each.
title_text = "Server CPU per message"
metric = "server_cpu_us_per_message"
log_y = 0
y_label = "CPU time, µs / message"
load "harness/report/plots/lines.gp"
