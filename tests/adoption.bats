#!/usr/bin/env bats
# adoption.bats -- guards against an installation that leaves something out or behind, and a container
# recipe that cannot work.

bats_require_minimum_version 1.5.0

setup() {
    load serving.bash
    cd "$BATS_TEST_DIRNAME/.." || return 1
    root=$BATS_TEST_TMPDIR/root
}

teardown() { end_servers; }

@test "make install puts programs that work under DESTDIR and PREFIX, and uninstall leaves nothing" {
    make --silent install DESTDIR="$root" PREFIX=/opt/c10k
    bin=$root/opt/c10k/bin
    # Those that were built: a model whose library is missing is left out.
    for program in build/release/server-*; do
        [[ ! -x $program || $program == *.* || -x $bin/c10k-${program##*/} ]] || { echo "no $program"; return 1; }
    done
    cd "$BATS_TEST_TMPDIR"
    start "$bin/c10k-server-poll"
    run -0 "$bin/c10k-load" --port "$port" --connections 10 --rate 1000 --duration 0.5 --output json
    stop
    jq -e '.corrupt == 0 and .received > 100' <<<"$output"
    "$bin/c10k-gate" --trap half-close -- "$bin/c10k-server-epoll" 0
    cd "$OLDPWD"
    make --silent uninstall DESTDIR="$root" PREFIX=/opt/c10k
    [[ -z $(find "$root" -type f) ]]
}

@test "the container's recipe copies what is there, and its set-up works with that alone" {
    dockerfile=.devcontainer/Dockerfile
    jq -e '.build.dockerfile == "Dockerfile" and .build.context == ".."' .devcontainer/devcontainer.json
    # Each COPY, done by hand.
    while read -r _ words; do
        read -ra paths <<<"$words"
        target=$root${paths[-1]}
        mkdir -p "$target"
        cp "${paths[@]:0:${#paths[@]}-1}" "$target"
    done < <(grep '^COPY ' "$dockerfile")
    setup=$(grep -oE '/opt/setup/harness/setup.sh --for-tests' "$dockerfile")
    # All is installed where tests run: quiet, and nothing else is looked for than what was copied.
    run -0 bash -c "$root$setup --no-install"
    [[ -z $output ]]
    # The commands of RUN parse, and each of its programs is one that Debian has from the start or gets here.
    sed -n 's/^RUN //p' "$dockerfile" | bash -n
    [[ $(sed -n 's/^FROM //p' "$dockerfile") == debian:12 ]]
}
