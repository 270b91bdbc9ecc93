# catching.bash -- what the tests of the gate's traps share: each liar must turn its trap red.
# shellcheck shell=bash disable=SC2154  # lines and output are of bats

# shellcheck source-path=SCRIPTDIR source=measuring.bash
source "${BASH_SOURCE[0]%/*}/measuring.bash"

BIN=build/release
gate=$BIN/gate

# caught LIAR TRAP [WORDS]: the trap fails for this liar, and the evidence says WORDS.
caught() {
    run -1 "$gate" --name "$1" --trap "$2" -- "$BIN/liar-$1" 0
    [[ ${lines[0]} == "FAIL  $2 "* && ${lines[0]} == *"${3:-}"* ]] || { echo "$output"; return 1; }
    [[ ${lines[-1]} == "$1: 0 passed, 1 failed, 0 skipped" ]]
}

# caught_as TRAP WORDS LIAR [OPTION...]: the same for a liar with options of its own.
caught_as() {
    run -1 "$gate" --name liar --trap "$1" -- "$BIN/liar-$3" 0 "${@:4}"
    [[ ${lines[0]} == "FAIL  $1 "* && ${lines[0]} == *"$2"* ]] || { echo "$output"; return 1; }
}
