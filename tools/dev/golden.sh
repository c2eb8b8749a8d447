# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: compare protocol, log and wire format with their golden files, or rewrite those

usage() {
  cat <<'END'
./dev golden [--write]

Runs the protocol through the stories in bowline/raft/golden/ and compares each effect with what the
files say. Compares a small log on disk with bowline/wal/golden/log.txt and docs/LOG_FORMAT.md, and
what nodes say to each other with bowline/wire/golden/, where only the newest version is rewritten.

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
  local status=0
  build release golden_test log_format_test wire_format_test
  build/golden_test "${mode[@]}" || status=1
  build/log_format_test "${mode[@]}" || status=1
  build/wire_format_test "${mode[@]}" || status=1
  [[ $status -eq 0 ]] || fail "see above"
  if [[ ${#mode[@]} -gt 0 ]]; then
    local folders=(bowline/raft/golden bowline/wal/golden bowline/wire/golden)
    git --no-pager diff --stat -- "${folders[@]}" docs/LOG_FORMAT.md
    git ls-files --others --exclude-standard -- "${folders[@]}" | sed 's/^/new: /'
    succeed "rewritten in $(seconds)"
  fi
  succeed "as the files say, in $(seconds)"
}
