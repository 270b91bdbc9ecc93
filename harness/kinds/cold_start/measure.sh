#!/usr/bin/env -S bash -p
# measure.sh -- times whole commands with hyperfine: start a server, serve short-lived clients
# one after the other, end it.
#
# usage: harness/kinds/cold_start/measure.sh --experiment NAME --out DIR --runs N --requests N
#                              [--command NAME='...'] MODEL...
#        harness/kinds/cold_start/measure.sh --once MODEL REQUESTS SCRAPS        what hyperfine times
#
# Writes DIR/cold_start.csv and hyperfine's own DIR/cold_start/MODEL.json.  The caller shuffles the
# models.  Starting this script and build/release/start is timed too (some ms, the same for all models).
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../fleet/servers.sh
source harness/fleet/servers.sh
# shellcheck source-path=SCRIPTDIR source=../../fleet/start.sh
source harness/fleet/start.sh

scraps=''

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

# One row from hyperfine's JSON, which has a number a line.
row_from() { # row_from JSON EXPERIMENT MODEL REQUESTS REASON
    awk -v reason="$5" -v experiment="$2" -v model="$3" -v requests="$4" -v schema="$schema" '
        $1 ~ /^"(median|mean|min|max|stddev)":/ {
            gsub(/[":,]/, "", $1); sub(/,$/, "", $2)
            value[$1] = $2 == "null" ? "" : $2
        }
        /"times"/ { inside = 1; next }
        inside && /\]/ { inside = 0 }
        inside { runs++ }
        END { OFS = ","
              print experiment, model, runs, value["median"], value["mean"], value["min"], value["max"],
                    value["stddev"], requests, "ok", reason, schema }' "$1"
}

add_row() { # add_row FILE ROW
    append_row "$1" \
        experiment,model,repeats,time_s_median,time_s_mean,time_s_min,time_s_max,time_s_stddev,requests,status,reason,schema "$2"
}

time_model() { # time_model EXPERIMENT OUT RUNS REQUESTS MODEL SCRAPS
    local json=$2/cold_start/$5.json status=0 reason why
    : >"$6/reason"
    command_of "$5" >"$6/command"
    # setpriv: what hyperfine started must not outlive it.
    run_child hyperfine --shell none --style none --warmup 1 --runs "$3" --export-json "$6/times.json" --command-name "$5" \
        "setpriv --pdeathsig TERM harness/kinds/cold_start/measure.sh --once $5 $4 ${6@Q}" >/dev/null 2>"$6/hyperfine.log" || status=$?
    flock "$6/lock" true
    ((what_stopped == 0)) || exit "$what_stopped"
    if ((status == 0)); then
        why=$(cp "$6/times.json" "$json" 2>&1) || fail "cannot write $json: ${why##*: }"
        reason=$(chatter_of "$6")
        add_row "$2/cold_start.csv" "$(row_from "$json" "$1" "$5" "$4" "$reason")"
    else
        reason=$(head -n 1 "$6/reason" | tr ',"' '; ')
        [[ -n $reason ]] || reason=$(head -n 1 "$6/hyperfine.log" | tr ',"' '; ')
        add_row "$2/cold_start.csv" "$1,$5,0,,,,,,$4,failed,$reason,$schema"
    fi
    tell "$(tail -n 1 "$2/cold_start.csv" | awk -F, '{ printf "point %s %s clients %s time_s_median=%s", $2, $9, $10, $4 }')"
}

main() {
    local experiment=cold_start out='' runs=10 requests=1000 model
    if [[ ${1:-} == --once ]]; then
        once "$2" "$3" "$4"
        return
    fi
    while [[ ${1:-} == --* ]]; do
        (($# > 1)) || die "$1 needs a value"
        case $1 in
        --experiment) experiment=$2 ;;
        --out) out=$(from_caller "$2") ;;
        --runs) runs=$2 ;;
        --requests) requests=$2 ;;
        --command) add_command "$2" ;;
        *) die "unknown option $1" ;;
        esac
        shift 2
    done
    [[ -n $out ]] || die '--out DIR is missing'
    (($# > 0)) || die 'name at least one MODEL'
    whole_number --runs "$runs" 1000
    whole_number --requests "$requests" 1000000
    command -v hyperfine >/dev/null || die 'hyperfine is missing: harness/run/setup.sh installs it'
    need_models "$@"
    handle_signals
    scraps=$(mktemp -d)
    trap 'rm -rf "$scraps"' EXIT
    : >"$scraps/lock"
    need_out "$out/cold_start"
    for model in "$@"; do time_model "$experiment" "$out" "$runs" "$requests" "$model" "$scraps"; done
}

main "$@"
