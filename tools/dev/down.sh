# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: stop what up started (so far it leaves nothing running)

usage() {
  cat <<'END'
./dev down

Stops what ./dev up started. So far that is nothing: the simulator ends by itself, and the server
comes later.

Example: ./dev down
END
}

main() {
  [[ $# -eq 0 ]] || bad_usage "it takes no options, and got '$1'"
  succeed "nothing is running"
}
