# records.sh -- what a run's records do not keep: secrets on a command line and, with --anonymous, names.  Sourced by run.sh.
# shellcheck shell=bash disable=SC2154  # of run.sh

readonly SECRET_WORDS='[A-Za-z0-9_-]*(passw(or)?d|passphrase|secret|token|credential|api[-_]?key|access[-_]?key|private[-_]?key)[A-Za-z0-9_-]*'
readonly SECRET_FORMS='(ghp|gho|ghs|github_pat|glpat|xox[abp]|sk)[-_][A-Za-z0-9_-]{16,}|AKIA[0-9A-Z]{16}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_.-]+'

# Text with *** for each value that looks like a secret, and a last line that says so where there is one.
without_secrets() {
    sed -E "s,(://)[^/@[:space:]\"']+@,\1***@,g
        s/\\b(Bearer|Basic)(\\\\? )+[A-Za-z0-9_.~+\/=-]{8,}/\1 ***/gI
        s/($SECRET_WORDS)([=:]|\\\\? )+(\"[^\"]*\"|'[^']*'|[^[:space:]\"'\\\\]+)/\1=***/gI
        s/$SECRET_FORMS/***/g" | awk '{ print } /\*\*\*/ { found = 1 } END { if (found) print "\n*** stands for what looks like a secret." }'
}

# With --anonymous: text without home folders and the name of this machine.
without_names() {
    local host home
    if [[ $anonymous == false ]]; then cat; return; fi
    host=$(uname -n | sed 's/[^A-Za-z0-9_-]/\\&/g') home=$(sed 's/[^A-Za-z0-9_\/-]/\\&/g' <<<"${HOME:-/root}")
    sed -E "s,$home(/|\$|[^A-Za-z0-9]),~\1,g; s,/home/[^/[:space:]\"']+,~,g
        s,(^|[_@/[:space:]])$host(\$|[^A-Za-z0-9.]),\1host\2,g"
}

# The rows and the evidence of the gate, too, in which a server's own words may have such names.  Only when the run is complete: what
# it goes on with counts the bytes of its tables, and is not needed any more.
remove_names() {
    local file
    if ((what_stopped != 0 || step < steps)); then
        say 'the run is not complete: its rows may still hold names; --resume completes it'
        return
    fi
    for file in "$out"/*.csv "$out"/{rows,timelines}/*.csv "$out"/gate/*.tsv; do
        without_names <"$file" >"$work/anonymous"
        cp "$work/anonymous" "$file"
    done
    rm "$out/progress.tsv"
}
