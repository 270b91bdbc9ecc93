# database.sh -- run.db: what a run measured, for SQL.  Sourced after lib.sh and take_run.sh.
#
# The views are in *.sql of this folder, each beside what it makes; harness/README.md tells the tables.
# shellcheck shell=bash disable=SC2154  # of the scripts

# It ends at the first error, and reads no file of the user.
sql() { sqlite3 -init /dev/null -batch -bail "$@"; } # sql DATABASE [SQL]

# Numbers in braces, which the views write, as people read them.
in_words() { awk -f harness/analysis/numbers.awk -f harness/analysis/in_words.awk; }

# Prints "kind place ROW..." for the rows of a table that each kind has in its folder; "-" is an empty value.
of_each_kind() { # of_each_kind NAME
    awk -v OFS='\t' 'FNR == 1 { kind = FILENAME; sub("/[^/]*$", "", kind); sub(".*/", "", kind); next }
        { gsub(/\t-/, "\t"); gsub(/\t-/, "\t"); print kind, FNR - 1, $0 }' harness/kinds/*/"$1".tsv
}

# The metrics that a late client or a busy host does not spoil.
robust_metrics() {
    awk -F'\t' 'FNR == 1 { for (i = 1; i <= NF; i++) if ($i == "robust") c = i; next } $c == "yes" { print $1 }' \
        harness/analysis/metrics.tsv harness/kinds/*/metrics.tsv | one_line
}

# What a run, as take_run.sh copied it, and the dictionary hold.
load_tables() { # load_tables RUN WORK
    local files=("$1"/rows/*.csv) dictionaries=(harness/analysis/metrics.tsv) name
    for name in "${files[@]##*/}"; do
        name=harness/kinds/${name%.csv}/metrics.tsv
        [[ ! -e $name ]] || dictionaries+=("$name")
    done
    for name in "${machine_costs[@]}"; do [[ ! -s $1/$name.csv ]] || files+=("$1/$name.csv"); done
    for name in machine command; do [[ ! -s $1/$name.txt ]] || files+=("$1/$name.txt"); done
    awk -v folder="$2" -f harness/analysis/load.awk "${dictionaries[@]}" "${files[@]}"
    awk 'FNR == 1 { kind = FILENAME; kind = sub(".*kinds/", "", kind) && sub("/.*", "", kind) ? kind : "all"; next }
        { gsub(/\t-/, "\t"); gsub(/\t-/, "\t"); print kind "\t" $0 }' "${dictionaries[@]}" >"$2/entry.tsv"
    of_each_kind table >"$2/shown.tsv"
    of_each_kind variants >"$2/variant_name.tsv"
}

# SQLite is given no path: one with a quote would end its name.
make_database() { # make_database RUN WORK -> WORK/run.db
    local table
    load_tables "$1" "$2"
    {
        cat harness/analysis/schema.sql
        printf '.mode ascii\n.separator "\\t" "\\n"\n'
        for table in entry shown variant_name row cell word fact; do
            [[ ! -s $2/$table.tsv ]] || printf '.import %s.tsv %s\n' "$table" "$table"
        done
        cat harness/analysis/{loaded,derived}.sql harness/kinds/*/derived.sql harness/analysis/{points,difference}.sql harness/kinds/*/answer.sql \
            harness/analysis/{ranks,answers,tables}.sql harness/kinds/*/table.sql harness/analysis/machine_costs.sql \
            harness/analysis/claims{,_memory,_cpu,_told}.sql harness/kinds/*/captions.sql harness/analysis/{captions,summaries}.sql
    } | (cd "$2" && sql run.db)
}

# The same of a run as it is, for its numbers alone.
number_database() { # number_database RUN WORK -> WORK/run.db
    take_tables "$1" "$2/run"
    make_database "$2/run" "$2"
}

# Of each kind a table with a row for each point, for charts and for a spreadsheet.
write_summaries() { # write_summaries RUN_DB FOLDER
    mkdir -p "$2"
    sql -separator $'\t' "$1" 'SELECT kind, text FROM summary_line ORDER BY kind, place' | awk -F'\t' -v folder="$2" '{ print $2 >(folder "/" $1 ".csv") }'
}

# Prints what a query gives, a row a line, its columns apart by tabs, with numbers as people read them.
said() { sql -separator $'\t' "$1" "$2" | in_words; } # said RUN_DB SQL

# A median as a page tells it, or "-"; one that is no result is followed by its verdict.
median_of() { # median_of RUN_DB EXPERIMENT MODEL CONNECTIONS METRIC DIVIDE FORMAT
    local text
    text=$(sql "$1" "SELECT format('$7', median / $6) || iif(is_result, '', ' (' || replace(status, '_', ' ') || ')') FROM number
        WHERE experiment = '$2' AND model = '$3' AND connections = $4 AND metric = '$5'")
    echo "${text:--}"
}

# Two runs beside each other, whose databases are WORK/a/run.db and WORK/b/run.db.
compare_databases() { # compare_databases WORK -> WORK/compare.db
    {
        printf "ATTACH '%s/run.db' AS %s;\n" a a b b
        cat harness/analysis/{compare_setup,compare,difference,compare_rows,compare_report}.sql
    } | (cd "$1" && sql compare.db)
}

# What is said of them, in Markdown.
compare_words() { # compare_words COMPARE_DB
    said "$1" 'SELECT text FROM line ORDER BY section, place' |
        awk -F'\t' -f harness/report/markup.awk -f harness/analysis/compare_report.awk
}
