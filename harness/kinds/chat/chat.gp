# Kinds: chat
# Shows: how long a line took until a member heard it, of a hundred deliveries the slowest, from the moment when the line was due.
# Read: at every point the room makes as many deliveries a second; but a line must be written to all before the next one, and the last member waits for all before it.
metric = "delivery_ns_p99"
x_name = "members of the room"
load "harness/report/plots/lines.gp"
