# plot.sh -- how a chart is drawn: an awk script picks what it shows, gnuplot draws that.  Sourced after lib.sh.
#
# Expects `work`, a folder for scraps, and for charts of runs `known`, all models in the order of their colours, and `robust`,
# the metrics that a disturbed point still has.
# shellcheck shell=bash disable=SC2154  # of the scripts

# What a run holds goes to gnuplot and to awk through the environment and through files only, never as code.  Without the
# user's ~/.gnuplot and fonts a chart is the same for every user.
plot() { # plot FIGURE NAME=VALUE...
    (
        export HOME="$work" XDG_CONFIG_HOME="$work" XDG_DATA_HOME="$work" XDG_CACHE_HOME="$work" work known="${known:-}" robust="${robust:-}" "${@:2}"
        exec gnuplot --default-settings "$1" 2>"$work/gnuplot.log"
    ) || {
        cat "$work/gnuplot.log" >&2
        fail "gnuplot could not draw $(basename "$1" .gp)"
    }
}
