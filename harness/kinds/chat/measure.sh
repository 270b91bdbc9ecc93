#!/usr/bin/env -S bash -p
# measure.sh -- measures the chat: a room of its own for each number of members, who say lines on a schedule.
#
# usage: harness/kinds/chat/measure.sh CONF --model chat-room --out FILE [--profile P] [--repeat K] [--seed N] [--bin-dir DIR]
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

columns='message_b offered_per_s window_s lines_due lines_sent deliveries deliveries_per_s delivery_ns_p50 delivery_ns_p99 delivery_ns_p999
    delivery_ns_max send_lag_ns_p99 send_lag_ns_max lost out_of_order corrupt disconnected spin client_cpu_percent server_cpu_percent
    server_cpu_us_per_delivery steal_percent foreign_cpu_percent'
scraps=''

# Words for build/release/row from the two lines of CSV of the client: its numbers, and what the verdict needs of them, in which a
# message is the delivery of one line to one member.  Nothing if the client gave none.  Few lines have no p99 of their lag: then
# the longest counts, beside the longest delivery.  One line may be under way when the window ends: it counts as delivered.
words_of() { # words_of MEMBERS ANSWER
    awk -F, -v members="$1" -v columns="$columns" '
        NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; next }
        { for (i = 1; i <= NF; i++) v[name[i]] = $i; found = 1 }
        function number(of, value) { print "--number"; print of "=" value }
        END {
            if (!found) exit
            count = split(columns, own, /[ \n]+/)
            for (i = 1; i <= count; i++) if (own[i] in v) print own[i] "=" v[own[i]]
            tail = v["send_lag_ns_p99"] == "" ? "max" : "p99"
            seconds = v["window_s"] > 0 ? v["window_s"] : 1
            number("corrupt", v["corrupt"] + v["out_of_order"])
            number("reset", v["disconnected"])
            number("lost", v["lost"])
            number("spin", v["spin"] + 0)
            number("client_cpu_percent_max", v["client_cpu_percent"])
            number("server_cpu_percent", v["server_cpu_percent"])
            number("latency_ns_p99", v["delivery_ns_" tail])
            number("send_lag_ns_p99", v["send_lag_ns_" tail])
            number("offered_per_s", v["lines_due"] * members / seconds)
            number("sent_per_s", v["lines_sent"] * members / seconds)
            number("achieved_per_s", v["deliveries_per_s"] + members / seconds)
            number("window_s", v["window_s"])
            number("connections", members) }' "$2"
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
    local try words machine noise last
    for ((try = 1; try <= TRIES_MAX; try++)); do
        : >"$scraps/answer"
        : >"$scraps/said"
        machine=, noise='' last=()
        talk "$1"
        ((what_stopped == 0)) || exit "$what_stopped"
        lines_into words words_of "$1" "$scraps/answer"
        if ((${#words[@]} > 0)); then words+=(--noise "$noise"); else words=(status=failed reason="$(tail -n 1 "$scraps/said")"); fi
        ((try < TRIES_MAX)) || last=(--last)
        write_row "${last[@]}" "${words[@]}" connections="$1" active="$1" repeat="$repeat" try="$try" \
            steal_percent="${machine%,*}" foreign_cpu_percent="${machine#*,}"
        [[ $superseded == 1 ]] || break
    done
    tell "point $model $1 $status $(printf '%s\n' "${words[@]}" | grep -E '^(delivery_ns_p99|server_cpu_us_per_delivery)=' | one_line)"
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
    counts=$(value_of connections)
    read -r -a counts <<<"$counts"
    scraps=$(mktemp -d)
    trap 'end_room || true; rm -rf "$scraps"' EXIT
    for members in "${counts[@]}"; do measure_point "$members"; done
}

main "$@"
