#!/usr/bin/env -S bash -p
# measure.sh -- what does a connection cost before its first byte: TCP alone, and TLS on top?
#
#   load ──TCP, or TLS──▶ HAProxy ──TCP──▶ server-MODEL          path proxy
#   load ──────────────TCP───────────────▶ server-MODEL          path direct
#
# usage: harness/kinds/handshakes/measure.sh CONF --model M --out FILE [options] [VARIANT...]   a row in FILE for each variant
#        harness/kinds/handshakes/measure.sh CONF [--profile P] --print KEY | --check
#        harness/kinds/handshakes/measure.sh CONF --serve VARIANT [--model M]      only starts its servers, until Ctrl-C
#        harness/kinds/handshakes/measure.sh --list                           prints all variants
#
#   VARIANT is path,tls,key,resumed: "direct,none,none,0", or "proxy,1.3,p256,1" (resumption is asked for); all, if none is named
#   --profile P  --repeat K  --seed N   of the run: the seed shuffles the variants
#   --requests N       connections in all, instead of the experiment's     --connections K    of them at a time
#   --message-b B      echoed by each                                      --time-cap-s T     for each variant
#   --forgetful yes    the proxy keeps no sessions (for tests)
#
# Each variant has fresh servers, both on the server's CPUs.  Certificates are made for
# this call alone, and go when it ends.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../run/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../fleet/start.sh
source harness/fleet/start.sh
# shellcheck source-path=SCRIPTDIR source=../../measure/kind.sh
source harness/measure/kind.sh

PATH=$PATH:/usr/sbin # Where Debian keeps haproxy, and not all users look.
readonly RESUMED_PERCENT_MIN=95 # The first connection of each place has no session to resume.
requests='' connections='' message_b='' time_cap_s=''
columns='message_b opened failed resumed round_trips round_trips_max handshake_sent_b handshake_received_b window_s
    connections_per_s handshake_ns_p50 handshake_ns_p99 server_cpu_us_per_connection proxy_cpu_us_per_connection
    client_cpu_us_per_connection steal_percent foreign_cpu_percent'
forgetful=no room=0 scraps='' servers=() pids=() variants=()

list_variants() {
    local tls key resumed
    echo direct,none,none,0
    echo proxy,none,none,0
    for tls in 1.2 1.3; do
        for key in rsa2048 p256; do
            for resumed in 0 1; do echo "proxy,$tls,$key,$resumed"; done
        done
    done
}

# ---- certificates ----

run_openssl() { run_child openssl "$@" >"$scraps/openssl.log" 2>&1 || fail "openssl: $(tail -n 1 "$scraps/openssl.log")"; }

# One authority for both kinds of key, so that a client has the same work with the authority's signature.
make_authority() {
    printf '%s\n' '[req]' 'distinguished_name = nobody' '[nobody]' \
        '[authority]' 'basicConstraints = critical, CA:TRUE' 'keyUsage = critical, keyCertSign' \
        '[server]' 'basicConstraints = CA:FALSE' 'subjectAltName = DNS:localhost' 'extendedKeyUsage = serverAuth' \
        >"$scraps/openssl.conf"
    run_openssl req -x509 -config "$scraps/openssl.conf" -extensions authority -newkey ec \
        -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=C10K Bench, of one run' \
        -keyout "$scraps/ca.key" -out "$scraps/ca.pem"
}

make_certificate() { # make_certificate rsa2048|p256: key and certificate in one file, as HAProxy wants them
    local kind=(rsa:2048)
    [[ ! -s $scraps/$1.pem ]] || return 0
    [[ $1 == rsa2048 ]] || kind=(ec -pkeyopt ec_paramgen_curve:P-256)
    run_openssl req -x509 -config "$scraps/openssl.conf" -extensions server -newkey "${kind[@]}" -nodes -days 2 \
        -subj /CN=localhost -CA "$scraps/ca.pem" -CAkey "$scraps/ca.key" -keyout "$scraps/$1.key" -out "$scraps/$1.crt"
    cat "$scraps/$1.crt" "$scraps/$1.key" >"$scraps/$1.pem"
}

# ---- servers ----

# The proxy has two files for each connection, and some of its own.
readonly PROXY_FILES=64
count_places() {
    local limit
    limit=$(ulimit -Hn)
    [[ $limit != unlimited ]] || limit=1048576
    # Those of one turn may still be ending when the next are there.  Tries by hand may open more.
    room=$((connections * 2 + 16))
    [[ $mode == measure ]] || room=$((room > 4000 ? room : 4000))
    if ((room * 2 + PROXY_FILES <= limit)); then return; fi
    room=$(((limit - PROXY_FILES) / 2))
    ((room >= connections)) ||
        die "$connections connections at a time need $((connections * 2 + PROXY_FILES)) files in the proxy; the limit is $limit (ulimit -Hn)"
}

# One thread, no daemon, no other user; sessions and tickets are remembered unless that is forbidden.
write_proxy_conf() { # write_proxy_conf BACKEND_PORT TLS KEY
    local bind=''
    [[ $2 == none ]] || bind="ssl crt \"$scraps/$3.pem\" ssl-min-ver TLSv$2 ssl-max-ver TLSv$2"
    [[ $2 == none || $forgetful == no ]] || bind+=' no-tls-tickets'
    {
        printf '%s\n' global '    nbthread 1' "    maxconn $room"
        [[ $forgetful == no ]] || echo '    tune.ssl.cachesize 0'
        printf '%s\n' defaults '    mode tcp' '    timeout connect 10s' '    timeout client 60s' '    timeout server 60s' \
            'frontend front' "    bind \"127.0.0.1:\${FRONT_PORT}\" $bind" '    default_backend behind' \
            'backend behind' "    server model 127.0.0.1:$1"
    } >"$scraps/haproxy.conf"
}

# Sets `servers` and `pids` (the proxy first) and `port`, the one to connect to; on failure `reason`.
start_servers() { # start_servers PATH TLS KEY
    pids=()
    start_one "server-$model" "$bin/server-$model 0" || return 1
    [[ $1 == proxy ]] || return 0
    [[ $2 == none ]] || make_certificate "$3"
    write_proxy_conf "$port" "$2" "$3"
    start_one haproxy "env FRONT_PORT={port} haproxy -db -f '$scraps/haproxy.conf'"
}

start_one() { # start_one NAME COMMAND
    local ready=true
    mkdir -p "$scraps/$1"
    start_server "$2" "$scraps/$1" || ready=false
    servers=("$server" "${servers[@]}")
    pids=("$server_pid" "${pids[@]}")
    [[ $ready == true ]] || reason="$1: $(why_not_ready "$scraps/$1")"
    [[ $ready == true ]]
}

# CPU time of a server with its threads and processes, also those that have ended, once it no longer grows: the last
# connections may still be closing.  0 of a server that is gone.
settled_cpu_ns() { # settled_cpu_ns PID
    local before='' now try
    for ((try = 0; try < 50; try++)); do
        now=$("$bin/start" --cpu-ns "$1")
        [[ $now != "$before" ]] || break
        before=$now
        sleep 0.02
    done
    echo "$now"
}

# ---- one variant, one row ----

per_connection_us() { # per_connection_us NS DONE
    awk -v ns="$1" -v done="$2" 'BEGIN { if (done > 0) printf "%.3f", ns / 1000 / done }'
}

# Of what the client said, what the row needs, in its order.
found_by_client() { # found_by_client <REPORT
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) place[$i] = i; next }
        function value(name) { return $place[name] }
        {
            done = value("connections_established"); s = value("connect_s")
            printf "%d,%s,%s,%s,%s,%s,%s,%.1f,", value("connections_asked") - done, value("resumed"), value("round_trips_p50"),
                value("round_trips_max"), value("handshake_sent_b"), value("handshake_received_b"), s, done / s
            printf "%s,%s,%s\n", value("handshake_ns_p50"), value("handshake_ns_p99"),
                (done > 0) ? sprintf("%.3f", value("connect_cpu_ns") / 1000 / done) : ""
        }'
}

# Runs the client, and sets `found` and `reason`.
visit() { # visit TLS RESUMED
    local options=() rc=0
    if [[ $1 != none ]]; then
        options=(--tls "$1" --ca "$scraps/ca.pem")
        [[ $2 == 0 ]] || options+=(--resume)
    fi
    run_client "$scraps" timeout --foreground "$time_cap_s" "$bin/load" --port "$port" --output csv \
        --short-lived "$requests" --connections "$connections" --message-b "$message_b" "${options[@]}" \
        >"$scraps/report" || rc=$?
    ((rc == 0)) || reason=$(head -n 1 "$scraps/client")
    ((rc != 124)) || reason="not over after $time_cap_s s"
    ((rc == 0)) || : "${reason:=the client ended with status $rc}"
    found=$(found_by_client <"$scraps/report")
    [[ -n $found ]] || : "${reason:=the client gave no report}"
}

# Once more, if something else used the machine meanwhile; the last try counts.
measure_variant() { # measure_variant VARIANT
    local try
    for ((try = 1; try <= TRIES_MAX; try++)); do
        try_variant "$1" "$try"
        [[ $superseded == 1 ]] || break
    done
}

# One try, and its row.
try_variant() { # try_variant VARIANT TRY
    local machine=, noise='' chatter
    local path tls key asked found='' reason='' name verdict=() begin=() end=() i cost=0 proxy_us='' server_us=''
    local failed resumed trips trips_max sent received window rate p50 p99 client_us
    IFS=, read -r path tls key asked <<<"$1"
    if start_servers "$path" "$tls" "$key"; then
        for i in "${!pids[@]}"; do begin[i]=$(settled_cpu_ns "${pids[i]}"); done
        visit "$tls" "$asked"
        for i in "${!pids[@]}"; do end[i]=$(settled_cpu_ns "${pids[i]}"); done
    fi
    end_servers "${servers[@]}" || true
    servers=()
    ((what_stopped == 0)) || exit "$what_stopped"
    chatter=$(chatter_of "$scraps/server-$model")
    IFS=, read -r failed resumed trips trips_max sent received window rate p50 p99 client_us <<<"$found"
    for i in "${!end[@]}"; do ((begin[i] > 0 && end[i] > 0)) || : "${reason:=a server ended}"; done
    if [[ -n $found && $reason != 'a server ended' ]]; then
        for i in "${!end[@]}"; do cost=$((cost + end[i] - begin[i])); done
        server_us=$(per_connection_us "$cost" "$((requests - failed))")
        [[ $path == direct ]] || proxy_us=$(per_connection_us "$((end[0] - begin[0]))" "$((requests - failed))")
    fi
    if [[ -z $reason && $asked == 1 ]] && ((resumed * 100 < requests * RESUMED_PERCENT_MIN)); then
        reason="$resumed of $requests were resumed"
    fi
    reason=${reason#load: }
    name=$path
    if [[ $tls != none ]]; then name+=:$tls:$key:$([[ $asked == 0 ]] && echo full || echo resumed); fi
    # A failure is not excused by noise.
    if [[ -n $reason ]]; then verdict=(status=failed); else verdict=(--noise "$noise"); fi
    ((${2} < TRIES_MAX)) || verdict=(--last "${verdict[@]}")
    write_row "${verdict[@]}" variant="$name" connections="$connections" active="$connections" repeat="$repeat" try="$2" \
        message_b="$message_b" opened="$requests" failed="$failed" resumed="$resumed" \
        round_trips="$trips" round_trips_max="$trips_max" handshake_sent_b="$sent" handshake_received_b="$received" window_s="$window" \
        connections_per_s="$rate" handshake_ns_p50="$p50" handshake_ns_p99="$p99" server_cpu_us_per_connection="$server_us" \
        proxy_cpu_us_per_connection="$proxy_us" client_cpu_us_per_connection="$client_us" steal_percent="${machine%,*}" \
        foreign_cpu_percent="${machine#*,}" reason="$reason${chatter:+${reason:+; }$chatter}"
    tell "point $1 $status server_cpu_us_per_connection=$server_us connections_per_s=$rate"
}

# For trying by hand: says how to reach the servers of a variant, and waits for the end.
serve() { # serve VARIANT
    local path tls key _ reason=''
    IFS=, read -r path tls key _ <<<"$1"
    start_servers "$path" "$tls" "$key" || fail "$reason"
    echo "ready port=$port ca=$scraps/ca.pem pids=$(IFS=,; echo "${pids[*]}")"
    run_child sleep infinity || true
}

# For each variant: half a second, and 0.5 ms a connection.
estimate_s() {
    awk -v variants="$(list_variants | wc -l)" -v requests="${requests:-$(value_of requests)}" 'BEGIN { print variants * (0.5 + 0.5e-3 * requests) }'
}

take_option() {
    case $1 in
    --requests) whole_number "$1" "$2" 1000000; requests=$2 ;;
    --connections) whole_number "$1" "$2" 100000; connections=$2 ;;
    --message-b) whole_number "$1" "$2" 1048576; message_b=$2 ;;
    --time-cap-s) whole_number "$1" "$2" 3600; time_cap_s=$2 ;;
    --forgetful) forgetful=$2 ;;
    --serve) mode=serve; words+=("$2") ;;
    *) die "unknown option $1" ;;
    esac
}

check_request() {
    local variant known program text
    lines_into known list_variants
    variants=("${words[@]}")
    for variant in "${variants[@]}"; do
        is_one_of "$variant" "${known[@]}" || die "there is no variant \"$variant\"; --list tells which there are"
    done
    if ((${#variants[@]} == 0)); then
        text=$(printf '%s\n' "${known[@]}")
        lines_into variants shuffled 0 <<<"$text"
    fi
    [[ $mode == measure || ${#variants[@]} == 1 ]] || die '--serve takes one variant'
    : "${requests:=$(value_of requests)}" "${connections:=$(value_of connections)}" "${message_b:=$(value_of message_b)}" "${time_cap_s:=$(value_of time_cap_s)}"
    for program in haproxy openssl; do
        command -v "$program" >/dev/null || die "$program is missing: harness/run/setup.sh --for-kind handshakes installs it"
    done
    [[ -x $bin/load ]] || die "there is no $bin/load: make builds it"
    [[ -x $bin/server-$model ]] || die "there is no $bin/server-$model"
    count_places
}

main() {
    local mode=measure variant
    if [[ ${1:-} == --list ]]; then list_variants; return; fi
    # Only to look at, these servers need no table.
    [[ " $* " != *' --serve '* ]] || set -- --model epoll --out /dev/null "$@"
    begin_kind "$@"
    scraps=$(mktemp -d)
    trap 'end_servers "${servers[@]}" || true; rm -rf "$scraps"' EXIT
    make_authority
    if [[ $mode == serve ]]; then serve "${variants[0]}"; exit; fi
    for variant in "${variants[@]}"; do measure_variant "$variant"; done
}

main "$@"
