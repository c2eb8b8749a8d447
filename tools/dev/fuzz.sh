# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: feed the decoders garbage

usage() {
  cat <<'END'
./dev fuzz [--target NAME] [--seconds N]

Builds build/fuzz/bowline-fuzz with clang, its fuzzer and its sanitizers, and feeds every decoder of
bytes from disk and network: first what lies in fuzz/corpus/, then what the fuzzer makes of it. What
it learns stays in build/fuzz/corpus/ for the next time. An input that breaks something is kept in
build/fuzz/findings/: mend the decoder, and put the input into fuzz/corpus/, so that ./dev test eats
it for ever.

  --target NAME   only this one: table, echo, identity, membership, segment, batches, letters,
                  frames, hello, parcels, asks, manifest, envelopes, replies, sessions, commands,
                  answers, maps, http1, http2, requests, errands, databases, gateway, config
                  or watches
  --seconds N     for each of them; 10 if not given

Example: ./dev fuzz --target table --seconds 60
END
}

fuzz_targets=(table echo identity membership segment batches letters frames hello parcels asks
  manifest envelopes replies sessions commands answers maps http1 http2 requests errands
  databases gateway config watches)

main() {
  local chosen=("${fuzz_targets[@]}") time=10 target log runs total=0 broken=() findings
  while [[ $# -gt 0 ]]; do
    case $1 in
      --target)
        value_of "$@"
        [[ " ${fuzz_targets[*]} " == *" $2 "* ]] ||
          bad_usage "there is no target '$2', only: ${fuzz_targets[*]}"
        chosen=("$2") && shift 2
        ;;
      --seconds)
        value_of "$@"
        [[ $2 =~ ^[1-9][0-9]*$ ]] || bad_usage "--seconds needs a number above 0, not '$2'"
        time=$2 && shift 2
        ;;
      *) bad_usage "unknown option '$1'" ;;
    esac
  done
  build fuzz bowline-fuzz
  findings=build/fuzz/findings
  mkdir -p "$findings"
  for target in "${chosen[@]}"; do
    mkdir -p "build/fuzz/corpus/$target"
    log=build/fuzz/$target.log
    if ! build/fuzz/bowline-fuzz "--target=$target" -max_total_time="$time" -print_final_stats=1 \
      -max_len=70000 -timeout=10 -rss_limit_mb=2000 -artifact_prefix="$findings/$target-" \
      "build/fuzz/corpus/$target" "fuzz/corpus/$target" >"$log" 2>&1; then
      broken+=("$target")
      grep -E 'ERROR|SUMMARY|ensure|Test unit written|at #' "$log" | head -20
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
    total=$((total + ${runs:-0}))
    echo "$target: ${runs:-?} inputs, $(find "build/fuzz/corpus/$target" -type f | wc -l) kept"
  done
  if [[ ${#broken[@]} -gt 0 ]]; then
    fail "${broken[*]}: the inputs are in $findings, what was said in build/fuzz/*.log"
  fi
  succeed "$total inputs for ${#chosen[@]} decoders without a finding, in $(seconds)"
}
