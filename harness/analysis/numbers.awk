# numbers.awk -- numbers as people read them, and which of them are results.
#
# Functions only, for everything that writes tables, sentences or words on a chart: each of them is given after it.

# Three digits, but no digit of a whole number is lost.
function short(number) {
    return number >= 100 || number == int(number) ? sprintf("%.0f", number) : sprintf("%.3g", number)
}

# "1,000,000"; a fraction is rounded.
function with_commas(number,    text, out) {
    text = sprintf("%.0f", number)
    while (length(text) > 3) {
        out = "," substr(text, length(text) - 2) out
        text = substr(text, 1, length(text) - 3)
    }
    return text out
}

# Whether a number of a point with that verdict is a result.  `robust` holds the metrics that a late client or a busy host does
# not spoil: those that the dictionary marks.
function is_result(status, metric) {
    return status ~ /^(ok|overloaded)$/ || \
        index(" " robust " ", " " metric " ") > 0 && status ~ /^(drifting|noisy|client_limited)$/
}
