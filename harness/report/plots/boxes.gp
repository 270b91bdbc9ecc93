# boxes.gp -- the legend of a chart whose colours stand for parts, not for models: a box of each, and its name.
#
# A figure sets `boxes`, how many there are, box_name(i) and box_colour(i), and loads this after style.gp; box_first and
# box_step, where its boxes do not stand one after the other from the legend's first place on.

if (!exists("box_first")) box_first = 1
if (!exists("box_step")) box_step = 1
box_place(i) = box_first + box_step * (i - 1)

# gnuplot splits a text at its spaces only: names of several words are written with _ for them.
spaced(text) = replaced(text, "_", " ")

do for [i = 1:boxes] {
    place = box_place(i)
    set object rectangle from screen legend_x(place), screen legend_y(place) - 11 / HEIGHT \
        to screen legend_x(place) + across(40), screen legend_y(place) + 11 / HEIGHT \
        fillcolor rgb box_colour(i) fillstyle solid 1 noborder
    set label box_name(i) at screen legend_x(place) + across(52), screen legend_y(place) left
}
