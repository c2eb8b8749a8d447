# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: stop what up started

# shellcheck source=tools/dev/cluster.sh
source tools/dev/cluster.sh

usage() {
  cat <<'END'
./dev down [--data-dir DIR]

Stops the nodes that ./dev up started, and waits until they have ended. What was written stays, and
the next ./dev up finds it.

  --data-dir DIR   those of this directory; default: build/up

Example: ./dev down
END
}

main() {
  while [[ $# -gt 0 ]]; do
    case $1 in
      --data-dir) value_of "$@" && data_dir=$2 && shift 2 ;;
      *) bad_usage "unknown option '$1'" ;;
    esac
  done
  if ! compgen -G "$data_dir/n?.pid" >/dev/null; then
    succeed "nothing is running in $data_dir"
  fi
  stop_all
  succeed "the data stays in $data_dir"
}
