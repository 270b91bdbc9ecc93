# refusing.bash -- what the tests of refusals share: one line that says what is wrong.
# shellcheck shell=bash

one_line_on_stderr() { # one_line_on_stderr WORD: exactly one line, which has the word
    [[ ${#stderr_lines[@]} == 1 && $stderr == *"$1"* ]] || { echo "stderr: $stderr"; return 1; }
}
