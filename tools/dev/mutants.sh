# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: plant each known bug, and see that the simulator finds it

usage() {
  cat <<'END'
./dev mutants [OPTION…]

Builds build/bowline-sim-mutants, which is the simulator with planted bugs inside, and runs
`bowline-sim-mutants OPTION…`: each bug in turn must be found.

  --only P02     only this bug
  --shard I/N    the I-th of N equal parts of the bugs, for many machines
  --json FILE    write the results for programs
  --exhaustive   instead: let the exhaustive search find five of them, and tell how each fails

Example: ./dev mutants --only P02
END
}

main() {
  has_target release bowline-sim-mutants || not_yet "the planted bugs are still to come"
  build release bowline-sim-mutants
  if [[ ${1:-} == --exhaustive ]]; then
    build/bowline-sim-mutants exhaustive-hunt
  else
    build/bowline-sim-mutants "$@"
  fi
  succeed "in $(seconds)"
}
