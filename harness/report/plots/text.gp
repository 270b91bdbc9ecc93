# text.gp -- a line or bar chart for a terminal: letters for models, no colours needed.
#
# lines.gp and the bar charts load it instead of style.gp where format is "text"; `columns` and `rows` of the
# environment are the size of a chart.

set terminal dumb noenhanced size int(system('printf %s "$columns"')), int(system('printf %s "$rows"'))
set encoding utf8
unset colorbox
set border 3
set tics nomirror scale 0.5
set title title_text . " (" . y_label . ")"
set key outside below horizontal samplen 2
if (exists("x_label")) { set xlabel x_label }
