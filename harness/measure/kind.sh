# kind.sh -- the contract between a kind of experiment that is a script and the run: kind.h for scripts.
#
# harness/kinds/NAME/measure.sh sources this after lib.sh and fleet/start.sh, defines estimate_s (prints about how many seconds one model takes for one
# repeat), and calls begin_kind with its arguments, which are those of build/release/measure-NAME:
#
#   CONF --model M --out FILE [--profile P] [--repeat K | --repeats N] [--seed N] [--rate R] [--command CMD] [--bin-dir DIR] [--user U]
#   CONF [--profile P] --print KEY | --check
#
# begin_kind answers --print and --check itself.  Else it returns when the experiment is read, FILE can be written, and the CPUs
# are dealt out.  Further options are the kind's own: take_option.  Further words are left in `words`.
# shellcheck shell=bash disable=SC2034,SC2154  # for the scripts, and of lib.sh

conf_file='' experiment='' model='' out='' profile=standard repeat=1 repeats='' seed=1 rate='' command='' words=()
print_key='' check_only=false status='' superseded='' reason='' columns=''

# Options that only one kind has: the script may define this again.  Prints nothing; dies if there is no such option.
take_option() { die "unknown option $1"; } # take_option OPTION VALUE

# What else must hold before anything is written: the script may define this again.  Dies if it does not.
check_request() { :; }

# The table's own columns, which the script names in `columns`, are behind the head that all tables have: write_row.

# A value of the experiment.
value_of() { conf "$experiment" "$1"; } # value_of KEY

read_arguments() {
    while (($# > 0)); do
        case $1 in
        --check) check_only=true; shift; continue ;;
        --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
        --*) (($# > 1)) || die "$1 needs a value" ;;
        *)
            if [[ -z $conf_file ]]; then conf_file=$(from_caller "$1"); else words+=("$1"); fi
            shift
            continue ;;
        esac
        case $1 in
        --model) model=$2 ;;
        --out) out=$(from_caller "$2") ;;
        --profile) profile=$2 ;;
        --repeat) whole_number "$1" "$2" 1000000; repeat=$2 ;;
        --repeats) whole_number "$1" "$2" 1000; repeats=$2 ;;
        --seed) seed=$2 ;;
        --rate) rate=$2 ;;
        --command) command=$2 ;;
        --user) as_user=(--user "$2") ;;
        --bin-dir) bin=$2 ;;
        --print) print_key=$2 ;;
        *) take_option "$1" "$2" ;;
        esac
        shift 2
    done
}

read_experiment() {
    local lines line kind
    [[ -n $conf_file ]] || die 'which experiment? Name a CONF file; see --help'
    experiment=${conf_file##*/} experiment=${experiment%.conf}
    lines_into lines "$bin/check_conf" --profile "$profile" --print all "$conf_file"
    for line in "${lines[@]}"; do conf_values["$experiment ${line%%=*}"]=${line#*=}; done
    kind=$(value_of kind)
    [[ $kind == "$script_name" ]] || die "$conf_file is of kind $kind, and this script measures kind $script_name"
}

answer_print() {
    local estimate
    if [[ $print_key != all && $print_key != estimate_s ]]; then exec "$bin/check_conf" --profile "$profile" --print "$print_key" "$conf_file"; fi
    estimate=$(estimate_s)
    [[ $print_key == estimate_s ]] || "$bin/check_conf" --profile "$profile" --print all "$conf_file"
    printf '%s%.1f\n' "$([[ $print_key != all ]] || echo estimate_s=)" "$estimate"
}

begin_kind() { # begin_kind ARGUMENT...
    read_arguments "$@"
    read_experiment
    if [[ -n $print_key ]]; then answer_print; exit; fi
    [[ $check_only == false ]] || exit 0
    [[ -n $model ]] || die '--model is missing; see --help'
    [[ -n $out ]] || die '--out is missing; see --help'
    [[ $model =~ $name_pattern ]] || die "--model takes a name of a-z, 0-9, _, -, :, = and +, not \"$model\""
    check_request
    need_out "$(dirname "$out")"
    set_cpus
    handle_signals
}

# The folder of the run whose table `out` is: RUN of RUN/rows/KIND.csv, else the folder of the file.
run_folder() {
    local folder
    folder=$(dirname "$out")
    if [[ ${folder##*/} == rows ]]; then dirname "$folder"; else echo "$folder"; fi
}

# Appends a row with what was measured, by build/release/row, which judges it; ends the script where it cannot be written.  Sets
# `status` to the row's, `reason`, and `superseded` to 1 where the point should be tried again.
write_row() { # write_row [ROW-OPTION...] COLUMN=VALUE...
    local said
    said=$("$bin/row" --file "$out" --columns "$columns" "$@" experiment="$experiment" kind="$script_name" profile="$profile" \
        model="$model" seed="$seed") || exit
    read -r status superseded reason <<<"$said"
}

# The command line that starts the model: the one that was given, or the program of that name.
model_command() {
    if [[ -n $command ]]; then echo "${command#exec }"; return; fi # start_server says exec itself.
    [[ -x $bin/server-$model ]] || die "there is no $bin/server-$model"
    echo "$bin/server-$model 0 $(value_of server_options)"
}
