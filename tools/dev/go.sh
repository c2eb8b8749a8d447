# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# For the verbs that build programs of others in Go.

# has PROGRAM PACKAGE…: those that have it from elsewhere keep it.
has() {
  local program=$1
  shift
  command -v "$program" >/dev/null || install "$@" >&2
  command -v "$program" >/dev/null
}

# at_least VERSION LEAST
at_least() { [[ $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) == "$2" ]]; }

# Debian's go is older than what these modules want.
has_go() {
  local version toolchain=$PWD/build/compat/go-toolchain
  version=$(go env GOVERSION 2>/dev/null) && at_least "${version#go}" 1.26 && return
  has curl curl && has python3 python3 || return 1
  compat/go_toolchain.sh "$toolchain" || return 1
  export GOROOT=$toolchain
  export PATH=$GOROOT/bin:$PATH
}

# Debian has etcd 3.4. This one is of 3.5, and lands in build/etcd-3.5.
etcd_3_5=build/etcd-3.5/etcd
build_etcd_3_5() {
  has_go || return 1
  (cd compat/etcd && go build -trimpath -o "../../$etcd_3_5" go.etcd.io/etcd/server/v3)
}

# take_release OPTION…: sets `options` to them, with the program that --release means.
take_release() {
  options=()
  while [[ $# -gt 0 ]]; do
    if [[ $1 != --release ]]; then
      options+=("$1") && shift && continue
    fi
    value_of "$@"
    case $2 in
      3.4) ;;
      3.5)
        build_etcd_3_5 || fail 'etcd 3.5 could not be built: that needs go, and the network'
        options+=(--etcd "$etcd_3_5")
        ;;
      *) bad_usage "--release is 3.4 or 3.5, and not '$2'" ;;
    esac
    shift 2
  done
}
