#!/usr/bin/env -S bash -p
# measure.sh -- measures the chat: a room of its own for each number of members, who say lines on a schedule.
#
# usage: harness/kinds/chat/measure.sh CONF --model room --out FILE [--profile P] [--repeat K] [--seed N] [--bin-dir DIR]
#        harness/kinds/chat/measure.sh CONF [--profile P] --print KEY | --check
#
# Appends a row for each number of members to FILE, whose columns results/README.md explains, and prints a line per finished
# point.  The server is always the room: it has a gate of its own, tests/chat.bats.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../fleet/start.sh
source harness/fleet/start.sh
# shellcheck source-path=SCRIPTDIR source=../../measure/kind.sh
source harness/measure/kind.sh

readonly measured=members,message_b,offered_per_s,window_s,lines_due,lines_sent,deliveries,deliveries_per_s,\
delivery_ns_p50,delivery_ns_p99,delivery_ns_p999,delivery_ns_max,send_lag_ns_p99,send_lag_ns_max,lost,out_of_order,\
corrupt,disconnected,spin,client_cpu_percent,server_cpu_percent,server_cpu_us_per_delivery,steal_percent,foreign_cpu_percent,tries
scraps='' limits=()

# The limits of all verdicts, as variables for awk: they stand in one place only.
set_limits() {
    local name value found
    found=$(sed -nE 's/^static const double ([a-z_]+) = ([0-9.e]+);.*/\1 \2/p' harness/measure/verdict.c)
    while read -r name value; do limits+=(-v "$name=$value"); done <<<"$found"
    [[ " ${limits[*]}" == *' client_cpu_percent_limit='*' send_lag_ns_floor='*' send_lag_of_latency='*' sent_of_offered='*' achieved_of_offered='* ]] ||
        fail 'harness/measure/verdict.c no longer names the limits that the chat is judged with'
}

# One row from the two lines of CSV of the client; from none, if it could not measure.
# Few lines have no p99 of their lag: then the longest counts, beside the longest delivery.
row_of() { # row_of MEMBERS ANSWER REASON TRY
    awk -F, -v OFS=, -v names="$measured" -v members="$1" -v reason="$3" "${limits[@]}" \
        -v machine="$machine" -v noise="$noise" -v try="$4" \
        -v head="$schema,$experiment,$profile,$repeat,$seed" '
        NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; next }
        { for (i = 1; i <= NF; i++) v[name[i]] = $i; found = 1 }
        function judge(    tail, lag, limit) {
            if (!found) return "failed"
            if (v["corrupt"] + v["out_of_order"] > 0)
                return because("corrupt", v["corrupt"] " members heard what nobody said; " v["out_of_order"] " lines came out of order")
            if (v["disconnected"] > 0) return because("failed", "the room ended " v["disconnected"] " connections")
            if (!v["spin"] && v["client_cpu_percent"] >= client_cpu_percent_limit)
                return because("client_limited", sprintf("client used %.0f %% of its CPU", v["client_cpu_percent"]))
            if (v["lines_sent"] < sent_of_offered * v["lines_due"])
                return because("client_limited", "client sent " v["lines_sent"] " of " v["lines_due"] " lines")
            tail = v["send_lag_ns_p99"] == "" ? "max" : "p99"
            lag = v["send_lag_ns_" tail]
            limit = send_lag_of_latency * v["delivery_ns_" tail]
            if (limit < send_lag_ns_floor) limit = send_lag_ns_floor
            if (lag > limit)
                return because("client_limited", sprintf("client was late: %s of its lag is %.0f us; %.0f us are tolerable here", tail, lag / 1000, limit / 1000))
            if (noise != "") return because("noisy", noise)
            # One line may be under way when the window ends.
            if (v["lost"] > 0 || v["deliveries_per_s"] * v["window_s"] + members < achieved_of_offered * v["lines_due"] * members)
                return because("overloaded", sprintf("%.0f of %.0f deliveries/s came in time; the room used %.0f %% of a CPU", v["deliveries_per_s"],
                                                     v["lines_due"] * members / v["window_s"], v["server_cpu_percent"]))
            return because("ok", "")
        }
        function because(word, text) { reason = text; return word }
        END {
            count = split(names, column, ",")
            v["members"] = members
            split(machine, looked, ",")
            v["steal_percent"] = looked[1]
            v["foreign_cpu_percent"] = looked[2]
            v["tries"] = try
            for (i = 1; i <= count; i++) head = head OFS v[column[i]]
            status = judge()
            gsub(/[,"]/, ";", reason)
            print head, status, reason
        }' "$2"
}

# Leaves what the client said in $scraps/answer, and why there is nothing in $scraps/said.
talk() { # talk MEMBERS
    local rate seconds spin=()
    [[ $client_cpus == "$server_cpus" ]] || spin=(--spin) # On one CPU it would take the room's.
    rate=$(value_of rate_per_s | awk -v members="$1" '{ printf "%.3f", $1 / members }')
    seconds=$(value_of window_s)
    start_server "$bin/chat-room 0 $(value_of server_options)" "$scraps" || {
        end_room || true # Why it ended stands in $scraps/said.
        why_not_ready "$scraps" >"$scraps/why"
        mv "$scraps/why" "$scraps/said"
        [[ -s $scraps/said ]] || echo 'chat-room did not get ready' >"$scraps/said"
        return 0
    }
    run_client "$scraps" "$bin/chat" --port "$port" --members "$1" --rate "$rate" \
        --message-b "$(value_of message_b)" --warm "$(value_of warmup_s)" --duration "$seconds" \
        --timeout-ms "$(value_of timeout_ms)" --seed "$seed" --server-pid "$server_pid" "${spin[@]}" --output csv \
        >"$scraps/answer" || tail -n 1 "$scraps/client" >>"$scraps/said"
    end_room || echo "chat-room ended with status $?" >>"$scraps/said"
}

end_room() {
    local pid=$server
    server=''
    [[ -z $pid ]] || end_servers "$pid"
}

# Once more, if something else disturbed it; the last try counts.
measure_point() { # measure_point MEMBERS
    local try row='' machine noise
    for ((try = 1; try <= TRIES_MAX; try++)); do
        [[ -z $row || $row == *,noisy,* || $row == *,client_limited,* ]] || break
        : >"$scraps/answer"
        : >"$scraps/said"
        machine=, noise=''
        talk "$1"
        ((what_stopped == 0)) || exit "$what_stopped"
        row=$(row_of "$1" "$scraps/answer" "$(tail -n 1 "$scraps/said")" "$try")
    done
    append_row "$out" "schema,experiment,profile,repeat,seed,$measured,status,reason" "$row"
    tell "$({ head -n 1 "$out"; echo "$row"; } | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        { printf "point room %s %s delivery_ns_p99=%s cpu_us_per_delivery=%s\n", $c["members"], $c["status"], $c["delivery_ns_p99"], $c["server_cpu_us_per_delivery"] }')"
}

# Half a second to begin with, then a warm-up and a window for each number of members, who come and go in 0.3 ms each.
estimate_s() {
    awk -v members="$(value_of connections)" -v warmup_s="$(value_of warmup_s)" -v window_s="$(value_of window_s)" 'BEGIN {
        points = split(members, count, " ")
        print 0.5 + points * (warmup_s + window_s + 0.1) + 2 * 0.3e-3 * count[points] }'
}

main() {
    local members counts
    begin_kind "$@"
    read -r -a counts <<<"$(value_of connections)"
    scraps=$(mktemp -d)
    trap 'end_room || true; rm -rf "$scraps"' EXIT
    set_limits
    for members in "${counts[@]}"; do measure_point "$members"; done
}

main "$@"
