#!/usr/bin/env bash
# Runs the fuzz targets one after the other for long: `./dev fuzz`. The suite gives each of them half a minute.
# What they find stays in build/fuzz/found/<target>: inputs that reached new code under inputs/, from which the next
# run goes on, and inputs that failed beside it. Ends with 1 when one failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/common.sh
source scripts/common.sh

programs=build/fuzz/tests
found=build/fuzz/found
seconds=600
targets=()
while (($#)); do
    case $1 in
        --seconds) seconds=$2; shift 2 ;;
        *) targets+=("${1%_fuzz}_fuzz"); shift ;;
    esac
done
if ((${#targets[@]} == 0)); then
    for program in "$programs"/*_fuzz; do targets+=("$(basename "$program")"); done
fi

# statistic LOG NAME: of those that libFuzzer prints at its end.
statistic() { sed -n "s/^stat::$2: *//p" "$1"; }

rows=()
result=0
for target in "${targets[@]}"; do
    [[ -x $programs/$target ]] || fail "no such fuzz target: $target"
    inputs=$found/$target/inputs log=$found/$target/log
    mkdir -p "$inputs"
    folders=("$inputs")
    if [[ -d tests/fuzz/seeds/$target ]]; then folders+=("tests/fuzz/seeds/$target"); fi
    say "$target, $seconds s"
    verdict=passed
    "$programs/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
        -artifact_prefix="$found/$target/" "${folders[@]}" >"$log" 2>&1 || verdict=FAILED
    edges=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1 | cut -c 6-)
    rows+=("$(printf '%-14s %12s runs %7s edges %6s inputs  %s' "$target" "$(statistic "$log" number_of_executed_units)" \
        "$edges" "$(find "$inputs" -type f | wc -l)" "$verdict")")
    printf '%s\n' "${rows[-1]}"
    if [[ $verdict == FAILED ]]; then
        result=1
        tail -n 40 "$log" >&2
    fi
done
say "All targets, $seconds s each"
printf '%s\n' "${rows[@]}"
exit $result
