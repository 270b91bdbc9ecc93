#!/usr/bin/env -S bash -p
# measure.sh -- the kind skeleton_shell: the least that a kind has which is a script; copy the folder to begin one of your own.
#
# usage: harness/kinds/skeleton_shell/measure.sh CONF --model M --out FILE [--profile P] [--repeat K] [--seed N] [--command CMD]
#        harness/kinds/skeleton_shell/measure.sh CONF [--profile P] --print KEY | --check
#
# Each connection count has a server of its own.  A script is the right choice where the client or the server is a program from
# elsewhere; what the harness' own client can do is shorter in C: harness/kinds/skeleton.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../fleet/start.sh
source harness/fleet/start.sh
# shellcheck source-path=SCRIPTDIR source=../../measure/kind.sh
source harness/measure/kind.sh

columns='effort messages_per_connection window_s offered_per_s achieved_per_s sent received lost corrupt latency_ns_p50 latency_ns_p99 steal_percent foreign_cpu_percent'
scraps=''

estimate_s() {
    awk -v points="$(value_of connections | wc -w)" -v warmup_s="$(value_of warmup_s)" -v window_s="$(value_of window_s)" \
        'BEGIN { print points * (0.5 + warmup_s + window_s) }'
}

# Words for write_row from the two lines of CSV of the client: its numbers that are columns, and those that the verdict needs.
words_of() { # words_of REPORT
    awk -F, -v columns="$columns" '
        NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; next }
        { for (i = 1; i <= NF; i++) v[name[i]] = $i; found = 1 }
        END {
            if (!found) exit
            count = split(columns, own, " ")
            for (i = 1; i <= count; i++) if (own[i] in v) print own[i] "=" v[own[i]]
            if (v["connections_active"] > 0) print "messages_per_connection=" v["received"] / v["connections_active"]
            count = split("corrupt lost offered_per_s sent_per_s achieved_per_s window_s latency_ns_p99 send_lag_ns_p99", needed, " ")
            for (i = 1; i <= count; i++) if (needed[i] in v) { print "--number"; print needed[i] "=" v[needed[i]] }
            print "--number"
            print "poisson=1" # Random arrivals, whose number varies by itself.
        }' "$1"
}

# Leaves the client's report in $scraps/report, and why there is none in $scraps/why.
try_point() { # try_point CONNECTIONS
    local started
    : >"$scraps/report"
    : >"$scraps/why"
    started=$(model_command)
    if start_server "$started" "$scraps"; then
        run_client "$scraps" "$bin/load" --port "$port" --connections "$1" --rate "$(awk -v all="${rate:-$(value_of rate_per_s)}" -v effort="$(value_of effort)" 'BEGIN { print all * effort / 100 }')" \
            --message-b "$(value_of message_b)" --warm "$(value_of warmup_s)" --duration "$(value_of window_s)" --seed "$seed" --output csv \
            >"$scraps/report" || tail -n 1 "$scraps/client" >"$scraps/why"
    else
        why_not_ready "$scraps" >"$scraps/why"
    fi
    [[ -z $server ]] || end_servers "$server" || true
    server=''
    ((what_stopped == 0)) || exit "$what_stopped"
}

# A point that something else disturbed is measured again; every try is a row, and the last one counts.
measure_point() { # measure_point CONNECTIONS
    local try words machine noise last
    for ((try = 1; try <= TRIES_MAX; try++)); do
        machine=, noise='' last=()
        try_point "$1"
        lines_into words words_of "$scraps/report"
        if ((${#words[@]} > 0)); then words+=(--noise "$noise"); else words=(status=failed reason="$(<"$scraps/why")"); fi
        ((try < TRIES_MAX)) || last=(--last)
        write_row "${last[@]}" "${words[@]}" variant=open connections="$1" active="$1" repeat="$repeat" try="$try" effort="$(value_of effort)" \
            steal_percent="${machine%,*}" foreign_cpu_percent="${machine#*,}"
        [[ $superseded == 1 ]] || break
    done
    tell "point $model $1 $status"
}

main() {
    local counts connections
    begin_kind "$@"
    counts=$(value_of connections)
    read -r -a counts <<<"$counts"
    scraps=$(mktemp -d)
    trap '[[ -z $server ]] || end_servers "$server" || true; rm -rf "$scraps"' EXIT
    for connections in "${counts[@]}"; do measure_point "$connections"; done
}

main "$@"
