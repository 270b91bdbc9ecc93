#!/usr/bin/env bats
# bats file_tags=part:suite,long:25
# usage.bats -- guards against a mistake that is not told, a word that no help knows, a plan that is not
# what would be run.

bats_require_minimum_version 1.5.0

setup() {
    load refusing.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR
}

# ---- bad input: one line, status 2, nothing left ----

@test "an unknown option, model, experiment, number or folder is told in one line" {
    while IFS='|' read -r word arguments; do
        # shellcheck disable=SC2086  # words are meant
        run -2 --separate-stderr ./run_all.sh $arguments
        one_line_on_stderr "$word" || { echo "for: $arguments"; return 1; }
    done <<'END'
--fast|--fast
unknownex|quick unknownex
unknownmodel|quick ramp --models unknownmodel
unknownmodel|check unknownmodel
unknownmodel|check unknownmodel:workers=4
MODEL:NAME=VALUE|check thread:stack-kib
MODEL:NAME=VALUE|check thread:stack-kib=64,x=1
--repeats|ramp --repeats 0
--repeats|ramp --repeats many
--rate|ramp --rate -5
--seed|ramp --seed x
needs a value|ramp --models
no folder|draw /nonexistent/run
usage|draw
doctor|doctor now
END
}

@test "a folder with something in it is refused and left as it is" {
    mkdir "$tmp/run"
    echo precious >"$tmp/run/file"
    run -2 --separate-stderr ./run_all.sh quick ramp --no-install --out "$tmp/run"
    one_line_on_stderr 'not empty'
    [[ $(ls "$tmp/run") == file && $(cat "$tmp/run/file") == precious ]]
}

@test "a folder that cannot be made is told" {
    echo >"$tmp/file"
    run -2 --separate-stderr ./run_all.sh quick ramp --no-install --out "$tmp/file/run"
    one_line_on_stderr 'cannot write'
    run -2 --separate-stderr ./run_all.sh quick ramp --no-install --out "$tmp/file"
    one_line_on_stderr 'is a file'
}

@test "a folder where nothing was measured is not drawn" {
    mkdir "$tmp/run"
    run -2 --separate-stderr ./run_all.sh draw "$tmp/run"
    one_line_on_stderr 'it has no table in rows/'
    [[ -z $(ls "$tmp/run") ]]
}

@test "--no-install with a tool missing names it and the command, and leaves no folder" {
    mkdir "$tmp/bin"
    ln -s /usr/bin/* "$tmp/bin"
    rm "$tmp/bin/hyperfine" "$tmp/bin/gnuplot"
    PATH=$tmp/bin run -2 --separate-stderr ./run_all.sh quick ramp cold_start --no-install --out "$tmp/run"
    [[ $stderr == *'gnuplot-nox: '* && $stderr == *'hyperfine: '* ]]
    [[ $stderr == *'apt-get install --yes --no-install-recommends gnuplot-nox hyperfine'* ]]
    [[ ! -e $tmp/run ]]
}

@test "setup is quiet when nothing is missing" {
    run -0 --separate-stderr harness/run/setup.sh --no-install
    [[ -z $output && -z $stderr ]]
}

# ---- information ----

@test "list names every experiment with its question, and every model" {
    run -0 ./run_all.sh list
    for conf in harness/experiments/*.conf; do [[ $output == *"$(basename "$conf" .conf)"*'?'* ]]; done
    diff <(sed -n 's/^models: //p' <<<"$output" | tr ' ' '\n' | sort) <(basename --suffix=.c servers/*.c | sort)
}

# The labels of its `case`s, and the word that stands for others.
words_of_run_all() {
    sed -nE 's/^ *(-*[a-z][a-z-]*( \| -*[a-z][a-z-]*)*)\)( .*)?$/\1/p; s/.*\$\{1:-\} == ([a-z]+) .*/\1/p' run_all.sh |
        sed 's/ | /\n/g' | grep -vxE -- '-h|help|--help' | sort -u
}

@test "help names every option and word that run_all.sh knows" {
    run -0 ./run_all.sh --help
    mapfile -t words < <(words_of_run_all)
    echo "${words[*]}"
    [[ ${#words[@]} -ge 21 && " ${words[*]} " == *' --plan '* && " ${words[*]} " == *' claims '* && " ${words[*]} " == *' trace '* ]]
    for word in "${words[@]}"; do [[ $output == *$'\n'"  $word "* ]] || { echo "$word"; return 1; }; done
}

@test "doctor tells the limit of each way to serve and a command that lifts it" {
    run ./run_all.sh doctor
    ((status < 2))
    for words in 'a process per client' 'a thread per client' 'all clients in one process' 'to lift it: '; do
        [[ $output == *"$words"* ]] || { echo "$words"; return 1; }
    done
    (ulimit -n 500; run -1 ./run_all.sh doctor; [[ $output == *'open files per process (500)'*'SHORT'* ]])
}

@test "doctor runs nothing that an experiment holds, and refuses what is no number with file and line" {
    cp -r harness run_all.sh servers "$tmp"
    # shellcheck disable=SC2016  # it must not be expanded
    printf '# Question: x?\nkind = latency\nconnections = files[$(touch${IFS}%s/ran)]\n' "$tmp" >"$tmp/harness/experiments/zz.conf"
    refuses 'experiments/zz.conf, line 3: connections' quietly_doctored
    [[ ! -e $tmp/ran ]]
}

@test "an experiment that is a pipe, a device, a folder or endless is refused in one line, and not waited for" {
    cp -r harness run_all.sh servers "$tmp"
    conf=$tmp/harness/experiments/zz.conf
    for made in 'mkfifo' 'mkdir' 'ln -s /dev/zero' 'truncate --size=3G'; do
        $made "$conf"
        for command in list doctor 'zz --plan'; do
            # shellcheck disable=SC2086  # words are meant
            run -2 --separate-stderr timeout 60 "$tmp/run_all.sh" $command
            one_line_on_stderr 'harness/experiments/zz.conf is no file of at most 64 KiB'
        done
        rm -r "$conf"
    done
}

quietly_doctored() { "$tmp/run_all.sh" doctor >/dev/null; }

@test "the machine's card tells what a reader needs" {
    run -0 harness/machine/machine_info.sh
    for name in machine kernel cpu memory_kib kernel_irq_time_accounting mitigations file_limit compiler libuv revision; do
        [[ $'\n'$output == *$'\n'"$name: "* ]] || { echo "$name"; return 1; }
    done
}

@test "an experiment that waits to be named is listed as such, and left out of plain runs" {
    run -0 ./run_all.sh list
    grep -q '^omission .*(only when named)' <<<"$output"
    run ! grep -q '^ramp .*(only when named)' <<<"$output"
    # shellcheck disable=SC2016
    run -0 bash -c 'source harness/run/lib.sh; default_experiments | one_line'
    [[ " $output " == *' ramp '* && " $output " != *' omission '* ]]
    run -0 ./run_all.sh --help
    [[ $output == *$'Only when named:\n'*omission* ]]
}

@test "--plan says what would be measured, how often and how long, and leaves nothing" {
    run -0 ./run_all.sh crowd memory --models "poll fork" --repeats 4 --no-install --plan --out "$tmp/run"
    echo "$output"
    [[ $output == *'crowd: 4 x fork poll, about '*' s each'*'memory: 4 x fork poll, about'*'16 steps: '*' min'* ]]
    [[ ! -e $tmp/run ]]
}

@test "an experiment about other models is left out with a word; one's own server is in each" {
    run -0 ./run_all.sh quick buffers slow_reader --models "fork thread_pool" --no-install --plan --seed 1
    echo "$output"
    [[ $output == *'buffers: left out: it is about epoll epoll:buffer-kib=64'* && $output != *'buffers: 1 x'* ]]
    [[ $output == *'slow_reader: without thread_pool: it is about fork thread poll'*'slow_reader: 1 x fork, about'*'1 steps: '* ]]
    # shellcheck disable=SC2016  # for the other shell
    run -0 ./run_all.sh quick slow_reader omission --command mine='build/release/server-poll {port}' --no-install --plan
    [[ $output == *'slow_reader: 1 x '*mine*'omission: 1 x mine poll, about'* ]]
}

@test "check prints a row for every trap" {
    # Two of them are tried; the part `gate` of the tests tries all.
    load running.bash
    build_of server-poll
    traps=$(build/release/gate --list | awk '{ print $1 }')
    except=$(grep -vxE 'start|half-close' <<<"$traps" | sed "s/.*/--except &=here/" | tr '\n' ' ')
    program gate "exec '$PWD/build/release/gate' $except \"\$@\""
    C10K_ENTERED=$$ C10K_BIN=$bin run -0 ./run_all.sh check poll --no-install
    diff <(sort <<<"$traps") <(sed -nE 's/^(pass|FAIL|skip)  ([a-z0-9-]+) .*/\2/p' <<<"$output" | sort)
    [[ $(grep -cE '^pass  (start|half-close) ' <<<"$output") == 2 ]]
}
