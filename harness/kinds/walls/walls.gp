# Kinds: walls
# Shows: how many connections each model held before something broke, as the machine is and under limits of its own; at the end of each bar the number and the wall.
# Read: a long bar holds more; bars of one shade ran under the same limits, the word at the end is what to change.
pick = "-f harness/kinds/walls/walls.awk"
load "harness/report/plots/picked.gp"
bar_count = numeric("bar_count")
limit_count = numeric("limit_count")
highest = numeric("highest")
title_text = "Where it broke first: connections held, more is better"
legend_entries = limit_count
chart_height = 140 + 34 * bar_count > 560 ? 140 + 34 * bar_count : 560
x_label = "connections held"
load "harness/report/plots/style.gp"

# Shades rather than hues: hues stand for models.
shades = "#16264c #3f6cb0 #9cc3ea #e3cf8a #a8742a #666666 #aaaaaa #dddddd"
boxes = limit_count
box_name(i) = given("limit_" . i)
box_colour(i) = word(shades, i)
load "harness/report/plots/boxes.gp"

set lmargin at screen across(210)
set xrange [0:highest * 1.6] # Room for the words.
set yrange [numeric("bars_top") + 0.8:0.2] # Downwards: the first model on top.
set grid noytics
name_font = font(23)
set ytics scale 0 font name_font
set style fill solid 1 noborder
number_font = font(17)
bars = work . "/walls.dat"
plot for [i = 1:limit_count] bars using (0):1:(0):($3 == i ? $2 : NaN):($1 - 0.42):($1 + 0.42) \
         with boxxyerror linecolor rgb word(shades, i), \
     bars using ($5 > $4 ? $4 : NaN):1:($5 - $4):(0) with vectors heads size graph 0.006, 90 \
         linewidth 3 linecolor rgb "#222222", \
     bars using ($5 + highest * 0.012):1:6 with labels left font number_font
