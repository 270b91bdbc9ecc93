#!/usr/bin/env bats
# bats file_tags=part:suite
# ranks.bats -- guards against a model that is said to exceed another one without a right to it, and against a rule of which a
# limit moved: each limit is tried just below and just above.

bats_require_minimum_version 1.5.0

setup() {
    load saying.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
}

# What the rule says of B against A, then why not, then the interval of the ratio.
decided() { # decided METRIC RUNS LOW HIGH RUNS LOW HIGH
    by_rule "SELECT said || ':' || why || ':' || format('%.3f:%.3f', ratio_low, ratio_high) FROM difference" "$(printf '%s\t' "$@")"
}

@test "a difference is of B against A, and its interval reaches from lowest by highest to highest by lowest" {
    decided x 5 10 11 5 40 44 | is more::3.636:4.400
    decided x 5 40 44 5 10 11 | is less::0.227:0.275
    decided x 5 40 44 5 43 90 | is ':the ranges overlap:0.977:2.250'
}

@test "the clearance that a number of runs needs, just below and just above" {
    # Ranges 1.04 wide: they must lie apart by 1.04 to the power of 3, 1, 0.5, 0.25.  From 8 runs on 5 % is all.
    local runs below above
    while read -r runs below above; do
        [[ $(decided x "$runs" 100 104 "$runs" "$below" "$(awk -v b="$below" 'BEGIN { print b * 1.04 }')") == ":the ranges lie too close for $runs runs:"* ]]
        [[ $(decided x "$runs" 100 104 "$runs" "$above" "$(awk -v a="$above" 'BEGIN { print a * 1.04 }')") == more::* ]]
    done <<'LIMITS'
3 116.9 117.1
LIMITS
    # Ranges 1.4 wide, of which the part that is asked for is more than 5 %.
    while read -r runs below above; do
        [[ $(decided x "$runs" 100 140 "$runs" "$below" "$below") == ":the ranges lie too close for $runs runs:"* ]] || { echo "$runs $below"; return 1; }
        [[ $(decided x "$runs" 100 140 "$runs" "$above" "$above") == more::* ]] || { echo "$runs $above"; return 1; }
        [[ $(decided x "$runs" "$below" "$below" "$runs" 100 140) == ":the ranges lie too close for $runs runs:"* ]] || { echo "$runs $below, from the other side"; return 1; }
    done <<'LIMITS'
3 384.1 384.2
4 195.9 196.1
5 165.6 165.7
6 152.2 152.3
7 152.2 152.3
LIMITS
    [[ $(decided x 8 100 140 8 146.9 146.9) == ':less than 5 % apart:'* && $(decided x 8 100 140 8 147.1 147.1) == more::* ]]
    [[ $(decided x 8 100 100 8 95.3 95.3) == ':less than 5 % apart:'* && $(decided x 8 100 100 8 95.2 95.2) == less::* ]]
}

@test "two runs claim nothing; of unequal numbers of runs the smaller counts; ten of hyperfine's are five" {
    decided x 2 1 1 9 8 8 | is ':fewer than 3 good runs:8.000:8.000'
    decided x 9 1 1 2 8 8 | is ':fewer than 3 good runs:8.000:8.000'
    [[ $(decided x 8 100 140 3 150 150) == ':the ranges lie too close for 3 runs:'* && $(decided x 3 100 140 8 150 150) == ':the ranges lie too close for 3 runs:'* ]]
    [[ $(decided time_s 10 100 140 10 165.6 165.6) == ':the ranges lie too close for 5 runs:'* && $(decided time_s 10 100 140 10 165.7 165.7) == more::* ]]
    [[ $(decided time_s 4 100 140 4 190 190) == ':the ranges lie too close for 4 runs:'* ]]
}

@test "what is too small to matter: 0.01 switches a message, 1 MiB" {
    decided switches_per_message 5 0.02 0.02 5 0.0299 0.0299 | is ':too small to matter:1.495:1.495'
    decided switches_per_message 5 0.02 0.02 5 0.0301 0.0301 | is more::1.505:1.505
    decided pss_kib 5 4000 4000 5 5023 5023 | is ':too small to matter:1.256:1.256'
    decided pss_kib 5 4000 4000 5 5025 5025 | is more::1.256:1.256
    decided pss_kib 5 9000 9000 5 7975 7975 | is less::0.886:0.886
    # From the nearer ends of the ranges: 900 KiB, though their farther ends lie 1,200 KiB apart.
    decided pss_kib 5 4000 4100 5 5000 5200 | is ':too small to matter:1.220:1.300'
    decided pss_kib 5 5000 5200 5 4000 4100 | is ':too small to matter:0.769:0.820'
    decided pss_kib 5 1 2 5 4096 4096 | is more::4.000:4.000 # Less than 1 MiB counts as 1 MiB.
}

head=experiment,kind,model,connections_asked,connections_active,status,achieved_per_s_median,achieved_per_s_min,achieved_per_s_max,achieved_per_s_runs,server_cpu_us_per_message_median,server_cpu_us_per_message_min,server_cpu_us_per_message_max,server_cpu_us_per_message_runs

@test "models are ranked by their ranges at the largest count, each metric by its own numbers" {
    ranks_in "$(table t $head \
        c,capacity,a,100,100,ok,50,50,51,5,90,90,91,5 c,capacity,b,100,100,ok,900,899,901,5,1,1,1,5 \
        c,capacity,a,1000,1000,ok,500,400,600,5,10,9,11,5 c,capacity,b,1000,1000,ok,200,190,210,5,30,29,31,5 c,capacity,d,1000,1000,ok,550,500,800,5,60,59,61,5 \
        c,capacity,a,10,10,ok,1,1,1,5,7,7,7,5)" |
        is $'c\tCPU per message at 1,000 connections: b more than a; d more than a and b; nothing else is shown to differ.' \
            $'c\tmessages per second at 1,000 connections: a more than b; d more than b; nothing else is shown to differ.'
}

@test "noisy, late, drifting, failed and corrupt points are not ranked, but named" {
    local status
    for status in noisy client_limited drifting failed corrupt; do
        ranks_in "$(table t $head "c,capacity,wild,10,10,$status,9,9,9,5,9,9,9,5" c,capacity,a,10,10,overloaded,5,5,5,5,1,1,1,5 c,capacity,b,10,10,ok,1,1,1,5,5,5,5,5)" |
            is $'c\tCPU per message at 10 connections: b more than a; nothing else is shown to differ (no result: wild).' \
                $'c\tmessages per second at 10 connections: a more than b; nothing else is shown to differ (no result: wild).'
    done
}

@test "memory that was measured beside a neighbour is ranked; metrics of which the same holds share a sentence" {
    ranks_in "$(table t "$(commas experiment kind model connections_asked connections_active status {machine_lost_kib,pss_kib,sockets_kib}_{median,min,max,runs})" \
        m,memory,a,10,10,noisy,90000,90000,91000,3,20000,20000,20000,3,1,1,2,3 m,memory,b,10,10,drifting,9000,9000,9100,3,10000,10000,10000,3,1,1,3,3)" |
        is $'m\tmemory really lost and PSS at 10 connections: a more than b; nothing else is shown to differ.' \
            $'m\tsockets at 10 connections: no difference shown.'
}

@test "too few runs make no ranking, and of the active ones of many connections those that are most are taken" {
    ranks_in "$(table t $head c,capacity,a,100,10,ok,9,9,9,2,1,1,1,2 c,capacity,b,100,10,ok,1,1,1,2,9,9,9,2 \
        c,capacity,a,100,50,ok,9,9,9,1,1,1,1,1 c,capacity,b,100,50,ok,1,1,1,1,9,9,9,1)" "$(table cold experiment,model,repeats,time_s_median,time_s_min,time_s_max,status \
        cold_start,a,10,0.5,0.5,0.51,ok cold_start,b,10,0.9,0.9,0.91,ok cold_start,d,0,,,,failed)" |
        is $'c\tCPU per message and messages per second at 50 of 100 connections: no ranking, because there are fewer than 3 good runs.' \
            $'cold_start\twhole time: b more than a; nothing else is shown to differ (no result: d).'
    ranks_in "$(table t experiment,model,repeats,time_s_median,time_s_min,time_s_max,status x,a,2,0.5,0.5,0.51,ok x,b,9,0.9,0.9,0.91,ok)" |
        is $'x\twhole time: no ranking, because there are fewer than 3 good runs.'
    ranks_in "$(table t experiment,model,repeats,time_s_median,time_s_min,time_s_max,status x,a,2,0.5,0.5,0.51,ok x,b,9,0.9,0.9,0.91,ok x,d,9,0.9,0.9,0.92,ok)" |
        is $'x\twhole time: no difference shown.'
}

@test "one model alone, or one beside others without a result, is not ranked" {
    ranks_in "$(table t $head c,capacity,a,10,10,ok,5,5,5,5,1,1,1,5 c,capacity,b,10,10,failed,,,,,,,,)" | is_nothing
}
