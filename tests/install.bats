#!/usr/bin/env bats
# bats file_tags=part:suite
# install.bats -- guards against a deletion that reaches too far, an old object under a new compiler, and a record that names another.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.." || return 1
    tmp=$BATS_TEST_TMPDIR
}

@test "install and uninstall under a path with blanks and quotes touch nothing beside their own files" {
    mkdir "$tmp/my"
    echo dear >"$tmp/my/photo"
    for folder in "$tmp/my apps" "$tmp/it's" "$tmp/a \"b\" \$HOME"; do
        # make reads "$$" as "$".
        make --silent install DESTDIR="${folder//\$/\$\$}"
        [[ -x $folder/usr/local/bin/c10k-load && -s $folder/usr/local/share/doc/c10k-bench/README.md ]]
        echo mine >"$folder/usr/local/bin/mine"
        make --silent uninstall DESTDIR="${folder//\$/\$\$}"
        [[ $(cd "$folder" && find . -type f) == ./usr/local/bin/mine ]] || { find "$folder"; return 1; }
        [[ $(<"$tmp/my/photo") == dear ]]
    done
}

@test "uninstall leaves files that are not ours beside our pages" {
    make --silent install DESTDIR="$tmp/x"
    echo mine >"$tmp/x/usr/local/share/doc/c10k-bench/notes"
    make --silent uninstall DESTDIR="$tmp/x"
    [[ $(cd "$tmp/x" && find . -type f) == ./usr/local/share/doc/c10k-bench/notes ]]
}

@test "a build folder with a blank is refused before anything is touched" {
    run -2 make BUILD="$tmp/a b" programs
    [[ $output == *'BUILD is "'*'choose another folder'* ]]
    [[ -z $(ls "$tmp") ]]
}

# The objects that make would build again.
stale_objects() { make --dry-run BUILD="$tmp/build" ECHO=: "$@" "$tmp/build/common/costs.o" | grep -c -- '-c -o' || true; }

@test "another compiler, other flags build anew; the same again build nothing" {
    make --silent BUILD="$tmp/build" ECHO=: "$tmp/build/common/costs.o"
    [[ $(stale_objects) == 0 ]]
    [[ $(stale_objects CC=clang) == 1 && $(stale_objects CFLAGS=-O1) == 1 && $(stale_objects LDFLAGS=-s) == 1 ]]
    # To ask changes nothing.
    [[ $(stale_objects) == 0 ]]
    make --silent BUILD="$tmp/build" ECHO=: CFLAGS='-O1 -DNAME="a b"' "$tmp/build/common/costs.o"
    [[ $(stale_objects CFLAGS='-O1 -DNAME="a b"') == 0 && $(stale_objects) == 1 ]]
    grep -qx 'CFLAGS: -O1 -DNAME="a b"' "$tmp/build/built_with.txt"
}

@test "OpenSSL that is installed later, or removed, builds the load client anew" {
    make --silent BUILD="$tmp/build" ECHO=: NO_TLS=tls "$tmp/build/common/costs.o"
    [[ $(stale_objects NO_TLS=tls) == 0 && $(stale_objects NO_TLS=) == 1 ]]
}

@test "a compiler that can link nothing for now makes no library missing" {
    make --silent BUILD="$tmp/build" ECHO=: "$tmp/build/common/costs.o"
    TMPDIR=/proc run -0 make --dry-run BUILD="$tmp/build" ECHO=: "$tmp/build/common/costs.o"
    [[ $output != *'Leaving out'* && $output != *'-c -o'* ]]
}

@test "the machine's card names the compiler and the flags that built what runs" {
    mkdir "$tmp/bin"
    printf '%s\n' 'compiler: other cc 1.0' 'CC: other' 'CFLAGS: -O3' 'LDFLAGS: ' >"$tmp/bin/built_with.txt"
    C10K_ENTERED=$$ C10K_BIN=$tmp/bin run -0 harness/machine/machine_info.sh
    [[ $output == *$'\ncompiler: other cc 1.0\ncompiler_flags: CFLAGS=-O3 LDFLAGS=\n'* ]]
    run -0 harness/machine/machine_info.sh
    [[ $output == *$'\ncompiler: '"$(sed -n 's/^compiler: //p' build/release/built_with.txt)"$'\n'* ]]
}

@test "a compiler's search paths from the user's shell reach no compilation" {
    mkdir "$tmp/include"
    echo '#error poisoned' >"$tmp/include/stdint.h"
    CPATH=$tmp/include C_INCLUDE_PATH=$tmp/include make --silent BUILD="$tmp/build" ECHO=: "$tmp/build/common/costs.o"
}

@test "no script deletes a folder whose name it computed without a check" {
    # Each of these names is set by the same script, by mktemp, or by a check above the line.
    run bash -c "git grep -nE '(^|[^[:alnum:]_])rm (-[a-zA-Z]+ )*-?[a-zA-Z]*r[a-zA-Z]* ' -- run_all.sh 'harness/**.sh' 'tools/*.sh' Makefile 'tests/*.sh' |
        grep -vE 'rm -rf (--one-file-system -- )?(\"\\\$(work|scraps|box|\{1:\?\}|BATS_TEST_TMPDIR(/run)?)\"|build\$|\"\\\$\{drawn\[@\]\}\"|\"\\\$\{out:\?\}/home\"|\"\\\$folder\"|\"\\\$out/(figures|gate)\"|\"\\\$out\"/\*\.|\"\\\$\{(work|box):\?\}\"/)'"
    [[ -z $output ]] || { echo "$output"; return 1; }
}
