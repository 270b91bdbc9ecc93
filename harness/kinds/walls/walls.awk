# walls.awk -- picks what the chart of the walls draws: a bar for each model and limit.
#
#   awk -v experiment=walls -v known="fork poll" -v work=DIR -f walls.awk summary/walls.csv
#
# Writes DIR/walls.dat, a line per bar: "y held limit least most words", and gives names,
# numbers of bars and limits, the largest value.

BEGIN {
    FS = ","
    model_count = split(known, models, " ")
    for (i = 1; i <= model_count; i++) number_of[models[i]] = i
}
NR == 1 {
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}
$column["experiment"] == experiment && $column["model"] in number_of {
    m = number_of[$column["model"]]
    name = $column["variant"]
    if (!(name in place)) { place[name] = ++limit_count; limits[limit_count] = name }
    line[m, place[name]] = $0
    drawn[m] = 1
}

# "1,024 files", or where nothing was limited, whose limits hold.
function limit_words(name,    part) {
    split(name, part, "=")
    if (name == "machine") return "machine's limits"
    return with_commas(part[2]) " " part[1]
}

# The number and what stopped it, for the end of the bar.
function words_of(cells,    held, wall, limit) {
    if (cells[column["status"]] != "ok") return cells[column["status"]] ": " cells[column["reason"]]
    held = with_commas(cells[column["connections_established_median"]])
    wall = cells[column["wall"]]
    limit = cells[column["wall_limit"]]
    if (wall == "none") return held ": no wall up to here"
    if (wall == "reserve") return held ": stopped short of " limit
    if (wall == "time") return held ": no wall, but no time left"
    if (limit ~ /^none/ || wall ~ /^E[A-Z]+$/) return held ": " wall (limit ~ /^none/ ? "" : ", " limit)
    return held ": " limit
}

# A whole 1, 2 or 5 times a power of ten, of which about five reach the longest bar.
function tic_step(    power, i) {
    for (power = 1; ; power *= 10)
        for (i = 1; i <= 5; i += i == 2 ? 3 : 1) if (i * power * 6 > highest) return i * power
}

function value(cells, name) { return cells[column["connections_established_" name]] + 0 }

END {
    for (m = 1; m <= model_count; m++) {
        if (!drawn[m]) continue
        first = y + 1
        for (i = 1; i <= limit_count; i++) {
            if (!((m, i) in line)) continue
            split(line[m, i], cells, ",")
            bars++
            y++
            printf "%g %d %d %d %d \"%s\"\n", y, value(cells, "median"), i, value(cells, "min"),
                value(cells, "max"), words_of(cells) > (work "/walls.dat")
            if (value(cells, "max") > highest) highest = value(cells, "max")
        }
        give_tic("y", (first + y) / 2, models[m])
        y += 0.7
    }
    if (!highest) highest = 1
    give("bar_count", bars + 0)
    give("bars_top", sprintf("%g", y - 0.7))
    give("limit_count", limit_count + 0)
    give("highest", sprintf("%d", highest))
    for (i = 1; i <= limit_count; i++) give("limit_" i, limit_words(limits[i]))
    for (x = 0; x <= highest; x += tic_step()) give_tic("x", x, with_commas(x))
}
