#!/usr/bin/env -S bash -p
# measure.sh -- times whole commands with hyperfine: start a server, serve short-lived clients
# one after the other, end it.
#
# usage: harness/kinds/cold_start/measure.sh CONF --model M --out FILE [--profile P] [--repeats N] [--command CMD] [--bin-dir DIR]
#        harness/kinds/cold_start/measure.sh CONF [--profile P] --print KEY | --check
#        harness/kinds/cold_start/measure.sh --once MODEL REQUESTS SCRAPS        what hyperfine times
#
# Appends a row for each run to FILE, and writes hyperfine's own cold_start/MODEL.json into the run.  Starting this script and build/release/start is timed too (some ms, the same for all models).
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../fleet/start.sh
source harness/fleet/start.sh
# shellcheck source-path=SCRIPTDIR source=../../measure/kind.sh
source harness/measure/kind.sh

scraps='' columns='requests time_s'

once() { # once MODEL REQUESTS SCRAPS
    local command port status=0
    # Held until the last of us has ended: the caller waits for it.
    exec 9>"$3/lock"
    flock --shared 9
    set_cpus
    trap '[[ -z $server ]] || end_servers "$server" || true' EXIT
    handle_signals
    command=$(<"$3/command")
    start_server "$command" "$3" || { why_not_ready "$3" >"$3/reason"; exit 1; }
    run_child taskset --cpu-list "$client_cpus" \
        "$bin/load" --port "$port" --short-lived "$2" >/dev/null 2>"$3/reason" || exit 1
    kill -TERM "$server"
    wait "$server" || status=$?
    server=''
    # A stranger may leave its end to the signal, as in the gate.
    if ((status == 128 + 15)) && [[ $command == *'{port}'* ]]; then status=0; fi
    ((status == 0)) || { echo "$1 ended with status $status" >"$3/reason"; exit 1; }
}

# The seconds of each run from hyperfine's JSON, which has a number a line.
times_of() { # times_of JSON
    awk '/"times"/ { inside = 1; next }
        inside && /\]/ { inside = 0 }
        inside { gsub(/[ ,]/, ""); print }' "$1"
}

time_model() { # time_model REQUESTS
    local folder json rc=0 why said times i
    folder=$(run_folder)/cold_start json=$folder/$model.json
    need_out "$folder"
    : >"$scraps/reason"
    model_command >"$scraps/command"
    # setpriv: what hyperfine started must not outlive it.
    # Its script finds the programs where we do.
    export C10K_BIN=$bin
    run_child hyperfine --shell none --style none --warmup 1 --runs "$repeats" --export-json "$scraps/times.json" --command-name "$model" \
        "setpriv --pdeathsig TERM harness/kinds/cold_start/measure.sh --once $model $1 ${scraps@Q}" >/dev/null 2>"$scraps/hyperfine.log" || rc=$?
    flock "$scraps/lock" true
    ((what_stopped == 0)) || exit "$what_stopped"
    if ((rc == 0)); then
        why=$(cp "$scraps/times.json" "$json" 2>&1) || fail "cannot write $json: ${why##*: }"
        said=$(chatter_of "$scraps")
        lines_into times times_of "$json"
        for i in "${!times[@]}"; do
            write_row repeat="$((i + 1))" connections=1 active=1 requests="$1" time_s="${times[i]}" status=ok reason="$said"
        done
    else
        said=$(head -n 1 "$scraps/reason")
        [[ -n $said ]] || said=$(head -n 1 "$scraps/hyperfine.log")
        write_row repeat=1 connections=1 active=1 requests="$1" status=failed reason="$said"
    fi
    tell "point $model $1 clients $status runs=${#times[@]} time_s=${times[0]:-}"
}

# Ten runs of 0.2 ms a client.
estimate_s() { awk -v requests="$(value_of requests)" 'BEGIN { print 1 + 10 * 0.2e-3 * requests }'; }

check_request() {
    : "${repeats:=$(value_of repeats)}"
    command -v hyperfine >/dev/null || die 'hyperfine is missing: harness/run/setup.sh --for-kind cold_start installs it'
    model_command >/dev/null
}

main() {
    if [[ ${1:-} == --once ]]; then
        once "$2" "$3" "$4"
        return
    fi
    begin_kind "$@"
    scraps=$(mktemp -d)
    trap 'rm -rf "$scraps"' EXIT
    : >"$scraps/lock"
    time_model "$(value_of requests)"
}

main "$@"
