# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: run seeds of the simulator

usage() {
  cat <<'END'
./dev sim [OPTION…]

Builds build/bowline-sim and runs `bowline-sim run OPTION…`. A seed decides everything that happens
in a run; the same seed gives the same run on any machine.

  --world cores|nodes|kv   what is simulated
  --seeds N                how many seeds
  --from S                 the first of them
  --seed S                 only this one
  --shard I/N              the I-th of N equal parts of the seeds, for many machines
  --sweep crash|rot        try a fault at every step instead of random ones
  --json FILE              write the results for programs

Example: ./dev sim --world cores --seeds 1000
END
}

main() {
  has_target release bowline-sim || not_yet "the simulator is still to come"
  build release bowline-sim
  build/bowline-sim run "$@"
  succeed "in $(seconds)"
}
