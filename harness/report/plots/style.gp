# style.gp -- the look of every figure: canvas, fonts, colours, legend, caption.
#
# A figure sets title_text, and either y_label, and either `models` and `numbers` (from points.awk) or, with a
# legend of its own, legend_entries; with many rows, chart_height; then loads this file and draws.
# It has loaded picked.gp before; caption.txt and remarks.txt in the folder `work` are the text below the chart.
# A model's colour and point follow from its place in `known`, not from what is drawn.

set encoding utf8
set datafile missing NaN

# Okabe and Ito (2008): safe for all common kinds of colour blindness.  A grey in place of their
# yellow, in which nobody can read a word.  Beyond eight, dashes tell apart; points have a period of six.
colours = "#0072B2 #E69F00 #009E73 #D55E00 #CC79A7 #56B4E9 #000000 #808080"
colour(n) = word(colours, (n - 1) % 8 + 1)
dash(n) = int((n - 1) / 8) % 3 + 1
filled(n) = 5 + 2 * ((n - 1) % 6)
hollow(n) = 4 + 2 * ((n - 1) % 6)

# The two terminals count points of a font differently, 4 to 3, and points of a mark and lines of text, too.
font(size) = sprintf("DejaVu Sans,%g", format eq "svg" ? size : size * 0.75)
bold(size) = sprintf("DejaVu Sans Bold,%g", format eq "svg" ? size : size * 0.75)
POINT = format eq "svg" ? 0.95 : 2.4

# The chart keeps its height; the canvas grows with the text below it, so that nothing is cut off.
remarks = system('cat "$work/remarks.txt"')
caption = system('cat "$work/caption.txt"')
lines_of(text) = strstrt(text, "\n") ? 1 + lines_of(after(text, "\n")) : strlen(text) > 0
if (!exists("legend_entries")) legend_entries = words(models)
LEGEND_COLUMNS = 4
legend_rows = (legend_entries + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS

WIDTH = 1280.0
TOP = 80
if (!exists("chart_height")) chart_height = 560
BOTTOM = TOP + chart_height
ROW = 42
LINE = format eq "svg" ? 26 : 20
legend_top = BOTTOM + 158
text_top = legend_top + ROW * legend_rows - 2
REMARKS = LINE * lines_of(remarks) + (lines_of(remarks) > 0 ? 10 : 0)
HEIGHT = text_top + REMARKS + LINE * lines_of(caption) + 22.0
from_top(pixel) = 1 - pixel / HEIGHT
across(pixel) = pixel / WIDTH

if (format eq "svg") {
    set terminal svg size WIDTH, HEIGHT dynamic noenhanced font font(25) background "white"
} else {
    set terminal pngcairo size WIDTH, HEIGHT noenhanced font font(25) background "white"
}
set output system('printf %s "$output"')

set tmargin at screen from_top(TOP)
set bmargin at screen from_top(BOTTOM)
set lmargin at screen across(170)
set rmargin at screen across(1245)
set border 3 linewidth 2 linecolor "#444444"
set tics nomirror out textcolor "#222222"
set grid xtics ytics linewidth 1 linetype 1 linecolor "#e4e4e4"
set style textbox opaque noborder fillcolor "#ffffff" margins 0.3, 0.2
set bars 1.2
set pointintervalbox 0
unset key
set label title_text at screen across(30), screen from_top(38) left font bold(31)

if (exists("y_label")) {
    set label y_label at screen across(32), screen from_top((TOP + BOTTOM) / 2) center rotate
}

if (exists("x_label")) {
    # Nearer to its axis than to the legend, whose title it is not.
    set label x_label at screen across((170 + 1245) / 2), screen from_top(BOTTOM + 94) center
}

# The legend: a sample of line and point, and the name.
legend_x(i) = across(60 + 300 * ((i - 1) % LEGEND_COLUMNS))
legend_y(i) = from_top(legend_top + ROW * int((i - 1) / LEGEND_COLUMNS))
if (exists("models")) {
    do for [i = 1:words(models)] {
        n = int(word(numbers, i))
        set arrow from screen legend_x(i), screen legend_y(i) \
            to screen legend_x(i) + across(76), screen legend_y(i) \
            nohead linewidth 4 dashtype dash(n) linecolor rgb colour(n)
        set label word(models, i) at screen legend_x(i) + across(38), screen legend_y(i) left offset 3.2, 0 \
            point pointtype filled(n) pointsize POINT linecolor rgb colour(n)
    }
}

# What broke, then what the chart says and what it does not.
set label remarks at screen across(30), screen from_top(text_top) left \
    font font(17) textcolor "#a00000"
set label caption at screen across(30), \
    screen from_top(text_top + REMARKS) left font font(17) textcolor "#333333"

# The names under bars: aslant where there are too many to lie side by side.
many_bars = numeric("bar_count") > 8
bar_name_font = font(many_bars ? 17 : 25)
bar_number_font = font(many_bars ? 17 : 21)
