# Kinds: counters
# Shows: which system calls a server makes for each message that it echoes.
# Read: two calls (read, write) is what a blocking server needs; a loop adds its question, and shares the answer among all who are ready.
pick = "-f harness/kinds/counters/calls.awk"
load "harness/report/plots/picked.gp"
title_text = sprintf("System calls per message, %d connections, fewer is better", numeric("connections"))
calls = given("calls")
CALLS = words(calls)
legend_entries = CALLS
y_label = "system calls / message"
load "harness/report/plots/style.gp"

# Shades rather than hues: hues stand for models.
shades = "#16264c #3f6cb0 #9cc3ea #e3cf8a #a8742a #6a4416 #b9b9b9 #6e6e6e"
HALF = 0.28
set xrange [0.4:numeric("bar_count") + 0.6]
set yrange [0:numeric("highest") * 1.15]
set grid noxtics
set xtics scale 0 font bar_name_font
if (many_bars) { set xtics rotate by 30 right }
set style fill solid 1 border rgb "white"
boxes = CALLS
box_name(i) = word(calls, i)
box_colour(i) = word(shades, i)
load "harness/report/plots/boxes.gp"
bars = work . "/bars.dat"
call_bottom(i) = i == 1 ? 0 : call_bottom(i - 1) + column(2 + i)
call_top(i) = call_bottom(i) + column(3 + i)
plot for [i = 1:CALLS] bars using 1:(call_bottom(i)):($1 - HALF):($1 + HALF):(call_bottom(i)):(call_top(i)) \
         with boxxyerror fillcolor rgb word(shades, i) linewidth 1, \
     bars using 1:3:(sprintf("%.2f", $3)) with labels center offset 0, 0.7 font bar_number_font
