# enter.sh -- the entry of every script that a user can start: what the user's shell has set does not reach our work.
#
# Sourced first, by lib.sh or by the script itself.  The head of a script, bash -p, already keeps out BASH_ENV and functions and
# options of the user's shell; `bash script` does not.  The script that a user starts clears the variables below, and runs again in
# such a shell.  Scripts that it
# starts find C10K_ENTERED, the process that did so, among their parents, and keep what they are given.
#
# What a user may mean stays: PATH, HOME, TMPDIR, TERM, the locale, CC, CFLAGS and LDFLAGS, proxies of the network, and
# LD_LIBRARY_PATH, without which some compilers and interpreters do not start.
#
# `C10K_ENTERED=$$ bash -x harness/report/draw.sh ...` in a shell debugs a script as if one of ours had started it.
# shellcheck shell=bash

# Names and patterns, a line for each reader: shells, command-line tools, compilers, make, awk and gnuplot, others, ours.
ambient_variables=(
    BASH_ENV ENV CDPATH GLOBIGNORE EXECIGNORE FIGNORE IFS TMOUT SECONDS TIMEFORMAT PS4 BASH_XTRACEFD BASH_COMPAT BASH_LOADABLES_PATH
    POSIXLY_CORRECT POSIX_ME_HARDER TZ TZDIR 'GREP_*' 'LS_*' QUOTING_STYLE TIME_STYLE '*BLOCK_SIZE' BLOCKSIZE TAR_OPTIONS GZIP
    COLUMNS LINES FORCE_COLOR CLICOLOR CLICOLOR_FORCE 'PS_*' LIBPROC_HIDE_KERNEL
    CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH OBJC_INCLUDE_PATH LIBRARY_PATH LD_RUN_PATH 'GCC_*' COMPILER_PATH 'COLLECT_*'
    DEPENDENCIES_OUTPUT SUNPRO_DEPENDENCIES CCC_OVERRIDE_OPTIONS GNUTARGET LDEMULATION
    MAKEFLAGS MFLAGS GNUMAKEFLAGS MAKELEVEL MAKEFILES MAKEOVERRIDES 'MAKE_*' BUILD SAN ECHO
    'AWK*' 'MAWK*' WHINY_USERS 'GNUPLOT*' GNUTERM GNUHELP GDFONTPATH 'FIT_*' 'FONTCONFIG_*' 'FC_*' 'PANGO*' 'CAIRO_*'
    'GIT_*' 'OPENSSL_*' SSLKEYLOGFILE CURL_HOME 'STRACE_*' S_COLORS S_TIME_FORMAT 'PERF_*' 'DEBUGINFOD_*' TMUX 'TMUX_*' 'PYTHON*' NODE_PATH 'NODE_DEBUG*'
    'OMP_*' '*SAN_OPTIONS' 'CMOCKA_*' SHELLCHECK_OPTS BATS_TEST_RETRIES
    'C10K_*')
# These change what is measured, so that a line on stderr names those that were set.
measured_variables=(
    LD_PRELOAD LD_AUDIT LD_BIND_NOW LD_BIND_NOT LD_DYNAMIC_WEAK 'LD_DEBUG*' 'LD_PROFILE*' LD_SHOW_AUXV LD_HWCAP_MASK
    GLIBC_TUNABLES 'MALLOC_*' 'UV_*' NODE_OPTIONS NODE_ENV 'NODE_V8*' GOGC GOMAXPROCS GODEBUG GOMEMLIMIT GOFLAGS)

# The exported variables that one of the patterns names.
exported_like() { # exported_like PATTERN...
    local name pattern
    printf -v pattern '|%s' "$@"
    for name in $(compgen -e); do
        [[ $name != @(${pattern#|}) ]] || echo "$name"
    done
}

# Whether the process that cleared the environment is this one or a parent of it.
entered() {
    local pid=$$ state
    while [[ $pid =~ ^[1-9][0-9]*$ ]]; do
        [[ $pid != "${C10K_ENTERED:-}" ]] || return 0
        [[ -r /proc/$pid/stat ]] || return 1
        state=$(<"/proc/$pid/stat")
        read -r _ pid _ <<<"${state##*) }"
    done
    return 1
}

clear_environment() {
    local name changing
    changing=$(exported_like "${measured_variables[@]}")
    [[ -z $changing ]] || echo "${0##*/}: set aside, because they would change what is measured: ${changing//$'\n'/, }" >&2
    for name in $changing $(exported_like "${ambient_variables[@]}"); do unset "$name"; done
    [[ ${TMPDIR:-/} == /* ]] || export TMPDIR=$PWD/$TMPDIR
    umask "$(printf '%04o' "$((8#$(umask) | 8#022))")"
    export C10K_ENTERED=$$
}

# Programs that we start read no file of the user, as far as a variable says so.  harness/report/plot.sh has its own way for gnuplot.
set_user_files_aside() {
    export PERF_CONFIG=/dev/null GOENV=off GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_CONFIG_COUNT=3
    # Root may run our scripts in the checkout of another user, and asks git only what is there.
    export GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
    export GIT_CONFIG_KEY_1=core.excludesFile GIT_CONFIG_VALUE_1=/dev/null GIT_CONFIG_KEY_2=core.fsmonitor GIT_CONFIG_VALUE_2=false
}

# Else a file that a script opens could become its output.
open_descriptors() {
    [[ -d /proc/self/fd ]] || return 0
    [[ -e /proc/self/fd/0 ]] || exec 0</dev/null
    [[ -e /proc/self/fd/1 ]] || exec 1>/dev/null
    [[ -e /proc/self/fd/2 ]] || exec 2>/dev/null
}

# In a shell with -p, which imports no function and no option.  A parent's ignored SIGPIPE would make pipes fail.
run_again() { # run_again ARGUMENT...
    local functions
    functions=$(env | sed -n 's/^\(BASH_FUNC_.*%%\)=.*/--unset=\1/p')
    # shellcheck disable=SC2086  # names have no blanks
    exec /usr/bin/env --default-signal=PIPE --unset=SHELLOPTS --unset=BASHOPTS $functions "$BASH" -p "$0" "$@"
}

if [[ ! -e /proc/self/fd ]]; then
    echo "${0##*/}: /proc is not mounted; nothing can be measured without it" >&2
    exit 1
fi
if ! entered; then
    open_descriptors
    clear_environment
    set_user_files_aside
    # Only as the head of a script, not where a test or a shell reads our functions.
    [[ -n ${FUNCNAME[*]:-} || $0 != "${BASH_SOURCE[-1]}" ]] || run_again "$@"
fi
