# markup.awk -- text of a run in Markdown: shown as it is, and never a tag, a link, a picture, code or a cell of its own.
#
# For report_markdown.awk and compare_report.awk, which are given after it; with -v filter=1 a filter of its own.

function markdown(text) {
    gsub(/\\/, "\\\\\\\\", text)
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    gsub(/`/, "\\`", text)
    gsub(/\|/, "\\|", text)
    gsub(/\]\(/, "]\\(", text)
    return text
}

filter { print markdown($0) }
