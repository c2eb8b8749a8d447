# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: compare the protocol with its golden files, or rewrite those

usage() {
  cat <<'END'
./dev golden [--write]

Runs the protocol through the stories in bowline/raft/golden/ and compares each effect with what the
files say.

  --write   rewrite the files with what the protocol does now, and show which changed; read the
            difference before you commit it

Example: ./dev golden --write
END
}

main() {
  local mode=()
  while [[ $# -gt 0 ]]; do
    case $1 in
      --write) mode=(--write) && shift ;;
      *) bad_usage "unknown option '$1'" ;;
    esac
  done
  has_target release golden_test || not_yet "the golden files are still to come"
  build release golden_test
  build/golden_test "${mode[@]}"
  if [[ ${#mode[@]} -gt 0 ]]; then
    git --no-pager diff --stat -- bowline/raft/golden
    git ls-files --others --exclude-standard -- bowline/raft/golden | sed 's/^/new: /'
    succeed "rewritten in $(seconds)"
  fi
  succeed "as the files say, in $(seconds)"
}
