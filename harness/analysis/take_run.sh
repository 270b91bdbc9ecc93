# take_run.sh -- the gate of a run: scripts read a copy, in which each word was checked first.
#
# Sourced after lib.sh.  Scripts that draw, show or compare read the copy only.
# shellcheck shell=bash disable=SC2154  # of lib.sh

# The files that tell which columns are numbers.
dictionary=$(echo harness/analysis/metrics.tsv harness/kinds/*/metrics.tsv)
readonly dictionary TABLE_B_MAX=$((64 << 20)) TEXT_B_MAX=$((1 << 20))
# Experiments, and models: a drawing takes some tenths of a second for each experiment, and more the more models there are.
readonly NAMES_MAX=200 FILES_MAX=2000 # Files of gate/ and of histograms/.

# Copies a file of a run, which may change or be replaced meanwhile: no link is followed, no pipe waited for, and no more read
# than is allowed.
take_file() { # take_file FILE BYTES_MAX COPY
    local size why
    [[ -f $1 && ! -L $1 && -r $1 ]] || die "$1 is no file that can be read"
    size=$(stat --format=%s "$1") || exit
    ((size <= $2)) || die "$1 has $size bytes, more than $2"
    why=$(dd if="$1" of="$3" iflag=nofollow,nonblock,count_bytes count="$2" bs=64K status=none 2>&1) ||
        die "$1 cannot be copied to read it: ${why##*: }"
}

# Prints what was taken of a file as an awk script lets it pass.  Exit status 2 if it is refused.
passed() { # passed COPY FILE NAME=VALUE AWK_SCRIPT
    tr '\000' '\001' <"$1" | LC_ALL=C awk -v shown="${2//\\/\\\\}" -v dictionary="$dictionary" -v "$3" -f harness/report/plain.awk -f "$4"
}

take_table() { # take_table FILE COPY
    local torn=0
    take_file "$1" "$TABLE_B_MAX" "$2.taken"
    [[ -z $(tail -c 1 "$2.taken" | tr -d '\n') ]] || torn=1
    passed "$2.taken" "$1" torn="$torn" harness/analysis/cells.awk >"$2"
    rm "$2.taken"
}

take_text() { # take_text FILE COPY AWK_SCRIPT
    take_file "$1" "$TEXT_B_MAX" "$2.taken"
    passed "$2.taken" "$1" none= "$3" >"$2"
    rm "$2.taken"
}

take_gate_rows() { take_text "$1" "$2" harness/analysis/gate_rows.awk; }
take_histogram() { take_text "$1" "$2" harness/analysis/hgrm_rows.awk; }

# Files of a subfolder, whose names become part of other names.
take_named() { # take_named RUN FOLDER ENDING COMMAND COPY
    local file name files=("$1/$2/"*"$3")
    ((${#files[@]} <= FILES_MAX)) || die "$1/$2 has ${#files[@]} files, and at most $FILES_MAX are read; take some of them out"
    for file in "${files[@]}"; do
        name=$(basename "$file" "$3")
        [[ $name =~ $name_pattern ]] || die "$1/$2: a file with an unusual name: ${name@Q}"
        mkdir -p "$5/$2"
        "$4" "$file" "$5/$2/$name$3"
    done
}

need_few_names() { # need_few_names RUN COPY
    local column count files=("$2"/rows/*.csv)
    ((${#files[@]} > 0)) || return 0
    for column in experiment model; do
        count=$(awk -F, -v name="$column" 'FNR == 1 { c = 0; for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
            c && !seen[$c]++ { count++ } END { print count + 0 }' "${files[@]}")
        ((count <= NAMES_MAX)) || die "$1 has $count ${column}s, and at most $NAMES_MAX are read; take some of their rows out"
    done
}

# The tables that a run of schema 1 to 3 has, a path a line.
old_tables_of() { # old_tables_of RUN
    local name
    for name in "${tables[@]}" herd_back; do [[ ! -s $1/$name.csv ]] || echo "$1/$name.csv"; done
}

# Rows of an older run in the form of today.
renew_rows() { # renew_rows COPY
    local file files name
    lines_into files old_tables_of "$1"
    mkdir -p "$1/rows"
    for file in "${files[@]}"; do
        name=$(basename "$file" .csv)
        if [[ $name == herd_back ]]; then
            mkdir -p "$1/timelines"
            sed '1s/,policy,/,variant,/' "$file" >"$1/timelines/herd.csv"
        else
            awk -v table="$name" -v folder="$1/rows" -f harness/analysis/old_rows.awk "$file"
        fi
    done
}

# Copies the tables of a run to FOLDER, which must not exist; dies at the first word that is not what it should be.
take_tables() { # take_tables RUN FOLDER
    local name files
    mkdir -p "$2"
    for name in rows timelines; do take_named "$1" "$name" .csv take_table "$2"; done
    lines_into files old_tables_of "$1"
    for name in "${machine_costs[@]}"; do files+=("$1/$name.csv"); done
    for name in "${files[@]}"; do
        [[ ! -s $name ]] || take_table "$name" "$2/${name##*/}"
    done
    renew_rows "$2"
    need_few_names "$1" "$2"
}

# The same with all else that is read of a run.
take_run() { # take_run RUN FOLDER
    local name
    take_tables "$1" "$2"
    for name in machine.txt command.txt summary.md; do
        [[ ! -e $1/$name ]] || take_text "$1/$name" "$2/$name" harness/report/plain_text.awk
    done
    take_named "$1" gate .tsv take_gate_rows "$2"
    take_named "$1" histograms .hgrm take_histogram "$2"
}
