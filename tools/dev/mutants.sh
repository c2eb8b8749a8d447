# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: plant each known bug, and see that the simulator finds it

usage() {
  cat <<'END'
./dev mutants [OPTION…]

Builds build/bowline-sim-mutants, which is the simulator with planted bugs inside, and runs
`bowline-sim-mutants OPTION…`: each bug in turn must be found.

  --only P02     only this bug; may be given again
  --group G      only those of the world, of whole nodes (nodes), of the map (kv), or of the log
  --world W      look for them in this world (world, nodes or kv), not in their own
  --cheap        one kill each, at most 60 CPU seconds each: for each commit
  --kills N      so many seeds must find it (3)
  --seeds N      look at no more seeds for each bug (20,000)
  --budget S     spend no more CPU seconds on each bug (600)
  --clean N      so many seeds without a bug, which must all pass; else as many as the longest hunt
  --shard I/N    the I-th of N equal parts of the bugs, for many machines
  --processes N  how many at once; else one for each CPU
  --json FILE    write the results for programs
  --verbose      what was seen, for each kill
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
