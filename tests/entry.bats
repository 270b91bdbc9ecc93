#!/usr/bin/env bats
# bats file_tags=part:suite,long:12
# entry.bats -- guards against a user's shell that changes what our scripts do: variables, functions, options, signals.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR
    # What runs bats may itself be a script of ours.
    unset C10K_ENTERED
}

scripts() {
    git ls-files --cached --others --exclude-standard | while read -r file; do
        [[ ! -x $file ]] || ! head -n 1 "$file" | grep -q '^#!.*bash' || echo "$file"
    done
}

# A script with nothing but the entry, and what follows.
own_script() { # own_script COMMANDS
    printf '#!/usr/bin/env -S bash -p\nset -euo pipefail\nsource %q/harness/run/enter.sh\n%s\n' "$PWD" "$1" >"$tmp/script"
    chmod +x "$tmp/script"
}

# A name for each pattern of the lists.
listed_variables() {
    bash -c 'C10K_ENTERED=$$; source harness/run/enter.sh; printf "%s\n" "${ambient_variables[@]}" "${measured_variables[@]}"' | sed 's/\*/X/'
}

@test "no variable of the list reaches a script, and the others do" {
    own_script printenv
    list=$(listed_variables)
    mapfile -t names <<<"$list"
    ((${#names[@]} > 80))
    run -0 --separate-stderr env "${names[@]/%/=/nonexistent}" CC=mine CFLAGS=-O0 HTTP_PROXY=p MINE=1 "$tmp/script"
    for name in "${names[@]}"; do
        # C10K_ENTERED itself is ours by then.
        [[ $name == C10K_X || $'\n'$output != *$'\n'"$name="* ]] || { echo "$name reached the script"; return 1; }
    done
    for name in CC=mine CFLAGS=-O0 HTTP_PROXY=p MINE=1; do [[ $'\n'$output == *$'\n'"$name"* ]]; done
}

@test "a variable that changes what is measured is named once, though scripts start scripts" {
    own_script 'if [[ -z ${1:-} ]]; then "$0" again; fi'
    run -0 env GLIBC_TUNABLES=glibc.malloc.tcache_count=0 LD_BIND_NOW=1 "$tmp/script"
    [[ $output == 'script: set aside, because they would change what is measured: GLIBC_TUNABLES, LD_BIND_NOW' ]]
}

@test "every script that a user can start clears the environment before it does anything" {
    mkdir "$tmp/bin"
    # The first program that a script runs after its entry; it ends the script.
    printf '#!/bin/sh\nprintenv >"%s/seen"\nexit 9\n' "$tmp" >"$tmp/bin/realpath"
    chmod +x "$tmp/bin/realpath"
    list=$(scripts)
    (($(wc -l <<<"$list") >= 20))
    for script in $list; do
        rm -f "$tmp/seen"
        run env PATH="$tmp/bin:$PATH" CDPATH=/ TMOUT=1 GREP_COLORS=x OMP_NUM_THREADS=1 C10K_BIN=/nonexistent "./$script" --no-such-option
        [[ -s $tmp/seen ]] || { echo "$script does not enter by harness/run/enter.sh"; return 1; }
        run ! grep -E '^(CDPATH|TMOUT|GREP_COLORS|OMP_NUM_THREADS|C10K_BIN)=' "$tmp/seen"
    done
}

@test "functions, options and files of the user's shell stay outside" {
    own_script 'printf "%s\n" "$-" "$SHELLOPTS:$BASHOPTS"; cd /; pwd; printenv | grep -c "^BASH_FUNC\|OPTS=" || true'
    echo 'shopt -s nocaseglob; pwd() { echo poisoned; }' >"$tmp/rc"
    cd() { echo poisoned; }
    export -f cd
    run -0 env BASH_ENV="$tmp/rc" SHELLOPTS=noclobber:noglob BASHOPTS=extglob:nocasematch POSIXLY_CORRECT=1 "$tmp/script"
    unset -f cd
    [[ ${lines[0]} != *C* && ${lines[0]} != *f* && ${lines[1]} != *nocase* && ${lines[1]} != *posix* ]] || { echo "$output"; return 1; }
    [[ ${lines[2]} == / && ${lines[3]} == 0 ]] || { echo "$output"; return 1; }
}

@test "a file that BASH_ENV names is not read by any script" {
    echo 'echo poisoned; cd /; exit 3' >"$tmp/rc"
    for script in $(scripts); do
        [[ $(head -n 1 "$script") == '#!/usr/bin/env -S bash -p' ]] || { head -n 1 "$script"; echo "is the head of $script"; return 1; }
    done
    run -0 env BASH_ENV="$tmp/rc" ./run_all.sh list
    [[ $output != *poisoned* && $output == *'models: '* ]]
}

@test "a script's arguments pass its entry as they were given" {
    own_script 'printf "<%s>" "$@"'
    run -0 "$tmp/script" 'a b' '' '*' $'c\nd'
    [[ $output == $'<a b><><*><c\nd>' ]]
}

@test "SIGPIPE that a parent ignores, a loose umask and closed descriptors are set right" {
    own_script 'grep SigIgn /proc/self/status; umask; yes 2>/dev/null | head -n 1; readlink /proc/self/fd/0'
    run bash -c "trap '' PIPE; umask 0; exec '$tmp/script' <&-"
    (((16#${lines[0]##*[[:blank:]]} >> $(kill -l PIPE) - 1 & 1) == 0)) || { echo "$output"; return 1; }
    [[ ${lines[1]} == 0022 && ${lines[2]} == y ]] || { echo "$output"; return 1; }
    own_script 'readlink /proc/self/fd/0 >&2'
    run -0 bash -c "exec '$tmp/script' <&- >&-"
    [[ $output == /dev/null ]]
    own_script umask
    run -0 bash -c "umask 077; exec '$tmp/script'"
    [[ $output == 0077 ]]
}

@test "a script of ours that starts another passes on what it was given" {
    own_script 'if [[ -z ${1:-} ]]; then C10K_BIN=ours TZ=Asia/Tokyo env "$0" again; else echo "$C10K_BIN $TZ"; fi'
    run -0 "$tmp/script"
    [[ $output == 'ours Asia/Tokyo' ]]
    # A number from outside makes no parent.
    own_script 'echo "${C10K_BIN:-none}"'
    run -0 env C10K_ENTERED=999999999 C10K_BIN=outside "$tmp/script"
    [[ $output == none ]]
}

@test "the scripts work in their own checkout, whatever CDPATH says" {
    mkdir -p "$tmp/other/harness/run"
    echo 'echo THE OTHER TREE' >"$tmp/other/harness/run/lib.sh"
    run -0 env CDPATH="$tmp/other" bash -c 'export CDPATH; . harness/run/lib.sh; pwd -P'
    [[ $output == "$(pwd -P)" ]]
    run -0 env CDPATH=. harness/kinds/handshakes/measure.sh --list
    [[ ${lines[0]} == direct,none,none,0 ]]
}

@test "CPUs are counted from the affinity mask, not from OMP_NUM_THREADS" {
    real=$(awk '/^Cpus_allowed:/ { gsub(/,/, "", $2); for (i = 1; i <= length($2); i++) { n = index("0123456789abcdef", substr($2, i, 1)) - 1
        while (n > 0) { count += n % 2; n = int(n / 2) } } print count }' /proc/self/status)
    run -0 env OMP_NUM_THREADS=$((real + 3)) OMP_THREAD_LIMIT=1 harness/machine/machine_info.sh
    [[ $output == *", $real CPUs,"* ]]
    first=$(sed -nE 's/^Cpus_allowed_list:\s*([0-9]+).*/\1/p' /proc/self/status)
    run -0 taskset --cpu-list "$first" harness/machine/machine_info.sh
    [[ $output == *', 1 CPUs,'* && $output == *'cpus: 1 usable of '* ]]
}

# ---- no tool that we start reads the user's configuration ----

# A home whose files change what git, perf, python and go do.
poisoned_home() {
    mkdir -p "$tmp/home/.config/git" "$tmp/home/.config/go" "$tmp/site"
    printf '[core]\n\tabbrev = 40\n[color]\n\tui = always\n[grep]\n\tlineNumber = true\n[alias]\n\tx = status\n' >"$tmp/home/.gitconfig"
    echo '*' >"$tmp/home/.config/git/ignore"
    echo 'nonsense' >"$tmp/home/.perfconfig"
    echo 'GOFLAGS=-nonsense' >"$tmp/home/.config/go/env"
    folder=$(HOME=$tmp/home python3 -c 'import site; print(site.getusersitepackages())')
    mkdir -p "$folder"
    echo "open('$tmp/python-was-here', 'w')" >"$folder/usercustomize.py"
}

@test "git in our scripts does not read the user's files" {
    poisoned_home
    before=$(harness/machine/machine_info.sh | grep '^revision:')
    after=$(HOME=$tmp/home harness/machine/machine_info.sh | grep '^revision:')
    [[ $before == "$after" ]] || { echo "$before; $after"; return 1; }
    # Its files say that nothing untracked is a change: so a new source must be seen as one.
    git clone --quiet . "$tmp/copy"
    cp -r harness "$tmp/copy"
    git -C "$tmp/copy" -c user.name=x -c user.email=x@localhost commit --quiet --all --allow-empty --message=before
    echo 'int x;' >"$tmp/copy/servers/new.c"
    run -0 env HOME="$tmp/home" "$tmp/copy/harness/machine/machine_info.sh"
    [[ $output == *'(dirty: changed since)'* ]] || { grep '^revision' <<<"$output"; return 1; }
    # And another user's checkout is one.
    ((EUID == 0)) || return 0
    chown -R 65534 "$tmp/copy"
    run -0 env HOME="$tmp/home" "$tmp/copy/harness/machine/machine_info.sh"
    [[ $output == *'(dirty: changed since)'* ]] || { grep '^revision' <<<"$output"; return 1; }
}

@test "a guest in python starts without the user's modules" {
    command -v python3 >/dev/null || skip 'python3 is not installed'
    poisoned_home
    line=$(bash -c 'source harness/run/lib.sh; source harness/fleet/servers.sh; command_of python')
    [[ $line == 'python3 -I '* ]]
    HOME=$tmp/home python3 -c pass
    [[ -e $tmp/python-was-here ]] || skip 'this python reads no usercustomize'
    rm "$tmp/python-was-here"
    HOME=$tmp/home timeout 1 $line >/dev/null || (($? == 124))
    [[ ! -e $tmp/python-was-here ]]
}

@test "perf and go are pointed away from the user's files" {
    own_script 'printenv PERF_CONFIG GOENV GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM'
    run -0 env PERF_CONFIG=/nonexistent GOENV=/nonexistent GIT_CONFIG_GLOBAL=/nonexistent "$tmp/script"
    [[ $output == $'/dev/null\noff\n/dev/null\n/dev/null' ]] || { echo "$output"; return 1; }
}

@test "every program that reads files of the user's home is started in one place, or with its option against that" {
    # gnuplot: harness/report/plot.sh alone.  curl -q, tmux -f, sqlite3 -init and psql -X are theirs.
    run bash -c "git grep -nE '(^|[;&|({ ])gnuplot (-|[\"\$])' -- '*.sh' '*.bats' Makefile ':!harness/report/plot.sh' ':!tests/entry.bats' | grep -v -- --version"
    [[ -z $output ]] || { echo "$output"; return 1; }
    run bash -c "git grep -nE '(^|[;&|({ ])(curl|sqlite3|psql) ' -- '*.sh' '*.bats' Makefile ':!tests/entry.bats' | grep -vE 'curl (-q|--disable)|sqlite3 -init /dev/null|psql -X|lacks sqlite3|need_tools'"
    [[ -z $output ]] || { echo "$output"; return 1; }
    run bash -c "git grep -nE 'tmux .*new-session' -- '*.sh' '*.bats' ':!tests/entry.bats' | grep -v -- '-f /dev/null'"
    [[ -z $output ]] || { echo "$output"; return 1; }
}
