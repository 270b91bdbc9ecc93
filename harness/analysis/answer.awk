# answer.awk -- what each experiment of a run found, in two sentences.
#
#   awk -f harness/analysis/numbers.awk -f harness/analysis/headline.awk -f harness/analysis/decide.awk -f harness/analysis/variants.awk -f harness/analysis/answer.awk TABLE...
#
# A TABLE is what summarise.awk makes with runs=1, cold_start.csv, counters_summary.csv, herd.csv or
# handshakes.csv; of chat.csv what chat.awk and then summarise.awk make.
# Writes "experiment<TAB>sentences".  The first sentence compares models where the most connections
# are, and claims a difference by the rule of decide.awk only; the second tells what the number of
# connections changes, or else what a number is made of.

BEGIN { FS = "," }

FNR == 1 {
    delete column
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}
{
    kind = "kind" in column ? value("kind") : "policy" in column ? "herd" : "path" in column ? "handshakes" : \
        "pass" in column ? "counters" : "cold_start"
    experiment = value("experiment")
    if (!(experiment in kind_of)) experiments[++experiment_count] = experiment
    kind_of[experiment] = kind
    n = ++rows[experiment]
    for (name in column) cell[experiment, n, name] = $column[name]
    cell[experiment, n, "size"] = value("connections_asked") * 1e9 + value("connections_active")
    if (value("connections_active") + 0 > 0 && value("connections_active") + 0 < value("connections_asked") + 0 && \
        value("deaf_clients_median") + 0 == 0)
        some_idle[experiment] = 1
}

function value(name) { return name in column ? $column[name] : "" }

# The metric that answers the question of an experiment.
function metric_of(experiment,    kind) {
    kind = kind_of[experiment]
    if (kind == "latency") return some_idle[experiment] ? "server_cpu_us_per_message" : "latency_ns_p99"
    return kind == "capacity" ? "server_cpu_us_per_message" : kind == "memory" ? "machine_lost_kib" : \
        kind == "cold_start" ? "time_s" : ""
}

function is_good(e, n, metric) {
    return cell[e, n, metric "_median"] != "" && is_result(cell[e, n, "status"], metric)
}
function median(e, n, metric) { return cell[e, n, metric "_median"] + 0 }
function shown(metric, number) {
    return short(number / headline_divide[metric]) " " headline_unit[metric]
}
function runs_of(e, n, metric) {
    return kind_of[e] == "cold_start" ? cell[e, n, "repeats"] : cell[e, n, metric "_runs"]
}
function where(e, n) {
    if (kind_of[e] == "cold_start") return ""
    return headline_at(cell[e, n, "connections_asked"], cell[e, n, "connections_active"])
}
function times(ratio) { return sprintf(ratio < 10 ? "%.1f" : "%.0f", ratio) " times" }
function sentence(text) { return toupper(substr(text, 1, 1)) substr(text, 2) ". " }

# Who is highest and who is lowest where the most connections are.
function extremes(e, metric,    n, size, good) {
    high_row = low_row = good = size = 0
    for (n = 1; n <= rows[e]; n++) if (cell[e, n, "size"] > size) size = cell[e, n, "size"]
    for (n = 1; n <= rows[e]; n++) {
        if (cell[e, n, "size"] != size) continue
        largest_row = n
        if (!is_good(e, n, metric)) continue
        good++
        if (!high_row || median(e, n, metric) > median(e, high_row, metric)) high_row = n
        if (!low_row || median(e, n, metric) < median(e, low_row, metric)) low_row = n
    }
    return good
}

function compare(e, metric,    good, name, high, low, text) {
    good = extremes(e, metric)
    name = "the " (metric == "time_s" ? "whole time" : headline_name[metric])
    if (good == 0) return sentence("no model gave a result" where(e, largest_row) ": the table tells why")
    high = median(e, high_row, metric)
    low = median(e, low_row, metric)
    text = name where(e, high_row) " is " shown(metric, high) " with " cell[e, high_row, "model"]
    if (good == 1) return sentence(text)
    if (shown(metric, high) == shown(metric, low)) return sentence(name where(e, high_row) " is " shown(metric, high) ", the same with all")
    text = text ", the highest, and " shown(metric, low) " with " cell[e, low_row, "model"] ", the lowest"
    if (decide(metric, runs_of(e, low_row, metric), cell[e, low_row, metric "_min"], cell[e, low_row, metric "_max"],
               runs_of(e, high_row, metric), cell[e, high_row, metric "_min"], cell[e, high_row, metric "_max"]) == "more")
        return sentence(text ": " times(high / decide_least(low, decide_floor(metric))))
    return sentence(text "; " decide_why ", so this is no ranking")
}

# How far apart two numbers are, be it up or down.
function distance(a, b) { return a > b ? log(a / b) : log(b / a) }

# The model that the number of connections changes most, and the one that it changes least.
function growth(e, metric,    n, model, first, last, change, most, least, m) {
    for (n = 1; n <= rows[e]; n++) {
        if (!is_good(e, n, metric)) continue
        model = cell[e, n, "model"]
        if (!(model in first) || cell[e, n, "size"] < cell[e, first[model], "size"]) first[model] = n
        if (!(model in last) || cell[e, n, "size"] > cell[e, last[model], "size"]) last[model] = n
    }
    for (m in first) {
        if (first[m] == last[m] || cell[e, last[m], "size"] != cell[e, largest_row, "size"]) continue
        if (median(e, first[m], metric) <= 0 || median(e, last[m], metric) <= 0) continue
        change[m] = distance(median(e, first[m], metric), median(e, last[m], metric))
        if (most == "" || change[m] > change[most] || (change[m] == change[most] && m < most)) most = m
        if (least == "" || change[m] < change[least] || (change[m] == change[least] && m < least)) least = m
    }
    if (most == "") return ""
    return sentence("it went from " span(e, metric, first[most], last[most]) " with " most \
        (most == least ? "" : ", where that changed it most, and from " span(e, metric, first[least], last[least]) " with " least ", where least"))
}

function span(e, metric, from, to) {
    return shown(metric, median(e, from, metric)) where(e, from) " to " shown(metric, median(e, to, metric))
}

# What the largest loss of memory is made of.
function parts(e,    n, names, count, i, text, lost) {
    if (extremes(e, "machine_lost_kib") == 0) return ""
    n = high_row
    lost = median(e, n, "machine_lost_kib")
    if (lost == 0) return ""
    count = split("pss_kib page_tables_kib kernel_stack_kib task_frag_kib sockets_kib slab_kib", names, " ")
    for (i = 1; i <= count; i++)
        if (cell[e, n, names[i] "_median"] != "")
            text = text (text == "" ? "" : ", ") sprintf("%.0f %% ", 100 * median(e, n, names[i]) / lost) headline_name[names[i]]
    return text == "" ? "" : sentence("with " cell[e, n, "model"] " that is " text)
}

function visits(e,    n, text) {
    for (n = 1; n <= rows[e]; n++)
        if (is_good(e, n, "time_s") && cell[e, n, "requests"] + 0 > 0)
            text = text (text == "" ? "" : ", ") sprintf("%.0f us with %s", \
                median(e, n, "time_s") / cell[e, n, "requests"] * 1e6, cell[e, n, "model"])
    return text == "" ? "" : sentence("one visit, its share of starting and ending the server included, takes " text)
}

# What stopped a model: nothing did if it says "none"; where it says nothing, nothing was measured.
function wall_of(e, n,    wall) {
    wall = cell[e, n, "wall"]
    if (wall == "") return "not measured (" cell[e, n, "reason"] ")"
    gsub(/_/, " ", wall)
    return wall == "none" ? "no wall" : wall
}

# Models that met the same wall share a clause.
function walls(e, limits,    n, wall, members, count, order, i, text) {
    for (n = 1; n <= rows[e]; n++) {
        if (cell[e, n, "limits"] != limits) continue
        wall = wall_of(e, n)
        if (!(wall in members)) order[++count] = wall
        members[wall] = members[wall] (members[wall] == "" ? "" : ", ") cell[e, n, "model"] \
            (cell[e, n, "wall"] == "" ? "" : " (" with_commas(median(e, n, "connections_established")) ")")
    }
    for (i = 1; i <= count; i++) text = text (i == 1 ? "" : "; ") order[i] ": " members[order[i]]
    return text
}

function all_walls(e,    n, seen, text, limits) {
    for (n = 1; n <= rows[e]; n++) {
        limits = cell[e, n, "limits"]
        if (seen[limits]++) continue
        text = text sentence("first walls, and connections held, with " (limits == "machine" ? "the machine's own limits" : limits) ": " walls(e, limits))
    }
    return text
}

# What the two loops say of one server, which is named where there are several.
function omission(e,    n, m, seen, count, order, open, closed, i, text) {
    for (n = 1; n <= rows[e]; n++) {
        m = cell[e, n, "model"]
        if (!seen[m]++) order[++count] = m
        if (!is_good(e, n, "latency_ns_p99")) continue
        if (cell[e, n, "arrival"] == "closed") closed[m] = n
        else open[m] = n
    }
    for (i = 1; i <= count; i++)
        if (order[i] in open && order[i] in closed)
            text = text two_loops(e, open[order[i]], closed[order[i]], count > 1 ? "with " order[i] ", " : "")
    return text
}

function two_loops(e, open, closed, whose,    ratio) {
    ratio = median(e, open, "latency_ns_p99") / median(e, closed, "latency_ns_p99")
    return sentence(whose "of the same stops of the same server the open loop sees a p99 latency of " \
        shown("latency_ns_p99", median(e, open, "latency_ns_p99")) ", the closed loop " \
        shown("latency_ns_p99", median(e, closed, "latency_ns_p99")) ": " times(ratio > 1 ? ratio : 1 / ratio) \
        (ratio > 1 ? " less" : " more")) \
        sentence("they sent " short(median(e, open, "achieved_per_s")) " and " \
        short(median(e, closed, "achieved_per_s")) " messages a second")
}

# The system calls of a message, summed over their names, where the most connections are.
function calls(e,    n, m, sum, size, most, least) {
    for (n = 1; n <= rows[e]; n++) if (cell[e, n, "size"] > size) size = cell[e, n, "size"]
    for (n = 1; n <= rows[e]; n++)
        if (cell[e, n, "size"] == size && cell[e, n, "method"] == "ptrace" && cell[e, n, "status"] == "ok") {
            sum[cell[e, n, "model"]] += cell[e, n, "per_message_median"]
            last_row = n
        }
    for (m in sum) {
        if (most == "" || sum[m] > sum[most] || (sum[m] == sum[most] && m < most)) most = m
        if (least == "" || sum[m] < sum[least] || (sum[m] == sum[least] && m < least)) least = m
    }
    if (most == "") return sentence("no model's system calls could be counted: the table tells why")
    return sentence("a message takes " short(sum[most]) " system calls with " most where(e, last_row) \
        (most == least ? "" : ", the most, and " short(sum[least]) " with " least ", the fewest"))
}

# "2.1 (poll) to 4.5 (fork)": the runs of one group, such as a way to come back, that have the number.
function over_runs(e, group, which, name,    n, low, high) {
    for (n = 1; n <= rows[e]; n++) {
        if (cell[e, n, group] != which || cell[e, n, name] == "") continue
        if (!low || cell[e, n, name] + 0 < cell[e, low, name] + 0) low = n
        if (!high || cell[e, n, name] + 0 > cell[e, high, name] + 0) high = n
    }
    if (!low) return "an unknown number"
    if (cell[e, low, name] == cell[e, high, name]) high = low
    return short(cell[e, low, name]) called(e, low, name) \
        (low == high ? "" : " to " short(cell[e, high, name]) called(e, high, name))
}

# Whose number it is; a number of round trips belongs to many.
function called(e, n, name) {
    if (kind_of[e] != "handshakes") return " (" cell[e, n, "model"] ")"
    return name == "round_trips" || cell[e, n, "tls"] == "none" ? "" : " (" cell[e, n, "variant"] ")"
}

# Whoever failed is in no group.
function group_variants(e,    n) {
    for (n = 1; n <= rows[e]; n++) {
        if (cell[e, n, "status"] != "ok") continue
        cell[e, n, "group"] = cell[e, n, "tls"] == "none" ? cell[e, n, "path"] : \
            cell[e, n, "resumed_asked"] == 1 ? "resumed" : "full"
        cell[e, n, "variant"] = variant_name(cell[e, n, "path"], cell[e, n, "tls"], cell[e, n, "key"], cell[e, n, "resumed_asked"])
    }
}

function handshakes(e,    cpu, trips) {
    group_variants(e)
    cpu = "server_cpu_us_per_connection"
    trips = "round_trips"
    return sentence("a connection costs the server\047s side " over_runs(e, "group", "direct", cpu) " us of CPU over TCP, " \
            over_runs(e, "group", "proxy", cpu) " through HAProxy, " over_runs(e, "group", "full", cpu) \
            " with a full handshake of TLS there, and " over_runs(e, "group", "resumed", cpu) " with a resumed one") \
        sentence("round trips before the first byte: " over_runs(e, "group", "direct", trips) " over TCP, " \
            over_runs(e, "group", "full", trips) " with a full handshake of TLS, " over_runs(e, "group", "resumed", trips) \
            " with a resumed one")
}

# Ways to come back are groups of the runs in which all did.  Returns whose runs are in none.
function group_policies(e,    n, seen, text) {
    for (n = 1; n <= rows[e]; n++) {
        if (cell[e, n, "status"] == "ok") cell[e, n, "group"] = cell[e, n, "policy"]
        else if (!seen[cell[e, n, "model"]]++) text = text (text == "" ? "" : ", ") cell[e, n, "model"]
    }
    return text
}

function herd(e,    missing) {
    missing = group_policies(e)
    return sentence("seconds until everybody was back, from when the server was: " over_runs(e, "group", "now", "back_s") \
            " if all try again at once, " over_runs(e, "group", "jitter", "back_s") " with random pauses" \
            (missing == "" ? "" : "; not all came back with " missing)) \
        sentence("handshakes that it dropped meanwhile: " over_runs(e, "group", "now", "drops_back") " and " \
            over_runs(e, "group", "jitter", "drops_back"))
}

# "2.65 ms with 10": a number of a point of the chat.
function with_members(e, n, metric, divide, unit) {
    return short(median(e, n, metric) / divide) " " unit " with " with_commas(cell[e, n, "connections_asked"])
}

# The smallest and the largest room of those that gave a result, and the largest one if it did not.
function chat(e,    n, first, last, largest) {
    for (n = 1; n <= rows[e]; n++) {
        if (!largest || cell[e, n, "size"] > cell[e, largest, "size"]) largest = n
        if (!is_good(e, n, "delivery_ns_p99")) continue
        if (!first || cell[e, n, "size"] < cell[e, first, "size"]) first = n
        if (!last || cell[e, n, "size"] > cell[e, last, "size"]) last = n
    }
    if (!first) return sentence("no room gave a result: the table tells why")
    return sentence("the p99 of a delivery, from the moment when its line was due, is " with_members(e, first, "delivery_ns_p99", 1e6, "ms") \
            " members" (first == last ? "" : " and " with_members(e, last, "delivery_ns_p99", 1e6, "ms"))) \
        sentence("a delivery costs the room " with_members(e, first, "server_cpu_us_per_delivery", 1, "us of CPU") \
            (first == last ? "" : " and " with_members(e, last, "server_cpu_us_per_delivery", 1, "us")) ": a line to all of those takes " \
            short(median(e, last, "server_cpu_us_per_delivery") * cell[e, last, "connections_asked"] / 1000) " ms") \
        (last == largest ? "" : sentence("with " with_commas(cell[e, largest, "connections_asked"]) " members there is no result: the table tells why"))
}

# What the largest number of connections took, whatever disturbed those that spoke among them.
function million(e,    n, most) {
    for (n = 1; n <= rows[e]; n++)
        if (cell[e, n, "both_ends_lost_kib_median"] != "" && (!most || cell[e, n, "size"] > cell[e, most, "size"])) most = n
    if (!most) return sentence("no connections were held: the table tells why")
    return sentence(with_commas(median(e, most, "connections_established")) " of " with_commas(cell[e, most, "connections_asked"]) \
        " connections were held, and opened within " short(median(e, most, "connect_s")) " s: " \
        short(median(e, most, "both_ends_lost_kib") / median(e, most, "connections_established")) " KiB for each, both ends together")
}

function answer(e,    kind, metric) {
    kind = kind_of[e]
    if (kind == "counters") return calls(e)
    if (kind == "herd") return herd(e)
    if (kind == "handshakes") return handshakes(e)
    if (kind == "chat") return chat(e)
    if (kind == "walls") return all_walls(e)
    if (kind == "omission") return omission(e)
    if (e == "million") return million(e)
    metric = metric_of(e)
    if (metric == "") return ""
    return compare(e, metric) (kind == "memory" ? parts(e) : kind == "cold_start" ? visits(e) : growth(e, metric))
}

END {
    for (i = 1; i <= experiment_count; i++) {
        text = answer(experiments[i])
        sub(/ $/, "", text)
        if (text != "") print experiments[i] "\t" text
    }
}
