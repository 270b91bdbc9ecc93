# svg.awk -- what a chart that gnuplot drew shows, in the values of its own axes and the names of its own legend.
#
#   awk -f tests/svg.awk CHART.svg
#
# Writes a line for each thing that is drawn, in its order:
#   axis x|y log|linear           how far its tics are apart
#   legend full|hollow|box NAME   a sample, and the name beside it
#   full|hollow NAME X Y          a point; cross NAME X Y
#   bar NAME X Y X Y              a bar from the lowest to the highest run, its two ends
#   line NAME X Y X Y ...         line through these points
#   box NAME X Y X Y              two corners of a filled bar, where it ends and where it begins
#   word X Y TEXT                 a text beside the data
# NAME is what the legend calls that colour, or the colour.  A value that lies on a tic is the tic's own label; where an axis
# has names instead of numbers, it is the nearest name.

BEGIN { RS = "<" }

/^(path|rect|circle|use)[^>]* id='gpPt/ {
    match($0, / id='gpPt[0-9]+/)
    filled[substr($0, RSTART + 5, RLENGTH - 5)] = / fill='currentColor'/
    next
}
/id="gnuplot_plot_/ { plot = 1 }
/class="gridline"/ { grid_line(); next }
/^path / { if (plot && !/d='M[-0-9.,]+ *'/) draw_path(); next }
/^use / { if (!/ id='/) point(); next }
/^polygon / { polygon(); next }
/^g transform="translate\(/ { split_pair(after("translate(")); at_x = px; at_y = py; next }
/^text>/ { text(substr($0, 6)); next }

function after(mark) { return substr($0, index($0, mark) + length(mark)) }
function split_pair(words,    part) { split(words, part, /[,) ]/); px = part[1] + 0; py = part[2] + 0 }
function colour_in(mark,    part) {
    if (!index($0, mark)) return "none"
    split(after(mark), part, ")")
    gsub(/ /, "", part[1])
    return part[1]
}

function grid_line(    part) {
    split(after("d='M"), part, /[, L]+/)
    grid = part[2] == part[4] ? "y" : "x"
    grid_at = part[2] == part[4] ? part[2] : part[1]
}

function text(words) {
    gsub(/^ +| +$/, "", words)
    gsub(/&apos;/, "'", words)
    gsub(/\n/, "", words)
    if (words == "") return
    if (grid != "") { tics[grid]++; tic_at[grid, tics[grid]] = grid_at; tic[grid, tics[grid]] = words; grid = ""; return }
    if (plot) { if (words != last_word || at_x != last_x || at_y != last_y) add("word", "", at_x " " at_y, words) }
    else { texts++; text_x[texts] = at_x; text_y[texts] = at_y; text_is[texts] = words }
    last_word = words; last_x = at_x; last_y = at_y
}

function sample(kind, x, y, colour) { samples++; sample_kind[samples] = kind; sample_x[samples] = x; sample_y[samples] = y; sample_is[samples] = colour }

function point(    id) {
    match($0, /#gpPt[0-9]+/)
    id = substr($0, RSTART + 1, RLENGTH - 1)
    split_pair(after("translate("))
    if (!plot) sample(filled[id] ? "full" : "hollow", px, py, colour_in("color='rgb("))
    else if (colour_in("color='rgb(") != "255,255,255") add(id == "gpPt1" ? "cross" : filled[id] ? "full" : "hollow", colour_in("color='rgb("), px " " py)
}

# A box with a border is a second polygon, or a path, of the same corners: the fill counts.
function polygon(    part, list, i, count, x0, x1, y0, y1) {
    if (!/fill = 'rgb/) return
    count = split(after("points = '"), list, / +/)
    for (i = 1; i < count; i++) {
        split(list[i], part, ",")
        if (i == 1 || part[1] + 0 < x0) x0 = part[1] + 0
        if (i == 1 || part[1] + 0 > x1) x1 = part[1] + 0
        if (i == 1 || part[2] + 0 > y0) y0 = part[2] + 0
        if (i == 1 || part[2] + 0 < y1) y1 = part[2] + 0
    }
    if (!plot) sample("box", (x0 + x1) / 2, (y0 + y1) / 2, colour_in("fill = 'rgb("))
    else add("box", colour_in("fill = 'rgb("), x0 " " y0 " " x1 " " y1)
}

# A bar with heads is three strokes, of which the last is the bar itself.
function draw_path(    d, strokes, list, colour, i) {
    colour = colour_in("stroke='rgb(")
    if (colour == "255,255,255" || colour == "68,68,68") return # A light edge below a bar; the frame.
    d = after("d='M")
    sub(/'.*/, "", d)
    gsub(/[ \n\t]+/, " ", d)
    strokes = split(d, list, /M/)
    if (strokes == 1) { gsub(/[L,]/, " ", d); add("line", colour, d); return }
    for (i = 3; i <= strokes; i += 3) { gsub(/[L,]/, " ", list[i]); add("bar", colour, list[i]) }
}

function add(kind, colour, places, words) { things++; kinds[things] = kind; colours[things] = colour; at[things] = places; said[things] = words }

function number(words) { gsub(/,/, "", words); return words + 0 }

# Two tics that are numbers, far from each other, give the scale; a third one tells whether it is logarithmic.
function set_scale(axis,    i, share, low, high, n) {
    for (i = 1; i <= tics[axis]; i++) {
        if (tic[axis, i] !~ /^[-0-9.,]+$/) continue
        n++
        if (n == 1) first[axis] = i
        last[axis] = i
        if (n == 2) third[axis] = i
    }
    if (n < 3) return
    low = number(tic[axis, first[axis]])
    high = number(tic[axis, last[axis]])
    share = (tic_at[axis, third[axis]] - tic_at[axis, first[axis]]) / (tic_at[axis, last[axis]] - tic_at[axis, first[axis]])
    is_log[axis] = low > 0 && near(share, log(number(tic[axis, third[axis]]) / low) / log(high / low), 0.01)
    print "axis", axis, is_log[axis] ? "log" : "linear"
}
function near(a, b, most) { return a - b < most && b - a < most }

function value(axis, pixel,    i, share, low, high) {
    for (i = 1; i <= tics[axis]; i++) if (near(pixel, tic_at[axis, i], 0.6)) return tic[axis, i]
    if (!(axis in first) || first[axis] == last[axis]) return name_near(axis, pixel)
    low = number(tic[axis, first[axis]])
    high = number(tic[axis, last[axis]])
    share = (pixel - tic_at[axis, first[axis]]) / (tic_at[axis, last[axis]] - tic_at[axis, first[axis]])
    return sprintf("%.3g", is_log[axis] ? low * (high / low) ^ share : low + share * (high - low))
}

# Names stand below the frame, or left of it.
function name_near(axis, pixel,    i, best, gap, least) {
    for (i = 1; i <= texts; i++) {
        if (axis == "x" ? text_y[i] < 640 || text_y[i] > 730 : text_x[i] < 120 || text_x[i] > 330 || text_y[i] < 80 || text_y[i] > legend_y()) continue
        gap = axis == "x" ? text_x[i] - pixel : text_y[i] - 8 - pixel
        if (gap < 0) gap = -gap
        if (best == "" || gap < least) { best = text_is[i]; least = gap }
    }
    return best == "" ? pixel : best
}

function legend_y(    i, least) {
    least = samples ? sample_y[1] : 1e6
    for (i = 2; i <= samples; i++) if (sample_y[i] < least) least = sample_y[i]
    return least - 30
}

# Each sample of the legend has its name on the right.
function name_colours(    i, s, best, gap) {
    for (s = 1; s <= samples; s++) {
        best = 0
        for (i = 1; i <= texts; i++) {
            gap = text_x[i] - sample_x[s]
            if (gap > 0 && gap < 120 && near(text_y[i], sample_y[s], 16) && (!best || gap < text_x[best] - sample_x[s])) best = i
        }
        if (!best) continue
        name_of[sample_is[s]] = text_is[best]
        print "legend", sample_kind[s], text_is[best]
    }
}

END {
    set_scale("x")
    set_scale("y")
    name_colours()
    for (t = 1; t <= things; t++) {
        line = kinds[t] (colours[t] == "" ? "" : " " (colours[t] in name_of ? name_of[colours[t]] : colours[t]))
        count = split(at[t], place, / +/)
        for (i = 1; i + 1 <= count && place[i + 1] != ""; i += 2)
            line = line " " (kinds[t] == "word" ? place[i] " " place[i + 1] : value("x", place[i]) " " value("y", place[i + 1]))
        print line (said[t] == "" ? "" : " " said[t])
    }
}
