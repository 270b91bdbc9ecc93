# variants.awk -- the variants of a handshake: in which order they stand, and how people call them.
#
# Functions only, for rows_table.awk, answer.awk, handshakes.awk and plots/handshakes.awk.

# 1 .. 10, as harness/kinds/handshakes/measure.sh --list has them.
function variant_place(path, tls, key, resumed) {
    if (path == "direct") return 1
    if (tls == "none") return 2
    return 3 + 4 * (tls == "1.3") + 2 * (key == "p256") + resumed
}

function variant_key(key) { return key == "p256" ? "P-256" : "RSA-2048" }

function variant_name(path, tls, key, resumed) {
    if (tls == "none") return path == "direct" ? "TCP to the model" : "TCP through HAProxy"
    return "TLS " tls ", " variant_key(key) (resumed ? ", resumed" : ", full")
}

# The same as one word: "tls1.3-p256-resumed".
function variant_word(path, tls, key, resumed) {
    if (tls == "none") return path == "direct" ? "tcp-direct" : "tcp-proxy"
    return "tls" tls "-" key (resumed ? "-resumed" : "-full")
}
