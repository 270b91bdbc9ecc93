#!/usr/bin/env -S bash -p
# run_all.sh -- runs C10K Bench and draws its charts; writes results/<date>_<time>_<host>/.
# This file reads the command line; the scripts in the rooms of harness/ do the work.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=harness/run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/harness/run/enter.sh"
export C10K_LOCALE=${LC_ALL:-${LC_CTYPE:-${LANG:-}}} # The live demo draws as the user's terminal can.
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=harness/run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/harness/run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=harness/fleet/servers.sh
source harness/fleet/servers.sh

help() {
    cat <<END
run_all.sh -- what does one more connection cost, and where does each server model break?

usage: ./run_all.sh [quick|standard|full] [EXPERIMENT...] [options]
       ./run_all.sh --resume RUN
       ./run_all.sh claims [options]
       ./run_all.sh check [MODEL...] [--command NAME='...'] [--user U] | draw RESULTS_DIR | show [RESULTS_DIR] |
                    doctor | list | --help
       ./run_all.sh compare RUN_A RUN_B [--out DIR]
       ./run_all.sh query RUN... ["SQL"] [--csv | --json]
       ./run_all.sh demo [--models "M1 M2"] [--script FILE] [options of build/release/demo --help]
       ./run_all.sh trace [--model M] [--text TEXT] [--out DIR]

Without EXPERIMENT: $(default_experiments | one_line). Only when named:
$(all_experiments | grep --invert-match --line-regexp --fixed-strings "$(default_experiments)" | one_line).
  quick               one repeat: about a minute and a half; its charts have no spread
  standard            three repeats: eight minutes [this]
  full                every model, five repeats, finer steps where steps matter: hours

  --models "M1 M2"    these models; all: those in C, guests: those in other languages; with options
                      of its own, a model is another one: thread:stack-kib=256,
                      thread_pool:workers=8+queue=100
                      [${core_models[*]}, or those that the experiment names; full: all]
  --command NAME='PROGRAM ARGUMENTS'
                      also your own server, as NAME: {port} becomes a free port, without {port}
                      it must print "ready port=N"; may be given more than once
  --repeats N         runs per model and experiment [as the experiment says]
  --rate R            messages per second offered in latency experiments [the lower of the
                      experiment's rate_per_s and half of the slowest model's capacity]
  --seed N            of the order of models and of random arrivals [random, recorded]
  --out DIR           write there; it must be empty or new, and no other user may be able to write
                      to it [results/<date>_<time>_<host>, with _2 where another run has that]
  --baseline RUN      afterwards compare with this earlier run, at its rates unless --rate is given
END
    help_of_further_options
}

help_of_further_options() {
    cat <<END
  --resume RUN        go on with a run that was cut off, found the disk full, or in which a program of
                      ours broke: all from that step on is measured in the same order;
                      it is refused where machine, programs or experiments are not the same
  --user U            for root: the user that servers run as; root: no change
                      [a user without rights that no other process has]
  --anonymous         for a run that is passed on: its records hold no home folder and no host name
  --plan              only say what would be measured, and how long that takes
  --no-install        install nothing: if something is missing, say so and stop

END
    help_of_subcommands
}

help_of_subcommands() {
    cat <<END
  claims              a quick run of what the essay's claims can be checked against; the report then
                      holds each claim beside what was measured, with a verdict
  check [MODEL...]    send the models through the conformance gate: a row per trap
  draw RESULTS_DIR    make summary, charts and index.html again from what was measured
  show [RESULTS_DIR]  the main charts in the terminal, and what was found [results/latest]
  compare RUN_A RUN_B what is shown to differ, point by point, and what else differed; both stay as
                      they are [results/compare_<A>_<B>]; three runs or more of each: --repeats 5
  query RUN... "SQL"  ask the numbers of one run, or of several, in SQL; without SQL: which tables
                      there are, and three examples
  demo                up to four models live on a full screen, for a class: docs/demo.md
                      [${core_models[*]}]
  trace               one echo as the kernel tells it: system calls, packets, wake-ups, in a picture
                      [--model epoll --text hello --out results/trace_<model>]
  doctor              what can this machine reach, and what stops it? Changes nothing
  list                the experiments, each with its question, and the models
  SUBCOMMAND --help   more of check, draw, show, doctor, compare, query, demo, trace

Of the environment PATH, HOME, TMPDIR, TERM, the locale, CC, CFLAGS, LDFLAGS and LD_LIBRARY_PATH have
an effect; what else would change the work or the figures is cleared (harness/run/enter.sh has the list).
Missing tools are installed with apt-get, announced before. All traffic stays on this machine.
Ctrl-C ends everything that runs; what was measured until then is kept and drawn.
Exit status: 0 done, 1 a model failed the gate, doctor found something short or something of ours
broke, 2 wrong usage, 130 interrupted, 143 ended by SIGTERM.

examples:
  ./run_all.sh quick                             # every chart, as soon as possible
  ./run_all.sh ramp --models "poll libuv"        # one question, two models
  ./run_all.sh quick ramp --rate 5000 --out results/slow
  ./run_all.sh ramp --models "poll guests"       # C against the languages that are here
  ./run_all.sh memory --command mine='./mine {port}'   # a server of your own beside the models
  ./run_all.sh draw results/latest               # the charts again
  ./run_all.sh query results/latest "SELECT model, median FROM result WHERE metric = 'latency_ns_p99'"
  ./run_all.sh --repeats 5 --baseline results/reference  # is this machine another?
  ./run_all.sh demo --models "fork epoll"        # live, on a full screen; h shows the keys
END
}

# Each subcommand is a script in one of the rooms of harness/.
script_of() { printf '%s\n' harness/*/"$1".sh; } # script_of SUBCOMMAND

# A script of its own tells of itself in its head, as it is called from here.
help_of() { # help_of SUBCOMMAND
    sed -n '2,/^set/s/^# \{0,1\}//p' "$(script_of "$1")" |
        sed "s|harness/[a-z]*/$1\.sh \[--from FOLDER\]|./run_all.sh $1|; s|FOLDER|the current folder|"
    [[ $1 != demo || ! -x $bin/demo ]] || { echo; "$bin/demo" --help; }
}

list() {
    local name named plain names
    lines_into plain default_experiments
    lines_into names all_experiments
    for name in "${names[@]}"; do
        named=' (only when named)'
        ! is_one_of "$name" "${plain[@]}" || named=''
        printf '%-12s %s%s\n' "$name" "$(sed -n 's/^# Question: //p' "harness/experiments/$name.conf" | plain_text)" "$named"
    done
    lines_into names all_models
    printf '\nmodels: %s\n' "${names[*]}"
    lines_into names present_guests
    printf 'guests: %s\n' "${names[*]}"
    lines_into names all_guests
    for name in "${names[@]}"; do
        command -v "$(guest_runtime "$name")" >/dev/null ||
            echo "skipped: $name: there is no $(guest_runtime "$name") on this machine"
    done
}

# The words of a command line, as a person would type them.
as_typed() { # as_typed WORD...
    local word
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_=:.,/+{}\ -]* | '') printf ' %q' "$word" ;;
        *\ *) printf ' "%s"' "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
}

C10K_COMMAND=./run_all.sh$(as_typed "$@")
export C10K_COMMAND
# What the essay claims: the runs that its claims are checked against.
if [[ ${1:-} == claims ]]; then
    shift
    set -- quick capacity memory ramp slow_handler buffers handshakes "$@"
fi
case ${1:-} in
check | draw | show | doctor | compare | query | demo | trace)
    if [[ ${2:-} == --help || ${2:-} == -h ]]; then help_of "$1"; exit 0; fi
    script=$(script_of "$1")
    exec "$script" --from "$caller_folder" "${@:2}" ;;
list) list; exit 0 ;;
--help | -h | help) help; exit 0 ;;
esac

request=()
while (($# > 0)); do
    case $1 in
    quick | standard | full) request+=(--profile "$1") ;;
    --models | --repeats | --rate | --seed | --out | --baseline | --command | --resume | --user)
        (($# > 1)) || die "$1 needs a value; see ./run_all.sh --help"
        case $1 in
        --out | --baseline | --resume) request+=("$1" "$(from_caller "$2")") ;;
        --command) request+=(--command "$(in_folder "$caller_folder" "$2")") ;;
        *) request+=("$1" "$2") ;;
        esac
        shift ;;
    --help | -h) help; exit 0 ;;
    --no-install | --plan | --anonymous) request+=("$1") ;;
    -*) die "unknown option $1; see ./run_all.sh --help" ;;
    *) request+=("$1") ;;
    esac
    shift
done
exec harness/run/run.sh "${request[@]}"
