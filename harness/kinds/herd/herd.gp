# Kinds: herd
# Shows: connections held, from the moment when the server was killed (0 s); grey: it is away. A line for each run.
# Read: a steep line behind the grey is a herd; where it bends, connections were dropped and wait a second or more for their next try.
pick = "-f harness/kinds/herd/herd.awk"
inputs = '"$run/rows/herd.csv" "$run/timelines/herd.csv"'
load "harness/report/plots/picked.gp"
models = given("models")
numbers = given("numbers")
title_text = "The server dies and returns: how do its clients come back?"
y_label = "clients connected"
x_label = "seconds since the kill"
load "harness/report/plots/style.gp"

number(i) = int(word(numbers, i))
MODELS = words(models)
line(policy, i) = sprintf("%s/%s-%d.dat", work, policy, number(i))
set xrange [0:numeric("last_s")]
set yrange [0:numeric("highest") * 1.12]
set format y "%.0f"
set object rectangle from 0, graph 0 to numeric("outage_s"), graph 1 behind fillcolor rgb "#e8e8e8" fillstyle solid 1 noborder

# Two charts side by side on one canvas; the second has the same scale, and says nothing twice.
set multiplot
set rmargin at screen across(695)
set label "try again at once" at graph 0.98, graph 0.96 right font bold(21)
plot for [i = 1:MODELS] line("now", i) using 1:2 with steps \
         linewidth 4 dashtype dash(number(i)) linecolor rgb colour(number(i))
unset label
unset arrow
set lmargin at screen across(735)
set rmargin at screen across(1245)
set format y ""
set label sprintf("random pause: %g s, doubling to %g s", numeric("base_s"), numeric("cap_s")) \
    at graph 0.98, graph 0.96 right font bold(21)
plot for [i = 1:MODELS] line("jitter", i) using 1:2 with steps \
         linewidth 4 dashtype dash(number(i)) linecolor rgb colour(number(i))
unset multiplot
