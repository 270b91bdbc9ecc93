# take_run.sh -- the gate of a run: scripts read a copy, in which each word was checked first.
#
# Sourced after lib.sh.  Scripts that draw, show or compare read the copy only.
# shellcheck shell=bash disable=SC2154  # of lib.sh

readonly RUN_TABLES=("${tables[@]}" herd_back "${machine_costs[@]}" summary counters_summary chat_summary)
readonly TABLE_B_MAX=$((64 << 20)) TEXT_B_MAX=$((1 << 20))

# Prints a file of a run as an awk script lets it pass.  Exit status 2 if it is refused.
passed() { # passed FILE BYTES_MAX NAME=VALUE AWK_SCRIPT
    local size
    [[ -f $1 && ! -L $1 && -r $1 ]] || die "$1 is no file that can be read"
    size=$(stat --format=%s "$1") || exit
    ((size <= $2)) || die "$1 has $size bytes, more than $2"
    tr '\000' '\001' <"$1" | awk -v shown="${1//\\/\\\\}" -v "$3" -f harness/plain.awk -f "harness/$4"
}

# A folder of a run may hold files and folders, and nothing that leads elsewhere.
need_plain_files() { # need_plain_files RUN
    local other
    other=$(find "$1" ! -type f ! -type d -print -quit) || fail "cannot look into $1"
    [[ -z $other ]] || die "$other is neither a file nor a folder; links in a run are not followed: remove it"
}

take_table() { # take_table FILE COPY
    local torn=0
    [[ -z $(tail -c 1 "$1" | tr -d '\n') ]] || torn=1
    passed "$1" "$TABLE_B_MAX" torn="$torn" cells.awk >"$2"
}

# Files of a subfolder, whose names become part of other names.
take_named() { # take_named RUN FOLDER ENDING AWK_SCRIPT COPY
    local file name
    for file in "$1/$2/"*"$3"; do
        name=$(basename "$file" "$3")
        [[ $name =~ $name_pattern ]] || die "$1/$2: a file with an unusual name: ${name@Q}"
        mkdir -p "$5/$2"
        passed "$file" "$TEXT_B_MAX" none= "$4" >"$5/$2/$name$3"
    done
}

# Copies what is read of a run to FOLDER, which must not exist; dies at the first word that is not what it should be.
take_run() { # take_run RUN FOLDER
    local name
    need_plain_files "$1"
    mkdir "$2"
    for name in "${RUN_TABLES[@]}"; do
        [[ ! -s $1/$name.csv ]] || take_table "$1/$name.csv" "$2/$name.csv" || exit
    done
    for name in machine.txt command.txt summary.md; do
        [[ ! -e $1/$name ]] || passed "$1/$name" "$TEXT_B_MAX" none= plain_text.awk >"$2/$name" || exit
    done
    take_named "$1" gate .tsv gate_rows.awk "$2"
    take_named "$1" histograms .hgrm hgrm_rows.awk "$2"
}
