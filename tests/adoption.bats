#!/usr/bin/env bats
# bats file_tags=part:docs
# adoption.bats -- guards against an installation that leaves something out or behind, a container
# recipe that cannot work, help that is not there, and scripts that leave something running.

bats_require_minimum_version 1.5.0

setup() {
    load serving.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    root=$BATS_TEST_TMPDIR/root
}

teardown() { end_servers; }

@test "make install puts programs that work under DESTDIR and PREFIX, and uninstall leaves nothing" {
    make --silent install DESTDIR="$root" PREFIX=/opt/c10k
    bin=$root/opt/c10k/bin
    # Those that were built: a model whose library is missing is left out.
    for program in build/release/server-*; do
        [[ ! -x $program || $program == *.* || -x $bin/c10k-${program##*/} ]] || { echo "no $program"; return 1; }
    done
    cd "$BATS_TEST_TMPDIR"
    start "$bin/c10k-server-poll"
    run -0 "$bin/c10k-load" --port "$port" --connections 10 --rate 1000 --duration 0.5 --output json
    stop
    jq -e '.corrupt == 0 and .received > 100' <<<"$output"
    "$bin/c10k-gate" --trap half-close -- "$bin/c10k-server-epoll" 0
    cd "$OLDPWD"
    make --silent uninstall DESTDIR="$root" PREFIX=/opt/c10k
    [[ -z $(find "$root" -type f) ]]
}

@test "the container's recipe copies what is there, and its set-up works with that alone" {
    dockerfile=.devcontainer/Dockerfile
    jq -e '.build.dockerfile == "Dockerfile" and .build.context == ".."' .devcontainer/devcontainer.json
    # Each COPY, done by hand.
    while read -r _ words; do
        read -ra paths <<<"$words"
        target=$root${paths[-1]}
        mkdir -p "$target"
        # Of a folder, COPY takes what is in it.
        for path in "${paths[@]:0:${#paths[@]}-1}"; do
            if [[ -d $path ]]; then cp -r "$path/." "$target"; else cp "$path" "$target"; fi
        done
    done < <(grep '^COPY ' "$dockerfile")
    setup=$(grep -oE '/opt/setup/harness/run/setup.sh --for-tests' "$dockerfile")
    # All is installed where tests run: quiet, and nothing else is looked for than what was copied.
    run -0 bash -c "$root$setup --no-install"
    [[ -z $output ]]
    # The commands of RUN parse, and each of its programs is one that Debian has from the start or gets here.
    sed -n 's/^RUN //p' "$dockerfile" | bash -n
    [[ $(sed -n 's/^FROM //p' "$dockerfile") == debian:12 ]]
}

@test "the container's filter lets io_uring and perf through, and nothing of what Docker forbids beside them" {
    forbidden=$(jq -r '.syscalls[] | select(.args == null) | .names[]' .devcontainer/seccomp.json)
    for call in mount umount2 bpf unshare setns init_module kexec_load reboot keyctl userfaultfd open_by_handle_at clone3; do
        grep -qx "$call" <<<"$forbidden" || { echo "$call is allowed"; return 1; }
    done
    run ! grep -E '^(io_uring_.*|perf_event_open|ptrace|clone)$' <<<"$forbidden"
    [[ $(jq -r '.syscalls[] | select(.names == ["clone"]).args[0].value' .devcontainer/seccomp.json) == $((0x10000000)) ]] # CLONE_NEWUSER
    run ! grep -r unconfined .devcontainer
}

# ---- help ----

@test "each subcommand has help, which starts nothing and installs nothing" {
    for command in check draw show doctor compare demo trace; do
        run -0 ./run_all.sh "$command" --help
        [[ ${lines[0]} == "$command.sh -- "* && $output == *"usage: ./run_all.sh $command"* ]] || { echo "$output"; return 1; }
        [[ $output != *FOLDER* && $output != *building* ]]
        # All of the head, and nothing behind it.
        [[ $output == *"$(sed -n '/^set /q; s/^# //p' harness/*/"$command.sh" | tail -n 1 | cut -c 1-40)"* && $output != *pipefail* ]]
    done
    run -0 ./run_all.sh ramp --help
    [[ $output == 'run_all.sh -- '* ]]
    run -0 ./run_all.sh claims --help
    [[ $output == 'run_all.sh -- '* ]]
}

@test "a user who cannot become root is told what an administrator has to install, and nothing is tried" {
    ((EUID == 0)) || skip 'only root can become somebody else'
    folder=$(mktemp --directory)
    ln -s /usr/bin/* "$folder"
    rm -f "$folder"/{sudo,hyperfine}
    chmod 755 "$folder"
    PATH=$folder run -2 setpriv --reuid 65534 --clear-groups --inh-caps=-all harness/run/setup.sh --for-kind cold_start
    rm -r "$folder"
    [[ $output == *'hyperfine: times whole commands'*'apt-get install'*'hyperfine'*'as root: ask who administers'* ]] || { echo "$output"; return 1; }
    [[ $output != *'running:'* ]]
}

@test "--models of the demo may be written with commas, as for a run" {
    run -2 ./run_all.sh demo --models "epoll,nobody"
    [[ $output == 'demo.sh: there is no model "nobody"; there are: '* ]]
}

@test "a make that was broken off leaves no empty list of system calls" {
    run ! make BUILD="$BATS_TEST_TMPDIR/build" CC=false "$BATS_TEST_TMPDIR/build/harness/probes/call_names.inc"
    [[ ! -e $BATS_TEST_TMPDIR/build/harness/probes/call_names.inc ]]
}

# Each key of a table with its default, as CONTRIBUTING.md and the READMEs of kinds write it.
keys_of() { # keys_of TABLE
    awk -F'\t' 'NR > 1 { print $1, $5 == "-" ? "must be given" : $5 == "" ? "none" : $5 }' "$1"
}

@test "the table of an experiment's keys has each key, in the harness' own order, with its default" {
    (($(keys_of harness/measure/keys.tsv | wc -l) >= 19))
    told=$(sed -n '/^| key | unit, meaning/,/^$/p' CONTRIBUTING.md |
        sed -nE 's/^\| `([a-z_]+)` \| .* \| `?(must be given|none|[a-z0-9]+)`?[^|]* \| [^|]*\|$/\1 \2/p')
    diff <(keys_of harness/measure/keys.tsv) <(echo "$told")
}

@test "a service that a package brings along neither starts now nor at boot, and nothing forbids others later" {
    local folder=$BATS_TEST_TMPDIR/tools system=$BATS_TEST_TMPDIR/system
    mkdir -p "$folder" "$system"/{usr/sbin,etc/systemd/system/multi-user.target.wants}
    ln -s /usr/bin/* "$folder"
    rm -f "$folder"/{bats,apt-get,sudo}
    touch "$system/etc/systemd/system/multi-user.target.wants/mine.service"
    printf '#!/bin/sh\nexec "$@"\n' >"$folder/sudo"
    cat >"$folder/apt-get" <<'END'
#!/bin/sh
[ "$1" = install ] || exit 0
echo "install with DEBIAN_FRONTEND=$DEBIAN_FRONTEND, policy $($C10K_ROOT/usr/sbin/policy-rc.d; echo $?)"
touch "$C10K_ROOT/etc/systemd/system/multi-user.target.wants/bats.service"
END
    chmod +x "$folder"/{sudo,apt-get}
    PATH=$folder C10K_ENTERED=$$ C10K_ROOT=$system run -0 harness/run/setup.sh --for-tests
    echo "$output"
    [[ $output == *'install with DEBIAN_FRONTEND=noninteractive, policy 101'*'masked: bats.service'*'unmask bats.service'* ]]
    [[ $(readlink "$system/etc/systemd/system/bats.service") == /dev/null && ! -e $system/etc/systemd/system/mine.service ]]
    [[ ! -e $system/usr/sbin/policy-rc.d ]]
}

# ---- what scripts start ----

# A shell as our scripts are.
script() { # script COMMANDS...
    bash -c 'set -euo pipefail; source harness/run/lib.sh; source harness/fleet/start.sh; set_cpus; eval "$1"' script "$1"
}

@test "a server that ends at once is a server that did not get ready, however soon it ends" {
    for _ in 1 2 3 4 5; do
        run -0 script "start_server true '$BATS_TEST_TMPDIR' || echo 'not ready'"
        [[ $output == 'not ready' ]] || { echo "$output"; return 1; }
    done
}

@test "a script that is killed leaves no server behind" {
    for port in '' ' {port}'; do
        run script "start_server '$PWD/build/release/server-poll${port:- 0} --backlog 1234' '$BATS_TEST_TMPDIR'; kill -KILL \$\$"
        eventually gone 'server-poll.* --backlog 1234'
    done
}

@test "cold_start keeps its scraps wherever TMPDIR is" {
    mkdir "$BATS_TEST_TMPDIR/a folder's blanks"
    printf '%s\n' 'kind = cold_start' 'requests = 20' >"$BATS_TEST_TMPDIR/cold.conf"
    TMPDIR="$BATS_TEST_TMPDIR/a folder's blanks" run -0 harness/kinds/cold_start/measure.sh "$BATS_TEST_TMPDIR/cold.conf" --model poll --out "$root/cold_start.csv" --repeats 2
    [[ $(tail -n 1 "$root/cold_start.csv") == *,poll,,1,1,2,1,0,1,ok,,20,0.* ]] || { echo "$output"; cat "$root/cold_start.csv"; return 1; }
}

@test "make fuzz ends at once on Ctrl-C, with all that it started" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    ln -s "$(type -P true)" "$BATS_TEST_TMPDIR/bin/make" # The fuzzers are not needed for this.
    PATH=$BATS_TEST_TMPDIR/bin:$PATH env --default-signal=INT tests/fuzz/run.sh 97 csv >/dev/null 2>&1 3>&- &
    fuzz=$!
    eventually runs 'tests/fuzz/csv.sh 97'
    kill -INT "$fuzz"
    status=0
    wait "$fuzz" || status=$?
    [[ $status == 130 ]]
    eventually gone 'tests/fuzz/csv.sh 97'
}
