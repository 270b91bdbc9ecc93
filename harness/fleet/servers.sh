# servers.sh -- how each server is started: our models, guests in other languages, a user's commands.
#
# A guest is a file servers/guests/NAME.EXT.  A comment in it says how to start it, and how to
# compile it if that is needed; the first word is the program that must be there for it:
#
#     Build: go build -o {program} {file}
#     Start: {program} 0
#
# So a language is known by the file alone.  A command comes from the user: --command NAME='...'.
# One of our models may be started with options of its own, and is then a model beside the plain one:
# thread:stack-kib=256, thread_pool:workers=8+queue=100.
# Sourced after lib.sh.
# shellcheck shell=bash

# What the user brought: NAME -> its command line.
declare -A commands=()

plain_model() { echo "${1%%:*}"; } # plain_model thread:stack-kib=256 -> thread

# " --stack-kib 256" for thread:stack-kib=256; nothing for thread.
own_options() { # own_options NAME
    local options=${1#"$(plain_model "$1")"} option
    for option in ${options//[:+]/ }; do printf ' --%s %s' "${option%%=*}" "${option#*=}"; done
}

all_guests() {
    local file
    for file in servers/guests/*.*; do basename "${file%.*}"; done | sort
}

guest_file() { # guest_file NAME
    local files=(servers/guests/"$1".*)
    echo "${files[0]:-}"
}

is_guest() { [[ -n $(guest_file "$1") ]]; }

# What the guest's comment says, with its names filled in; nothing if it does not say it.
guest_says() { # guest_says NAME Build|Start
    local file line
    file=$(guest_file "$1")
    line=$(sed -n "s|^[^A-Za-z]*$2: ||p" "$file" | head -n 1)
    line=${line//'{file}'/$file}
    printf '%s' "${line//'{program}'/$bin/guest-$1}"
}

# What runs it, or compiles it: "node", "go".
guest_runtime() { # guest_runtime NAME
    local line
    line=$(guest_says "$1" Build)
    [[ -n $line ]] || line=$(guest_says "$1" Start)
    echo "${line%% *}"
}

# The guests that can run here.
present_guests() {
    local guest guests
    lines_into guests all_guests
    for guest in "${guests[@]}"; do
        ! command -v "$(guest_runtime "$guest")" >/dev/null || echo "$guest"
    done
}

runtime_version() { # runtime_version GUEST
    local runtime
    runtime=$(guest_runtime "$1")
    { "$runtime" --version || "$runtime" version; } 2>/dev/null | head -n 1 || true
}

# Compiles what is older than its source.  What the compiler says stays in build/.
build_guests() { # build_guests NAME...
    local name line program
    for name in "$@"; do
        is_guest "$name" || continue
        line=$(guest_says "$name" Build) program=$bin/guest-$name
        [[ -n $line && ! $program -nt $(guest_file "$name") ]] || continue
        command -v "${line%% *}" >/dev/null || continue
        rm -f "$program"
        # shellcheck disable=SC2086  # words are meant: our own file says them
        $line >"$program.log" 2>&1 || say "guest $name: could not be compiled: $(head -n 1 "$program.log")"
    done
}

# Why a server cannot be started at all; nothing if it can.
why_missing() { # why_missing NAME
    local runtime
    if [[ -n ${commands[$1]:-} ]]; then return; fi
    if is_guest "$1"; then
        runtime=$(guest_runtime "$1")
        if ! command -v "$runtime" >/dev/null; then echo "there is no $runtime on this machine"
        elif [[ -n $(guest_says "$1" Build) && ! -x $bin/guest-$1 ]]; then echo "$runtime could not compile it"; fi
    elif [[ ! -x $bin/server-$(plain_model "$1") ]]; then
        echo 'not built: its library is not installed'
    fi
}

# The command line that starts a server: one program with its arguments, so that `exec` and limits
# can be put in front of it.
command_of() { # command_of NAME
    if [[ -n ${commands[$1]:-} ]]; then
        echo "${commands[$1]}"
    elif is_guest "$1"; then
        guest_says "$1" Start
    else
        echo "$bin/server-$(plain_model "$1") 0$(own_options "$1")"
    fi
}

# NAME=COMMAND, made to start in a folder: the user's, as the command was meant.
in_folder() { # in_folder FOLDER NAME=COMMAND
    local folder="'${1//\'/\'\\\'\'}'"
    if [[ -z $1 || $1 == "$PWD" || $2 != *=* ]]; then echo "$2"; else echo "${2%%=*}=env --chdir=$folder ${2#*=}"; fi
}

# Takes NAME=COMMAND, or dies.  The name becomes part of paths, of CSV rows and of legends.
add_command() { # add_command NAME=COMMAND
    local name=${1%%=*} command=${1#*=}
    [[ $1 == *=* && $command =~ [^[:space:]] ]] || die "--command takes NAME='PROGRAM ARGUMENTS', not \"$1\""
    [[ $name =~ ^[a-z0-9][a-z0-9_-]{0,30}$ ]] ||
        die "--command: the name is of a-z, 0-9, _ and -, at most 31, not \"$name\""
    # shellcheck disable=SC2046  # names have no blanks
    ! is_one_of "$name" all guests $(all_models) $(all_guests) ||
        die "--command: \"$name\" is taken; choose another name"
    [[ -z ${commands[$name]:-} ]] || die "--command: \"$name\" is given twice"
    [[ $command != *$'\n'* ]] || die "--command: the command of \"$name\" has more than one line"
    commands[$name]=$command
}

# The same commands, as options for another script of ours.
command_options() { # -> one word a line
    local name
    for name in "${!commands[@]}"; do printf '%s\n' --command "$name=${commands[$name]}"; done
}

# "all" stands for our models, "guests" for those that can run here.  One name a line.
expand_models() { # expand_models WORD...
    local word
    for word in "$@"; do
        case $word in
        all) all_models ;;
        guests) present_guests ;;
        *) echo "$word" ;;
        esac
    done
}

# The same, sorted, each once.
sorted_models() { expand_models "$@" | sort -u; } # sorted_models WORD...

need_models() { # dies unless each is a model, one with options, a guest or a command
    local model known ours
    lines_into ours all_models
    lines_into known all_guests
    known=("${ours[@]}" "${known[@]}" "${!commands[@]}")
    for model in "$@"; do
        if [[ $model == *:* ]] && is_one_of "$(plain_model "$model")" "${ours[@]}"; then
            [[ $model =~ ^[a-z0-9_]+:[a-z-]+=[a-z0-9]+(\+[a-z-]+=[a-z0-9]+)*$ ]] ||
                die "an option is written MODEL:NAME=VALUE or MODEL:NAME=VALUE+NAME=VALUE, not \"$model\""
        else
            is_one_of "$model" "${known[@]}" || die "there is no model \"$model\"; there are: ${known[*]}"
        fi
    done
}
