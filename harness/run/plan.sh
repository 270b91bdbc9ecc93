# plan.sh -- who is measured, how often, in which order, and at which rate.  Sourced by run.sh.
#
# Expects what run.sh declares: the options (profile, repeats, rate, seed, baseline, plan_only), the folder of the run (out)
# and chosen, the number of models that the user named.  Makes of models and experiments what will be measured, and sets
# steps, planned_s and rate_now.
# shellcheck shell=bash disable=SC2154  # of run.sh

words_of() { conf "$1" "$2" | tr -s ' ' '\n'; } # words_of EXPERIMENT KEY: one a line

# Unless models were chosen: those that an experiment names; where it takes all, the core cast, and
# the whole family in profile full.
default_models_of() { # default_models_of EXPERIMENT
    local wanted
    [[ $(conf "$1" kind) != chat ]] || return 0 # The room is no model.
    lines_into wanted words_of "$1" models
    if [[ $(conf "$1" kind) == handshakes ]]; then printf '%s\n' "${wanted[@]}"
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
    "$checker" "$profile" "${files[@]/%/.conf}" || exit
}

# Whether make would not build a program again: it takes much longer to find that out.
is_newer_than_sources() { # is_newer_than_sources PROGRAM
    local newer
    [[ -x $1 ]] || return 1
    newer=$(find Makefile common harness -newer "$1" \( -name Makefile -o -name '*.[ch]' \) -print -quit) && [[ -z $newer ]]
}

# Capacity, then what depends on it, then the rest.
order_experiments() {
    local name
    for name in "${experiments[@]}"; do read_conf "$name"; done # Ends the run where one is not well written.
    lines_into experiments in_order
}

in_order() {
    local name kind
    for name in "${experiments[@]}"; do
        kind=$(conf "$name" kind)
        case $kind in capacity) echo "1 $name" ;; latency) echo "2 $name" ;; memory) echo "3 $name" ;; *) echo "4 $name" ;; esac
    done | sort -u | cut -d' ' -f2
}

models_of() { # models_of EXPERIMENT: those that its conf wants, of those that are left.
    local wanted model
    if [[ $(conf "$1" kind) == chat ]]; then echo room; return; fi
    wanted=$(conf "$1" models)
    if ((chosen == 0)); then
        wanted=$(default_models_of "$1" | one_line)
    elif [[ $(conf "$1" kind) != handshakes ]]; then
        wanted+=" ${!commands[*]}" # Who brings a server wants it measured.
        [[ $wanted != all\ * ]] || wanted=all
    fi
    for model in "${models[@]}"; do
        if [[ $wanted == all || " $wanted " == *" $model "* ]] && pays_if_asked "$1" "$model"; then echo "$model"; fi
    done
}

# Where lines cost, a server that does not pay would only seem to be fast.
pays_if_asked() { # pays_if_asked EXPERIMENT MODEL
    [[ $(conf "$1" cost) == none || $plan_only == true ]] || grep -q $'^costs-paid\tpass' "$out/gate/$2.tsv"
}

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
                [[ ${asked[*]} == room ]] || say "$name: without $model: it is about $(conf "$name" models)"
        done
        [[ $plan_only == false || $count == 0 ]] || say "$name: $(repeats_of "$name") x $(models_of "$name" | one_line), about $(estimate_of "$name") s each"
        [[ $(conf "$name" kind) == cold_start ]] || count=$((count * $(repeats_of "$name")))
        steps=$((steps + count))
        planned_s=$((planned_s + count * $(estimate_of "$name")))
    done
    say "$steps steps: ${models[*]:-the room} in ${experiments[*]}; about $((planned_s / 60 + 1)) min; seed $seed"
    ((steps > 0)) || fail 'there is nothing to measure: the experiments want other models'
    (($(cpu_count) > 1)) || say 'ONE CPU ONLY: server and client share it; latency cannot be measured here'
}

shuffled() { # shuffled NUMBER: shuffles lines; the order follows from the seed and the number.
    local words i j held
    mapfile -t words
    ((${#words[@]} > 0)) || return 0 # Else printf would make a line of nothing.
    RANDOM=$(((seed * 31 + $1) % 32768))
    for ((i = ${#words[@]} - 1; i > 0; i--)); do
        j=$((RANDOM % (i + 1)))
        held=${words[i]} words[i]=${words[j]} words[j]=$held
    done
    printf '%s\n' "${words[@]}"
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

# Half of what the slowest model can do where most connections are, with two digits; of kinds that rank what is achieved.
half_of_slowest() {
    ask_rows "$out" "
        WITH able AS (SELECT median, connections FROM number JOIN shown USING (kind, metric) JOIN judged USING (point)
                      WHERE metric = 'achieved_per_s' AND rank AND good > 0),
             half AS (SELECT min(median) / 2 AS rate FROM able WHERE connections = (SELECT max(connections) FROM able)),
             unit AS (SELECT rate, pow(10, max(0, floor(log10(rate)) - 1)) AS unit FROM half WHERE rate > 0)
        SELECT format('%d', floor(rate / unit) * unit) FROM unit"
}

# All models are offered the same: at most half of what the slowest can do at the largest count.
set_rate() { # set_rate EXPERIMENT
    local wanted half
    wanted=$(conf "$1" rate_per_s)
    if [[ -n $rate ]]; then rate_now=$rate; return; fi
    rate_now=$(baseline_rate "$1")
    if [[ -n $rate_now ]]; then say "$1: $rate_now messages/s for all, as in the baseline"; return; fi
    rate_now=$wanted
    has_measurements "$out" || return 0
    half=$(half_of_slowest)
    if [[ -n $half ]] && ((half > 0)) && awk "BEGIN { exit !($half < $wanted) }"; then
        say "$1: $half messages/s for all, half of what the slowest model can do (its conf asks for $wanted)"
        rate_now=$half
    elif [[ -z $half ]]; then
        say "$1: $wanted messages/s for all, as its conf says: no undisturbed capacity is known to check it against"
    fi
}
