# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: install the compiler if it is missing, and compile

usage() {
  cat <<'END'
./dev build [--preset P] [TARGET…]

Installs the C++ tools that are missing, then compiles everything, or only the targets named.
Programs land in build/ (preset release) or build/P/.

  --preset P   release (the default), debug, asan, tsan, clang or coverage

Example: ./dev build --preset asan core_test
END
}

main() {
  local preset=release targets=()
  while [[ $# -gt 0 ]]; do
    case $1 in
      --preset) value_of "$@" && preset=$2 && shift 2 ;;
      -*) bad_usage "unknown option '$1'" ;;
      *) targets+=("$1") && shift ;;
    esac
  done
  build "$preset" "${targets[@]}"
  succeed "preset $preset in $(seconds)"
}
