# judge.bash -- what tests/faults.sh takes for a wrong outcome of a call that failed.
# shellcheck shell=bash disable=SC2154  # failed_call, failed_words, error: of tests/faults.sh

one_line() { head -c 400 "$1" | tr '\n\t' ' '; }

complain() { echo "$*" >>complaints; }

# Reads what the library noted as the call failed: its function and how strerror(3) names the error.
read_failed() {
    failed_call='' failed_words=''
    read -r _ _ _ failed_call failed_words < <(notes . | grep '^failed ') || true
}

# What names the cause, as a regular expression.  What a stream did not take is said as it is flushed.
words_of_failed() {
    printf '%s|%s|\\b%s' "$failed_words" "${error%@*}" "$failed_call"
    case $failed_call in
    pthread_attr_setstacksize) printf '|the thread library refuses such a stack' ;;
    printf | fprintf | puts | fputs | fputc | putc | putchar | fwrite | fflush | fclose) printf '|cannot write .*: an earlier write failed' ;;
    esac
}

# A program ends as without a failure, with 0 unless $expected says otherwise, or with 1 or 2; then a line of its own says why: it names the call, the
# error, or both.  What is only late or a part (EINTR, SHORT) is no reason to end.
judge_exit() { # judge_exit PROGRAM FILE, of what it said; its exit status is in $status
    read_failed
    [[ $1 != gate ]] || sed -n 's/^FAIL/gate: &/p' out >>"$2" # That is what it says of a failure.
    if ((status == 124 || status == 137)); then complain "hangs: $(one_line "$2")"
    elif ((status > 128)); then complain "ends by signal $((status - 128)): $(one_line "$2")"
    elif ((status > 2)) && [[ $1 != witness || $status != 127 ]]; then complain "exit $status: $(one_line "$2")"
    elif grep -qi ': Success' "$2"; then complain "names no cause: $(one_line "$2")"
    elif ((status == ${expected:-0})); then return 0
    elif [[ -z $failed_call ]]; then complain "exit $status though nothing failed: $(one_line "$2")"
    elif ! grep -q "^$1: " "$2"; then complain "exit $status without a word of its own: $(one_line "$2")"
    elif [[ $error == @(EINTR|SHORT)* ]]; then complain "exit $status after $error: $(one_line "$2")"
    elif ! grep -qiE -- "$(words_of_failed)" "$2"; then complain "exit $status and another cause: $(one_line "$2")"
    fi
}

# ---- what came out ----

# Two texts of the same lines but for their numbers.
same_shape() { # same_shape FILE REFERENCE
    diff -q <(shape <"$1") <(shape <"$2") >/dev/null
}

# Numbers, and what is written where there is none: "-", or the name of the error.
shape() {
    sed -E "s/=(-|${error%@*})( |\$)/=N\2/g"'; s/-?[0-9]+([.][0-9]+)?(e[+-]?[0-9]+)?( (us|ms|ns|s)\>)?/N/g; s/[(]too few[)]/N/g'
}

# Rows that are there are whole, and no number is 0 that was none in a run without a failure.
judge_rows() { # judge_rows FILE
    [[ -s $reference/$1 || -s $1 ]] || return 0
    if [[ ! -s $1 ]]; then
        ((status != 0)) || complain "exit 0 without $1"
        return
    fi
    awk -F, -v status="$status" -f "$root/tests/faults/rows.awk" "$reference/$1" "$1" >>complaints ||
        complain "$1 cannot be compared"
}

# All that it was asked for, or an exit status.
judge_load() {
    ((status == 0)) || return 0
    case $(head -c 12 "$reference/out") in
    connections_*) judge_rows out ;;
    *) same_shape out "$reference/out" || complain "exit 0 and another result: $(one_line out)" ;;
    esac
}

# A trap that the server fails through no fault of its own says so.
judge_gate() {
    if ((status == 0)); then
        grep -q ': 1 passed, 0 failed, 0 skipped$' out || grep -q "^skip .* itself .*${failed_words:-nothing}" out ||
            complain "exit 0 and $(one_line out)"
    elif grep -q '^FAIL.*the trap itself ended without a verdict' out; then
        grep -q '^gate: [^F]' said || complain "does not name what ended the trap: $(one_line out)"
    elif grep -q '^FAIL' out && ! grep -qiE -- "${failed_words:-nothing}|${error%@*}" out; then
        complain "blames the server: $(one_line out)"
    fi
}

# A server ends on request.  Earlier only, and with a word, where what failed is no client's: what serve() sets
# up, such as the kernel's list with the listener in it.
judge_end() { # judge_end PROGRAM
    local early='' own='epoll_create1 fcntl io_uring_queue_init io_uring_register_buf_ring sched_getaffinity sigaction
        socket setsockopt bind listen getsockname uv_default_loop uv_tcp_init uv_tcp_open uv_listen'
    kill -0 "$server" 2>/dev/null || early=true
    stop
    status=$ended
    read_failed
    if [[ -n $early && $status == 1 ]] && [[ " ${own//$'\n'/ } " == *" $failed_call "* || $place == @(*serve|set_up|reserve|start_workers|net_free_files) || $failed_call$error == epoll_ctlENOMEM ]]
    then sed -i '/^serves no more/d' complaints
    elif [[ -n $early ]]; then complain "ended after it was ready: $(one_line said)"
    fi
    judge_exit "$1" said
}
