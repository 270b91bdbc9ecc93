# plain_text.awk -- text of a run, made plain line by line: machine.txt, command.txt, summary.md.
#
#   awk -f harness/report/plain.awk -f harness/report/plain_text.awk <command.txt
{
    gsub(/\t/, "    ")
    print plain($0)
}
