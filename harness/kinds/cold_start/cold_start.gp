# Kinds: cold_start
# Shows: wall time from starting the server until all clients were served and it has ended (hyperfine); bar: median, whisker: fastest to slowest.
# Read: a short bar serves short-lived clients sooner; bars whose whiskers overlap are not told apart.
pick = "-v kind=cold_start -f harness/report/plots/bars.awk"
load "harness/report/plots/picked.gp"
title_text = "Short-lived clients, whole command, lower is better"
legend_entries = 0
y_label = "wall time, s"
load "harness/report/plots/style.gp"

set xrange [0.4:numeric("bar_count") + 0.6]
set yrange [0:numeric("highest") * 1.2]
set grid noxtics
set xtics scale 0 font bar_name_font
if (many_bars) { set xtics rotate by 30 right }
set style fill solid 1 noborder
set boxwidth 0.5
bars = work . "/bars.dat"
plot for [n = 1:words(known)] bars using 1:($2 == n ? $3 : NaN) with boxes fillcolor rgb colour(n), \
     for [edge = 0:1] bars using 1:($5 > $4 ? $4 : NaN):(0):($5 - $4) with vectors heads size graph 0.01, 90 \
         linewidth (edge ? 4 : 8) linecolor rgb (edge ? "#222222" : "white"), \
     bars using ($1):5:(sprintf("%.3g s", $3)) with labels center offset 0, 0.9 font bar_number_font
