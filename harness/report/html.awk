# html.awk -- text of a run in HTML: shown as it is, and never an element or an end of an attribute.
#
# For figure.awk and others, which are given after it; with -v filter=1 a filter of its own.

function html(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    return text
}

# The same as the value of an attribute, between quotes of either kind.
function html_attribute(text) {
    text = html(text)
    gsub(/"/, "\\&quot;", text)
    gsub(/\47/, "\\&#39;", text)
    return text
}

filter { print html($0) }
