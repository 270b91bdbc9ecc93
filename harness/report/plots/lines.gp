# lines.gp -- what all charts against the number of connections, idle or active ones share.
#
# A figure sets metric.  What else a chart says comes from the dictionary, unless the figure sets it: title_text (to which the
# direction is added), y_label, divide.  If it wants them: log_y = 0, and second, a metric that is drawn thin and dashed beside the
# first; x_name, where what lies along the axis has another name; after_title, a word behind the direction.

if (!exists("log_y")) log_y = 1
if (!exists("second")) second = ""
if (!exists("after_title")) after_title = ""
entry = "\n" . system(sprintf("awk -v kind=\"$kind\" -v metric='%s' -f harness/report/plots/dictionary.awk harness/analysis/metrics.tsv harness/kinds/*/metrics.tsv", metric)) . "\n"
says(field) = (at = strstrt(entry, "\n" . field . "\t") + strlen(field) + 2, end = strstrt(entry[at:*], "\n"), entry[at:at + end - 2])
if (!exists("divide")) divide = says("divide") + 0
if (!exists("title_text")) title_text = says("title")
title_text = title_text . says("better") . after_title
if (!exists("y_label")) y_label = says("y")
pick = sprintf("-v metric='%s' -v divide=%g -v log_y=%d -v second='%s' -f harness/report/plots/points.awk", metric, divide, log_y, second)
load "harness/report/plots/picked.gp"
models = given("models")
numbers = given("numbers")
x_label = given("x_label")
set xrange [numeric("x_from"):numeric("x_to")]
set yrange [numeric("y_from"):numeric("y_to")]
if (exists("x_name")) { x_label = x_name }
set logscale x 10
if (log_y) { set logscale y 10 }
number(i) = int(word(numbers, i))
MODELS = words(models)
line(i) = sprintf("%s/line-%d.dat", work, number(i))
marks(i) = sprintf("%s/marks-%d.dat", work, number(i))

if (format eq "text") {
    load "harness/report/plots/text.gp"
    # gnuplot 5.4 ends at labels of which none can be drawn: the first line of words.dat is such a one.
    words_end = int(system('wc -l <"$work/words.dat"'))
    plot for [i = 1:MODELS] line(i) using 1:2 with linespoints title word(models, i), \
         for [k = 2:words_end > 1 ? 2 : 1] work . "/words.dat" using 1:2:3 with labels left offset 1, 0 notitle
    exit
}
load "harness/report/plots/style.gp"

# One run has no spread: no bar then.
spread(low, high) = high > low ? low : NaN

plot for [i = 1:MODELS] line(i) using 1:5 with lines \
         linewidth 3 dashtype (8, 8) linecolor rgb colour(number(i)), \
     for [i = 1:MODELS] line(i) using 1:2 with lines \
         linewidth 5 dashtype dash(number(i)) linecolor rgb colour(number(i)), \
     for [i = 1:MODELS] line(i) using 1:(spread($3, $4)):(0):($4 - $3) with vectors \
         heads size graph 0.006, 90 linewidth 3 linecolor rgb colour(number(i)), \
     for [i = 1:MODELS] line(i) using 1:2 with points \
         linewidth 3 pointtype filled(number(i)) pointsize POINT linecolor rgb colour(number(i)), \
     for [i = 1:MODELS] marks(i) using 1:(spread($3, $4)):(0):($4 - $3) with vectors \
         heads size graph 0.006, 90 linewidth 2 linecolor rgb colour(number(i)), \
     for [i = 1:MODELS] marks(i) using 1:2 with points \
         linewidth 3 pointtype hollow(number(i)) pointsize 1.15 * POINT linecolor rgb colour(number(i)), \
     for [i = 1:MODELS] work . "/failed.dat" using 1:($3 == number(i) ? $2 : NaN) with points \
         linewidth 5 pointtype 2 pointsize 1.1 * POINT linecolor rgb colour(number(i)), \
     work . "/words.dat" using 1:2:3 with labels left offset 1.5, 0 boxed font font(19) textcolor rgb "#222222"
