#!/usr/bin/env bash
# run_all.sh -- runs C10K Bench and draws its charts; writes results/<date>_<time>_<host>/.
# This file reads the command line; the scripts in harness/ do the work.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=harness/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/harness/lib.sh"

help() {
    cat <<END
run_all.sh -- what does one more connection cost, and where does each server model break?

usage: ./run_all.sh [quick|standard|full] [EXPERIMENT...] [options]
       ./run_all.sh check [MODEL...] | draw RESULTS_DIR | doctor | list | --help

Without EXPERIMENT: $(default_experiments | one_line); \`list\` shows all.
  quick               one repeat: about a minute and a half; its charts have no spread
  standard            three repeats: eight minutes [this]
  full                every model, five repeats, finer steps: hours

  --models "M1 M2"    these models, or all [${core_models[*]}; full: all]
  --repeats N         runs per model and experiment [as the experiment says]
  --rate R            messages per second offered in latency experiments [the lower of the
                      experiment's rate_per_s and half of the slowest model's capacity]
  --seed N            of the order of models and of random arrivals [random, recorded]
  --out DIR           write there; it must be empty or new [results/<date>_<time>_<host>]
  --no-install        install nothing: if something is missing, say so and stop

  check [MODEL...]    send the models through the conformance gate: a row per trap
  draw RESULTS_DIR    make summary, charts and index.html again from what was measured
  doctor              what can this machine reach, and what stops it? Changes nothing
  list                the experiments, each with its question, and the models

Missing tools are installed with apt-get, announced before. All traffic stays on this machine.
Ctrl-C ends everything that runs; what was measured until then is kept and drawn.
Exit status: 0 done, 1 a model failed the gate or something of ours broke, 2 wrong usage,
130 interrupted.

examples:
  ./run_all.sh quick                             # every chart, as soon as possible
  ./run_all.sh ramp --models "poll libuv"        # one question, two models
  ./run_all.sh quick ramp --rate 5000 --out /tmp/slow
  ./run_all.sh draw results/latest               # the charts again
END
}

list() {
    local name
    for name in $(all_experiments); do
        printf '%-12s %s\n' "$name" "$(sed -n 's/^# Question: //p' "harness/experiments/$name.conf")"
    done
    printf '\nmodels: %s\n' "$(all_models | one_line)"
}

case ${1:-} in
check | draw | doctor) exec "harness/$1.sh" --from "$caller_folder" "${@:2}" ;;
list) list; exit 0 ;;
--help | -h | help) help; exit 0 ;;
esac

C10K_COMMAND=$(printf ' %q' "$@")
export C10K_COMMAND="./run_all.sh${*:+$C10K_COMMAND}"
request=()
while (($# > 0)); do
    case $1 in
    quick | standard | full) request+=(--profile "$1") ;;
    --models | --repeats | --rate | --seed | --out)
        (($# > 1)) || die "$1 needs a value; see ./run_all.sh --help"
        if [[ $1 == --out ]]; then request+=(--out "$(from_caller "$2")"); else request+=("$1" "$2"); fi
        shift ;;
    --no-install) request+=(--no-install) ;;
    -*) die "unknown option $1; see ./run_all.sh --help" ;;
    *)
        [[ -f harness/experiments/$1.conf ]] ||
            die "there is no experiment \"$1\"; there are: $(all_experiments | one_line); see --help"
        request+=("$1") ;;
    esac
    shift
done
exec harness/run.sh "${request[@]}"
