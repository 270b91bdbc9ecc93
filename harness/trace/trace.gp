# trace.gp -- one_echo.csv as a picture: time runs down, the client is on the left, the server on the right.
#
# harness/report/plot.sh sets, in the environment: data, one_echo.csv; output; model and text, of the heading.
data = system('printf %s "$data"')
set datafile separator ","
set encoding utf8
rows = int(system('tail -n +2 "$data" | wc -l'))
ROW = 26.0
TOP = 118.0
WIDTH = 1000.0
HEIGHT = TOP + ROW * rows + 40
set terminal svg size WIDTH, HEIGHT dynamic noenhanced font "DejaVu Sans,15" background "white"
set output system('printf %s "$output"')
set lmargin 0; set rmargin 0; set tmargin 0; set bmargin 0
unset border; unset tics; unset key
set xrange [0:WIDTH]
set yrange [HEIGHT:0]
CLIENT = 400.0
SERVER = 640.0
END = TOP + ROW * rows
set label sprintf("One echo of \"%s\", as the kernel tells it: %s", system('printf %s "$text"'), system('printf %s "$model"')) at 24, 34 font "DejaVu Sans Bold,20"
set label "µs" at 66, 84 right textcolor "#555555"
set label "client" at CLIENT, 84 center font "DejaVu Sans Bold,16"
set label "server" at SERVER, 84 center font "DejaVu Sans Bold,16"
set arrow from CLIENT, 96 to CLIENT, END nohead linewidth 2 linecolor "#bbbbbb"
set arrow from SERVER, 96 to SERVER, END nohead linewidth 2 linecolor "#bbbbbb"
set label "blue: a packet   orange: makes the other ready to run   grey: state of this end" \
    at 24, 58 font "DejaVu Sans,14" textcolor "#555555"

y(step) = TOP + ROW * (step - 0.5)
is_client(at) = at eq "client"
lane(at) = is_client(at) ? CLIENT : SERVER
between(at) = is_client(at) ? SERVER - CLIENT : CLIENT - SERVER
words_for(event, what) = \
    event eq "enter" ? what . " …" : \
    event eq "return" ? "… " . what : \
    event eq "sleep" ? "sleeps" : \
    event eq "preempted" ? "has to wait for its CPU" : what
says(event) = event eq "enter" || event eq "return" || event eq "call" || event eq "sleep" || event eq "preempted"
side_label(step, at, event, what, wanted) = at eq wanted && says(event) ? words_for(event, what) : ""
state_label(at, event, what, wanted) = at eq wanted && event eq "state" ? what : ""
packet_label(event, what) = event eq "packet" ? what : ""
y_packet(step, event) = event eq "packet" ? y(step) + 6 : NaN
y_wakeup(step, event) = event eq "wakeup" ? y(step) : NaN

plot data using (66):(y($1)):(sprintf("%.1f", $2)) every ::1 with labels right font "DejaVu Sans,13" textcolor "#555555", \
     data using (CLIENT - 14):(y($1)):(side_label($1, strcol(3), strcol(4), strcol(5), "client")) every ::1 with labels right, \
     data using (SERVER + 14):(y($1)):(side_label($1, strcol(3), strcol(4), strcol(5), "server")) every ::1 with labels left, \
     data using (CLIENT - 14):(y($1)):(state_label(strcol(3), strcol(4), strcol(5), "client")) every ::1 with labels right \
         font "DejaVu Sans,13" textcolor "#707070", \
     data using (SERVER + 14):(y($1)):(state_label(strcol(3), strcol(4), strcol(5), "server")) every ::1 with labels left \
         font "DejaVu Sans,13" textcolor "#707070", \
     data using (lane(strcol(3))):(y_packet($1, strcol(4))):(between(strcol(3))):(0) every ::1 with vectors head filled \
         linewidth 2 linecolor "#0072B2", \
     data using ((CLIENT + SERVER) / 2):(y($1) - 4):(packet_label(strcol(4), strcol(5))) every ::1 with labels center \
         textcolor "#0072B2", \
     data using (lane(strcol(3))):(y_wakeup($1, strcol(4))):(between(strcol(3))):(0) every ::1 with vectors head filled \
         linewidth 1 linecolor "#D55E00"
