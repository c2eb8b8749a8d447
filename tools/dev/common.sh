# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the verbs share. A verb file defines usage() and main(); main ends with succeed or fail, and
# whatever else ends it is reported as a failure by the exit trap: each run has one last line.

compiler_packages=(g++ cmake ninja-build ccache libgtest-dev libbenchmark-dev
  libcli11-dev libasio-dev liburing-dev libssl-dev libnghttp2-dev
  libprotobuf-dev protobuf-compiler libyaml-cpp-dev openssl pkg-config)
clang_packages=(clang-19 clang-format-19 libclang-rt-19-dev shellcheck)

verb_name=dev
started=$SECONDS
summary_done=

begin() {
  verb_name=$1
  started=$SECONDS
  trap 'on_exit $?' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

on_exit() {
  if [[ -z $summary_done ]]; then
    echo "dev $verb_name: FAILED after $((SECONDS - started)) s, see above"
    [[ $1 -ne 0 ]] || exit 1
  fi
}

succeed() {
  summary_done=yes
  echo "dev $verb_name: ok, $*"
  exit 0
}

fail() {
  summary_done=yes
  echo "dev $verb_name: FAILED, $*"
  exit 1
}

# For verbs whose product is still to come: neither success nor a failure of anything.
not_yet() {
  summary_done=yes
  echo "dev $verb_name: not available, $*"
  exit 3
}

bad_usage() {
  summary_done=yes
  echo "dev $verb_name: $*. ./dev $verb_name --help lists what it takes." >&2
  exit 2
}

# value_of OPTION "$@": the word after an option, or a complaint.
value_of() {
  if [[ $# -lt 2 || $2 == --* ]]; then
    bad_usage "$1 needs a value"
  fi
}

seconds() { echo "$((SECONDS - started)) s"; }

as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "dev: this needs root and there is no sudo. As root, run: $*" >&2
    return 1
  fi
}

is_installed() {
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# install PACKAGE…: silent and quick when nothing is missing.
install() {
  if ! command -v dpkg-query >/dev/null; then
    echo "dev: packages are installed on Debian and Ubuntu only; trusting that you have: $*" >&2
    return 0
  fi
  local missing=() package
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  echo "installing ${missing[*]}"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  as_root "${apt[@]}" update
  as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
}

# The program alone: where systemd runs, its package would start a server on the port that ours has.
unpack_etcd() {
  local place=$PWD/build/etcd
  PATH=$place/usr/bin:$PATH
  if ! command -v etcd >/dev/null && command -v dpkg-deb >/dev/null; then
    echo 'unpacking etcd-server'
    mkdir -p "$place"
    (cd "$place" && { apt-get -q download etcd-server ||
      { as_root apt-get -q update && apt-get -q download etcd-server; }; }) || return 1
    dpkg-deb -x "$place"/etcd-server_*.deb "$place"
  fi
}

presets=(release debug asan tsan clang fuzz coverage)

build_dir() {
  if [[ $1 == release ]]; then echo build; else echo "build/$1"; fi
}

# build PRESET [TARGET…]: installs what the preset needs, configures, compiles.
build() {
  local preset=$1
  shift
  if [[ " ${presets[*]} " != *" $preset "* ]]; then
    bad_usage "there is no preset '$preset', only: ${presets[*]}"
  fi
  install "${compiler_packages[@]}"
  if [[ $preset == clang || $preset == fuzz ]]; then install "${clang_packages[@]}"; fi
  local dir
  dir=$(build_dir "$preset")
  configure "$preset" "$dir"
  local targets=()
  if [[ $# -gt 0 ]]; then targets=(--target "$@"); fi
  cmake --build "$dir" "${targets[@]}"
}

configure() {
  local log
  # A tree that was moved or copied here remembers its old place, and is of no use.
  if [[ -f $2/CMakeCache.txt ]] &&
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$2/CMakeCache.txt"; then
    echo "$2 was configured for another directory: starting it afresh"
    rm -rf "${2:?}/CMakeCache.txt" "${2:?}/CMakeFiles"
  fi
  if ! log=$(cmake --preset "$1" 2>&1); then
    echo "$log" >&2
    return 1
  fi
}

# has_target PRESET TARGET
has_target() {
  install "${compiler_packages[@]}"
  configure "$1" "$(build_dir "$1")"
  ninja -C "$(build_dir "$1")" -t query "$2" >/dev/null 2>&1
}
