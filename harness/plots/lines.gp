# lines.gp -- what all charts against the number of connections share.
#
# A figure sets title_text, metric, divide, y_label and, if it wants them, log_y = 0 and second: a
# metric that is drawn dashed beside the first.

if (!exists("log_y")) log_y = 1
if (!exists("second")) second = ""
system(sprintf("awk -v experiment='%s' -v metric='%s' -v divide=%g -v log_y=%d -v second='%s'" . \
    " -v known='%s' -v work='%s' -f harness/plots/points.awk '%s'", \
    experiment, metric, divide, log_y, second, known, work, data))
load work . "/axes.gp"
load "harness/plots/style.gp"

set logscale x 10
if (log_y) { set logscale y 10 }
set xlabel "connections" offset 0, -0.5
points = work . "/points.dat"
number(i) = int(word(numbers, i))
MODELS = words(models)

plot for [i = 1:MODELS] points index 2 * i - 2 using 1:5 with lines \
         linewidth 3 dashtype (8, 8) linecolor rgb colour(number(i)), \
     for [i = 1:MODELS] points index 2 * i - 2 using 1:2 with lines \
         linewidth 5 dashtype dash(number(i)) linecolor rgb colour(number(i)), \
     for [i = 1:MODELS] points index 2 * i - 2 using 1:2:3:4 with yerrorbars \
         linewidth 3 pointtype filled(number(i)) pointsize 2.4 linecolor rgb colour(number(i)), \
     for [i = 1:MODELS] points index 2 * i - 1 using 1:2:3:4 with yerrorbars \
         linewidth 2 pointtype hollow(number(i)) pointsize 2.8 linecolor rgb colour(number(i)), \
     for [i = 1:MODELS] work . "/failed.dat" using 1:($3 == number(i) ? $2 : NaN) with points \
         linewidth 5 pointtype 2 pointsize 2.6 linecolor rgb colour(number(i)), \
     work . "/words.dat" using 1:2:3 with labels left offset 1.5, 0 boxed font font(19)
