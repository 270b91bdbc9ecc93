# picked.gp -- runs the awk script of a figure, and gives what it picked: given("name"), numeric("name"), tics.
#
# A figure sets `pick`, its script with options of its own and, where that does not read summary/KIND.csv alone, `inputs`.  What a run
# holds comes through the environment and through files; neither a shell nor gnuplot reads it as code.
# harness/report/plot.sh sets, in the environment:
#   robust      metrics that a disturbed point still has
#   format      svg, png or text            known   all models, in the order that gives each its colour
#   output      the file to write           work    a folder for scraps
#   run         its folder, absolute        experiment, and its kind
format = system('printf %s "$format"')
work = system('printf %s "$work"')
known = system('printf %s "$known"')
if (!exists("inputs")) inputs = '"$run/summary/$kind.csv"'
system('awk -v experiment="$experiment" -v known="$known" -v robust="$robust" -v work="$work" -f harness/analysis/numbers.awk -f harness/report/plots/values.awk ' \
    . pick . ' ' . inputs)
if (GPVAL_SYSTEM_ERRNO != 0) { exit status 1 }
picked = "\n" . system('cat "$work/values.txt"') . "\n"

line_of(text) = text[1:strstrt(text, "\n") - 1]
after(text, mark) = text[strstrt(text, mark) + strlen(mark):*]
given(name) = strstrt(picked, "\n" . name . "\t") ? line_of(after(picked, "\n" . name . "\t")) : ""
# gnuplot 5.4 reads 1.0e-05, but not 1e-05.
decimal(text) = strstrt(text, ".") ? text : replaced(text, "e", ".0e")
numeric(name) = strlen(given(name)) ? decimal(given(name)) + 0 : 0

# Text with another character in place of a mark: gnuplot has nothing for that.
replaced(text, mark, new) = strstrt(text, mark) ? \
    text[1:strstrt(text, mark) - 1] . new . replaced(after(text, mark), mark, new) : text

tic_label(axis, i) = replaced(given(axis . "_tic_" . i), "|", "\n")
tics_from(axis, i) = strlen(given(axis . "_tic_at_" . i)) ? tics_from(axis, i + 1) : i - 1
x_tics = tics_from("x", 1)
y_tics = tics_from("y", 1)
if (x_tics > 0) { set xtics (tic_label("x", 1) numeric("x_tic_at_1")) }
set for [i = 2:x_tics] xtics add (tic_label("x", i) numeric("x_tic_at_" . i))
if (y_tics > 0) { set ytics (tic_label("y", 1) numeric("y_tic_at_1")) }
set for [i = 2:y_tics] ytics add (tic_label("y", i) numeric("y_tic_at_" . i))
