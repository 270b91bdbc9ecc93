# Kinds: latency
# Shows: how often per second the server's processes and threads went to sleep or were put aside, both kinds together.
# Read: the same count against time: it grows with the rate, where switches per message stay.
metric = "switches_per_s"
load "harness/report/plots/lines.gp"
