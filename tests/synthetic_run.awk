# synthetic_run.awk -- a raw.csv of servers whose true costs are known, with noise of a known size.
#
#   awk -v seed=1 [-v repeats=5] [-v noise=0.02] [-v slowed=poll -v factor=1.2] [-v rate=20000] \
#       [-v models="fork poll"] -f tests/synthetic_run.awk > raw.csv
#
# Runs are normal on a log scale; `noise` is their standard deviation.  One model may be slowed.

function normal(    u) {
    do u = rand(); while (u == 0)
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * rand())
}

function noisy(value) { return value * exp(noise * normal()) }

# Memory hardly varies, and in runs of one machine not at all between messages.
function memory(value) { return value * exp(0.002 * normal()) }

function capacity_row(model, repeat, connections, slow,    cpu) {
    cpu = noisy(6 * slow)
    printf "2,capacity,capacity,standard,%s,%d,0,%d,%d,64,closed,,%.6g,,,%.6g,,,,,,,ok,\n",
        model, repeat, connections, connections, 1e6 / cpu, cpu
}

function latency_row(model, repeat, connections, slow) {
    printf "2,ramp,latency,standard,%s,%d,0,%d,%d,64,poisson,%d,%d,%.6g,%.6g,%.6g,%.6g,,,,,,ok,\n",
        model, repeat, connections, connections, rate, rate, noisy(50000 * slow), noisy(400000 * slow),
        noisy(20 * slow), noisy(0.5)
}

function memory_row(model, repeat) {
    printf "2,memory,memory,standard,%s,%d,0,10000,10000,64,,,,,,,,%.6g,%.6g,%.6g,%.6g,%.6g,ok,\n",
        model, repeat, memory(60000), memory(3000), memory(500), memory(42000), memory(12000)
}

BEGIN {
    if (!repeats) repeats = 5
    if (noise == "") noise = 0.02
    if (!rate) rate = 20000
    if (models == "") models = "fork libuv poll thread"
    srand(seed)
    print "schema,experiment,kind,profile,model,repeat,superseded,connections_asked,connections_active,message_b," \
          "arrival,offered_per_s,achieved_per_s,latency_ns_p50,latency_ns_p99,server_cpu_us_per_message," \
          "switches_per_message,machine_lost_kib,pss_kib,page_tables_kib,sockets_kib," \
          "slab_kib,status,reason"
    count = split(models, model, " ")
    for (r = 1; r <= repeats; r++)
        for (m = 1; m <= count; m++) {
            slow = model[m] == slowed ? factor : 1
            for (n = 1; n <= 10000; n *= n == 1 ? 100 : 10) capacity_row(model[m], r, n, slow)
            for (n = 1; n <= 10000; n *= 10) latency_row(model[m], r, n, slow)
            memory_row(model[m], r)
        }
}
