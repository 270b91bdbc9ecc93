# plan.sh -- who is measured, how often, in which order, and at which rate.  Sourced by run.sh.
#
# Expects what run.sh declares: the options (profile, repeats, rate, seed, baseline, plan_only), the folder of the run (out)
# and chosen, the number of models that the user named.  Makes of models and experiments what will be measured, and sets
# steps, planned_s and rate_now.
# shellcheck shell=bash disable=SC2154  # of run.sh

words_of() { conf "$1" "$2" | tr -s ' ' '\n'; } # words_of EXPERIMENT KEY: one a line

# How many models a step of this experiment measures: each its own, one for all, or none.
models_per_step() { kind_says "$(conf "$1" kind)" models each; } # models_per_step EXPERIMENT

# Unless models were chosen: those that an experiment names; where it takes all, the core cast, and
# the whole family in profile full.
default_models_of() { # default_models_of EXPERIMENT
    local wanted kinds_models
    kinds_models=$(models_per_step "$1")
    [[ $kinds_models != none ]] || return 0
    lines_into wanted words_of "$1" models
    if [[ $kinds_models == one ]]; then printf '%s\n' "${wanted[@]}"
    elif [[ ${wanted[*]} != all ]]; then printf '%s\n' "${wanted[@]}" "${!commands[@]}"
    elif [[ $profile == full ]]; then expand_models all "${!commands[@]}"
    else expand_models "${core_models[@]}" "${!commands[@]}"
    fi
}

default_models() {
    local name
    for name in "${experiments[@]}"; do default_models_of "$name"; done | sort -u
}

choose_models() {
    ((chosen == 0)) || return 0
    lines_into models default_models
    need_models "${models[@]}"
}

# Before any work, on a fresh clone too: what this needs is built in a second.  Where it cannot be, without a compiler, in a
# folder of another user or beside another build, order_experiments finds the mistake.
check_experiments() {
    local files=("${experiments[@]/#/harness/experiments/}") checker=build/release/check_conf
    is_newer_than_sources "$checker" || { mkdir -p build && flock --nonblock build/lock make --silent "$checker"; } >/dev/null 2>&1 || return 0
    "$checker" --profile "$profile" "${files[@]/%/.conf}" || exit
}

# Whether make would not build a program again: it takes much longer to find that out.
is_newer_than_sources() { # is_newer_than_sources PROGRAM
    local newer
    [[ -x $1 ]] || return 1
    newer=$(find Makefile common harness -newer "$1" \( -name Makefile -o -name '*.[ch]' -o -name keys.tsv -o -path harness/kinds \) -print -quit) && [[ -z $newer ]]
}

# As their kinds say: those that others depend on come first.
order_experiments() {
    local name
    for name in "${experiments[@]}"; do read_conf "$name"; done # Ends the run where one is not well written.
    lines_into experiments in_order
}

in_order() {
    local name
    for name in "${experiments[@]}"; do echo "$(kind_says "$(conf "$name" kind)" order 4) $name"; done | sort -u | cut -d' ' -f2
}

models_of() { # models_of EXPERIMENT: those that its conf wants, of those that are left.
    local wanted model kinds_models
    kinds_models=$(models_per_step "$1")
    if [[ $kinds_models == none ]]; then kind_says "$(conf "$1" kind)" server none; return; fi
    wanted=$(conf "$1" models)
    if ((chosen == 0)); then
        wanted=$(default_models_of "$1" | one_line)
    elif [[ $kinds_models == each ]]; then
        wanted+=" ${!commands[*]}" # Who brings a server wants it measured.
        [[ $wanted != all\ * ]] || wanted=all
    fi
    for model in "${models[@]}"; do
        if [[ $wanted == all || " $wanted " == *" $model "* ]] && pays_if_asked "$1" "$model"; then
            echo "$model"
            [[ $kinds_models == each ]] || return 0
        fi
    done
}

# Where lines cost, a server that does not pay would only seem to be fast.
pays_if_asked() { # pays_if_asked EXPERIMENT MODEL
    [[ $(conf "$1" cost) == none || $plan_only == true ]] || grep -q $'^costs-paid\tpass' "$out/gate/$2.tsv"
}

# Whether a kind's program makes all repeats of a model in one step.
repeats_itself() { [[ $(kind_says "$(conf "$1" kind)" repeats each) == own ]]; } # repeats_itself EXPERIMENT

repeats_of() { echo "${repeats:-$(conf "$1" repeats)}"; }

estimate_of() { # seconds for one step of an experiment
    conf "$1" estimate_s | awk '{ printf "%d", $1 + 0.999 }'
}

plan() {
    local name model count asked
    for name in "${experiments[@]}"; do
        for model in "${models[@]}"; do
            pays_if_asked "$name" "$model" || say "$name: without $model, which does not know --costs"
        done
        lines_into asked models_of "$name"
        count=${#asked[@]}
        ((count > 0)) || say "$name: left out: it is about $(conf "$name" models)"
        for model in "${models[@]}"; do
            ((chosen == 0 || count == 0)) || is_one_of "$model" "${asked[@]}" || ! pays_if_asked "$name" "$model" ||
                [[ $(models_per_step "$name") == none ]] || say "$name: without $model: it is about $(conf "$name" models)"
        done
        [[ $plan_only == false || $count == 0 ]] || say "$name: $(repeats_of "$name") x $(models_of "$name" | one_line), about $(estimate_of "$name") s each"
        repeats_itself "$name" || count=$((count * $(repeats_of "$name")))
        steps=$((steps + count))
        planned_s=$((planned_s + count * $(estimate_of "$name")))
    done
    say "$steps steps: ${models[*]:-${asked[*]}} in ${experiments[*]}; about $((planned_s / 60 + 1)) min; seed $seed"
    ((steps > 0)) || fail 'there is nothing to measure: the experiments want other models'
    (($(cpu_count) > 1)) || say 'ONE CPU ONLY: server and client share it; latency cannot be measured here'
}

# What SQL asks of the rows of a run.
ask_rows() { # ask_rows RUN SQL
    local scraps
    scraps=$(mktemp -d) || fail 'no room for a temporary folder'
    number_database "$1" "$scraps"
    sql "$scraps/run.db" "$2"
    rm -rf "$scraps"
}

# What was offered in an experiment of the baseline: at another rate latencies say nothing.
baseline_rate() { # baseline_rate EXPERIMENT
    [[ -n $baseline ]] || return 0
    ask_rows "$baseline" "SELECT format('%d', value) FROM row JOIN cell USING (source, line)
        WHERE experiment = '$1' AND metric = 'offered_per_s' AND value > 0 ORDER BY line LIMIT 1"
}

# Half of what the slowest model can do where most connections are, with two digits.
half_of_slowest() { # half_of_slowest "KIND..."
    ask_rows "$out" "
        WITH able AS (SELECT median, connections FROM number JOIN judged USING (point)
                      WHERE metric = 'achieved_per_s' AND good > 0 AND instr(' $1 ', ' ' || kind || ' ')),
             half AS (SELECT min(median) / 2 AS rate FROM able WHERE connections = (SELECT max(connections) FROM able)),
             unit AS (SELECT rate, pow(10, max(0, floor(log10(rate)) - 1)) AS unit FROM half WHERE rate > 0)
        SELECT format('%d', floor(rate / unit) * unit) FROM unit"
}

# Kinds of this run that tell how many messages a model takes at most, one a line.
kinds_that_give_rates() {
    local file kind
    for file in "$out"/rows/*.csv; do
        kind=${file##*/} kind=${kind%.csv}
        [[ $(kind_says "$kind" rate none) != gives ]] || echo "$kind"
    done
}

# All models are offered the same: at most half of what the slowest can do at the largest count.
set_rate() { # set_rate EXPERIMENT
    local wanted half gives
    wanted=$(conf "$1" rate_per_s)
    if [[ -n $rate ]]; then rate_now=$rate; return; fi
    rate_now=$(baseline_rate "$1")
    if [[ -n $rate_now ]]; then say "$1: $rate_now messages/s for all, as in the baseline"; return; fi
    rate_now=$wanted
    gives=$(kinds_that_give_rates | one_line)
    [[ -n $gives ]] || return 0
    half=$(half_of_slowest "$gives")
    if [[ -n $half ]] && ((half > 0)) && awk "BEGIN { exit !($half < $wanted) }"; then
        say "$1: $half messages/s for all, half of what the slowest model can do (its conf asks for $wanted)"
        rate_now=$half
    elif [[ -z $half ]]; then
        say "$1: $wanted messages/s for all, as its conf says: no undisturbed capacity is known to check it against"
    fi
}
