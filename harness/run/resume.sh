# resume.sh -- what a run writes down of itself in progress.tsv, and how one that was cut off goes on.  Sourced by run.sh.
#
# Each line has a first word and values, with tabs between them:
#   argument TEXT                    of run.sh, in their order, without --out and --command
#   same NAME SHA256                 what must be the same when the run goes on: programs, scripts, experiments, commands
#   models NAME...                   those that the gate let through
#   step NUMBER WHAT [TABLE=BYTES]   one that is finished, and how long the tables were then
#   broken NUMBER WHAT [TABLE=BYTES] one whose program broke: the run went on, but --resume measures again from here on
#
# A step counts whole or not at all: rows behind the last step that is finished, with none broken before it, are cut off and
# measured again.  Those after a broken step, too: the rate that they were offered may come from it.
# shellcheck shell=bash disable=SC2154,SC2034  # of run.sh, for run.sh

steps_finished=() # What was measured in each, when the run goes on.

# Only the text of a command would say what it is; it is not kept, because it may hold secrets, and would be run from a file.
same_lines() {
    local name kind files=() own
    for name in load row witness start "${machine_costs[@]}"; do [[ ! -x $bin/$name ]] || files+=("$bin/$name"); done
    for name in "${models[@]}"; do
        [[ ! -x $bin/server-$(plain_model "$name") ]] || files+=("$bin/server-$(plain_model "$name")")
        ! is_guest "$name" || files+=("$(guest_file "$name")")
    done
    for name in "${experiments[@]}"; do
        kind=$(conf "$name" kind)
        words=$(kind_says "$kind" programs '')
        read -r -a own <<<"$words"
        files+=("harness/experiments/$name.conf" "$(program_of "$kind")" "${own[@]/#/$bin/}")
    done
    sha256sum "${files[@]}" harness/run/{plan,steps}.sh harness/fleet/start.sh harness/measure/kind.sh | sed -E 's/^([0-9a-f]+) .(.*)$/same\t\2\t\1/'
    [[ -z ${C10K_USER:-} ]] || printf 'same\t--user %s\t-\n' "$C10K_USER"
    for name in "${!commands[@]}"; do
        printf 'same\t--command %s\t%s\n' "$name" "$(sha256sum <<<"${commands[$name]}" | cut -c 1-64)"
    done
}

# Notes what the run is, before anything is measured.
record_begin() { # record_begin ARGUMENT...
    local same
    same=$(same_lines) || fail 'the programs could not be read'
    { printf 'argument\t%s\n' "$@"; echo "$same" | sort -u; } >>"$out/progress.tsv"
}

record_models() { append "$out/progress.tsv" "models"$'\t'"${models[*]}"; }

record_step() { # record_step step|broken WHAT
    local table found sizes=''
    lines_into found tables_of "$out"
    for table in "${found[@]}"; do sizes+=$(printf '\t%s=%s' "$table" "$(stat --format=%s "$out/$table")"); done
    append "$out/progress.tsv" "$1"$'\t'"$step"$'\t'"$2$sizes"
}

recorded() { sed -n "s/^$1\t//p" "$out/progress.tsv"; } # recorded WORD

# Only one of us may add to a run; the lock goes when the last process of the run has ended.
lock_run() {
    exec 7>>"$out/progress.tsv"
    flock --nonblock 7 || die "$out is still under way"
}

# Leaves the lines of progress.tsv that a command prints, its first ones.  In place: the lock is on this file.
keep_progress() { # keep_progress COMMAND...
    local size
    size=$("$@" "$out/progress.tsv" | wc -c)
    truncate --size="$size" "$out/progress.tsv"
}

# The run is written to: a file of it must not be a file elsewhere, too, and what we quote of its words is text.
need_files_of_its_own() {
    local other words plain
    other=$(find "$out" -type f -links +1 -print -quit)
    [[ -z $other ]] || die "$(plain_name "$other") has a second name elsewhere (a hard link); copy the run to go on with it"
    words=$(tr '\000' '\001' <"$out/progress.tsv" | awk '{ gsub(/\t/, "    "); print }')
    plain=$(plain_text <<<"$words")
    [[ $plain == "$words" ]] || die "$out cannot go on: its progress.tsv was changed"
}

# The folder of a run that shall go on, as `out`, and its options.
take_up_run() { # take_up_run FOLDER
    local arguments
    out=$(plain_run "$1")
    [[ -s $out/progress.tsv && -s $out/command.txt ]] || die "$1 cannot go on: it has no progress.tsv, or had not begun; start it again"
    need_safe_path "$out" --resume
    need_files_of_its_own
    lock_run
    keep_progress head --lines="$(wc -l <"$out/progress.tsv")" # The last one may have been cut off in its middle.
    lines_into arguments recorded argument
    # What is run, and with which rights, is taken from the user, and not from a file that another user may have written.
    [[ ! " ${arguments[*]} " =~ \ --(command|user|out|resume)\  ]] || die "$out cannot go on: its progress.tsv was changed"
    parse_options "${arguments[@]}"
    lines_into steps_finished sed -n '/^broken\t/q; s/^step\t[0-9]*\t\([^\t]*\).*/\1/p' "$out/progress.tsv"
}

# Dies if something is another than when the run began, and names it.
need_same_run() {
    local before now other
    before=$(grep '^same' "$out/progress.tsv" | sort -u)
    now=$(same_lines | sort -u)
    other=$(comm -3 <(echo "$before") <(echo "$now") | sed 's/^\t*same\t//' | cut -f 1 | sort -u | paste -sd , | sed 's/,/, /g')
    [[ -z $other ]] || die "$out cannot go on: not the same as when it began: $other"
    now=$(harness/machine/machine_info.sh)
    other=$(awk -F': ' -f harness/analysis/other_machine.awk "$out/machine.txt" - <<<"$now" | plain_text)
    [[ -z $other ]] || die "$out cannot go on: the machine is not the same: $other"
}

# How long a table was when the last step was finished; 0: it was not there.
finished_size() { # finished_size TABLE
    recorded step | tail -n 1 | tr '\t' '\n' | sed -n "s,^${1//./\\.}=\([0-9]*\)\$,\1,p" | grep . || echo 0
}

cut_unfinished_step() {
    local table found size now rows=0
    lines_into found tables_of "$out"
    keep_progress sed "/^broken\t/,\$d"
    for table in "${found[@]}"; do
        size=$(finished_size "$table") now=$(stat --format=%s "$out/$table")
        ((now >= size)) || die "$out cannot go on: $table is shorter than it was"
        rows=$((rows + $(tail -c "+$((size + 1))" "$out/$table" | wc -l)))
        if ((size == 0)); then rm "$out/$table"; else truncate --size="$size" "$out/$table"; fi
    done
    ((rows == 0)) || say "$rows lines of the step that was cut off, or broke, and of those after it are taken out: they are measured again"
    append "$out/machine.txt" "resumed: $(date --utc '+%Y-%m-%d %H:%M:%S UTC'), after ${#steps_finished[@]} steps"
}

# Whether the next step was finished before; then it only counts.
was_finished() { # was_finished EXPERIMENT WHAT
    ((step < ${#steps_finished[@]})) || return 1
    [[ ${steps_finished[step]} == "$1, $2" ]] || fail "step $((step + 1)) was \"${steps_finished[step]}\", and would now be \"$1, $2\""
    step=$((step + 1))
    planned_s=$((planned_s - $(estimate_of "$1")))
}
