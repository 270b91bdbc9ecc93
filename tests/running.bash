# running.bash -- what the tests of whole runs share: a build of their own, for C10K_BIN, in which what others test is quick,
# and experiments that are small.
# shellcheck shell=bash disable=SC2154  # tmp is of the tests

bin=$BATS_TEST_TMPDIR/bin

# These programs of the build, and what reads experiments and starts servers for scripts; `measure` stands for all measure-KIND.
build_of() { # build_of PROGRAM...
    local name
    mkdir "$bin"
    for name in start check_conf row "$@"; do
        if [[ $name == measure ]]; then ln -s "$PWD"/build/release/measure-* "$bin"; else ln -s "$PWD/build/release/$name" "$bin"; fi
    done
}

# Programs that do what one of all kinds does: measure-KIND for each.
measures() { # measures COMMANDS
    local program
    for program in build/release/measure-*; do program "${program##*/}" "$1"; done
}

# A program that only does what it is told to.
program() { # program NAME COMMANDS
    rm -f "$bin/$1" # It may be a link.
    printf '#!/bin/sh\n%s\n' "$2" >"$bin/$1"
    chmod +x "$bin/$1"
}

# Only root may, and root of a container, or of a chroot, may not either.
can_mount() { unshare --mount true 2>/dev/null || skip 'no mount namespace may be made here'; }

# The gate with two of its traps: enough to tell the honest from a liar.
quick_gate() { program gate "exec '$PWD/build/release/gate' --trap start --trap large-message \"\$@\""; }

# What the machine takes by itself, as it was measured once.
known_costs() {
    local name
    for name in switch_cost ready_cost; do program "$name" "cat '$PWD/tests/fixtures/$name.csv'"; done
}

# The same question with a few clients and short windows, each with enough messages for a p99; what makes it
# another question stays.
shrink() { # shrink CONF
    awk '
        BEGIN {
            split("warmup_s=0.02 window_s=0.1 settle_s=0 repeats=1 reruns=0 requests=200 outage_s=0.3 base_ms=50 cap_ms=200 " \
                  "stop_ms=50 time_cap_s=10 connections_limited=20 warmup=fixed cost_us=100 rate_per_s=12000", pairs, " ")
            for (i in pairs) { split(pairs[i], pair, "="); small[pair[1]] = pair[2] }
            defaults = split("warmup_s settle_s reruns", default_of, " ")
        }
        function few(list,    i, count, number, text) {
            count = split(list, number, " ")
            for (i = 1; i <= count && i <= 2; i++) text = text " " 10 * i
            return text
        }
        /^#/ || !NF { print; next }
        {
            key = $1
            sub(/\..*/, "", key)
            value = $0
            sub(/^[^=]*= */, "", value)
            said[$1] = 1
            if (key == "kind") has_p99 = value !~ /^(counters|walls|herd)$/
            if (key in small && (key != "rate_per_s" || has_p99)) value = small[key]
            if (key == "connections") value = few(value)
            if (key == "active") value = value ~ / / ? "5 10" : 5
            if (key == "deaf" && value ~ / /) value = "0 1" # Each takes megabytes that nothing reads.
            print $1 " = " value
        }
        END { # What an experiment does not say has a default, which is for a whole run.
            for (i = 1; i <= defaults; i++) if (!(default_of[i] in said)) print default_of[i] " = " small[default_of[i]]
        }' "$1"
}

shrink_all() { # shrink_all FOLDER: of experiments, in their place
    local conf
    for conf in "$1"/*.conf; do
        shrink "$conf" >"$conf.small"
        mv "$conf.small" "$conf"
    done
}

# Runs find the experiments that they name, but smaller.
small_experiments() {
    cp -r harness/experiments "$BATS_TEST_TMPDIR"
    shrink_all "$BATS_TEST_TMPDIR/experiments"
    local program
    for program in build/release/{measure-*,check_conf}; do
        program "${program##*/}" "for word do
            case \$word in *harness/experiments/*.conf) word='$BATS_TEST_TMPDIR/experiments/'\${word##*/} ;; esac
            set -- \"\$@\" \"\$word\"
            shift
        done
        exec '$PWD/$program' \"\$@\""
    done
}
