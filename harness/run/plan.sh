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

# What was offered in an experiment of the baseline: at another rate latencies say nothing.
baseline_rate() { # baseline_rate EXPERIMENT
    [[ -n $baseline && -s $baseline/raw.csv ]] || return 0
    awk -F, -v experiment="$1" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["experiment"] == experiment && $c["offered_per_s"] > 0 { printf "%d", $c["offered_per_s"]; exit }' "$baseline/raw.csv"
}

# All models are offered the same: at most half of what the slowest can do at the largest count.
set_rate() { # set_rate EXPERIMENT
    local wanted half
    wanted=$(conf "$1" rate_per_s)
    if [[ -n $rate ]]; then rate_now=$rate; return; fi
    rate_now=$(baseline_rate "$1")
    if [[ -n $rate_now ]]; then say "$1: $rate_now messages/s for all, as in the baseline"; return; fi
    rate_now=$wanted
    [[ -s $out/raw.csv ]] || return 0
    half=$(awk -f harness/analysis/spread.awk -f harness/analysis/summarise.awk "$out/raw.csv" | awk -F, '
        NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["kind"] == "capacity" && $c["repeats_ok"] > 0 {
            if ($c["connections_asked"] + 0 < count + 0) next
            if ($c["connections_asked"] + 0 > count + 0) slowest = ""
            count = $c["connections_asked"]
            if (slowest == "" || $c["achieved_per_s_median"] < slowest) slowest = $c["achieved_per_s_median"] + 0
        }
        END { if (slowest == "") exit
              unit = 1
              while (slowest / 2 / unit >= 100) unit *= 10
              printf "%d", int(slowest / 2 / unit) * unit }')
    if [[ -n $half ]] && ((half > 0)) && awk "BEGIN { exit !($half < $wanted) }"; then
        say "$1: $half messages/s for all, half of what the slowest model can do (its conf asks for $wanted)"
        rate_now=$half
    elif [[ -z $half ]]; then
        say "$1: $wanted messages/s for all, as its conf says: no undisturbed capacity is known to check it against"
    fi
}
