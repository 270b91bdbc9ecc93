#!/usr/bin/env bats
# bats file_tags=part:scripts
# lint.bats -- guards against a linter that finds nothing because it looks at nothing.

bats_require_minimum_version 1.5.0

setup() {
    tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree"/{tests,harness/run,build/release/harness}
    cd "$BATS_TEST_DIRNAME/.." || return 1
    cp .clang-tidy "$tree"
    cp tests/lint.sh "$tree/tests"
    cp harness/run/enter.sh "$tree/harness/run"
    # Of the tree's Makefile only this is asked for.
    echo 'build/release/harness/probes/call_names.inc: ;' >"$tree/Makefile"
    cd "$tree" || return 1
    git init --quiet
    cat >harmless.c <<'END'
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    char *end = NULL;
    return argc > 1 ? (int)strtol(argv[1], &end, 10) : puts("nothing") < 0;
}
END
}

# Lints the tree with a file that ends in the given lines.
lint_with() { # lint_with LINES
    printf '%s\n' '#include <stdio.h>' '#include <stdlib.h>' '#include <string.h>' 'int wrong(int number, char *text);' \
        'int wrong(int number, char *text)' '{' "$1" '}' >wrong.c
    run tests/lint.sh
    echo "$output"
    [[ $output != *skipped:* ]] || skip "${lines[0]}"
}

@test "make lint finds a use after free, an unchecked conversion, an ignored result and a product that is too narrow" {
    # Each of its line, so that all are seen.
    lint_with '    char *copy = strdup(text);
    free(copy);
    FILE *file = fopen("file", "r");
    if (file == NULL) return atoi(text);
    fclose(file);
    unsigned long size = number * 1000;
    return copy[0] + (int)size;'
    ((status == 1))
    for check in wrong.c:13:12:*clang-analyzer-unix.Malloc wrong.c:10:30:*cert-err34-c wrong.c:11:5:*cert-err33-c \
        wrong.c:12:26:*bugprone-implicit-widening; do
        # shellcheck disable=SC2053  # a pattern is meant
        [[ $output == *$check* ]] || { echo "not found: $check"; return 1; }
    done
    [[ $output != *harmless.c* && $output == *'mistakes were found'* ]]
}

@test "make lint finds what only cppcheck sees" {
    lint_with '    char *copy = malloc(10);
    copy = realloc(copy, (size_t)number);
    (void)copy;
    return printf("%s %d", text);'
    ((status == 1))
    [[ $output == *'wrong.c:10: '*'[wrongPrintfScanfArgNum]'* ]]
}

@test "make lint lets a line pass whose comment has the reason, and no other" {
    lint_with '    /* NOLINTNEXTLINE(cert-err34-c): the text is a number. */
    return number + atoi(text);'
    ((status == 0))
    [[ $output == *'2 C files, nothing found'* ]]
    lint_with '    /* NOLINTNEXTLINE(cert-err33-c): another check. */
    return number + atoi(text);'
    ((status == 1))
}

@test "make lint says when another version is installed, and finds nothing then; without a linter it ends with 2" {
    mkdir bin
    printf '#!/bin/sh\necho "Debian LLVM version 99.1.2"\n' >bin/clang-tidy
    printf '#!/bin/sh\necho "Cppcheck 2.99"\n' >bin/cppcheck
    chmod +x bin/*
    PATH=$PWD/bin:$PATH run -0 tests/lint.sh
    [[ $output == *'skipped: clang-tidy 14 decides, and this is 99.1.2'*'skipped: cppcheck 2.10 decides, and this is 2.99'* ]]
    [[ $output != *'nothing found'* ]]
    rm bin/*
    ln -s /usr/bin/* bin
    rm -f bin/cppcheck
    PATH=$PWD/bin C10K_ENTERED=$$ run -2 tests/lint.sh
    [[ $output == 'lint.sh: cppcheck is not installed: harness/run/setup.sh --for-tests installs it' ]]
}
