# steps.sh -- one step of a run at a time, by the program of its kind.  Sourced by run.sh, after plan.sh.
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

# Once.  Rows say it each for themselves: see other_run.h.
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

# All kinds are called alike.
measure_one() { # measure_one EXPERIMENT MODEL REPEAT
    local kind what options=("${as_user[@]}")
    kind=$(conf "$1" kind)
    [[ -z $rate_now ]] || options+=(--rate "$rate_now")
    [[ $(models_per_step "$1") == none || -x $bin/server-$2 ]] || options+=(--command "exec $(command_of "$2")")
    if repeats_itself "$1"; then
        what="$2, $(repeats_of "$1") repeats"
        options+=(--repeats "$(repeats_of "$1")")
    else
        what="$2, repeat $3 of $(repeats_of "$1")"
    fi
    run_step "$1" "$what" "$(program_of "$kind")" "harness/experiments/$1.conf" --model "$2" --repeat "$3" \
        --profile "$profile" --seed "$((seed + $3))" --bin-dir "$bin" --out "$out/rows/$kind.csv" "${options[@]}"
}

order_of() { models_of "$1" | shuffled "$2"; } # order_of EXPERIMENT NUMBER

measure_blocks() { # measure_blocks EXPERIMENT NUMBER
    local repeat model order blocks=1
    repeats_itself "$1" || blocks=$(repeats_of "$1")
    for ((repeat = 1; repeat <= blocks; repeat++)); do
        lines_into order order_of "$1" "$(($2 * 1000 + repeat))"
        for model in "${order[@]}"; do
            measure_one "$1" "$model" "$repeat" || return 1
        done
    done
}

measure_all() {
    local name number=0
    measure_begin=$SECONDS
    mkdir -p "$out/rows" || end_without_room
    for name in "${experiments[@]}"; do
        number=$((number + 1))
        rate_now=''
        [[ $(kind_says "$(conf "$name" kind)" rate none) != takes ]] || set_rate "$name"
        measure_blocks "$name" "$number" || return 0
    done
}
