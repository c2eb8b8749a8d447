# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: run other people's clients against the server

usage() {
  cat <<'END'
./dev compat [CLIENT…]

Builds build/bowline, and lets each client do what it can against three members on loopback, of
which one is killed on the way. It ends with a table: passed, failed, or not run, which is no pass.

  etcdctl   Debian's etcd-client, which is installed
  python    Debian's python3-etcd3, which is installed
  go        go.etcd.io/etcd/client/v3 and its package concurrency: needs go 1.23 and the network

What is printed of each is in build/compat/CLIENT.log. Ports 33790 to 33795 are used.

Example: ./dev compat etcdctl go
END
}

compat_clients=(etcdctl python go)
compat_waiting=('npm etcd3' 'jetcd' 'Rust etcd-client' 'k8s.io/apiserver')
members=()

start_members() {
  local place=$PWD/build/compat/members cluster='' i
  rm -rf "$place"
  mkdir -p "$place"
  members=()
  for i in 0 1 2; do cluster+=",n$i=http://127.0.0.1:$((33793 + i))"; done
  for i in 0 1 2; do
    build/bowline serve --name "n$i" --data-dir "$place/n$i" --initial-cluster "${cluster#,}" \
      --listen-client-urls "http://127.0.0.1:$((33790 + i))" \
      --advertise-client-urls "http://127.0.0.1:$((33790 + i))" \
      --listen-peer-urls "http://127.0.0.1:$((33793 + i))" \
      --initial-advertise-peer-urls "http://127.0.0.1:$((33793 + i))" >"$place/n$i.log" 2>&1 &
    members+=($!)
  done
  for i in 0 1 2; do
    timeout 30 grep -q -m1 'ready to serve client requests' \
      <(tail -n +1 -f --pid="${members[$i]}" "$place/n$i.log") || return 1
  done
}

stop_members() {
  local member
  for member in "${members[@]}"; do kill -9 "$member" 2>/dev/null || true; done
  for member in "${members[@]}"; do wait "$member" 2>/dev/null || true; done
  members=()
}

# Says why it cannot be run, or nothing.
missing_of() {
  case $1 in
    etcdctl) command -v etcdctl >/dev/null || echo 'no etcdctl' ;;
    python) /usr/bin/python3 -c 'import etcd3' 2>/dev/null || echo 'no python3-etcd3' ;;
    go)
      if ! command -v go >/dev/null; then
        echo 'no go'
      elif ! (cd compat/go && go build -trimpath -o ../../build/compat/go-client .) >&2; then
        echo 'go could not build it, see above'
      fi
      ;;
  esac
}

run_client() {
  local urls=http://127.0.0.1:33790,http://127.0.0.1:33791,http://127.0.0.1:33792
  case $1 in
    etcdctl) compat/etcdctl.sh "$urls" "${members[2]}" ;;
    python) /usr/bin/python3 compat/python/client.py 33790,33791 "${members[2]}" ;;
    go) build/compat/go-client -endpoints "$urls" -kill "${members[2]}" ;;
  esac
}

main() {
  local chosen=() client why log passed failed broken=0 table=()
  for client in "$@"; do
    [[ " ${compat_clients[*]} " == *" $client "* ]] ||
      bad_usage "there is no client '$client', only: ${compat_clients[*]}"
    chosen+=("$client")
  done
  [[ ${#chosen[@]} -gt 0 ]] || chosen=("${compat_clients[@]}")
  install etcd-client python3-etcd3 || true # what is missing then is told as not run
  build release bowline
  mkdir -p build/compat
  for client in "${chosen[@]}"; do
    why=$(missing_of "$client")
    if [[ -n $why ]]; then
      table+=("$(printf '%-18s not run: %s' "$client" "$why")")
      continue
    fi
    log=build/compat/$client.log
    start_members || fail 'the members do not start, see build/compat/members/*.log'
    run_client "$client" >"$log" 2>&1 || broken=1
    stop_members
    passed=$(grep -c '^ok ' "$log" || true)
    failed=$(grep -c '^FAILED ' "$log" || true)
    [[ $passed -gt 0 ]] || broken=1
    grep '^FAILED ' "$log" || true
    table+=("$(printf '%-18s %s passed, %s failed' "$client" "$passed" "$failed")")
  done
  for client in "${compat_waiting[@]}"; do
    table+=("$(printf '%-18s not run: there is no program for it yet' "$client")")
  done
  printf '%s\n' "${table[@]}"
  [[ $broken -eq 0 ]] || fail "a client met what it did not expect, in $(seconds)"
  succeed "in $(seconds)"
}
