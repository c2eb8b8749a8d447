# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: run other people's clients against the server (comes with the server)

usage() {
  cat <<'END'
./dev compat

Will run the usual clients against the server and compare the answers. There is no server yet. It
ends with status 3, which means "not available".

Example: ./dev compat
END
}

main() { not_yet "there is no server yet that clients could be compatible with"; }
