# Kinds: omission
# Needs: histograms
# Shows: latency up to each percentile, all runs together; the same server, the same stop, the same number of messages a second. Solid: open loop, each latency from the moment the message was due. Dashed: closed loop.
# Read: where solid and dashed part, the closed loop stopped asking while the server stood still, and so did not see it.
title_text = "One stalled server, two ways to ask"
y_label = "latency, ms"
pick = "-f harness/kinds/omission/percentiles.awk"
inputs = '"$run"/histograms/"$experiment"-*.hgrm'
load "harness/report/plots/picked.gp"
models = given("models")
numbers = given("numbers")
x_label = "percentile of the messages"
load "harness/report/plots/style.gp"

set xrange [2:numeric("x_to")]
set yrange [numeric("y_from"):numeric("y_to")]
set logscale x 10
set logscale y 10
set xtics ("50 %%" 2, "90 %%" 10, "99 %%" 100, "99.9 %%" 1000, "99.99 %%" 1e4, "99.999 %%" 1e5, "99.9999 %%" 1e6)
set format y "%g"
number(i) = int(word(numbers, i))
MODELS = words(models)
curve(loop, i) = sprintf("%s/%s-%d.dat", work, loop, number(i))

# What each loop would report as its p99.
p99(loop, i) = numeric(sprintf("p99_%s_%d", loop, number(i)))
say(loop, i) = sprintf("%s%s loop, p99: %.3g ms", MODELS > 1 ? word(models, i) . ", " : "", loop, p99(loop, i))
do for [i = 1:MODELS] {
    set label say("open", i) at 100, p99("open", i) right offset -1, 0.6 textcolor rgb "#222222"
    set label say("closed", i) at 100, p99("closed", i) left offset 0.5, -1.1 textcolor rgb "#222222"
}
if (MODELS == 0) {
    set label "no histogram of a model of this run" at graph 0.5, graph 0.5 center
    plot NaN notitle
    exit
}
plot for [i = 1:MODELS] curve("closed", i) using 1:2 with lines \
         linewidth 4 dashtype (10, 6) linecolor rgb colour(number(i)), \
     for [i = 1:MODELS] curve("open", i) using 1:2 with lines \
         linewidth 5 linecolor rgb colour(number(i)), \
     for [i = 1:MODELS] "+" using (100):(p99("open", i)) every ::0::0 with points \
         pointtype filled(number(i)) pointsize POINT linecolor rgb colour(number(i)), \
     for [i = 1:MODELS] "+" using (100):(p99("closed", i)) every ::0::0 with points \
         pointtype filled(number(i)) pointsize POINT linecolor rgb colour(number(i))
