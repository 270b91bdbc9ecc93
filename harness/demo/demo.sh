#!/usr/bin/env -S bash -p
# demo.sh -- the live demo: up to four models side by side on a full screen.
#
# usage: harness/demo/demo.sh [--from FOLDER] [--no-install] [--models "M1 M2 ..."] [OPTION...]
#        The options are those of build/release/demo --help.
#
# Exit status: that of the demo; 2 also if it could not be built.
set -euo pipefail
shopt -s inherit_errexit nullglob
# shellcheck source-path=SCRIPTDIR source=../run/enter.sh
source "$(dirname "${BASH_SOURCE[0]}")/../run/enter.sh"
# What the terminal can show depends on the user's locale, which the scripts set aside.
: "${C10K_LOCALE=${LC_ALL:-${LC_CTYPE:-${LANG:-}}}}"
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR source=../run/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../run/lib.sh"

models=() options=() install=() from=$caller_folder

read_options() {
    while (($# > 0)); do
        case $1 in
        --from) from=$2; shift ;;
        --no-install) install=(--no-install) ;;
        --models)
            (($# > 1)) || die '--models needs a value: "M1 M2 ..."'
            read -ra models <<<"${2//,/ }"
            shift ;;
        --script)
            (($# > 1)) || die '--script needs a value: a file'
            if [[ $2 == /* ]]; then options+=(--script "$2"); else options+=(--script "$from/$2"); fi
            [[ -r ${options[-1]} && -f ${options[-1]} ]] || die "cannot read ${options[-1]}"
            shift ;;
        *) options+=("$1") ;;
        esac
        shift
    done
}

main() {
    local known model log=build/demo.log
    read_options "$@"
    lines_into known all_models
    for model in "${models[@]}"; do
        is_one_of "$model" "${known[@]}" || die "there is no model \"$model\"; there are: ${known[*]}"
    done
    handle_signals
    run_child harness/run/setup.sh --for-demo "${install[@]}" || exit
    mkdir -p build
    build_programs "$log"
    [[ -x $bin/demo ]] || die 'the demo was left out of the build; install libncurses-dev and try again'
    if ((${#models[@]} == 0)); then
        for model in "${core_models[@]}"; do [[ ! -x $bin/server-$model ]] || models+=("$model"); done
    fi
    LC_ALL=$C10K_LOCALE exec "$bin/demo" --bin-dir "$bin" --models "${models[*]}" "${options[@]}"
}

main "$@"
