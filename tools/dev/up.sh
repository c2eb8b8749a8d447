# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: install, build, and run the main thing that exists today: a short simulated campaign

usage() {
  cat <<'END'
./dev up

Installs what is missing, compiles, and runs a short campaign of the simulator: replicas, disks and
a network that a seed makes fail in a few hundred ways. The key-value server comes later; then this
verb will start it.

Example: ./dev up
END
}

main() {
  [[ $# -eq 0 ]] || bad_usage "it takes no options, and got '$1'"
  build release
  if [[ ! -x build/bowline-sim ]]; then
    not_yet "all is built, but there is neither a server nor a simulator to start yet"
  fi
  build/bowline-sim run --world cores --seeds 200
  echo "There is no server to start yet: that was the simulator, the main program so far."
  succeed "built, and 200 seeds run, in $(seconds)"
}
