# Kinds: latency
# Experiments: million
# Shows: what one connection takes from the machine, server's and client's end together, in parts (stack), and what the machine really lost (diamond).
# Read: a higher stack costs more for each connection; where the diamond stands above its stack, memory went where no counter looks.
pick = "-f harness/report/plots/both_ends.awk"
load "harness/report/plots/picked.gp"
title_text = "Memory for each connection, both ends, less is better"
legend_entries = 6
y_label = "KiB per connection"
x_label = "connections"
load "harness/report/plots/style.gp"

PARTS = 5
shades = "#e3cf8a #16264c #7a8bb5 #3f6cb0 #9cc3ea"
set xrange [0.4:numeric("bar_count") + 0.6]
set yrange [0:numeric("highest") * 1.25]
set grid noxtics
set xtics scale 0
set style fill solid 1 border rgb "white"
boxes = PARTS
box_name(i) = spaced(word("sockets_and_files server_PSS client_PSS page_tables kernel_stacks", i))
box_colour(i) = word(shades, i)
load "harness/report/plots/boxes.gp"
set label "really lost" at screen legend_x(6) + across(52), screen legend_y(6) left
set label "" at screen legend_x(6) + across(20), screen legend_y(6) \
    point pointtype 13 pointsize 1.1 * POINT linecolor rgb "#D55E00"

bars = work . "/bars.dat"
HALF = 0.3
part_top(i) = column(3 + i) + part_bottom(i)
part_bottom(i) = i == 1 ? 0 : part_bottom(i - 1) + column(2 + i)
higher(a, b) = a > b ? a : b
plot for [i = 1:PARTS] bars using 1:(part_bottom(i)):($1 - HALF):($1 + HALF):(part_bottom(i)):(part_top(i)) \
         with boxxyerror fillcolor rgb word(shades, i) linewidth 1, \
     bars using 1:3 with points pointtype 13 pointsize 1.1 * POINT linecolor rgb "#D55E00", \
     bars using 1:(higher($2, $3)):(sprintf("%.1f", $3)) with labels center offset 0, 1 textcolor rgb "#B04A00"
