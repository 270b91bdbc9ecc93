# compare.gp -- two runs, a row per model and point: the ratio B/A and how far it may reach.
#
# harness/analysis/compare.sh sets, beside what picked.gp needs: data, the rows of the chart, and its name.

pick = '-v chart="$chart" -f harness/report/plots/compare.awk'
inputs = '"$data"'
load "harness/report/plots/picked.gp"
rows = numeric("rows")
title_text = given("title")
legend_entries = 2
ROW_HEIGHT = rows > 40 ? 26 : 36
if (rows * ROW_HEIGHT > 560) { chart_height = rows * ROW_HEIGHT }
x_label = "ratio B / A; 1: the same"
load "harness/report/plots/style.gp"

set lmargin at screen across(rows > 40 ? 240 : 330)
set xrange [numeric("x_from"):numeric("x_to")]
set yrange [0.3:rows + 0.7]
set logscale x 10
unset mxtics
name_font = font(rows > 40 ? 15 : rows > 15 ? 19 : 24)
set ytics scale 0 font name_font

# Closer than this is never called a difference; see harness/analysis/difference.sql.
set object rectangle from first 1 / 1.05, graph 0 to first 1.05, graph 1 \
    fillcolor rgb "#eeeeee" fillstyle solid 1 noborder behind
set arrow from first 1, graph 0 to first 1, graph 1 nohead linewidth 3 linecolor rgb "#444444" back

set label "difference shown" at screen legend_x(1) + across(40), screen legend_y(1) left
set label "" at screen legend_x(1) + across(15), screen legend_y(1) point pointtype 7 pointsize POINT linecolor rgb "#333333"
set label "none shown" at screen legend_x(2) + across(40), screen legend_y(2) left
set label "" at screen legend_x(2) + across(15), screen legend_y(2) \
    point pointtype 6 pointsize POINT linewidth 3 linecolor rgb "#333333"

dots = work . "/compare.dat"
only(m, value) = column(5) == m ? value : NaN
MODELS = words(known)
plot for [m = 1:MODELS] dots using (only(m, $3)):1:($4 - $3):(0) with vectors \
         heads size graph 0.006, 90 linewidth 4 linecolor rgb colour(m), \
     for [m = 1:MODELS] dots using (only(m, $6 == 1 ? $2 : NaN)):1 with points \
         linewidth 3 pointtype 7 pointsize POINT linecolor rgb colour(m), \
     for [m = 1:MODELS] dots using (only(m, $6 == 0 ? $2 : NaN)):1 with points \
         linewidth 3 pointtype 7 pointsize POINT linecolor rgb "#ffffff", \
     for [m = 1:MODELS] dots using (only(m, $6 == 0 ? $2 : NaN)):1 with points \
         linewidth 3 pointtype 6 pointsize POINT linecolor rgb colour(m), \
     work . "/compare_words.dat" using (1):1:2 with labels left boxed font font(17) textcolor rgb "#a00000"
