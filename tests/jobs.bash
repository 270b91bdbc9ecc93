# jobs.bash -- runs jobs side by side, each as a process group that ends before the caller does.
# shellcheck shell=bash disable=SC2154  # out is of the caller

declare -A running=() # The name of the job, by the pid of its group's first process.

# Starts a job as a process group of its own, so that it can be ended with all that it started.  As a
# plain job of a script it would ignore Ctrl-C, and so would every server below it.
start_job() { # start_job JOB PART COMMAND...
    set -m
    # The signal goes to bats at the same time, which ends its test in order: no other one begins then.
    (set +m; trap 'exit 130' INT TERM; run_job "$@") &
    set +m
    running[$!]=$1
}

# A test that is interrupted ends what it started: it gets the time to.
end_groups() {
    local signal pid try
    trap '' INT TERM HUP
    for signal in INT TERM KILL; do
        for pid in "${!running[@]}"; do kill "-$signal" -- "-$pid" 2>/dev/null || unset "running[$pid]"; done
        for ((try = 0; try < 50 && ${#running[@]} > 0; try++)); do
            sleep 0.1
            for pid in "${!running[@]}"; do kill -0 -- "-$pid" 2>/dev/null || unset "running[$pid]"; done
        done
    done
}

# What dies leaves no "not ok": of what was planned ("1..N"), how much never ran.
missing_tests() { # missing_tests FILE
    awk '/^1\.\.[0-9]+/ { planned += substr($1, 4) } /^(not )?ok [0-9]/ { ran++ } /^(not )?ok/ { any = 1 }
         END {
             if (ran < planned) print "not ok - " planned - ran (planned - ran == 1 ? " test" : " tests") " did not run"
             else if (!any) print "not ok - " FILENAME " holds no test"
         }' "$1"
}

# Leaves the TAP of a job, and in JOB.took its part and time and, as times(1) of the shell tells them, CPU times.
run_job() { # run_job JOB PART COMMAND...
    local job=$1 part=$2 begin_us=${EPOCHREALTIME/./} status=0
    shift 2
    "$@" >"$out/$job.tap" 2>&1 </dev/null || status=$?
    missing_tests "$out/$job.tap" >"$out/$job.took"
    cat "$out/$job.took" >>"$out/$job.tap"
    ((status == 0)) || grep -q '^not ok' "$out/$job.tap" || echo "not ok - $job ended with $status" >>"$out/$job.tap"
    { echo "$job $part $((${EPOCHREALTIME/./} - begin_us))"; times; } >"$out/$job.took"
}

# One line for a job, and its failures.
show_job() { # show_job JOB
    awk -v brief=1 -f tests/counts.awk "$out/$1".{took,tap} || true # A failure is counted at the end.
    awk '/^not ok/ { show = 1 } /^ok/ { show = 0 } show' "$out/$1.tap"
}

# Waits until fewer than COUNT jobs run, and shows those that ended.
await_fewer() { # await_fewer COUNT
    local pid job
    while ((${#running[@]} >= $1)); do
        wait -n -p pid "${!running[@]}" || true
        job=${running[$pid]}
        unset "running[$pid]"
        show_job "$job"
    done
}

# Runs jobs, in their order, so many at a time.
run_jobs() { # run_jobs AT_ONCE LINES, each "SECONDS JOB PART COMMAND..."
    local line words
    while read -r line; do
        [[ -n $line ]] || continue
        read -r -a words <<<"$line"
        await_fewer "$1"
        start_job "${words[@]:1}"
    done <<<"$2"
    await_fewer 1
}
