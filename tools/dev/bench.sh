# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: measure

# shellcheck source=tools/dev/go.sh
source tools/dev/go.sh

usage() {
  cat <<'END'
./dev bench [wal|raft|failover|groups|kv|rpc|etcd] [OPTION…]

Builds build/bowline-bench and runs it with the options.

  --json FILE    write the results for programs
  --check-heap   only compare what an idle group holds with its limits

./dev bench wal does the same with build/bowline-bench-wal: the log on this machine's disk, beside
system calls alone, RocksDB and SQLite, which it installs. About 7 minutes; --quick: some seconds.
build/bowline-bench-wal --help lists more.

./dev bench raft does it with build/bowline-bench-raft: three processes on loopback with one group,
logs that are synced, and load from within the leader. About 5 minutes; --payload, --in-flight,
--warm, --seconds and --rounds make it shorter.

  --bound        measure beside it what cannot be done without: log, send, count a majority
  --peers        the same, and hashicorp/raft (with raft-boltdb, and with raft-wal), dragonboat
                 (with its default log, and with tan) and SOFAJRaft in the same run, each in turn.
                 It builds those whose tools are there: go 1.22, or java 17 and maven; and the
                 network

./dev bench failover measures how long nobody can write when the leader is killed, is cut off by a
relay between the members, when its process stops, and when it hands over: least, median and p99 of
20 times each. It knows --peers, too; --failovers 5 is shorter.

./dev bench groups does it with build/bowline-bench-groups: three processes on loopback with ten
thousand groups that have nothing to do; what they cost, and how long it takes until all lead again
when one of the processes is killed. About half a minute; --groups says how many.

./dev bench kv does it with build/bowline-bench-kv: what the map of bowline/kv costs by itself.
About half a minute; --quick: some seconds.

./dev bench rpc does it with build/bowline-bench-rpc: gRPC calls to a process that only answers
them, and what one costs it. About 20 seconds.

./dev bench etcd does it with build/bowline-bench-etcd: three members of bowline and three of
Debian's etcd, which is unpacked into build/etcd, one after the other in each round, with the same
client, and values of 256 bytes: puts, ranges, both mixed 9:1, transactions, a thousand watchers,
puts beside clients that behave badly, memory after as many puts, the end of a leader, and a restart
with a million keys.
About an hour; fewer --rounds, --cases and --clients make it shorter. --alone measures only
bowline, and with --cases restart --restart-keys 10000000 it needs 16 GiB of memory. --release 3.5
takes an etcd 3.5, which is built from its Go module.

Examples: ./dev bench --json bench.json
          ./dev bench wal --quick
          ./dev bench etcd --rounds 1 --seconds 1 --cases put range --clients 256
          ./dev bench etcd --release 3.5 --cases range serializable
          ./dev bench raft --peers --payload 256 --in-flight 64 256 --rounds 3
END
}

peers=()

not_run() { echo "$1: not run: $2"; }

build_go_peers() {
  local what='hashicorp/raft and dragonboat' place=$PWD/build/peers/
  if ! command -v go >/dev/null; then
    not_run "$what" 'no go'
  elif ! (cd bench/peers/go && go build -trimpath -o "$place" ./hashicorp ./dragonboat); then
    not_run "$what" 'go could not build it, see above'
  else
    peers+=(--peer 'hashicorp=build/peers/hashicorp boltdb'
      --peer 'hashicorp-wal=build/peers/hashicorp wal'
      --peer 'dragonboat=build/peers/dragonboat pebble'
      --peer 'dragonboat-tan=build/peers/dragonboat tan')
  fi
}

build_java_peers() {
  local place=build/peers/sofajraft
  if ! command -v java >/dev/null; then
    not_run SOFAJRaft 'no java'
  elif ! command -v mvn >/dev/null; then
    not_run SOFAJRaft 'no mvn'
  elif ! mvn -q -B -f bench/peers/sofajraft/pom.xml -Dplace="$PWD/$place" package; then
    not_run SOFAJRaft 'maven could not build it, see above'
  else
    local java="java -Xms1g -Xmx1g -Dlogging.path=$place/logs -cp $place/classes:$place/lib/*"
    peers+=(--peer "sofajraft=$java Member")
  fi
}

# Takes --peers and --bound out of the options, which the program does not know.
main() {
  local program=bowline-bench options=() with_peers='' with_bound='' argument
  case ${1:-} in
    wal)
      shift
      program=bowline-bench-wal
      install librocksdb-dev libsqlite3-dev # logs to compare ours with
      ;;
    raft)
      shift
      program=bowline-bench-raft
      [[ " $* " != *" --peers "* ]] || with_bound=yes
      ;;
    groups)
      shift
      program=bowline-bench-groups
      ;;
    kv)
      shift
      program=bowline-bench-kv
      ;;
    rpc)
      shift
      program=bowline-bench-rpc
      ;;
    etcd)
      shift
      program=bowline-bench-etcd
      unpack_etcd || fail 'etcd-server of Debian is needed, and could not be had'
      take_release "$@"
      set -- "${options[@]}"
      options=()
      ;;
    failover)
      shift
      program=bowline-bench-raft
      [[ " $* " == *" --failovers"* ]] || options=(--failovers 20)
      ;;
  esac
  for argument in "$@"; do
    if [[ $argument == --peers && $program == bowline-bench-raft ]]; then
      with_peers=yes
    elif [[ $argument == --bound && $program == bowline-bench-raft ]]; then
      with_bound=yes
    else
      options+=("$argument")
    fi
  done
  has_target release "$program" || not_yet "there is no program '$program' here"
  build release "$program"
  if [[ $program == bowline-bench-etcd ]]; then build release bowline; fi
  if [[ -n $with_bound ]]; then
    build release bowline-bench-bare
    peers+=(--peer 'bare=build/bowline-bench-bare')
  fi
  if [[ -n $with_peers ]]; then
    mkdir -p build/peers
    build_go_peers
    build_java_peers
  fi
  "build/$program" "${options[@]}" "${peers[@]}"
  succeed "in $(seconds)"
}
