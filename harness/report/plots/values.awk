# values.awk -- how an awk script hands what it picked to gnuplot: as lines "name<TAB>value" of DIR/values.txt, never as code.
#
# Functions only, for the scripts of this folder: each of them is given after it.  picked.gp reads the file.

function give(name, value) { print name "\t" value > (work "/values.txt") }

# A tic of the axis x or y.  A "|" in the label starts a new line.
function give_tic(axis, place, label) {
    tic_count[axis]++
    give(axis "_tic_" tic_count[axis], label)
    give(axis "_tic_at_" tic_count[axis], place)
}
