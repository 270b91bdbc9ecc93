#!/usr/bin/env bats
# bats file_tags=part:suite,long:65
# resume.bats -- guards against a run that was cut off and cannot go on, goes on as another run, or counts a step twice.

bats_require_minimum_version 1.5.0

# Two runs that tests copy: a whole one, and one that was cut off.
setup_file() {
    cd "$BATS_TEST_DIRNAME/.." || return 1
    files=$BATS_FILE_TMPDIR
    BATS_TEST_TMPDIR=$files
    load drawing.bash
    load running.bash
    build_of load server-poll server-fork
    known_costs
    small_experiments
    for model in poll fork; do printf 'half-close\tpass\t-\n' >"$bin/gate-$model.tsv"; done
    # When the step CUT has written its rows, and before the run knows: sends its run a signal, or fills the disk of a folder.
    mkdir "$bin/small"
    mv "$bin"/measure-* "$bin/small"
    measures "'$bin/small/'\${0##*/} \"\$@\" || exit
        case \" \$* \" in *' --model '*) echo >>'$files/steps' ;; *) exit 0 ;; esac
        read -r step how <'$files/cut' && [ \$(wc -l <'$files/steps') = \$step ] || exit 0
        case \$how in
        /*) head -c 1G /dev/zero 2>/dev/null >\$how/filler; exit 0 ;;
        *) kill -\$how \$PPID ;;
        esac"
    draw_only
    export PATH
    measured "$files/whole"
    cut_off "$files/cut_off" 3 KILL
}

setup() {
    load checking.bash
    load running.bash
    load refusing.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR files=$BATS_FILE_TMPDIR bin=$BATS_FILE_TMPDIR/bin
}

a_run=(./run_all.sh quick crowd ramp --models "poll fork" --repeats 1 --rate 2000 --seed 7 --no-install) # An open loop leaves CPU time.

# A run of two kinds, cut off at STEP by SIGNAL: 4 steps, 2 models x (2 points + 2 points).
measured() { # measured FOLDER [STEP SIGNAL]
    : >"$files/steps"
    echo "${@:2}" >"$files/cut"
    [[ -n ${2:-} ]] || : >"$files/cut"
    C10K_ENTERED=$$ C10K_BIN=$bin setsid env --default-signal=INT "${a_run[@]}" --out "$1" >"$files/said" 2>&1 3>&-
}

cut_off() { # cut_off FOLDER STEP SIGNAL
    local status=0
    measured "$@" || status=$?
    cat "$files/said"
    [[ $status != 0 && $(wc -l <"$files/steps") == "$2" ]]
    flock --timeout 20 "$1/progress.tsv" true # What it had started holds the lock, and may end a moment later.
}

copy_of() { cp -r "$files/$1" "$tmp/run"; } # copy_of whole|cut_off

resumed() { # resumed FOLDER [OPTION...]
    : >"$files/cut"
    C10K_ENTERED=$$ C10K_BIN=$bin ./run_all.sh --resume "$@"
}

# What was measured, in order.
points() { # points FOLDER
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i }
        { print $c["experiment"], $c["model"], $c["connections"], $c["repeat"], $c["seed"] }' "$1/rows/latency.csv"
}

@test "a run that was cut off by any signal goes on where it was, and has the rows of one that was not" {
    while read -r step signal; do
        if [[ $signal == KILL ]]; then copy_of cut_off; else cut_off "$tmp/run" "$step" "$signal"; fi
        run -0 resumed "$tmp/run" --no-install
        echo "$output"
        [[ $output == *'2 lines of the step that was cut off'*"$((step - 1)) of them are finished"*"step $step of 4"* ]]
        diff <(points "$files/whole") <(points "$tmp/run")
        [[ -s $tmp/run/index.html && $tmp/run/index.html -nt $tmp/run/rows/latency.csv ]]
        rm -rf "$tmp/run"
    done <<'TRIES'
2 INT
3 KILL
4 TERM
TRIES
}

@test "a run that is complete has nothing to go on with, and is drawn again" {
    copy_of whole
    rm "$tmp/run/index.html"
    run -0 resumed "$tmp/run"
    [[ $output == *'4 of them are finished'* && -s $tmp/run/index.html ]]
    cmp "$files/whole/rows/latency.csv" "$tmp/run/rows/latency.csv"
}

@test "a run does not go on with another program, experiment, machine or command, and says which" {
    copy_of cut_off
    echo '# changed' >>"$bin/measure-latency"
    refuses "not the same as when it began: $bin/measure-latency" resumed_quietly "$tmp/run"
    sed -i '$d' "$bin/measure-latency"
    sed -i 's/^kernel: .*/kernel: another/' "$tmp/run/machine.txt"
    refuses 'the machine is not the same: kernel was "another", is "' resumed_quietly "$tmp/run"
    sed -i "s/^same\tharness.experiments.crowd.conf\t.*/same\tharness\/experiments\/crowd.conf\t0/" "$tmp/run/progress.tsv"
    refuses 'not the same as when it began: harness/experiments/crowd.conf' resumed_quietly "$tmp/run"
    refuses 'not the same as when it began: --command mine' resumed_quietly "$tmp/run" --command "mine=build/release/server-poll {port}"
}

resumed_quietly() { resumed "$@" > >(grep -vE '^\[ *[0-9]+ s\] (building|another build is under way: waiting for it)$'); }

@test "--resume takes no other option, and no folder that is no run, is under way, or holds a link or a command" {
    mkdir "$tmp/empty"
    refuses 'no folder' resumed "$tmp/nothing"
    refuses 'it has no progress.tsv' resumed "$tmp/empty"
    copy_of cut_off
    for words in quick '--seed 3' "--out $tmp/other" ramp; do
        # shellcheck disable=SC2086  # words are meant
        refuses 'nothing else can be given' ./run_all.sh $words --resume "$tmp/run"
    done
    (exec 7>>"$tmp/run/progress.tsv"; flock 7; refuses 'still under way' resumed "$tmp/run" 7>&-)
    ln -s /etc/passwd "$tmp/run/rows/counters.csv"
    refuses 'neither a file nor a folder' resumed "$tmp/run"
    rm "$tmp/run/rows/counters.csv"
    sed -i '1i argument\t--command\nargument\tx=touch owned' "$tmp/run/progress.tsv"
    refuses 'progress.tsv was changed' resumed "$tmp/run"
}

@test "--resume writes to no file that has a second name elsewhere, and quotes no word of a run as it is" {
    copy_of cut_off
    ln "$tmp/run/rows/latency.csv" "$tmp/elsewhere"
    refuses 'latency.csv has a second name elsewhere' resumed_quietly "$tmp/run"
    rm "$tmp/elsewhere"
    cp "$tmp/run/machine.txt" "$tmp/machine.txt"
    sed -i $'s/^kernel: .*/kernel: \e]0;owned\a/' "$tmp/run/machine.txt"
    refuses 'kernel was "?]0;owned?", is "' resumed_quietly "$tmp/run"
    mv "$tmp/machine.txt" "$tmp/run/machine.txt"
    for line in $'same\t\e]0;owned\a\t0' $'argument\t\e[2J' $'step\t1\tcapacity\302\233'; do
        cp "$tmp/run/progress.tsv" "$tmp/progress.tsv"
        sed -i "1i $line" "$tmp/run/progress.tsv"
        refuses 'its progress.tsv was changed' resumed_quietly "$tmp/run"
        mv "$tmp/progress.tsv" "$tmp/run/progress.tsv"
    done
    # Not where the user has said so: the rights of servers.
    sed -i '1i argument\t--user\nargument\troot' "$tmp/run/progress.tsv"
    refuses 'its progress.tsv was changed' resumed_quietly "$tmp/run"
}

@test "what a run notes of itself holds no command, and a torn last line is no step" {
    copy_of cut_off
    printf 'step\t3\tcrowd, poll, repeat 2 of 2\trows/latency.csv=99999' >>"$tmp/run/progress.tsv"
    run -0 resumed "$tmp/run"
    [[ $output == *'2 of them are finished'* && $(wc -l <"$tmp/run/rows/latency.csv") == 9 ]]
}

# No line of the table or of progress.tsv was written in part.
whole_rows() { # whole_rows FOLDER
    [[ -z $(tail -c 1 "$1/rows/latency.csv") && -z $(tail -c 1 "$1/progress.tsv") ]]
    awk -F, 'NR == 1 { cells = NF } NF != cells { exit 1 }' "$1/rows/latency.csv"
}

# A page of a tmpfs that is full still takes what fits into its rest: the table has two steps in its first page, and four do not fit.
@test "a disk that fills up in the middle of a run: its cause in one line, whole rows to draw, and --resume measures what is missing" {
    can_mount
    : >"$files/steps"
    mkdir "$tmp/disk"
    echo "2 $tmp/disk" >"$files/cut"
    # shellcheck disable=SC2016  # for the other shell
    C10K_ENTERED=$$ C10K_BIN=$bin run -1 --separate-stderr unshare --mount bash -c '
        mount -t tmpfs -o size=66m none "$1" || exit 77
        "${@:3}" --out "$1/run" || status=$?
        rm "$1/filler"
        cp -r "$1/run" "$2"
        exit "${status:-0}"' bash "$tmp/disk" "$tmp/run" "${a_run[@]}"
    echo "$output"
    one_line_on_stderr "cannot write $tmp/disk/run/rows/latency.csv: No space left on device"
    [[ $output == *"measure-latency itself broke (status 1)"*"go on with ./run_all.sh --resume $tmp/disk/run"* && $(grep -c broke <<<"$output") == 1 ]]
    check whole_rows "$tmp/run"
    ((checked == 0))
    run -0 ./run_all.sh draw "$tmp/run"
    [[ -s $tmp/run/index.html ]]
    run -0 resumed "$tmp/run" --no-install
    echo "$output"
    diff <(points "$files/whole") <(points "$tmp/run")
}

@test "a step whose program broke is measured again by --resume, and what was measured after it" {
    copy_of whole
    sed -i 's/^step\t2\t/broken\t2\t/' "$tmp/run/progress.tsv"
    run -0 resumed "$tmp/run" --no-install
    echo "$output"
    [[ $output == *'6 lines of the step that was cut off, or broke,'*'1 of them are finished'*'step 2 of 4'* ]]
    diff <(points "$files/whole") <(points "$tmp/run")
    [[ $(grep -c ^step "$tmp/run/progress.tsv") == 4 ]]
    run ! grep ^broken "$tmp/run/progress.tsv"
}

@test "killed outright, a run, its client and a script that measures leave nothing behind, and all rows that were done" {
    run -0 tests/kill.sh --moments 1 --seed 2 run load cold_start
    echo "$output"
    [[ $output == *'0 faults in 3 moments' ]]
}
