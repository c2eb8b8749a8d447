# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: run seeds of the simulator

usage() {
  cat <<'END'
./dev sim [OPTION…]

Builds build/bowline-sim and runs `bowline-sim run OPTION…`. A seed decides everything that happens
in a run; the same seed gives the same run on any machine.

  --world cores|nodes|kv   what is simulated: cores, unless another is named; whole nodes; or whole
                           nodes that serve etcd's API
  --seeds N                how many seeds
  --from S                 the first of them
  --seed S                 only this one
  --shard I/N              the I-th of N equal parts of the seeds, for many machines
  --sweep crash|rot|power  instead: the log on disk, with a fault at every step of a workload
                           (`build/bowline-sim sweep --help` names the options); takes minutes
  --nodes N                as many nodes in each seed, not one to seven as the seed has it
  --once                   each seed once, not twice to compare the hashes
  --json FILE              write the results for programs
  --no-shrink              do not make the first failure small; else its story is told, and how to
                           replay it
  --same-everywhere        instead: run the seeds in a release, a debug and a clang build with
                           sanitizers, and compare the hashes of all that happened (300 seeds of
                           cores if --seeds and --world do not say otherwise)
  --exhaustive             instead: every behaviour of three nodes within bounds (`build/bowline-sim
                           exhaustive --help` names them); takes an hour

Example: ./dev sim --world cores --seeds 1000
END
}

# The same seed must be the same history, whatever compiled it.
same_everywhere() {
  local seeds=$1 world=$2 preset hashes=() different=0
  for preset in release debug clang; do
    build "$preset" bowline-sim
    hashes+=("$(build_dir "$preset")/hashes.txt")
    "$(build_dir "$preset")/bowline-sim" run --world "$world" --seeds "$seeds" --once \
      --hashes "${hashes[-1]}" || fail "the $preset build found a violation in $(seconds)"
  done
  [[ $(wc -l <"${hashes[0]}") -eq $seeds ]] || fail "there are not $seeds hashes"
  cmp "${hashes[0]}" "${hashes[1]}" || different=1
  cmp "${hashes[0]}" "${hashes[2]}" || different=1
  [[ $different -eq 0 ]] || fail "the builds differ in $(seconds)"
  succeed "$seeds seeds of $world have the same hashes in release, debug and clang builds," \
    "in $(seconds)"
}

main() {
  if [[ " $* " == *" --same-everywhere "* ]]; then
    local seeds=300 world=cores
    while [[ $# -gt 0 ]]; do
      case $1 in
        --same-everywhere) shift ;;
        --seeds) value_of "$@" && seeds=$2 && shift 2 ;;
        --world) value_of "$@" && world=$2 && shift 2 ;;
        *) bad_usage "--same-everywhere goes with --seeds and --world, not with '$1'" ;;
      esac
    done
    same_everywhere "$seeds" "$world"
  fi
  if [[ ${1:-} == --exhaustive ]]; then
    build release bowline-sim
    build/bowline-sim exhaustive "${@:2}"
    succeed "in $(seconds)"
  fi
  if [[ ${1:-} == --sweep ]]; then
    value_of "$@"
    build release bowline-sim
    build/bowline-sim sweep "$2" "${@:3}" || fail "the sweep found something in $(seconds)"
    succeed "in $(seconds)"
  fi
  has_target release bowline-sim || not_yet "the simulator is still to come"
  build release bowline-sim
  build/bowline-sim run "$@"
  succeed "in $(seconds)"
}
