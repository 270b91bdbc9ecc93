# take_run.sh -- the gate of a run: scripts read a copy, in which each word was checked first.
#
# Sourced after lib.sh.  Scripts that draw, show or compare read the copy only.
# shellcheck shell=bash disable=SC2154  # of lib.sh

readonly RUN_TABLES=("${tables[@]}" herd_back "${machine_costs[@]}" summary counters_summary chat_summary)
readonly TABLE_B_MAX=$((64 << 20)) TEXT_B_MAX=$((1 << 20))
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
    tr '\000' '\001' <"$1" | LC_ALL=C awk -v shown="${2//\\/\\\\}" -v "$3" -f harness/report/plain.awk -f "$4"
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

# Files of a subfolder, whose names become part of other names.
take_named() { # take_named RUN FOLDER ENDING AWK_SCRIPT COPY
    local file name files=("$1/$2/"*"$3")
    ((${#files[@]} <= FILES_MAX)) || die "$1/$2 has ${#files[@]} files, and at most $FILES_MAX are read; take some of them out"
    for file in "${files[@]}"; do
        name=$(basename "$file" "$3")
        [[ $name =~ $name_pattern ]] || die "$1/$2: a file with an unusual name: ${name@Q}"
        mkdir -p "$5/$2"
        take_text "$file" "$5/$2/$name$3" "$4"
    done
}

need_few_names() { # need_few_names RUN COPY
    local name column count files=()
    for name in "${tables[@]}"; do [[ ! -s $2/$name.csv ]] || files+=("$2/$name.csv"); done
    ((${#files[@]} > 0)) || return 0
    for column in experiment model; do
        count=$(awk -F, -v name="$column" 'FNR == 1 { c = 0; for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
            c && !seen[$c]++ { count++ } END { print count + 0 }' "${files[@]}")
        ((count <= NAMES_MAX)) || die "$1 has $count ${column}s, and at most $NAMES_MAX are read; take some of their rows out"
    done
}

# Copies what is read of a run to FOLDER, which must not exist; dies at the first word that is not what it should be.
take_run() { # take_run RUN FOLDER
    local name
    mkdir "$2"
    for name in "${RUN_TABLES[@]}"; do
        [[ ! -s $1/$name.csv ]] || take_table "$1/$name.csv" "$2/$name.csv"
    done
    need_few_names "$1" "$2"
    for name in machine.txt command.txt summary.md; do
        [[ ! -e $1/$name ]] || take_text "$1/$name" "$2/$name" harness/report/plain_text.awk
    done
    take_named "$1" gate .tsv harness/analysis/gate_rows.awk "$2"
    take_named "$1" histograms .hgrm harness/analysis/hgrm_rows.awk "$2"
}
