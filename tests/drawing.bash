# drawing.bash -- what the tests that draw share: a run to draw, and gnuplot left out where nobody looks
# at its pictures.
# shellcheck shell=bash

# A finished run, not drawn yet: the fixture, and a model that the gate excluded.
copy_fixture() { # copy_fixture DIR
    mkdir -p "$1/gate"
    cp -r tests/fixtures/{raw,cold_start,switch_cost,ready_cost}.csv tests/fixtures/histograms "$1"
    printf 'half-close\tFAIL\t8388608 bytes in, 8381952 out\n' >"$1/gate/broken.tsv"
}

# Draws the fixture into $drawn, once for all files of a call of bats: for tests that only read it.
draw_fixture() {
    export drawn=$BATS_RUN_TMPDIR/drawn
    [[ ! -d $drawn ]] || return 0
    copy_fixture "$drawn.new"
    ./run_all.sh draw "$drawn.new"
    mv "$drawn.new" "$drawn"
}

# From now on gnuplot draws this picture only, and of each other one there is a file and no more.
draw_only() { # draw_only [NAME]
    local bin=$BATS_TEST_TMPDIR/gnuplot
    mkdir "$bin"
    cat >"$bin/gnuplot" <<END
#!/bin/sh
case \${output:-} in
'' | */"${1:-none}".*) exec $(command -v gnuplot) "\$@" ;;
esac
echo '<svg>not drawn</svg>' >"\$output"
END
    chmod +x "$bin/gnuplot"
    PATH=$bin:$PATH
}
