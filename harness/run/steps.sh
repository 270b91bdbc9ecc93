# steps.sh -- one step of a run at a time, and how each kind of experiment is measured.  Sourced by run.sh, after plan.sh.
#
# Expects what run.sh declares: profile, seed, the folders out and work, and what plan.sh has made of models, experiments, steps
# and planned_s.  Counts in step and done_s; broken becomes 1 where something of ours broke.
# shellcheck shell=bash disable=SC2154,SC2034  # of run.sh, for run.sh

# What is left of the plan, corrected by how the plan did until now.
time_left() {
    local left=$((planned_s - done_s))
    ((done_s < 5)) || left=$((left * (SECONDS - measure_begin) / done_s))
    if ((left >= 90)); then echo "$(((left + 30) / 60)) min"; else echo "$left s"; fi
}

# Once.  The rows of raw.csv say it each for themselves: see other_run.h.
tell_other_run() {
    [[ $other_run_told == false ]] || return 0
    grep -oE '@c10k-bench/[0-9]+/' /proc/net/unix 2>/dev/null | grep --invert-match --quiet "@c10k-bench/$C10K_RUN/" || return 0
    other_run_told=true
    say 'another run measures on this machine: each will be noisier for it (column other_run)'
}

begin_step() { # begin_step WHAT
    step=$((step + 1))
    tell_other_run
    say "step $step of $steps, about $(time_left) left: $1"
}

# One line per point in a log; on a terminal they follow each other in one line.  A lost terminal is the step's to notice: the
# program that measures must not lose its reader.
show_points() {
    local line
    trap '' PIPE
    while IFS= read -r line; do
        if [[ -t 1 ]]; then printf '\r\033[K        %s' "${line#point }"; else echo "        ${line#point }"; fi 2>/dev/null || true
    done
    [[ ! -t 1 ]] || printf '\r\033[K' || true
}

# Whether rows can still be written: a disk may be full, or a user's share of it.  What is left of its last block takes no row.
has_room() {
    local file=$out/.room room=true
    head --bytes=64K /dev/zero 2>/dev/null >"$file" || room=false
    rm -f "$file"
    [[ $room == true ]]
}

# The cause was said.
end_without_room() {
    say "nothing more can be written to $out: what was measured is kept"
    say "with room again, go on with ./run_all.sh --resume $out, or draw it with ./run_all.sh draw $out"
    exit 1
}

# One step by a program of its own.  If that breaks, the run goes on while rows can be written, and ends with 1; fails if the run
# is interrupted.
run_step() { # run_step EXPERIMENT WHAT COMMAND...
    local status=0 word=step
    if was_finished "$1" "$2"; then return; fi
    begin_step "$1, $2"
    run_child "${@:3}" > >(show_points) || status=$?
    done_s=$((done_s + $(estimate_of "$1")))
    ((what_stopped == 0)) || return 1
    if ((status != 0)); then
        broken=1 word=broken
        say "$1, $2: $(basename "$3") itself broke (status $status): points are missing"
        has_room || end_without_room
    fi
    record_step "$word" "$1, $2" || end_without_room
}

# While nothing else of ours runs.
measure_machine_costs() {
    local name missing=()
    for name in "${machine_costs[@]}"; do [[ -s $out/$name.csv ]] || missing+=("$name"); done # A run that goes on has them.
    ((${#missing[@]} == 0)) || say 'measuring what a context switch costs, and what it costs to ask for ready descriptors'
    for name in "${missing[@]}"; do
        if run_child "$bin/$name" >"$work/$name.csv"; then
            cp "$work/$name.csv" "$out/$name.part" # A full disk takes a part.
            mv "$out/$name.part" "$out/$name.csv"
        elif ((what_stopped == 0)); then
            say "$name could not be measured: what follows from it will not be told"
        fi
    done
}

measure_one() { # measure_one EXPERIMENT MODEL REPEAT
    local options=("${as_user[@]}") table=raw.csv
    [[ $(conf "$1" kind) != counters ]] || table=counters.csv
    [[ -z $rate_now ]] || options+=(--rate "$rate_now")
    [[ -x $bin/server-$2 ]] || options+=(--command "exec $(command_of "$2")")
    run_step "$1" "$2, repeat $3 of $(repeats_of "$1")" "$bin/measure" "harness/experiments/$1.conf" --model "$2" --repeat "$3" \
        --profile "$profile" --seed "$((seed + $3))" --bin-dir "$bin" --out "$out/$table" "${options[@]}"
}

order_of() { models_of "$1" | shuffled "$2"; } # order_of EXPERIMENT NUMBER
order_of_variants() { harness/kinds/handshakes/measure.sh --list | shuffled "$1"; } # order_of_variants NUMBER

measure_blocks() { # measure_blocks EXPERIMENT NUMBER
    local repeat model order
    for ((repeat = 1; repeat <= $(repeats_of "$1"); repeat++)); do
        lines_into order order_of "$1" "$(($2 * 1000 + repeat))"
        for model in "${order[@]}"; do
            measure_one "$1" "$model" "$repeat" || return 1
        done
    done
}

time_commands() { # time_commands EXPERIMENT NUMBER
    local model order options
    lines_into options command_options
    lines_into order order_of "$1" "$(($2 * 1000))"
    for model in "${order[@]}"; do
        run_step "$1" "$model, $(repeats_of "$1") runs with hyperfine" harness/kinds/cold_start/measure.sh --experiment "$1" --out "$out" \
            --runs "$(repeats_of "$1")" --requests "$(conf "$1" requests)" "${options[@]}" "$model" || return 1
    done
}

shake_hands() { # shake_hands EXPERIMENT NUMBER REPEAT
    local order
    lines_into order order_of_variants "$(($2 * 1000 + $3))"
    run_step "$1" "repeat $3 of $(repeats_of "$1")" harness/kinds/handshakes/measure.sh --experiment "$1" --profile "$profile" --repeat "$3" \
        --out "$out" --requests "$(conf "$1" requests)" --connections "$(conf "$1" connections)" --message-b "$(conf "$1" message_b)" \
        --time-cap-s "$(conf "$1" time_cap_s)" --model "$(models_of "$1" | head -n 1)" "${order[@]}"
}

# The chat's server is always the room: it has a gate of its own, tests/chat.bats.
measure_chat() { # measure_chat EXPERIMENT NUMBER REPEAT
    run_step "$1" "repeat $3 of $(repeats_of "$1")" harness/kinds/chat/measure.sh --experiment "$1" --out "$out" --profile "$profile" \
        --repeat "$3" --seed "$((seed + $3))"
}

# For what measures all its variants in one go.
repeat_all() { # repeat_all FUNCTION EXPERIMENT NUMBER
    local repeat
    [[ -n $(models_of "$2") ]] || return 0
    for ((repeat = 1; repeat <= $(repeats_of "$2"); repeat++)); do "$1" "$2" "$3" "$repeat" || return 1; done
}

measure_all() {
    local name kind number=0
    measure_begin=$SECONDS
    for name in "${experiments[@]}"; do
        number=$((number + 1))
        kind=$(conf "$name" kind)
        rate_now=''
        case $kind in
        cold_start) time_commands "$name" "$number" || return 0 ;;
        handshakes) repeat_all shake_hands "$name" "$number" || return 0 ;;
        chat) repeat_all measure_chat "$name" "$number" || return 0 ;;
        *)
            [[ $kind != latency ]] || set_rate "$name"
            measure_blocks "$name" "$number" || return 0 ;;
        esac
    done
}
