# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: run other people's clients against the server

# shellcheck source=tools/dev/go.sh
source tools/dev/go.sh

usage() {
  cat <<'END'
./dev compat [CLIENT…]

Builds build/bowline, and lets each client do what it can against three members on loopback, of
which the leader is killed on the way and comes back. Each client begins with new members. It ends
with a table: passed, failed, or not run, which is no pass.

  etcdctl     Debian's etcd-client, which is installed
  python      Debian's python3-etcd3, which is installed
  node        the npm package etcd3: nodejs and npm are installed
  go          go.etcd.io/etcd/client/v3 and its package concurrency: needs go 1.26
  kubernetes  the module k8s.io/apiserver, which is how Kubernetes keeps objects: needs go 1.26
  rust        the crate etcd-client: cargo is installed (Debian's cargo-web, for it needs 1.88)
  java        jetcd from Maven: a JDK and maven are installed

All but the first two need the network. Where there is no go of that age, one is downloaded. What is
downloaded stays in build/compat and in the caches of go, npm, cargo and maven. What is printed of
each is in build/compat/CLIENT.log. Ports 23790 to 23795 are used.

Example: ./dev compat etcdctl go
END
}

compat_clients=(etcdctl python node go kubernetes rust java)
place=build/compat

start_members() {
  local i
  stop_members
  rm -rf "$place/members"
  for i in 0 1 2; do compat/member.sh start "$i"; done
  for i in 0 1 2; do compat/member.sh wait "$i" || return 1; done
}

stop_members() {
  local i
  for i in 0 1 2; do compat/member.sh kill "$i"; done
}

# build_go FOLDER OPTION…
build_go() {
  (cd "compat/$1" && go build -trimpath "${@:2}" -o "../../$place/$1-client" .)
}

build_kubernetes() {
  build_go kubernetes && compat/kubernetes/suite.sh build
}

# It counts what of the library is called.
build_library() { build_go go -cover -coverpkg=./...,go.etcd.io/etcd/client/v3/...; }

build_node() {
  mkdir -p "$place/node"
  cp compat/node/package.json compat/node/package-lock.json "$place/node/"
  (cd "$place/node" && npm ci --no-audit --no-fund --ignore-scripts)
}

build_rust() {
  cargo build --locked --release --manifest-path compat/rust/Cargo.toml \
    --target-dir "$place/rust"
}

build_java() {
  mvn -q -B -f compat/java/pom.xml "-DbuildDirectory=$PWD/$place/java" package
}

# Says why it cannot be run, or nothing.
missing_of() {
  case $1 in
    etcdctl) has etcdctl etcd-client || echo 'no etcdctl' ;;
    python)
      install python3-etcd3 >&2 || true
      /usr/bin/python3 -c 'import etcd3' 2>/dev/null || echo 'no python3-etcd3'
      ;;
    node)
      if ! { has node nodejs && has npm npm; }; then
        echo 'no nodejs or no npm'
      elif ! build_node >&2; then
        echo 'npm could not install etcd3, see above'
      fi
      ;;
    go | kubernetes)
      if ! has_go; then
        echo 'no go, and it could not be downloaded'
      elif ! "build_${1/#go/library}" >&2; then
        echo 'go could not build it, see above'
      fi
      ;;
    rust)
      if ! has cargo cargo-web; then
        echo 'no cargo'
      elif ! build_rust >&2; then
        echo 'cargo could not build it, see above'
      fi
      ;;
    java)
      if ! { has javac default-jdk-headless && has mvn maven; }; then
        echo 'no JDK or no maven'
      elif ! build_java >&2; then
        echo 'maven could not build it, see above'
      fi
      ;;
  esac
}

run_client() {
  local urls=http://127.0.0.1:23790,http://127.0.0.1:23791,http://127.0.0.1:23792
  local member=$PWD/compat/member.sh
  case $1 in
    etcdctl) timeout 300 compat/etcdctl.sh "$urls" "$member" ;;
    python) timeout 300 /usr/bin/python3 -B compat/python/client.py 23790,23791,23792 "$member" ;;
    node)
      NODE_PATH=$place/node/node_modules timeout 300 node compat/node/client.js "$urls" "$member"
      ;;
    go)
      rm -rf "$place/go-counters" && mkdir "$place/go-counters"
      GOCOVERDIR=$place/go-counters timeout 300 "$place/go-client" -endpoints "$urls" \
        -member "$member" && compat/go/surface.sh "$place/go-counters"
      ;;
    kubernetes)
      timeout 300 "$place/kubernetes-client" -endpoints "$urls" -member "$member" &&
        timeout 600 compat/kubernetes/suite.sh run
      ;;
    rust) timeout 300 "$place/rust/release/client" "$urls" "$member" ;;
    java)
      timeout 300 java -cp "$place/java/client.jar:$place/java/lib/*" \
        dev.bowline.compat.Client "$urls" "$member"
      ;;
  esac
}

# A client that ends before it has said all is no pass, either: its exit status says so.
try_client() {
  local client=$1 log=$place/$1.log passed failed status=0
  start_members || fail "the members do not start, see $place/members/*.log"
  run_client "$client" >"$log" 2>&1 || status=$?
  stop_members
  passed=$(grep -c '^ok ' "$log" || true)
  failed=$(grep -c '^FAILED ' "$log" || true)
  grep '^FAILED ' "$log" || true
  if [[ $passed -eq 0 || $failed -gt 0 || $status -ne 0 ]]; then broken+=("$client"); fi
  table+=("$(printf '%-12s %3s passed, %s failed, in %s s%s' "$client" "$passed" "$failed" \
    $((SECONDS - began)) "$([[ $status -le 1 ]] || echo ", and ended with status $status")")")
}

main() {
  local chosen=() client why table=() broken=() absent=() began
  for client in "$@"; do
    [[ " ${compat_clients[*]} " == *" $client "* ]] ||
      bad_usage "there is no client '$client', only: ${compat_clients[*]}"
    chosen+=("$client")
  done
  [[ ${#chosen[@]} -gt 0 ]] || chosen=("${compat_clients[@]}")
  build release bowline
  mkdir -p "$place"
  for client in "${chosen[@]}"; do
    echo "== $client"
    why=$(missing_of "$client")
    began=$SECONDS
    if [[ -n $why ]]; then
      absent+=("$client")
      table+=("$(printf '%-12s not run: %s' "$client" "$why")")
    else
      try_client "$client"
    fi
  done
  printf '%s\n' "${table[@]}"
  [[ ${#broken[@]} -eq 0 ]] || fail "met what was not expected: ${broken[*]}; in $(seconds)"
  [[ ${#absent[@]} -eq 0 ]] || succeed "but not run, which is no pass: ${absent[*]}; in $(seconds)"
  succeed "in $(seconds)"
}
