#!/usr/bin/env bats
# bats file_tags=deadline:180,long:45
# handshakes.bats -- guards against handshakes that trust anybody, that resume nothing and say so, or
# whose round trips, bytes and CPU time are not those of the wire and the kernel.

bats_require_minimum_version 1.5.0

setup() {
    load measuring.bash
    load serving.bash
    prepare_measuring
    PATH=$PATH:/usr/sbin
    BIN=build/release
    tmp=$BATS_TEST_TMPDIR
    holder=''
    shake=(harness/kinds/handshakes/measure.sh harness/experiments/handshakes.conf --model epoll)
    # All is real but the witness: other tests run at the same time, and are no matter here.
    export C10K_ENTERED=$$ C10K_BIN=$tmp/bin
    mkdir "$C10K_BIN"
    ln -s "$PWD/$BIN"/{load,check_conf,row,start,server-epoll} "$C10K_BIN/"
    # shellcheck disable=SC2016  # for the script
    printf '#!/bin/sh\nfile=$1; shift; cat "%s" >"$file"; exec "$@"\n' "$tmp/around" >"$C10K_BIN/witness"
    chmod +x "$C10K_BIN/witness"
    echo 0.00,0.10,ok, >"$tmp/around"
}

# From now on the server behind the proxy, too, changes the byte at this place.
lie_at() { # lie_at PLACE
    [[ -x $BIN/liar-corrupt ]] || skip 'the liars are not built: make tools'
    rm "$C10K_BIN/server-epoll"
    printf '#!/bin/sh\nexec %s --victim %s "$@"\n' "$PWD/$BIN/liar-corrupt" "$1" >"$C10K_BIN/server-epoll"
    chmod +x "$C10K_BIN/server-epoll"
}

teardown() { end_child "$holder"; }

need_tls() {
    local program
    for program in haproxy openssl; do command -v "$program" >/dev/null || skip "there is no $program on this machine"; done
    speaks_tls || skip 'the client speaks no TLS: libssl-dev is not installed'
}

speaks_tls() { ldd "$BIN/load" | grep -q libssl; }

# Starts the servers of a variant and sets port, ca and pids.
serve() { # serve VARIANT OPTION...
    : >"$tmp/ready"
    "${shake[@]}" "${@:2}" --serve "$1" >"$tmp/ready" 3>&- &
    holder=$!
    for _ in {1..1000}; do [[ -s $tmp/ready ]] && break; sleep 0.02; done
    read -r _ port ca pids <"$tmp/ready"
    port=${port#port=} ca=${ca#ca=} pids=${pids#pids=}
    [[ -n $port && -e /proc/${pids%%,*} ]]
}

end_serving() {
    kill "$holder"
    wait "$holder" || true
    holder=''
    for pid in ${pids//,/ }; do [[ ! -e /proc/$pid ]]; done
    [[ ! -e $ca ]]
}

# The port on which a process listens, from its sockets in /proc.
listening_port() { # listening_port PID
    local inode hex
    for inode in $(find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n'); do
        hex=$(awk -v inode="$inode" '$10 == inode && $4 == "0A" { sub(/.*:/, "", $2); print $2 }' "/proc/$1/net/tcp" "/proc/$1/net/tcp6")
        [[ -z $hex ]] || { echo $((16#$hex)); return; }
    done
}

# What was started with the mark in its environment.  grep fails also where a process just ended.
marked() { grep -lzF "C10K_TEST_MARK=$tmp" /proc/[0-9]*/environ 2>/dev/null || true; }
nothing_runs() { [[ -z $(marked) ]]; }
# Among what is marked; grep -q finds it also where another process of the list just ended.
client_runs() { marked | sed 's/environ$/comm/' | xargs -r grep -sqx load; }

# Prints a column of what the client said.
of_client() { # of_client NAME <LINES
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i } NR == 2 { print $c }'
}

# Prints column NAME of the row of VARIANT.
of_row() { # of_row NAME VARIANT
    awk -F, -v name="$1" -v variant="$2" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        function said(of,    part) { # path,tls,key,resumed as it is in a row
            split(of, part, ",")
            return part[2] == "none" ? part[1] : part[1] ":" part[2] ":" part[3] ":" (part[4] == 1 ? "resumed" : "full")
        }
        !$c["superseded"] && $c["variant"] == said(variant) { print $c[name] }' "${table:-$tmp/out/handshakes.csv}"
}

@test "wrong usage is one line and exit 2" {
    for wrong in '--tls 1.3' '--tls 1.1 --ca x' '--tls' '--resume' '--ca x' '--tls 1.3 --resume' '--tls 1.3 --ca /dev/null'; do
        # shellcheck disable=SC2086  # words are meant
        run -2 --separate-stderr "$BIN/load" --port 1 $wrong
        [[ -z $output && ${#stderr_lines[@]} == 1 ]] || { echo "$wrong: $stderr"; return 1; }
    done
    for wrong in '' '--out' '--nonsense' "--out $tmp/a.csv direct,1.3,p256,0" '--serve' '--serve none'; do
        # shellcheck disable=SC2086  # words are meant
        run -2 --separate-stderr "${shake[@]}" $wrong
        [[ ${#stderr_lines[@]} == 1 ]] || { echo "$wrong: $stderr"; return 1; }
    done
    run -2 --separate-stderr build/release/measure-latency harness/experiments/handshakes.conf --out "$tmp/raw.csv" --model epoll
    [[ $stderr == *'is of kind handshakes, and this program measures kind latency' ]]
    run -2 --separate-stderr harness/kinds/handshakes/measure.sh harness/experiments/ramp.conf --out "$tmp/raw.csv" --model epoll
    [[ $stderr == *'is of kind latency, and this script measures kind handshakes' ]]
}

@test "a server that nobody answers for, one that answers nothing, and one whose certificate is foreign are refused" {
    need_tls
    visit=(--short-lived 5 --connections 5 --output csv)
    serve proxy,1.3,p256,0
    run -1 --separate-stderr "$BIN/load" --port 1 "${visit[@]}" --tls 1.3 --ca "$ca"
    [[ $stderr == *'5 of 5 connections were not established: ECONNREFUSED' && ${#stderr_lines[@]} == 1 ]]
    # Plain bytes for a server that waits for TLS: it ends the connection, or says nothing that we sent.
    run -1 --separate-stderr "$BIN/load" --port "$port" "${visit[@]}"
    [[ $(of_client connections_established <<<"$output") == 0 ]]
    # TLS for a server that echoes: no one can speak TLS with itself.
    coproc PLAIN { exec "$BIN/server-epoll" 0 3>&-; }
    plain=$PLAIN_PID
    read -r ready <&"${PLAIN[0]}"
    run -1 --separate-stderr "$BIN/load" --port "${ready#ready port=}" "${visit[@]}" --tls 1.3 --ca "$ca"
    kill "$plain"
    [[ $(of_client connections_established <<<"$output") == 0 && $stderr == *'load: in the handshake of TLS: '*': EPROTO' ]]
    # An authority of the same name, with another key.
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=C10K Bench, of one run' \
        -keyout "$tmp/other.key" -out "$tmp/other.pem" 2>/dev/null
    run -1 --separate-stderr "$BIN/load" --port "$port" "${visit[@]}" --tls 1.3 --ca "$tmp/other.pem"
    [[ ${#stderr_lines[@]} == 2 && $stderr == *'certificate is refused: '*'5 of 5 connections were not established: EKEYREJECTED' ]]
    # Of the right authority, for another name.
    sed 's/localhost/elsewhere/' "${ca%/*}/openssl.conf" >"$tmp/elsewhere.conf"
    openssl req -x509 -config "$tmp/elsewhere.conf" -extensions server -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -subj /CN=elsewhere -CA "$ca" -CAkey "${ca%.pem}.key" -keyout "$tmp/elsewhere.key" -out "$tmp/elsewhere.pem" 2>/dev/null
    openssl s_server -accept 0 -cert "$tmp/elsewhere.pem" -key "$tmp/elsewhere.key" -quiet >"$tmp/said" 2>&1 3>&- &
    foreign=$!
    listens() { foreign_port=$(listening_port "$foreign") && [[ -n $foreign_port ]]; }
    eventually listens
    run -1 --separate-stderr "$BIN/load" --port "$foreign_port" --short-lived 1 --tls 1.3 --ca "$ca"
    kill "$foreign"
    [[ $stderr == *'certificate is refused: '*[Hh]ostname* ]]
    end_serving
}

@test "a server that flips one bit of the echo is found, through TLS too; one that is silent ends with the time" {
    need_tls
    lie_at 40
    "${shake[@]}" --out "$tmp/out/handshakes.csv" --requests 40 direct,none,none,0 proxy,1.3,p256,0
    for variant in direct,none,none,0 proxy,1.3,p256,0; do
        [[ $(of_row status $variant) == failed && $(of_row failed $variant) == 40 ]]
        [[ $(of_row reason $variant) == *'bytes that it had not received'* ]]
    done
    # Byte 40 is not in a message of 32 bytes: the same server is found honest.
    "${shake[@]}" --out "$tmp/out/handshakes.csv" --requests 40 --message-b 32 proxy,1.2,p256,0
    [[ $(of_row status proxy,1.2,p256,0) == ok ]]
    # A listener that never accepts: the connection stands, and no byte of an echo, or of TLS, comes.
    coproc MUTE { exec "$BIN/server-epoll" 0 3>&-; }
    mute=$MUTE_PID
    read -r ready <&"${MUTE[0]}"
    kill -STOP "$mute"
    serve proxy,1.3,p256,0
    for options in '' "--tls 1.3 --ca $ca"; do
        # shellcheck disable=SC2086  # words are meant
        run -1 --separate-stderr "$BIN/load" --port "${ready#ready port=}" --short-lived 20 --patience-ms 300 --output csv $options
        [[ $(of_client connections_timed_out <<<"$output") == 20 && $stderr == *'20 of 20 connections were not established: ETIMEDOUT' ]]
    done
    kill -KILL "$mute"
    end_serving
}

# Round trips of TLS as openssl s_client sees its messages: how often one came after one had gone, until both have
# said Finished.
trips_of_openssl() { # trips_of_openssl VERSION OPTION...
    openssl s_client -connect "127.0.0.1:$port" -servername localhost "-tls${1/./_}" -CAfile "$ca" -msg "${@:2}" </dev/null 2>/dev/null |
        awk '/^(>>>|<<<)/ {
                 if ($1 == "<<<" && before == ">>>") trips++
                 before = $1
                 if (/, Finished$/ && ++finished == 2) { print trips; exit }
             }'
}

@test "round trips are counted: TLS 1.3 adds one to TCP, TLS 1.2 two, resumed one; openssl s_client sees the same" {
    need_tls
    for version in 1.2 1.3; do
        serve "proxy,$version,p256,0"
        options=(--port "$port" --tls "$version" --ca "$ca" --short-lived 30 --connections 3 --output csv)
        run -0 "$BIN/load" "${options[@]}"
        full=$(of_client round_trips_p50 <<<"$output")
        [[ $(of_client round_trips_max <<<"$output") == "$full" && $(of_client resumed <<<"$output") == 0 ]]
        run -0 "$BIN/load" "${options[@]}" --resume
        resumed=$(of_client round_trips_p50 <<<"$output")
        [[ $(of_client resumed <<<"$output") == 27 ]]
        [[ $version == 1.2 ]] && expected='3 2' || expected='2 2'
        [[ "$full $resumed" == "$expected" ]]
        [[ $(trips_of_openssl "$version") == $((full - 1)) ]]
        if [[ $version == 1.2 ]]; then
            openssl s_client -connect "127.0.0.1:$port" -tls1_2 -sess_out "$tmp/session" </dev/null >/dev/null 2>&1
            [[ $(trips_of_openssl "$version" -sess_in "$tmp/session") == $((resumed - 1)) ]]
        fi
        end_serving
    done
    coproc PLAIN { exec "$BIN/server-epoll" 0 3>&-; }
    plain=$PLAIN_PID
    read -r ready <&"${PLAIN[0]}"
    run -0 "$BIN/load" --port "${ready#ready port=}" --short-lived 30 --output csv
    kill "$plain"
    [[ $(of_client round_trips_p50 <<<"$output") == 1 && $(of_client handshake_sent_b <<<"$output") == 0 ]]
}

@test "traffic through TLS comes back byte for byte, whatever its size; a liar behind it is found" {
    need_tls
    serve proxy,1.3,p256,0
    # Large ones are few: 100 a second would be 100 MB/s each way, which a busy machine does not do.
    while read -r size rate at_least; do
        run --separate-stderr "$BIN/load" --port "$port" --tls 1.3 --ca "$ca" --connections 20 --rate "$rate" --message-b "$size" --duration 1 --output csv
        echo "$size bytes: $output $stderr"
        ((status == 0))
        [[ $(of_client lost <<<"$output") == 0 && $(of_client corrupt <<<"$output") == 0 && $(of_client received <<<"$output") -ge $at_least ]]
    done <<'END'
20 100 50
16384 100 50
1000000 5 1
END
    run -0 "$BIN/load" --port "$port" --tls 1.3 --ca "$ca" --connections 50 --closed --duration 0.3 --output csv
    [[ $(of_client lost <<<"$output") == 0 && $(of_client received <<<"$output") -gt 300 ]]
    end_serving
    lie_at 1000
    serve proxy,1.2,rsa2048,0
    run -1 --separate-stderr "$BIN/load" --port "$port" --tls 1.2 --ca "$ca" --connections 5 --rate 500 --duration 0.3
    [[ $stderr == *'bytes that it had not received'* ]]
    end_serving
}

@test "clients that lose a server with TLS come back, and shake hands again" {
    need_tls
    serve proxy,1.3,p256,0
    proxy=${pids%%,*}
    "$BIN/load" --port "$port" --tls 1.3 --ca "$ca" --connections 50 --reconnect jitter --duration 20 --output csv >"$tmp/line" 2>"$tmp/said" 3>&- &
    client=$!
    eventually grep -q 'are held' "$tmp/said"
    # HAProxy forgets no certificate on its way: it is started again as it was.
    mapfile -d '' -t command <"/proc/$proxy/cmdline"
    kill -KILL "$proxy"
    eventually test ! -e "/proc/$proxy" # It holds its port until then.
    FRONT_PORT=$port "${command[@]}" 3>&- &
    again=$!
    wait "$client"
    kill "$again"
    wait "$again" || true
    end_serving
    [[ $(of_client connections_established <"$tmp/line") == 50 && $(of_client connections_lost <"$tmp/line") -ge 50 ]]
}

@test "clients that come back to a server that never answers in TLS are counted when their time is over" {
    need_tls
    serve proxy,1.3,p256,0
    "$BIN/load" --port "$port" --tls 1.3 --ca "$ca" --connections 5 --reconnect now --duration 2 --output csv >"$tmp/line" 2>"$tmp/said" 3>&- &
    client=$!
    eventually grep -q 'are held' "$tmp/said"
    proxy=${pids%%,*}
    kill -KILL "$proxy"
    eventually test ! -e "/proc/$proxy"
    start_at "$port" server-epoll
    kill -STOP "$server"
    ended=0
    wait "$client" || ended=$?
    ((ended == 1))
    [[ $(of_client connections_timed_out <"$tmp/line") == 5 && $(of_client connections_established <"$tmp/line") == 0 ]]
    kill -KILL "$server"
    end_serving
}

@test "bytes of the handshake are those that strace sees on the socket" {
    need_tls
    command -v strace >/dev/null || skip 'there is no strace on this machine'
    serve proxy,1.2,rsa2048,0
    strace -f -e trace=read,write -e signal=none -o "$tmp/trace" "$BIN/load" --port "$port" --tls 1.2 --ca "$ca" \
        --short-lived 1 --output csv >"$tmp/line" 2>&1 3>&-
    # Up to the first record of application data, which begins with 0x17.  Each line begins with a process.
    awk '{ sub(/^[0-9]+ +/, "") }
         /^(read|write)\(/ && /\\27\\3\\3/ { exit }
         /^write\(.*\\26\\3/ { fd = substr($1, 7) + 0 }
         fd && $0 ~ "^write\\(" fd "," { sent += $NF }
         fd && $0 ~ "^read\\(" fd "," && $NF + 0 > 0 { received += $NF }
         END { print sent, received }' "$tmp/trace" >"$tmp/seen"
    end_serving
    [[ "$(of_client handshake_sent_b <"$tmp/line") $(of_client handshake_received_b <"$tmp/line")" == "$(<"$tmp/seen")" ]]
}

@test "a server that keeps no sessions resumes none, and that is a failure; full handshakes do not mind" {
    need_tls
    "${shake[@]}" --forgetful yes --out "$tmp/out/handshakes.csv" --requests 60 proxy,1.3,p256,1 proxy,1.2,p256,1 proxy,1.2,p256,0
    for version in 1.2 1.3; do
        [[ $(of_row resumed "proxy,$version,p256,1") == 0 && $(of_row status "proxy,$version,p256,1") == failed ]]
        [[ $(of_row reason "proxy,$version,p256,1") == '0 of 60 were resumed' ]]
    done
    [[ $(of_row status proxy,1.2,p256,0) == ok ]]
}

@test "a neighbour makes a variant noisy, after three tries; what the server did wrong is not his fault" {
    need_tls
    echo '0.00,9.50,noisy,other programs used 9.5 % of the machine' >"$tmp/around"
    run -0 "${shake[@]}" --out "$tmp/out/handshakes.csv" --requests 20 direct,none,none,0
    [[ ${#lines[@]} == 3 && $(of_row try direct,none,none,0) == 3 && $(of_row foreign_cpu_percent direct,none,none,0) == 9.50 ]]
    [[ $(of_row status direct,none,none,0) == noisy && $(of_row reason direct,none,none,0) == 'other programs used 9.5 % of the machine' ]]
    lie_at 40
    run -0 "${shake[@]}" --out "$tmp/lied/handshakes.csv" --requests 20 direct,none,none,0
    [[ ${#lines[@]} == 1 && $output == *' failed '* ]]
}

@test "a small run leaves a documented row per variant, a chart and an answer, and nothing that runs" {
    need_tls
    local table=$tmp/out/rows/handshakes.csv
    mapfile -t variants < <(harness/kinds/handshakes/measure.sh --list)
    C10K_TEST_MARK=$tmp run -0 "${shake[@]}" --out "$table" --requests 200 --connections 4 "${variants[@]}"
    nothing_runs
    [[ ${#variants[@]} == 10 ]]
    for variant in "${variants[@]}"; do
        [[ $(of_row status "$variant") == ok && $(of_row failed "$variant") == 0 ]]
        [[ $variant == *,0 && $(of_row resumed "$variant") == 0 || $variant == *,1 && $(of_row resumed "$variant") == 196 ]]
    done
    true_that "$(of_row server_cpu_us_per_connection proxy,none,none,0) > $(of_row server_cpu_us_per_connection direct,none,none,0)"
    true_that "$(of_row server_cpu_us_per_connection proxy,1.2,rsa2048,0) > 2 * $(of_row server_cpu_us_per_connection proxy,none,none,0)"
    true_that "$(of_row proxy_cpu_us_per_connection proxy,1.2,p256,0) > $(of_row proxy_cpu_us_per_connection proxy,1.2,p256,1)"
    documented "$table"
    # One row more that failed: it is on the chart as what it is.
    echo 4,handshakes,handshakes,standard,epoll,proxy:1.3:p256:resumed,4,4,2,1,0,1,failed,3 of 200 were resumed,64,200,0,3,2,2,1,1,1,1,,,9999,9999,1,0,0 >>"$table"
    run -0 ./run_all.sh draw "$tmp/out"
    [[ -s $tmp/out/figures/handshakes-handshakes.png ]]
    chart=$(sed 's/<[^>]*>//g' "$tmp/out/figures/handshakes-handshakes.svg" | tr -s '[:space:]' ' ')
    [[ $chart == *'epoll: failed at 4 (TLS 1.3, P-256, resumed) (3 of 200 were resumed)'* && $chart != *9999* ]]
    grep -q '^| epoll | TLS 1.3, P-256, resumed | 4 | failed | 2 |.*| 1 of 2 | 3 of 200 were resumed |$' "$tmp/out/summary.md"
    grep -qE '^A connection costs the server.s side [0-9.]+ us .* 1 over TCP, 2 to 3 with a full handshake of TLS, 2 with a resumed one\.$' "$tmp/out/summary.md"
}

@test "CPU per connection is what the processes took by the shell's own account" {
    need_tls
    TIMEFORMAT='%U %S'
    { time "${shake[@]}" --out "$tmp/out/handshakes.csv" --requests 1500 proxy,1.2,rsa2048,0 >/dev/null; } 2>"$tmp/times"
    rows=$(awk -v server="$(of_row server_cpu_us_per_connection proxy,1.2,rsa2048,0)" \
        -v client="$(of_row client_cpu_us_per_connection proxy,1.2,rsa2048,0)" 'BEGIN { print (server + client) * 1500 / 1e6 }')
    all=$(awk 'END { print $1 + $2 }' "$tmp/times")
    echo "rows $rows s, all processes with the script and its certificates $all s"
    true_that "$rows < 1.05 * $all && $rows > 0.5 * $all"
}

@test "the proxy gets the files that the connections need, and no run begins with fewer" {
    need_tls
    (ulimit -n 1024; "${shake[@]}" --out "$tmp/out/handshakes.csv" --requests 20 --connections 2 proxy,none,none,0 >/dev/null)
    [[ $(of_row status proxy,none,none,0) == ok ]]
    (ulimit -n 256; run -2 "${shake[@]}" --out "$tmp/none/handshakes.csv" --connections 200 proxy,none,none,0
        [[ $output == *'200 connections at a time need 464 files in the proxy; the limit is 256'* && ! -e $tmp/none ]])
}

@test "ended by a signal, servers and certificates go, and rows that were done stay" {
    need_tls
    mkdir "$tmp/scraps"
    C10K_TEST_MARK=$tmp TMPDIR=$tmp/scraps "${shake[@]}" --out "$tmp/out/handshakes.csv" --requests 6000 --connections 8 \
        direct,none,none,0 proxy,1.3,rsa2048,0 >"$tmp/said" 2>&1 3>&- &
    holder=$!
    # In the middle of the second variant, which takes some seconds.
    patience_s=60 eventually test -s "$tmp/out/handshakes.csv"
    eventually client_runs
    [[ -n $(ls "$tmp/scraps") ]]
    kill "$holder"
    ended=0
    wait "$holder" || ended=$?
    holder=''
    ((ended == 143))
    nothing_runs
    [[ -z $(ls "$tmp/scraps") && $(wc -l <"$tmp/out/handshakes.csv") == 2 ]]
}
