# Kinds: latency
# Shows: context switches of the server, both kinds together, for each message that it echoed.
# Read: 1 means that the server sleeps and is woken for every message; far below 1, one wake-up serves many.
metric = "switches_per_message"
load "harness/report/plots/lines.gp"
