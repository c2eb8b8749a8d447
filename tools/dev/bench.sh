# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: measure

usage() {
  cat <<'END'
./dev bench [OPTION…]

Builds build/bowline-bench and runs it with the options.

  --json FILE    write the results for programs
  --check-heap   only compare what an idle group holds with its limits

Example: ./dev bench --json bench.json
END
}

main() {
  has_target release bowline-bench || not_yet "the benchmarks are still to come"
  build release bowline-bench
  build/bowline-bench "$@"
  succeed "in $(seconds)"
}
