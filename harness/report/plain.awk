# plain.awk -- strangers' text made plain: what could move a terminal's cursor or be no text at all becomes "?".
#
# Functions only, for cells.awk and plain_text.awk.  Bytes, so LC_ALL=C.

BEGIN {
    high = "([\302-\337][\200-\277]|\340[\240-\277][\200-\277]|[\341-\354\356\357][\200-\277][\200-\277]|\355[\200-\237][\200-\277]" \
           "|\360[\220-\277][\200-\277][\200-\277]|[\361-\363][\200-\277][\200-\277][\200-\277]|\364[\200-\217][\200-\277][\200-\277])"
    utf8 = "^([\001-\177]|" high ")*$"
    # C1, and what turns the direction of writing.
    unseen = "\302[\200-\237]|\342\200[\213-\217\250-\256]|\342\201[\240-\257]|\357\273\277"
}

function plain(text) {
    gsub(/[\001-\037\177]/, "?", text)
    if (text !~ /[\200-\377]/) return text
    if (text !~ utf8) gsub(/[\200-\377]/, "?", text)
    gsub(unseen, "?", text)
    return text
}
