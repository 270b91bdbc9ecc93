#!/usr/bin/env bash
# publish.sh -- makes a run the reference run, and writes its figures and costs into the docs.
#
# usage: harness/publish.sh RESULTS_DIR       keep the run as results/reference, then write the docs
#        harness/publish.sh                   write the docs again from results/reference
#
# In every *.md file, what stands between two marks is written anew:
#   <!-- BEGIN figure NAME --> ... <!-- END -->     the chart figures/NAME.svg, and where it is from
#   <!-- BEGIN models --> ... <!-- END -->          the table of models: idea, lines, measured cost
#   <!-- BEGIN claims --> ... <!-- END -->          what the essay says, beside the reference run
#   <!-- BEGIN picture MODEL --> ... <!-- END -->   the comment at the head of its file
#   <!-- BEGIN code ANCHOR --> ... <!-- END -->     the lines between //DOC: ANCHOR and //DOC-END: ANCHOR
#   <!-- BEGIN costs MODEL --> ... <!-- END -->     what the reference run measured of it
# A paragraph between the marks that starts with "Reading: " is ours and stays.
set -euo pipefail
shopt -s inherit_errexit nullglob
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly reference=results/reference

# Everything but the PNGs and index.html, which `./run_all.sh draw` makes again.
keep_run() { # keep_run RUN
    local run=$1 item
    [[ -s $run/raw.csv && -s $run/summary.csv ]] || die "$run is no finished run: it has no raw.csv or summary.csv"
    grep -q '^profile standard\|^profile full' "$run/command.txt" ||
        die "$run is not of profile standard or full: a reference has a spread"
    ! grep -q '^revision:.*dirty' "$run/machine.txt" ||
        die "$run was measured with changes that are not committed: commit, build and measure again"
    [[ ! $run -ef $reference ]] || die "$run is the reference already: harness/publish.sh without a folder writes the docs again"
    rm -rf "$reference"
    mkdir -p "$reference/figures"
    for item in "$run"/*.csv "$run"/*.txt "$run/gate" "$run/cold_start" "$run/histograms" "$run/summary.md"; do
        [[ ! -e $item ]] || cp -r "$item" "$reference/"
    done
    cp "$run"/figures/*.svg "$reference/figures/"
    sed -i 's/\.png)/.svg)/' "$reference/summary.md"
    basename "$run" >"$reference/run.txt"
}

# The path from a page to the top of the tree.
path_up() { # path_up PAGE
    local depth=${1//[^\/]/}
    echo "${depth//\//../}"
}

source_comment() { printf '<!-- From the run %s: %s -->\n' "$(<"$reference/run.txt")" "$(head -n 1 "$reference/command.txt")"; }

write_figure() { # write_figure PAGE NAME
    local shows
    [[ -f $reference/figures/$2.svg ]] || die "$1 wants figure $2, which the reference run does not have"
    shows=$(sed -n 's/^# Shows: //p' "harness/plots/${2#*-}.gp")
    source_comment
    echo "![$shows]($(path_up "$1")$reference/figures/$2.svg)"
}

# A median of the reference run at so many connections, or "-".
measured() { # measured EXPERIMENT MODEL CONNECTIONS METRIC DIVIDE FORMAT
    awk -F, -v experiment="$1" -v model="$2" -v asked="$3" -v metric="$4_median" -v divide="$5" -v format="$6" '
        NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $1 == experiment && $c["model"] == model && $c["connections_asked"] == asked && (metric in c) && $c[metric] != "" {
            value = sprintf(format, $c[metric] / divide) (metric ~ /_kib/ || $c["status"] ~ /^(ok|overloaded)$/ ? "" : \
                    " (" $c["status"] ")")
        }
        END { gsub(/_/, " ", value); print value == "" ? "-" : value }' "$reference/summary.csv"
}

largest_count() { # largest_count EXPERIMENT
    awk -F, -v experiment="$1" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $1 == experiment && $c["connections_asked"] + 0 > n + 0 { n = $c["connections_asked"] } END { print n }' \
        "$reference/summary.csv"
}

# The model's page where it has one, else its file.
model_link() { # model_link PAGE MODEL
    if [[ -f docs/models/$2.md ]]; then
        echo "[$2]($(path_up "$1")docs/models/$2.md)"
    else
        echo "[$2]($(path_up "$1")servers/$2.c)"
    fi
}

write_models() { # write_models PAGE
    local model idle busy
    idle=$(largest_count memory)
    busy=$(largest_count capacity)
    source_comment
    echo "| model | idea | lines | each of $idle idle clients costs | a message of $busy clients costs |"
    echo '| --- | --- | --- | --- | --- |'
    for model in $(all_models); do
        echo "| $(model_link "$1" "$model") | $(sed -n 's/^    \.summary = "\(.*\)",$/\1/p' "servers/$model.c") |" \
            "[$(wc -l <"servers/$model.c")]($(path_up "$1")servers/$model.c) | $(measured memory "$model" "$idle" machine_lost_kib "$idle" '%.1f KiB') |" \
            "$(measured capacity "$model" "$busy" server_cpu_us_per_message 1 '%.1f us of CPU') |"
    done
}

write_claims() {
    source_comment
    claims_of "$reference" |
        awk -F'\t' '$1 == "T" { next }
            { line = rule = "|"
              for (i = 2; i <= NF; i++) { line = line " " $i " |"; rule = rule " --- |" }
              print line
              if ($1 == "H") print rule }'
}

write_picture() { # write_picture MODEL
    [[ -f servers/$1.c ]] || die "there is no model $1 to picture"
    echo '```'
    sed -n '1,/\*\//p' "servers/$1.c" | sed -E 's|^/\* [a-z_]+\.c -- ||; s|^ \* ?||; s| ?\*/$||'
    echo '```'
}

write_code() { # write_code PAGE ANCHOR
    local file
    file=$(git grep --untracked -lE "^//DOC: $2\$" -- '*.c' '*.h') || die "$1 wants the lines $2, which no file has"
    echo "From [$file]($(path_up "$1")$file):"
    printf '\n%s\n%s\n%s\n' '```c' "$(sed -n "\\|^//DOC: $2\$|,\\|^//DOC-END: $2\$|p" "$file" | grep -v '^//DOC')" '```'
}

write_wall() { # write_wall MODEL
    awk -F, -v model="$1" '
        NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        $c["kind"] == "walls" && $c["model"] == model && $c["limits"] == "machine" {
            printf "| first wall, under this machine'"'"'s own limits | %s at %s connections |\n",
                $c["wall"] == "none" ? "none" : $c["wall"], $c["connections_established_median"] }' "$reference/summary.csv"
}

write_costs() { # write_costs MODEL
    local idle busy most
    idle=$(largest_count memory) busy=$(largest_count capacity) most=$(largest_count ramp)
    source_comment
    echo '| measured | |'
    echo '| --- | --- |'
    echo "| memory that each of $idle idle clients takes from the machine | $(measured memory "$1" "$idle" machine_lost_kib "$idle" '%.1f KiB') |"
    echo "| of that, the server's own (PSS) | $(measured memory "$1" "$idle" pss_kib "$idle" '%.2f KiB') |"
    echo "| CPU for a message, $busy clients, closed loop | $(measured capacity "$1" "$busy" server_cpu_us_per_message 1 '%.1f us') |"
    echo "| messages per second, the same | $(measured capacity "$1" "$busy" achieved_per_s 1 '%.0f') |"
    echo "| p99 latency, $most clients, open loop | $(measured ramp "$1" "$most" latency_ns_p99 1e6 '%.2f ms') |"
    echo "| context switches for a message, the same | $(measured ramp "$1" "$most" switches_per_message 1 '%.3g') |"
    write_wall "$1"
}

# Prints the page with every marked part written anew.
write_page() { # write_page PAGE
    local lines line inside='' word kind name
    mapfile -t lines <"$1"
    for line in "${lines[@]}"; do
        if [[ $line =~ ^'<!-- BEGIN '([a-z]+)' '?([A-Za-z0-9_-]*)' '?'-->'$ ]]; then
            kind=${BASH_REMATCH[1]} name=${BASH_REMATCH[2]} inside=$line
            echo "$line"
            case $kind in
            figure) write_figure "$1" "$name" ;;
            models) write_models "$1" ;;
            claims) write_claims ;;
            picture) write_picture "$name" ;;
            code) write_code "$1" "$name" ;;
            costs) write_costs "$name" ;;
            *) die "$1: there is nothing called \"$kind\" to write" ;;
            esac
            continue
        fi
        if [[ $line == '<!-- END -->' ]]; then inside=''; fi
        word=${line%% *}
        if [[ -z $inside ]]; then
            echo "$line"
        elif [[ $word == Reading: ]]; then
            printf '\n%s\n' "$line"
        fi
    done
    [[ -z $inside ]] || die "$1: \"$inside\" has no <!-- END -->"
}

main() {
    local page work
    (($# <= 1)) || die 'usage: harness/publish.sh [RESULTS_DIR]'
    if (($# == 1)); then keep_run "$(from_caller "$1")"; fi
    [[ -s $reference/summary.csv ]] || die "there is no reference run yet; name one: harness/publish.sh RESULTS_DIR"
    work=$(mktemp)
    # shellcheck disable=SC2064  # now: it is local
    trap "rm -f '$work'" EXIT
    while read -r page; do
        write_page "$page" >"$work"
        cmp --silent "$work" "$page" || { cat "$work" >"$page"; say "wrote $page"; }
    done < <(git grep --untracked -l '^<!-- BEGIN ' -- '*.md')
}

main "$@"
