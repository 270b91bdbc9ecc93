# counts.awk -- counts what jobs of tests/run.sh left: JOB.took, JOB.times and JOB.tap.
#
#   brief=1      one line for one job
#   all_us=N     parts, the ten slowest tests and, last, all counts; all.took holds the CPU time of all
#
# Exit status 1 if a test failed.

function seconds(text,    part) { split(text, part, /[ms]/); return 60 * part[1] + part[2] }

function file_of(name) { sub(/.*\//, "", name); sub(/\.[a-z]*$/, "", name); return name }

FNR == 1 { job = file_of(FILENAME) }

# "JOB PART MICROSECONDS", then two lines of the shell's `times`, user and system: of itself, of its children.
FILENAME ~ /\.took$/ {
    if (NF == 3) { part_of[job] = $2; took_s[job] = $3 / 1e6 }
    else { user_s[job] += seconds($1); system_s[job] += seconds($2) }
    next
}

FILENAME ~ /\.times$/ {
    split($0, cell, "\t")
    has_times[job] = 1
    test_s[job ": " cell[2]] = cell[1]
    next
}

/^not ok/ { failed[job]++; all_failed++ }
/^ok/ {
    if (!/# [Ss][Kk][Ii][Pp]/) passed[job]++
    else { skipped[job]++; all_skipped++; if (/# [Ss][Kk][Ii][Pp] weather:/) weather++ }
    all++
}

function counts_of(name) {
    return sprintf("%-22s %4d passed, %d failed, %d skipped  (%.0f s, CPU %.0f s)", name, passed[name], failed[name], skipped[name],
                   took_s[name], user_s[name] + system_s[name])
}

function show_parts(    name, part, order, count, i) {
    for (name in part_of) {
        part = part_of[name]
        if (!(part in part_took_s)) order[++count] = part
        part_took_s[part] += took_s[name]
        part_cpu_s[part] += user_s[name] + system_s[name]
    }
    print "\nCPU and time of each part, in s (a part's jobs run side by side with others):"
    for (i = 1; i <= count; i++) printf "  %-12s %7.1f %7.1f\n", order[i], part_cpu_s[order[i]], part_took_s[order[i]] | "sort -k2,2nr"
    close("sort -k2,2nr")
}

# A job that does not say how long each test took counts as one.
function show_slowest(    name) {
    for (name in part_of) if (!(name in has_times)) test_s[name ": all of it"] = took_s[name]
    print "\nThe slowest tests, in s:"
    for (name in test_s) printf "  %7.1f  %s\n", test_s[name], name | "sort -nr | head -n 10"
    close("sort -nr | head -n 10")
}

END {
    if (brief) print counts_of(job)
    else {
        show_parts()
        show_slowest()
        printf "\n%.0f s, CPU %.0f s (user %.0f, system %.0f), %d skipped for the weather\n", all_us / 1e6, user_s["all"] + system_s["all"],
            user_s["all"], system_s["all"], weather
        printf "%d passed, %d failed, %d skipped\n", all - all_skipped, all_failed, all_skipped
    }
    exit all_failed > 0
}
