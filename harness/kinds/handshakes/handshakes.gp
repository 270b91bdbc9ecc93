# Kinds: handshakes
# Shows: CPU time of the server's side per connection that shakes hands, echoes one message and goes; bar: median, whisker: lowest to highest run. TLS is HAProxy's part.
# Read: the third bar beside the second is what TLS adds; resumed beside full is what a ticket saves. How many connections/s there were depends on the client's CPU as well.
pick = "-f harness/kinds/handshakes/handshakes.awk"
load "harness/report/plots/picked.gp"
bar_count = numeric("bar_count")
title_text = "What a connection costs the server's side, lower is better"
models = ""
legend_entries = 8 # The first row of the legend is left to the words below the bars.
chart_height = 520
y_label = "CPU per connection, µs"
load "harness/report/plots/style.gp"

set xrange [0.4:bar_count + 0.6]
set yrange [0:numeric("highest") * 1.15]
set grid noxtics
set xtics scale 0
set format x ""
set style fill solid 1 noborder
set boxwidth 0.6

# Five lines of words below the bars, and what the last two are.
ROW_OF_WORDS = 27
line_below(row, i) = given(sprintf("words_%d_%d", row, i))
row(i) = from_top(BOTTOM + 24 + ROW_OF_WORDS * (i - 1))
do for [i = 1:bar_count] {
    set label line_below(1, i) at first i, screen row(1) center font font(17)
    set label line_below(2, i) at first i, screen row(2) center font font(17)
    set label line_below(3, i) at first i, screen row(3) center font font(17)
    set label line_below(4, i) at first i, screen row(4) center font bold(19)
    set label line_below(5, i) at first i, screen row(5) center font font(19)
}
set label "round trips" at screen across(160), screen row(4) right font font(17)
set label "connections/s" at screen across(160), screen row(5) right font font(17)

# The legend: the parts of a bar, the model in its own colour.
part_colour(i) = i == 1 ? colour(numeric("model_place")) : colour(2)
boxes = 2
box_first = 5
box_step = 2 # A long name takes two places.
box_name(i) = i == 1 ? given("model") . ": the echo" : "HAProxy: TLS, and handing on"
box_colour(i) = part_colour(i)
load "harness/report/plots/boxes.gp"

bars = work . "/bars.dat"
plot bars using 1:2 with boxes fillcolor rgb part_colour(2), \
     bars using 1:($2 - $5) with boxes fillcolor rgb part_colour(1), \
     for [edge = 0:1] bars using 1:($4 > $3 ? $3 : NaN):(0):($4 - $3) with vectors heads size graph 0.01, 90 \
         linewidth (edge ? 4 : 8) linecolor rgb (edge ? "#222222" : "white"), \
     bars using 1:4:(sprintf("%.0f", $2)) with labels center offset 0, 0.9 font font(21)
