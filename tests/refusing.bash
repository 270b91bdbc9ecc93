# refusing.bash -- what the tests of refusals share: one line that says what is wrong.
# shellcheck shell=bash disable=SC2154  # stderr is of bats

# Exactly one line, which has the words.
one_line_on_stderr() { # one_line_on_stderr WORDS
    [[ ${#stderr_lines[@]} == 1 && $stderr == *"$1"* ]] || { echo "stderr: $stderr"; return 1; }
}

# Exit status 2, with one line that has the words, and nothing else.
refuses() { # refuses WORDS COMMAND...
    run -2 --separate-stderr "${@:2}"
    [[ -z $output ]] || { echo "stdout: $output"; return 1; }
    one_line_on_stderr "$1"
}
