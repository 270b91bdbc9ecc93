# lib.sh -- what the scripts share; each sources it right after its options are set.
#
# Leaves the current folder at the root of the project, whatever it was; paths that a user gave
# must be made absolute before, with from_caller.
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/enter.sh"

caller_folder=$PWD
lib_file=$(realpath "${BASH_SOURCE[0]}") || exit
cd "${lib_file%/harness/run/lib.sh}" || exit
readonly caller_folder
# Exported by the first script, so that all count from the same moment.
: "${C10K_BEGIN:=$EPOCHSECONDS}"
export C10K_BEGIN
# Programs from elsewhere (C10K_BIN) are for tests of these scripts.
# shellcheck disable=SC2034  # for the scripts
bin=${C10K_BIN:-build/release}

# The oldest schema whose tables can be read; the newest is in harness/measure/columns.h.
readonly oldest_schema=1

# The tables whose rows are measurements, in runs of schema 1 to 3; herd_back.csv stands beside them.  Since schema 4 a run has
# rows/KIND.csv instead.
readonly tables=(raw cold_start counters herd handshakes chat)

# What the machine takes by itself, without a server: programs of ours whose table is measured before each run.
# shellcheck disable=SC2034  # for the scripts
readonly machine_costs=(switch_cost ready_cost)

# The file of a figure: in the folder of its kind, or with those that several kinds draw.
figure_file() { # figure_file NAME
    set -- harness/kinds/*/"$1".gp harness/report/plots/"$1".gp
    printf '%s\n' "$1"
}

# What messages begin with.  A kind's script has the name of its kind.
script_name=${0##*/}
[[ $0 != */kinds/*/measure.sh ]] || { script_name=${0%/*} script_name=${script_name##*/}; }
readonly script_name

# A line of output; a script that cannot write it ends in order.
tell() { printf '%s\n' "$*" 2>/dev/null || output_is_lost; }

say() { tell "$(printf '[%3d s] ' "$((EPOCHSECONDS - C10K_BEGIN))")$*"; }

# One line: what is wrong and what to do.  Exit status 2: the user's to mend.
die() {
    printf '%s: %s\n' "$script_name" "$*" >&2
    exit 2
}

# One line, exit status 1: ours, or the machine's.
fail() {
    printf '%s: %s\n' "$script_name" "$*" >&2
    exit 1
}

# Ends where a program is missing that set-up installs.
need_tools() { # need_tools NAME...
    local name
    for name in "$@"; do command -v "$name" >/dev/null || die "$name is missing: harness/run/setup.sh installs it"; done
}

# Adds lines to a file, whole or not at all: a full disk takes a part.  False, and one line on stderr, if that failed.
append() { # append FILE LINES
    local size=0 why
    [[ ! -f $1 ]] || size=$(stat --format=%s "$1")
    if why=$({ printf '%s\n' "$2" >>"$1"; } 2>&1); then return; fi
    [[ ! -f $1 ]] || truncate --size="$size" "$1"
    printf '%s: cannot write %s: %s\n' "$script_name" "$1" "${why##*: }" >&2
    return 1
}

# Dies unless the value of an option is one.
whole_number() { # whole_number OPTION TEXT MAX
    if [[ $2 =~ ^[1-9][0-9]{0,8}$ ]] && (($2 <= $3)); then return; fi
    die "$1 needs a whole number from 1 to $3, not \"$2\""
}

# The lines that a command prints, as an array.  Fails as the command does, which mapfile < <(COMMAND) would not.
lines_into() { # lines_into ARRAY COMMAND...
    local printed
    printed=$("${@:2}") # Without || return: that would switch errexit off inside.
    if [[ -n $printed ]]; then mapfile -t "$1" <<<"$printed"; else mapfile -t "$1" </dev/null; fi
}

# A path as the user meant it.
from_caller() { [[ $1 == /* ]] && echo "$1" || echo "$caller_folder/$1"; }

names_of() { # names_of .c servers/*.c
    local ending=$1 path
    shift
    for path in "${@##*/}"; do echo "${path%"$ending"}"; done
}

# Alphabetical, whatever is built or chosen.
all_models() { names_of .c servers/*.c | sort; }

# The cast of the story, and what a run measures unless it is told otherwise: the whole family takes
# three times as long.
# shellcheck disable=SC2034  # for the scripts
readonly core_models=(fork thread poll libuv)
# Of all that becomes part of paths, rows and legends; harness/analysis/cells.awk has the same.
readonly name_pattern='^[a-z0-9][a-z0-9_:=+.-]*$'

# Scripts read each from its beginning to its end, so none may be a pipe, a device, or larger than measure takes.
all_experiments() {
    local name other
    other=$(find -L harness/experiments -maxdepth 1 -name '[!.]*.conf' ! \( -type f -size -65k \) -print -quit)
    [[ -z $other ]] || die "$(plain_name "$other") is no file of at most 64 KiB, as an experiment is; remove it"
    for name in harness/experiments/*.conf; do
        name=${name#harness/experiments/} name=${name%.conf}
        [[ $name =~ $name_pattern ]] || die "harness/experiments/${name@Q}.conf: an experiment is called by a-z, 0-9, _ : = + . and -; rename the file"
        echo "$name"
    done
}

# Text of others without what moves a terminal's cursor.
plain_text() { LC_ALL=C awk -f harness/report/plain.awk -f harness/report/plain_text.awk; }

# The same of a name, which may hold line ends, too.
plain_name() { plain_text <<<"${1//$'\n'/?}"; }

# The value of a key as text, for what runs before anything is built: words and numbers, else it is refused.
conf_text() { # conf_text EXPERIMENT KEY
    awk -v file="harness/experiments/$1.conf" -v key="$2" '
        $1 != key && index($0, key "=") != 1 { next }
        { sub(/^[^=]*=[ \t]*/, "") }
        /[^A-Za-z0-9_:=+., -]/ { print "refused: " file ", line " NR ": " key " has a character that no word or number has" >"/dev/stderr"; exit 2 }
        { print }' "harness/experiments/$1.conf"
}

declare -A conf_values=() # Of the experiments that were read: "ramp kind" -> latency.

# The program that measures this kind of experiment: of C, or a script in the kind's folder.  All take the same arguments.
program_of() { # program_of KIND
    if [[ -f harness/kinds/$1/measure.sh ]]; then echo "harness/kinds/$1/measure.sh"; else echo "$bin/measure-$1"; fi
}

# What a kind says of itself: harness/kinds/README.md has the words.
kind_says() { # kind_says KIND WORD DEFAULT
    local word value
    if [[ -f harness/kinds/$1/kind.tsv ]]; then
        while IFS=$'\t' read -r word value; do
            if [[ $word == "$2" ]]; then printf '%s\n' "$value"; return; fi
        done <"harness/kinds/$1/kind.tsv"
    fi
    printf '%s\n' "$3"
}

# Asks the program of an experiment's kind for a value of it.
# shellcheck disable=SC2154  # of the script
ask_conf() { # ask_conf EXPERIMENT KEY
    local kind
    kind=$(conf_text "$1" kind)
    [[ -d harness/kinds/$kind ]] || die "harness/experiments/$1.conf: there is no kind \"$kind\" in harness/kinds"
    "$(program_of "$kind")" "harness/experiments/$1.conf" --profile "$profile" --print "$2"
}

# Reads an experiment, as $profile sees it, so that conf() starts no program for each value of it.
read_conf() { # read_conf EXPERIMENT
    local line lines
    lines_into lines ask_conf "$1" all
    for line in "${lines[@]}"; do conf_values["$1 ${line%%=*}"]=${line#*=}; done
}

# A value of an experiment.
conf() { # conf EXPERIMENT KEY
    if [[ -n ${conf_values["$1 $2"]+read} ]]; then printf '%s\n' "${conf_values["$1 $2"]}"; else ask_conf "$1" "$2"; fi
}

# Shuffles lines; the order follows from $seed and the number.
# shellcheck disable=SC2154  # of the script
shuffled() { # shuffled NUMBER
    local lines i j held
    mapfile -t lines
    ((${#lines[@]} > 0)) || return 0 # Else printf would make a line of nothing.
    RANDOM=$(((seed * 31 + $1) % 32768))
    for ((i = ${#lines[@]} - 1; i > 0; i--)); do
        j=$((RANDOM % (i + 1)))
        held=${lines[i]} lines[i]=${lines[j]} lines[j]=$held
    done
    printf '%s\n' "${lines[@]}"
}

# Those that run when none is named; the others take their own time, or ask a question of their own.
default_experiments() {
    local confs
    lines_into confs all_experiments
    confs=("${confs[@]/#/harness/experiments/}")
    grep -LE '^default[[:space:]]*=[[:space:]]*no[[:space:]]*$' "${confs[@]/%/.conf}" | sed 's|.*/||; s|\.conf$||'
}

# The CPUs that this process may use, one number a line: its affinity mask, whatever OMP_NUM_THREADS or a quota say.
usable_cpus() {
    local list range cpu
    list=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
    for range in ${list//,/ }; do
        for ((cpu = ${range%-*}; cpu <= ${range#*-}; cpu++)); do echo "$cpu"; done
    done
}

cpu_count() { usable_cpus | wc -l; }

# Text of others as Markdown shows it.
markdown_text() { awk -v filter=1 -f harness/report/markup.awk; }

one_line() { tr '\n' ' ' | sed 's/ $//'; }

# A file on one line; nothing if it cannot be read.
of_file() { # of_file FILE
    local text
    [[ -r $1 ]] || return 0
    text=$(<"$1") text=${text//[$'\n\t']/ }
    echo "${text%"${text##*[! ]}"}"
}

is_one_of() { # is_one_of WORD LIST...
    local word=$1 other
    shift
    for other in "$@"; do [[ $word != "$other" ]] || return 0; done
    return 1
}

# A model's place gives it colour and point, in every run the same.  Relatives are eight places apart:
# they share a colour, and dashes tell them apart.  Models that have no place here, a student's or a
# user's, come after these, in alphabetical order.
readonly places=(fork libuv poll thread epoll io_uring select sequential
    prefork node python thread_pool epoll_workers go)

known_models() { # known_models FILE...
    local file
    {
        printf '%s\n' "${places[@]}"
        for file in "$@"; do
            [[ ! -s $file ]] || awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "model") c = i; next }
                     $c != "" { print $c }' "$file"
        done | sort --version-sort # buffer-kib=4 before buffer-kib=16.
    } | awk '!seen[$0]++' | one_line
}

# The header and the first row of a table that no gate has passed yet: of others, a line may be as long as the file.
first_rows() { head --bytes=64K "$1" | tr -d '\000'; } # first_rows FILE

# A run that is interrupted early leaves a table with nothing but its header.
has_rows() { [[ -f $1 && -s $1 ]] && first_rows "$1" | awk 'END { exit NR < 2 }'; } # has_rows FILE

# A cold_start.csv without the column is of schema 1.
need_schema() { # need_schema FILE
    local found schema
    [[ -f $1 && -s $1 ]] || return 0
    found=$(first_rows "$1" | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "schema") c = i }
        NR == 2 { print c ? $c : 1; found = 1 }
        END { if (!found) print "no row" }')
    [[ $found != 'no row' ]] || return 0
    schema=$(sed -n 's/^ *COLUMNS_SCHEMA = \([0-9]*\),.*/\1/p' harness/measure/columns.h)
    if [[ ! $found =~ ^[0-9]{1,4}$ ]] || ((10#$found < oldest_schema || 10#$found > schema)); then
        die "$1: this run has schema $(plain_name "${found:0:40}"), this version reads schema $oldest_schema to $schema; draw it with the revision that its machine.txt names"
    fi
}

# A comment of the experiment as it was when it was measured, else as it is.
experiment_says() { # experiment_says RUN EXPERIMENT WHAT
    local text=
    [[ ! -f $1/command.txt ]] || text=$(awk -v conf="/$2.conf" -v what="# $3: " '
        /^== / { here = index($0, conf) }
        here && index($0, what) == 1 { print substr($0, length(what) + 1); exit }' "$1/command.txt")
    [[ -n $text || ! -f harness/experiments/$2.conf ]] ||
        text=$(sed -n "/^# $3: / { s///p; q }" "harness/experiments/$2.conf" | plain_text)
    printf '%s' "$text"
}

# The command of a lesson: the first one that its page tells to run.
lesson_command() { # lesson_command PAGE
    awk '/^```/ { inside = !inside; next } inside && /^\.\/run_all\.sh / { sub(/ +#.*/, ""); print; exit }' "$1"
}

# The lessons that quote a run of their command.
all_lessons() { grep -l '^<!-- BEGIN run ' docs/*.md | sed 's|docs/||; s|\.md$||'; }

# The tables in the folder of a run that its steps append to, below that folder: rows of each kind, and what happened when.
tables_of() { # tables_of FOLDER
    local file
    for file in "$1"/{rows,timelines}/*.csv; do echo "${file#"$1"/}"; done
}

has_measurements() { # has_measurements FOLDER
    local name
    for name in "$1"/rows/*.csv; do ! has_rows "$name" || return 0; done
    for name in "${tables[@]}"; do ! has_rows "$1/$name.csv" || return 0; done
    return 1
}

# Prints the folder of a run, absolute; dies if its name, or what is in it, could lead elsewhere.
plain_run() { # plain_run FOLDER
    local run other
    [[ -d $1 ]] || die "there is no folder $(plain_name "$1")"
    run=$(cd -P "$1" && printf '%s/' "$PWD") # With an end, else $( ) would take line ends off the name.
    run=${run%/}
    [[ $run == "$(plain_name "$run")" ]] || die "$(plain_name "$run"): the folder's name has characters that no text has; rename it"
    other=$(find "$run" ! -type f ! -type d -print -quit) || fail "cannot look into $run"
    [[ -z $other ]] || die "$(plain_name "$other") is neither a file nor a folder; links in a run are not followed: remove it"
    echo "$run"
}

# The same; dies unless something was measured in it that we can read.
measured_run() { # measured_run FROM FOLDER
    local run=$2 name
    [[ $run == /* ]] || run=$1/$run
    run=$(plain_run "$run")
    has_measurements "$run" || die "nothing was measured in $run: it has no table in rows/ with a row"
    for name in "$run"/rows/*.csv; do need_schema "$name"; done
    for name in "${tables[@]}" herd_back "${machine_costs[@]}"; do need_schema "$run/$name.csv"; done
    echo "$run"
}

# ---- children: every one ends before we do ----
#
# A shell looks at signals only between commands, so whatever takes long runs in the background
# and is waited for.  The handler ends it by pid; what_stopped then holds the exit status: 130 or 143,
# or 1 where the output could not be written.

what_stopped=0
child=

stop_child() {
    what_stopped=$1
    [[ -z $child ]] || kill -TERM "$child" 2>/dev/null || true
}

handle_signals() {
    trap 'stop_child 130' INT
    trap 'stop_child 143' TERM
    trap 'leave_terminal; stop_child 143' HUP
    trap output_is_lost PIPE
}

# For scripts whose children are short: they are waited for, and then the script ends.
end_on_signals() {
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'leave_terminal; exit 143' HUP PIPE
}

# Where a descriptor of ours leads: "/dev/pts/3", "pipe:[4711]".
target_of() { readlink "/proc/$$/fd/$1" || true; } # target_of DESCRIPTOR

# A terminal that has gone can be written to no more; what we still have to do does not need it.
leave_terminal() {
    local terminal='^(/dev/(pts/|tty|console)|pipe:|socket:)'
    [[ ! $(target_of 2) =~ $terminal ]] || exec 2>/dev/null
    [[ ! $(target_of 1) =~ $terminal ]] || exec >/dev/null
}

# A lost terminal, or a reader that has gone, ends us as an interruption does.  Anything else is a failure, with a word.
output_is_lost() {
    local target
    target=$(target_of 1)
    [[ $target != /dev/null ]] || return 0 # It was noticed before.
    if [[ $target == /* && $target != /dev/pts/* && $target != /dev/tty* ]]; then
        exec >/dev/null
        echo "$script_name: the output cannot be written to $target" >&2
        stop_child 1
    else
        leave_terminal
        stop_child 143
    fi
}

# In front of a command: it ends with us, also where we are killed outright.
with_us=(setpriv --pdeathsig TERM)
command -v setpriv >/dev/null || with_us=() # Until set-up has installed it.

# The user that servers run as, as an option of our programs; none without --user.
# shellcheck disable=SC2034  # for the scripts
as_user=()
# shellcheck disable=SC2034  # for the scripts
[[ -z ${C10K_USER:-} ]] || as_user=(--user "$C10K_USER")

# Runs a command so that a signal ends it; returns its status, or 130 or 143.
run_child() {
    local status
    ((what_stopped == 0)) || return "$what_stopped"
    "${with_us[@]}" "$@" &
    child=$!
    ((what_stopped == 0)) || kill -TERM "$child" 2>/dev/null || true
    while true; do
        status=0
        wait "$child" || status=$?
        # Above 128 a signal of ours may have ended the wait, not the child.
        if ((status <= 128)) || ! kill -0 "$child" 2>/dev/null; then break; fi
    done
    child=
    ((what_stopped == 0)) || return "$what_stopped"
    return "$status"
}

# Builds what a run needs, one of us at a time; tells the first error if it fails, and where the others are.
build_programs() { # build_programs LOG
    local lock=build/lock
    say 'building'
    # A user with read-only access uses the existing build, and needs no lock.
    if { mkdir -p build && : >>"$lock"; } 2>/dev/null; then
        exec 8>>"$lock"
        flock --nonblock 8 || { say 'another build is under way: waiting for it'; run_child flock 8 || exit; }
    fi
    run_child make --jobs="$(cpu_count)" programs >"$1" 2>&1 8>&- || {
        ((what_stopped == 0)) || exit "$what_stopped"
        tail -n 30 "$1" >&2
        fail "the build failed: $(why_not_built "$1")"
    }
    exec 8>&-
    grep '^Leaving out' "$1" || true
}

# The first line of make's output that names an error.
why_not_built() { # why_not_built LOG
    local line
    line=$(grep --max-count=1 -E 'error:|Error|\*\*\*|No space|cannot' "$1" || tail -n 1 "$1")
    echo "${line:-make said nothing}"
}
