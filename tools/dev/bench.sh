# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: measure

usage() {
  cat <<'END'
./dev bench [wal|raft|groups] [OPTION…]

Builds build/bowline-bench and runs it with the options.

  --json FILE    write the results for programs
  --check-heap   only compare what an idle group holds with its limits

./dev bench wal does the same with build/bowline-bench-wal: the log on this machine's disk, beside
system calls alone, RocksDB and SQLite, which it installs. About 7 minutes; --quick: some seconds.
build/bowline-bench-wal --help lists more.

./dev bench raft does it with build/bowline-bench-raft: three processes on loopback with one group,
logs that are synced, and load from within the leader. About 5 minutes; --payload, --in-flight and
--rounds make it shorter. --failovers 20 measures instead how long nobody can write when the leader
is killed, falls silent, or hands over.

./dev bench groups does it with build/bowline-bench-groups: three processes on loopback with ten
thousand groups that have nothing to do; what they cost, and how long it takes until all lead again
when one of the processes is killed. About half a minute; --groups says how many.

Examples: ./dev bench --json bench.json
          ./dev bench wal --quick
END
}

main() {
  local program=bowline-bench
  if [[ ${1:-} == wal ]]; then
    shift
    program=bowline-bench-wal
    install librocksdb-dev libsqlite3-dev  # logs to compare ours with
  elif [[ ${1:-} == raft ]]; then
    shift
    program=bowline-bench-raft
  elif [[ ${1:-} == groups ]]; then
    shift
    program=bowline-bench-groups
  fi
  has_target release "$program" || not_yet "there is no program '$program' here"
  build release "$program"
  "build/$program" "$@"
  succeed "in $(seconds)"
}
