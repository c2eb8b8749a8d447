# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: ask bowline and an etcd the same at random, and compare all they say

# shellcheck source=tools/dev/go.sh
source tools/dev/go.sh

usage() {
  cat <<'END'
./dev differ [OPTION…]

Builds build/bowline-differ, unpacks Debian's etcd-server into build/etcd, and asks `bowline serve`
and that etcd the same random requests: 1,000,000 if --requests does not say otherwise, which takes
about an hour. Where they differ, it makes what was asked as short as it can, and prints that.
docs/ETCD.md lists where they are meant to differ.

  --requests N   how many, about
  --seed S       of the first episode
  --findings N   stop after so many differences, and not after the first
  --shrinking N  runs that may be spent on making one short
  --release 3.5  ask an etcd 3.5, which is built from its Go module: needs the network

Examples: ./dev differ --requests 20000 --seed 7
          ./dev differ --requests 20000 --release 3.5
END
}

main() {
  local options
  take_release "$@"
  [[ " $* " == *" --requests"* ]] || options+=(--requests 1000000)
  unpack_etcd || fail 'etcd-server of Debian is needed, and could not be had'
  build release bowline bowline-differ
  build/bowline-differ "${options[@]}" || fail "they differ, see above, in $(seconds)"
  succeed "in $(seconds)"
}
