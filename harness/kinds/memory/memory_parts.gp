# Kinds: memory
# Shows: where the memory of idle clients is (stack), what summed RSS would make of it (outline; an arrow: it does not fit), and what the machine really lost (diamond). Beyond the stack: memory that no counter owns.
# Read: compare the diamond with the outline: what people quote and what is really gone; the shades tell whose memory it is.
pick = "-v kind=memory -f harness/report/plots/bars.awk"
load "harness/report/plots/picked.gp"
highest = numeric("highest")
title_text = sprintf("Memory for each of %s idle clients, less is better", given("connections_text"))
legend_entries = 8
y_label = "KiB per client"
if (format eq "text") {
    title_text = sprintf("Really lost for each of %s idle clients", given("connections_text"))
    set xrange [0.4:numeric("bar_count") + 0.6]
    set yrange [0:highest * 1.2]
    set boxwidth 0.6
    unset key
    load "harness/report/plots/text.gp"
    plot work . "/bars.dat" using 1:5 with boxes notitle, \
         work . "/bars.dat" using 1:5:(sprintf("%.1f", $5)) with labels offset 0, 1 notitle
    exit
}
load "harness/report/plots/style.gp"

# Shades rather than hues: hues stand for models.
PARTS = 6
shades = "#16264c #3f6cb0 #9cc3ea #8a8f98 #e3cf8a #a8742a"
top = highest * 1.3
HALF = 0.19
set xrange [0.4:numeric("bar_count") + 0.6]
set yrange [0:top]
set grid noxtics
set xtics scale 0 font bar_name_font
if (many_bars) { set xtics rotate by 30 right }
set style fill solid 1 border rgb "white"

boxes = PARTS
box_name(i) = spaced(word("PSS_(user) page_tables kernel_stacks send_blocks sockets other_slab", i))
box_colour(i) = word(shades, i)
load "harness/report/plots/boxes.gp"
set object rectangle from screen legend_x(7), screen legend_y(7) - 11 / HEIGHT \
    to screen legend_x(7) + across(40), screen legend_y(7) + 11 / HEIGHT \
    fillstyle empty border rgb "#333333" linewidth 3
set label "summed RSS" at screen legend_x(7) + across(52), screen legend_y(7) left
set label "really lost" at screen legend_x(8) + across(52), screen legend_y(8) left
set label "" at screen legend_x(8) + across(20), screen legend_y(8) \
    point pointtype 13 pointsize 1.1 * POINT linecolor rgb "#D55E00"

# The outline ends below the edge, with an arrow, where summed RSS is far beyond the rest.
bars = work . "/bars.dat"
within(value) = value > top * 0.88 ? top * 0.88 : value
beyond(value) = value > top * 0.88 ? top * 0.935 : NaN
kib(value) = sprintf(value >= 10 ? "%.0f" : "%.1f", value)
part_top(i) = column(5 + i) + part_bottom(i)
part_bottom(i) = i == 1 ? 0 : part_bottom(i - 1) + column(4 + i)
# The stack has a number of its own only where the diamond's leaves room.
stack_label(total, lost) = lost < total + top * 0.07 ? NaN : total
higher(a, b) = a > b ? a : b
plot for [i = 1:PARTS] bars using ($1 - HALF):(part_bottom(i)):($1 - 2 * HALF):1:(part_bottom(i)):(part_top(i)) \
         with boxxyerror fillcolor rgb word(shades, i) linewidth 1, \
     bars using ($1 + HALF):(0):($1 + 0.03):($1 + 2 * HALF):(0):(within($4)) \
         with boxxyerror fillstyle empty border rgb "#333333" linecolor rgb "#333333" linewidth 3, \
     bars using ($1 + HALF + 0.02):(beyond($4)):(0):(top * 0.06) \
         with vectors head filled linewidth 3 linecolor rgb "#333333", \
     bars using ($1 - HALF):5 with points pointtype 13 pointsize 1.1 * POINT linecolor rgb "#D55E00", \
     bars using ($1 - HALF):(higher($3, $5)):(kib($5)) with labels center offset 0, 0.95 \
         font bar_number_font textcolor rgb "#B04A00", \
     bars using ($1 - HALF):(stack_label($3, $5)):(kib($3)) with labels center offset 0, 0.7 font bar_number_font, \
     bars using ($1 + HALF + 0.02):(within($4)):(kib($4)) with labels center offset 0, 0.7 font bar_number_font
