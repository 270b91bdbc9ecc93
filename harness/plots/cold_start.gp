# Kinds: cold_start
# Shows: wall time from starting the server until all clients were served and it has ended (hyperfine); bar: median, whisker: fastest to slowest.
system(sprintf("awk -v experiment='%s' -v kind=cold_start -v known='%s' -v work='%s' -f harness/plots/bars.awk '%s'", \
    experiment, known, work, data))
load work . "/bars.gp"
title_text = "Short-lived clients, whole command, lower is better"
legend_entries = 0
y_label = "wall time, s"
load "harness/plots/style.gp"

set xrange [0.4:bar_count + 0.8] # Room for the last number.
set yrange [0:highest * 1.2]
set grid noxtics
name_font = font(bar_count > 8 ? 17 : 25)
set xtics scale 0 font name_font
set style fill solid 1 noborder
number_font = font(bar_count > 8 ? 16 : 23)
set boxwidth 0.5
bars = work . "/bars.dat"
plot for [n = 1:words(known)] bars using 1:($2 == n ? $3 : NaN) with boxes fillcolor rgb colour(n), \
     bars using 1:($5 > $4 ? $4 : NaN):(0):($5 - $4) with vectors heads size graph 0.01, 90 \
         linewidth 4 linecolor rgb "#222222", \
     bars using ($1 + 0.27):3:(sprintf("%.3g s", $3)) with labels left font number_font
