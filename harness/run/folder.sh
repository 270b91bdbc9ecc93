# folder.sh -- the folder that something new is written to: made by one program alone, and closed to other users until it is filled.
#
# What is checked first and used later may have changed between the two, by a second run or by another user.  So a new folder is
# made by mkdir, which fails where it exists, and no other user may be able to put a link in its way.  Sourced after lib.sh.
# shellcheck shell=bash

made_folders=() # By us, outermost first.

# Dies if another user could replace a part of the path.  In a sticky folder, as /tmp is, only the owner can.  Folders are safe for
# us if they belong to ourselves, to root (the owner of /), or to the owner of this checkout, whose scripts we run.
need_safe_path() { # need_safe_path FOLDER OPTION
    local folder folders=() trusted facts owner group mode i
    folder=$(cd -P "$1" && pwd)
    while [[ -n $folder ]]; do folders+=("$folder") folder=${folder%/*}; done
    lines_into trusted stat --format=%u / .
    lines_into facts stat --format='%u %g %a' "${folders[@]}" /
    folders+=(/)
    for i in "${!folders[@]}"; do
        folder=${folders[i]}
        read -r owner group mode <<<"${facts[i]}"
        is_one_of "$owner" "$EUID" "${trusted[@]}" ||
            die "$folder belongs to another user (uid $owner), who could put links into it; choose another $2"
        ((8#$mode & 8#1000)) || ! may_others_write "$mode" "$group" ||
            die "other users may write to $folder (mode $mode), and could put links into it; choose another $2"
    done
}

# A group of which we are the only member is no other user: many systems give each user such a group.
may_others_write() { # may_others_write MODE GROUP
    if ((8#$1 & 8#002)); then return 0; fi
    ((8#$1 & 8#020)) && [[ $2 != "$(id --group)" ]]
}

# Makes one folder, which must be new; dies with the cause.
make_folder() { # make_folder FOLDER OPTION MODE
    local why
    why=$(mkdir --mode="$3" "$1" 2>&1) || die "cannot write to $1: ${why##*: }; choose another $2"
    made_folders+=("$1")
}

# Makes what is missing of the path.
make_path() { # make_path FOLDER OPTION
    if [[ -d $1 ]]; then return; fi
    make_path "$(dirname "$1")" "$2"
    if mkdir "$1" 2>/dev/null; then made_folders+=("$1"); fi
    [[ -d $1 ]] || make_folder "$1" "$2" 755 # Two at once may make the same path; any other failure is reported here.
}

# For the exit of a program that came to nothing: what it made is removed if it is empty.
remove_made_folders() {
    local i
    for ((i = ${#made_folders[@]} - 1; i >= 0; i--)); do rmdir "${made_folders[i]}" 2>/dev/null || true; done
}

# An empty folder that exists is taken as well.
new_folder() { # new_folder FOLDER OPTION
    local mode group parent
    parent=$(dirname "$1")
    [[ ! -L $1 ]] || die "$1 is a link; $2 wants a folder"
    [[ ! -e $1 || -d $1 ]] || die "$1 is a file; $2 wants a folder"
    if [[ -d $1 ]]; then
        [[ -z $(ls -A "$1") ]] || die "$1 is not empty; earlier results are never touched: choose another $2"
        read -r mode group <<<"$(stat --format='%a %g' "$1")"
        ! may_others_write "$mode" "$group" || die "other users may write to $1 (mode $mode), and could put links into it; choose another $2"
        [[ -w $1 && -x $1 ]] || die "cannot write to $1: Permission denied; choose another $2"
        need_safe_path "$1" "$2"
    else
        make_path "$parent" "$2"
        need_safe_path "$parent" "$2"
        make_folder "$1" "$2" 700
    fi
}

# Sets `folder` to a new one in PARENT: NAME, or NAME_2, NAME_3 where others have made those.
new_folder_named() { # new_folder_named PARENT NAME OPTION
    local why number=1
    make_path "$1" "$3"
    need_safe_path "$1" "$3"
    folder=$1/$2
    until why=$(mkdir --mode=700 "$folder" 2>&1); do
        [[ -e $folder ]] || die "cannot write to $1: ${why##*: }; choose another place with $3"
        folder=$1/$2_$((++number))
    done
    made_folders+=("$folder")
}

# Dies or fails before the work where there is less room than it needs.
need_room() { # need_room FOLDER MIB WHAT
    local free why
    why=$(mktemp "$1/.c10k-XXXXXX" 2>&1) || fail "cannot write to $1, $3: ${why##*: }"
    rm -f "$why"
    free=$(df --output=avail --block-size=1M "$1" | tail -n 1)
    ((free >= $2)) || fail "$1, $3, has $((free)) MiB free; a run needs $2 MiB"
}
